"""Python's errors in plain words. The messages are those of the running Python and pandas, not copies."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from lms.grading.explain import explain
from lms.grading.room.shell import describe

TABLE = pd.DataFrame({"temp": [1, 2]})
CASES = {
    "totl + 1": "`totl`",
    "raise NotImplementedError()": "아직 답을",
    "TABLE['tmep']": "없는 열이나 행입니다: 'tmep'",
    "TABLE.iloc[9]": "없는 번호의 행",
    "{'a': 1}['b']": "없는 키입니다: 'b'",
    "[1][3]": "번호는 0부터",
    "1 / 0": "0으로",
    "None.append(1)": "None",
    "[].apend(1)": "`.apend`",
    "import math; math.sqroot": "`sqroot`",
    "(lambda a, b: 0)(1)": "1개 빠졌습니다",
    "(lambda a: 0)(1, 2)": "많은 값(2개)",
    "(lambda a: 0)(b=2)": "`b`",
    "'a' - 1": "`str`",
    "'a' + 1": "str(…)",
    "n = 3; n(4)": "함수처럼",
    "n = None; n[0]": "return",
    "for i in 3: pass": "하나씩",
    "1 < 'a'": "크기를 비교",
    "float('12kg')": "'12kg'",
    "int('x')": "정수로",
    "if TABLE.temp == 1: pass": "`.any()`",
    "import numpy; numpy.ones(2) + numpy.ones(3)": "(2,)",
    "TABLE['x'] = [1, 2, 3]": "길이",
    "a, b = 1, 2, 3": "변수의 수",
    "if 1:\nx = 1": "들여쓰기",
    "print((1)": "괄호의 짝",
    "if 1\n  pass": "`:`",
    "x = 'abc": "따옴표의 짝",
    "if x = 1: pass": "`==`",
    "x ==== 1": "문법",
    "import nosuchlibrary": "`nosuchlibrary`",
    "from math import sqroot": "`sqroot`",
    "open('data/none.csv')": "`data/none.csv`",
    "f = lambda: f(); f()": "끝없이",
    "raise MemoryError": "메모리",
    "raise KeyboardInterrupt": "시간 안에",
    "import sys; sys.exit()": "exit()",
    "b'\\xb0\\xa1'.decode('utf-8')": "cp949",
    "def g():\n  y += 1\ng()": "`y`",
    "2.0 ** 10000": "수가 너무",
}


@pytest.mark.parametrize("source", CASES)
def test_an_error_is_said_in_plain_korean(source):
    try:
        exec(compile(source, "<cell 1>", "exec"), {"TABLE": TABLE})
    except BaseException as error:
        told = describe(error)
    said = explain((told["name"], *told["kinds"]), told["value"], told["library"], "ko")
    assert CASES[source] in said
    assert told["name"] in said  # Python's own words stand behind, to be searched for
    english = explain((told["name"], *told["kinds"]), told["value"], told["library"], "en")
    assert not re.search("[가-힣]", english)


def test_an_error_that_nobody_foresaw_is_said_in_pythons_words():
    assert explain(("Odd", "Exception"), "x" * 500, "", "ko").startswith("Odd: xxx")
    assert len(explain(("Odd", "Exception"), "x" * 500, "", "ko")) < 200
