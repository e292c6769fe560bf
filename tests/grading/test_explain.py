"""Python's errors in plain words. Each is raised in the sandbox by the code of a beginner; none is a copy."""

# ruff: noqa: E501 - an error is a line

from __future__ import annotations

import re

import pytest

from lms.grading import grade
from lms.grading.explain import _RULES, explain

from . import build

SETUP = """
import datetime, io, json, math
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression, LogisticRegression
df = pd.DataFrame({"temp": [1.0, 2.0], "machine": ["x", "y"]})
"""
PYTHON = {
    "totl + 1": "`totl`",
    "raise NotImplementedError()": "아직 답을",
    "{'a': 1}['b']": "없는 키입니다: 'b'",
    "[1][3]": "번호는 0부터",
    "1 / 0": "0으로",
    "None.append(1)": "return",
    "[].apend(1)": "`.apend`",
    "{'a': 1}.append(3)": "빈 목록은 `[]`, 빈 딕셔너리는 `{}`",
    "math.sqroot": "`sqroot`",
    "(lambda a, b: 0)(1)": "1개 빠졌습니다",
    "(lambda a: 0)(1, 2)": "많은 값(2개)",
    "(lambda a: 0)(b=2)": "`b`",
    "'a' - 1": "`str`",
    "'a' + 1": "str(…)",
    "'a' + None": "return",
    "None + 1": "return",
    "[1, 2] + 3": "`.append(…)`",
    "n = 3; n(4)": "함수처럼",
    "n = None; n[0]": "return",
    "for i in 3: pass": "하나씩",
    "[1]['a']": "번호(정수)로만",
    "'abc'['a']": "번호(정수)로만",
    "{'a': 1}[['a']]": "`list` 값은 딕셔너리의 키",
    "t = (1, 2); t[0] = 3": "`tuple` 값은 만든 뒤에",
    "len(5)": "길이가 없습니다",
    "range(3.0)": "정수가 필요한데 `float`",
    "'3' * '4'": "글자로 된 숫자",
    "int(None)": "None",
    "a, b = 1": "나누어 담을 수 없습니다",
    "1 < 'a'": "크기를 비교",
    "float('12kg')": "'12kg'",
    "int('x')": "정수로",
    "[1].remove(2)": "`in`으로 확인",
    "math.sqrt(-1)": "제곱근",
    "max([])": "비어 있는 목록",
    "a, b = 1, 2, 3": "변수의 수",
    "datetime.datetime(2026, 13, 1)": "날짜나 시각",
    "json.loads('{x}')": "큰따옴표",
    "if 1:\nx = 1": "들여쓰기",
    "print((1)": "괄호나 따옴표를 닫았는지",
    "print(1))": "괄호의 짝",
    "if 1\n  pass": "`:`",
    "x = 'abc": "따옴표의 짝",
    "if x = 1: pass": "`==`",
    "x ==== 1": "문법",
    "x = “a”": "둥근 따옴표",
    "x\u00a0= 1": "눈에 보이지 않는 문자",
    "print[1]": "[]가 아니라 ()",
    'print "x"': "`print(…)`",
    "return 3": "`return`의 자리",
    "x = [1 2]": "쉼표(,)",
    "f(a=1, 2)": "`이름=값`을 나중에",
    "x = 1abc": "숫자로 시작할 수 없고",
    "open('C:\\Users\\a.csv')": 'r"C:',
    "import nosuchlibrary": "`nosuchlibrary`",
    "from math import sqroot": "`sqroot`",
    "open('data/none.csv')": "`data/none.csv`",
    "open('/tmp')": "폴더입니다",
    "f = lambda: f(); f()": "끝없이",
    "raise MemoryError": "메모리",
    "raise KeyboardInterrupt": "시간 안에",
    "b'\\xb0\\xa1'.decode('utf-8')": "cp949",
    "def g():\n  y += 1\ng()": "`y`",
    "2.0 ** 10000": "수가 너무",
    "input('n? ')": "`input()`",
    "next(iter([]))": "꺼낼 값이 없습니다",
    "assert 1 == 2": "조건(assert)",
}
LIBRARIES = {
    "df['tmep']": "없는 열이나 행입니다: 'tmep'",
    "df.tmep": 'df["tmep"]',
    "df['temp', 'machine']": "df[['temp', 'machine']]",
    "df[['temp', 'zz']]": "없는 열이나 행입니다: 'zz'",
    "df.set_index('zz')": "없는 열이나 행입니다: 'zz'",
    "df.drop('temp')": "df.drop(columns=…)",
    "df.iloc[9]": "없는 번호의 행",
    "df.iloc['a']": "`loc`을 쓰세요",
    "df['machine'].mean()": "pd.to_numeric",
    "df.groupby('temp').mean()": "pd.to_numeric",
    "pd.to_datetime('2026-13-01')": "날짜나 시각",
    "df.merge(pd.DataFrame({'temp': ['q']}), on='temp')": "열 `temp`의 종류",
    "pd.concat(df, df)": "pd.concat([표1, 표2])",
    "df.append({'temp': 1})": "pd.concat([표1, 표2])",
    "pd.Series([1, np.nan]).astype(int)": "`.dropna()`",
    "df[df['temp'] > 1 & df['temp'] < 2]": "조건마다 괄호",
    "if df.temp == 1: pass": "`.any()`",
    "df[pd.Series([True], index=[9])]": "같은 표의 열로",
    "pd.DataFrame({'k': [1, 1], 'j': [1, 1], 'v': [1, 2]}).pivot(index='k', columns='j', values='v')": "`pivot_table`",
    "df.resample('D').sum()": "df.set_index",
    "df['temp'].dt.year": "pd.to_datetime",
    "df['temp'].str.upper()": ".astype(str)",
    "df['x'] = [1, 2, 3]": "길이",
    "pd.read_csv(io.StringIO('a,b\\n1,2\\n1,2,3'))": "`sep=`",
    "pd.read_csv(io.StringIO(''))": "읽을 내용이 없습니다",
    "df[['machine']].plot()": "그릴 숫자",
    "pd.concat([df['temp'], df['temp']]).reindex([0])": "reset_index",
    "pd.DataFrame({'a': 1})": "[1]",
    "df.agg('avg')": "`mean`",
    "df['temp'].values[0] = 1": "`.copy()`",
    "np.ones(2) + np.ones(3)": "(2,)",
    "np.ones(3)[1.5]": "`int(…)`",
    "np.ones(3)[np.array([True, False])]": "조건의 길이",
    "np.ones(3)[1, 2]": "1차원 배열에서 번호를 2개",
    "np.ones(6).reshape(4)": "값 6개를",
    "np.ones((2, 3)) @ np.ones((2, 3))": "행렬의 모양",
    "np.array([[1, 2], [3]])": "안쪽 목록의 길이",
    "np.concatenate([np.ones((1, 2)), np.ones((1, 3))])": "이어 붙일 배열",
    "np.array([]).max()": "비어 있는 배열",
    "math.sqrt(np.ones(2))": "숫자 하나가 필요한",
    "np.linalg.inv(np.zeros((2, 2)))": "역행렬",
    "LinearRegression().predict([[1]])": "`fit(X, y)`",
    "LinearRegression().fit([[np.nan]], [1])": "빈 값(NaN)",
    "LinearRegression().fit([1, 2], [1, 2])": "2차원",
    "LinearRegression().fit([[1], [2]], [1])": "행 수가 다릅니다: [2, 1]",
    "LinearRegression().fit([[1, 1], [2, 2]], [1, 2]).predict([[1]])": "열이 2개였는데 지금은 1개",
    "LinearRegression().fit(df[['temp']], [1, 2]).predict(df[['temp']].rename(columns={'temp': 'b'}))": "열 이름이 다릅니다",
    "LinearRegression().fit(df[['machine']], [1, 2])": "숫자로 바꿀 수 없습니다",
    "LogisticRegression().fit([[1], [2]], [1.5, 2.5])": "회귀 모델",
    "LogisticRegression().fit([[1], [2]], [1, 1])": "한 가지 값만",
    "LinearRegression().fit(df[['temp']].iloc[:0], [])": "한 줄도 없습니다",
    "from sklearn.metrics import accuracy_score; accuracy_score([1, 0], [0.5, 0.2])": "확률이 아니라",
    "from sklearn.model_selection import cross_val_score; cross_val_score(LinearRegression(), [[1], [2]], [1, 2], cv=5)": "너무 적어",
    "plt.plot([1], [1, 2])": "길이",
    "plt.scatter([1, 2], [1])": "길이",
    "plt.plot([1], [1], color='blu')": "색이나 선",
    "plt.plot([1], [1], colour='red')": "`colour`",
    "plt.subplots(2)[1].plot([1])": "`axes[0].plot(…)`",
    "plt.subplot(2, 2, 5)": "1부터 4까지",
    "plt.legend(loc='top')": "`loc=`",
    "plt.savefig('x.zzz')": "`.png`",
}
CASES = PYTHON | LIBRARIES


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a learner is told of each error: one notebook, an answer and a check for each."""
    cells = [build.locked("setup", SETUP)]
    for number in range(len(CASES)):
        cells += [
            build.answer(f"q{number}", f"done{number} = 1"),
            build.check(f"c{number}", f"assert done{number} == 1"),
        ]
    exercise = build.bare(tmp_path_factory.mktemp("errors"), *cells)
    answers = {f"q{number}": source for number, source in enumerate(CASES)}
    result = grade(exercise, build.packed(build.handed_in(exercise, **answers)))
    assert result.points == 0
    return dict(zip(CASES, (check.message for check in result.checks), strict=True))


@pytest.mark.sandbox
@pytest.mark.parametrize("source", CASES)
def test_an_error_is_said_in_plain_words(told, source):
    said = told[source]
    assert CASES[source] in said
    assert "번째 셀" in said
    assert re.search(r"\w+(Error|Exception|Interrupt|Iteration)\b", said)  # Python's own words, to be searched for


def test_each_explanation_is_there_in_both_languages():
    for rule in _RULES:
        assert re.search("[가-힣]", rule.korean)
        assert not re.search("[가-힣]", rule.english)
        assert len(rule.english) > 15
        named = set(rule.pattern.groupindex)
        assert set(re.findall(r"(?<!{){(\w+)}", rule.korean + rule.english)) <= named, rule.pattern


def test_an_error_that_nobody_foresaw_is_said_in_pythons_words():
    assert explain(("Odd", "Exception"), "x" * 500, "", "ko").startswith("Odd: xxx")
    assert len(explain(("Odd", "Exception"), "x" * 500, "", "ko")) < 200


def test_exit_is_explained():
    assert "exit()" in explain(("SystemExit",), "", "", "ko")
