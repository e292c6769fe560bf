"""Python's errors in plain words for beginners, in Korean and English."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class _Rule:
    """For errors of class `kind` (or below it) whose message matches `pattern`. The pattern's groups fill the texts."""

    kind: str
    pattern: re.Pattern[str]
    korean: str
    english: str
    library: str = ""


def _rule(kind: str, pattern: str, korean: str, english: str, library: str = "") -> _Rule:
    return _Rule(kind, re.compile(pattern, re.DOTALL), korean, english, library)


# The first that fits is taken, so the particular stands before the general.
_RULES: tuple[_Rule, ...] = (
    _rule(
        "WrongKind",
        r"(?P<name>.*)",
        "여기서는 `{name}` 종류의 값을 쓸 수 없습니다. 문제에서 말한 종류(숫자, 글자, 목록, 표 등)로 돌려주세요.",
        "a value of the kind `{name}` can't be used here. Give what the question asks for (a number, text, list, table …).",
    ),
    _rule(
        "CodecError",
        "",
        "값이 너무 크거나 복잡해서 검사할 수 없습니다.",
        "the value is too large or too nested to be checked.",
    ),
    _rule(
        "NameError",
        r"name '(?P<name>.+?)' is not defined",
        "이름을 찾을 수 없습니다: `{name}`. 철자를 확인하고, 그 이름을 만드는 셀이 위에 있는지 보세요.",
        "the name `{name}` is not known. Check its spelling and that a cell above makes it.",
    ),
    _rule(
        "UnboundLocalError",
        r"local variable '(?P<name>.+?)'",
        "함수 안에서 `{name}`에 값을 넣기 전에 먼저 사용했습니다.",
        "the function uses `{name}` before it gives it a value.",
    ),
    _rule(
        "NotImplementedError",
        "",
        "아직 답을 쓰지 않았습니다. `raise NotImplementedError()` 줄을 지우고 코드를 쓰세요.",
        "nothing is written yet. Delete the line `raise NotImplementedError()` and write your code.",
    ),
    _rule(
        "KeyError",
        r"(?P<name>.*)",
        "표에 없는 열이나 행입니다: {name}. `df.columns`로 이름을 확인하세요. 띄어쓰기와 대소문자도 같아야 합니다.",
        "the table has no column or row {name}. See `df.columns`; blanks and capitals must be the same.",
        library="pandas",
    ),
    _rule(
        "KeyError",
        r"(?P<name>.*)",
        "딕셔너리에 없는 키입니다: {name}.",
        "the dictionary has no key {name}.",
    ),
    _rule(
        "IndexError",
        r"single positional indexer",
        "표에 없는 번호의 행이나 열을 찾았습니다. 번호는 0부터 시작합니다.",
        "the table has no row or column of that number. Numbers start at 0.",
    ),
    _rule(
        "IndexError",
        "",
        "목록의 길이를 넘는 번호를 썼습니다. 번호는 0부터 시작하므로 마지막은 길이보다 1 작습니다.",
        "the index is beyond the end. Indexes start at 0, so the last one is the length less 1.",
    ),
    _rule(
        "ZeroDivisionError", "", "0으로 나누었습니다. 나누는 값이 0이 될 때를 처리하세요.", "something is divided by 0."
    ),
    _rule(
        "AttributeError",
        r"'NoneType' object has no attribute '(?P<name>.+?)'",
        "값이 없는 것(None)에 `.{name}`을(를) 썼습니다. 함수가 return으로 값을 돌려주는지 확인하세요.",
        "`.{name}` is used on nothing (None). See whether your function returns a value.",
    ),
    _rule(
        "AttributeError",
        r"'(?P<kind>.+?)' object has no attribute '(?P<name>.+?)'",
        "`{kind}` 값에는 `.{name}`이(가) 없습니다. 철자를 확인하세요.",
        "a `{kind}` has no `.{name}`. Check the spelling.",
    ),
    _rule(
        "AttributeError",
        r"module '(?P<kind>.+?)' has no attribute '(?P<name>.+?)'",
        "`{kind}`에는 `{name}`이(가) 없습니다. 철자를 확인하세요.",
        "`{kind}` has no `{name}`. Check the spelling.",
    ),
    _rule(
        "TypeError",
        r"(?P<name>[\w.<>]+)\(\) missing (?P<count>\d+) required",
        "함수 `{name}`을(를) 부를 때 넣어야 할 값이 {count}개 빠졌습니다.",
        "`{name}` is called with {count} value(s) missing.",
    ),
    _rule(
        "TypeError",
        r"(?P<name>[\w.<>]+)\(\) takes .*? but (?P<count>\d+) w",
        "함수 `{name}`이(가) 받는 것보다 많은 값({count}개)을 넣었습니다. def 줄의 괄호 안을 확인하세요.",
        "`{name}` is given more values ({count}) than it takes. See its def line.",
    ),
    _rule(
        "TypeError",
        r"got an unexpected keyword argument '(?P<name>.+?)'",
        "함수가 받지 않는 이름의 값을 넣었습니다: `{name}`.",
        "the function takes no value called `{name}`.",
    ),
    _rule(
        "TypeError",
        r"unsupported operand type\(s\) for (?P<sign>.+?): '(?P<a>.+?)' and '(?P<b>.+?)'",
        "`{a}`와(과) `{b}`는 `{sign}`로 계산할 수 없습니다. 숫자로 바꾸어야 할 글자가 있는지 확인하세요.",
        "`{a}` and `{b}` can't be combined by `{sign}`. See whether a text must become a number.",
    ),
    _rule(
        "TypeError",
        r"can only concatenate str",
        "글자와 숫자를 +로 이을 수 없습니다. `str(…)`로 글자로 바꾸세요.",
        "a text and a number can't be joined by +. Make the number a text by `str(…)`.",
    ),
    _rule(
        "TypeError",
        r"'(?P<kind>.+?)' object is not callable",
        "`{kind}` 값 뒤에 괄호 ()를 붙여 함수처럼 불렀습니다. 함수 이름을 변수로 덮어쓰지 않았는지 확인하세요.",
        "a `{kind}` is called like a function. See whether a variable took a function's name.",
    ),
    _rule(
        "TypeError",
        r"'NoneType' object is not (?P<what>\w+)",
        "값이 없는 것(None)을 사용했습니다. 함수가 return으로 값을 돌려주는지 확인하세요.",
        "nothing (None) is used as a value. See whether your function returns something.",
    ),
    _rule(
        "TypeError",
        r"'(?P<kind>.+?)' object is not (?P<what>iterable|subscriptable)",
        "`{kind}` 값은 목록처럼 하나씩 꺼내거나 []로 찾을 수 없습니다.",
        "a `{kind}` is not a list: it can't be gone through or indexed by [].",
    ),
    _rule(
        "TypeError",
        r"'(?P<sign>[<>=]+)' not supported between instances of '(?P<a>.+?)' and '(?P<b>.+?)'",
        "`{a}`와(과) `{b}`는 크기를 비교할 수 없습니다. 종류를 같게 만드세요.",
        "`{a}` and `{b}` can't be compared. Make them of one kind.",
    ),
    _rule("TypeError", "", "값의 종류가 맞지 않습니다.", "a value is of the wrong kind."),
    _rule(
        "UnicodeDecodeError",
        "",
        '파일의 글자 인코딩이 다릅니다. `encoding="cp949"`나 `encoding="utf-8-sig"`를 써 보세요.',
        'the file\'s text has another encoding. Try `encoding="cp949"` or `encoding="utf-8-sig"`.',
    ),
    _rule(
        "ValueError",
        r"could not convert string to float: (?P<name>.*)",
        "{name}은(는) 숫자로 바꿀 수 없습니다. 단위나 빈칸, 쉼표가 섞여 있는지 보세요.",
        "{name} can't be made a number. See whether it holds a unit, a blank or a comma.",
    ),
    _rule(
        "ValueError",
        r"invalid literal for int\(\) with base 10: (?P<name>.*)",
        "{name}은(는) 정수로 바꿀 수 없습니다.",
        "{name} can't be made a whole number.",
    ),
    _rule(
        "ValueError",
        r"The truth value of a",
        "여러 값의 비교를 if에 바로 쓸 수 없습니다. `&`, `|`와 괄호를 쓰거나 `.any()`, `.all()`을 붙이세요.",
        "a comparison of many values can't stand in an if. Use `&`, `|` and brackets, or `.any()`, `.all()`.",
    ),
    _rule(
        "ValueError",
        r"operands could not be broadcast together with shapes (?P<a>\(.*?\)) (?P<b>\(.*?\))",
        "배열의 크기가 서로 맞지 않습니다: {a}와(과) {b}.",
        "the arrays' shapes don't fit: {a} and {b}.",
    ),
    _rule(
        "ValueError",
        r"(Length of values|Length mismatch|All arrays must be of the same length|x and y must have same first dimension)",
        "길이가 서로 다른 값을 함께 쓰려고 했습니다. 두 쪽의 길이를 `len(…)`으로 확인하세요.",
        "values of different lengths are put together. Compare them by `len(…)`.",
    ),
    _rule(
        "ValueError",
        r"(not enough|too many) values to unpack",
        "왼쪽 변수의 수와 오른쪽 값의 수가 다릅니다.",
        "the number of names on the left is not the number of values on the right.",
    ),
    _rule("ValueError", "", "값이 알맞지 않습니다.", "a value is not a fitting one."),
    _rule(
        "IndentationError",
        "",
        "들여쓰기(줄 앞의 빈칸)가 맞지 않습니다. 같은 묶음의 줄은 빈칸 수가 같아야 합니다.",
        "the indentation is wrong. Lines of one block start with the same number of blanks.",
    ),
    _rule(
        "SyntaxError",
        r"incomplete input|unexpected EOF",
        "코드가 끝까지 쓰이지 않았습니다. 괄호나 따옴표를 닫았는지, `:` 다음 줄에 내용을 썼는지 확인하세요.",
        "the code is not finished. See whether a bracket or quotation mark is open, or a line after `:` is missing.",
    ),
    _rule(
        "SyntaxError",
        r"was never closed|unmatched|does not match",
        "괄호의 짝이 맞지 않습니다.",
        "a bracket has no partner.",
    ),
    _rule(
        "SyntaxError",
        r"expected ':'",
        "줄 끝에 `:`이 빠졌습니다. if, for, def 줄은 `:`으로 끝나야 합니다.",
        "a `:` is missing at the end of the line. Lines with if, for or def end in one.",
    ),
    _rule(
        "SyntaxError",
        r"unterminated .*string",
        "따옴표의 짝이 맞지 않습니다.",
        "a quotation mark has no partner.",
    ),
    _rule(
        "SyntaxError",
        r"Maybe you meant '=='|cannot assign to",
        "비교할 때는 `=`가 아니라 `==`를 씁니다.",
        "to compare, write `==` and not `=`.",
    ),
    _rule(
        "SyntaxError",
        "",
        "파이썬 문법에 맞지 않습니다. 괄호, 따옴표, 쉼표, `:`을 확인하세요.",
        "this is not Python. Check brackets, quotation marks, commas and `:`.",
    ),
    _rule(
        "ModuleNotFoundError",
        r"No module named '(?P<name>.+?)'",
        "`{name}` 라이브러리를 찾을 수 없습니다. 철자를 확인하세요. 이 실습에서 쓸 수 없는 라이브러리일 수도 있습니다.",
        "there is no library `{name}`. Check the spelling; it may not be available here.",
    ),
    _rule(
        "ImportError",
        r"cannot import name '(?P<name>.+?)' from '(?P<kind>.+?)'",
        "`{kind}`에는 `{name}`이(가) 없습니다. 철자를 확인하세요.",
        "`{kind}` has no `{name}`. Check the spelling.",
    ),
    _rule(
        "FileNotFoundError",
        r"(?:.*: )?'?(?P<name>[^']*)'?$",
        "`{name}` 파일이 없습니다. 실습에 나온 경로를 그대로 썼는지 확인하세요.",
        "there is no file `{name}`. Use the path that the exercise gives.",
    ),
    _rule(
        "OSError",
        r"Read-only file system|No space left|File too large",
        "여기에는 파일을 쓸 수 없거나 파일이 너무 큽니다.",
        "this file can't be written here, or it is too large.",
    ),
    _rule(
        "EOFError",
        "input",
        "채점할 때는 `input()`에 답할 사람이 없습니다. 값을 코드에 직접 쓰세요.",
        "nobody answers `input()` while a notebook is graded. Write the value into the code.",
    ),
    _rule("RecursionError", "", "함수가 자기 자신을 끝없이 부릅니다.", "a function calls itself without end."),
    _rule(
        "MemoryError",
        "",
        "메모리를 너무 많이 썼습니다. 아주 큰 목록이나 표를 만들고 있지 않은지 확인하세요.",
        "it used too much memory. See whether you make a very large list or table.",
    ),
    _rule(
        "KeyboardInterrupt",
        "",
        "정해진 시간 안에 끝나지 않아 멈췄습니다. 끝나지 않는 반복이 없는지 확인하세요.",
        "it was stopped because it did not end in time. Look for a loop that never ends.",
    ),
    _rule("OverflowError", "", "수가 너무 커서 계산할 수 없습니다.", "a number is too large."),
    _rule(
        "SystemExit", "", "exit()로 실행을 끝냈습니다. 이 줄을 지우세요.", "exit() ended the program. Delete that line."
    ),
    _rule(
        "AssertionError",
        r"(?P<name>.+)",
        "확인하는 조건(assert)이 맞지 않습니다: {name}",
        "a condition (assert) does not hold: {name}",
    ),
)


def explain(kinds: tuple[str, ...], message: str, library: str, language: str) -> str:
    """One sentence for an error, and Python's own words behind it. `kinds`: the error's classes, its own first."""
    said = kinds[0] if kinds else "Exception"
    original = f"{said}: {_short(message)}" if message else said
    for rule in _RULES:
        match = rule.pattern.search(message) if rule.kind in kinds and rule.library in ("", library) else None
        if match:
            text = rule.english if language == "en" else rule.korean
            named = {name: _short(value or "") for name, value in match.groupdict().items()}
            return f"{text.format(**named)} ({original})"
    return original


def _short(text: str, most: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
