"""What it means that Python can't read a cell, in words for beginners."""

from __future__ import annotations

from .explain_rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "SyntaxError",
        r"unicode error",
        '윈도우 경로의 `\\`가 문제입니다. 따옴표 앞에 r을 붙이거나(`r"C:\\…"`) `/`를 쓰세요.',
        'the `\\` of a Windows path is the trouble. Put an r before the quotation mark (`r"C:\\…"`) or write `/`.',
    ),
    rule(
        "IndentationError",
        "",
        "들여쓰기(줄 앞의 빈칸)가 맞지 않습니다. 같은 묶음의 줄은 빈칸 수가 같아야 합니다.",
        "the indentation is wrong. Lines of one block start with the same number of blanks.",
    ),
    rule(
        "SyntaxError",
        r"incomplete input|unexpected EOF",
        "코드가 끝까지 쓰이지 않았습니다. 괄호나 따옴표를 닫았는지, `:` 다음 줄에 내용을 썼는지 확인하세요.",
        "the code is not finished. See whether a bracket or quotation mark is open, or a line after `:` is missing.",
    ),
    rule(
        "SyntaxError",
        r"was never closed|unmatched|does not match",
        "괄호의 짝이 맞지 않습니다.",
        "a bracket has no partner.",
    ),
    rule(
        "SyntaxError",
        r"expected ':'",
        "줄 끝에 `:`이 빠졌습니다. if, for, def 줄은 `:`으로 끝나야 합니다.",
        "a `:` is missing at the end of the line. Lines with if, for or def end in one.",
    ),
    rule(
        "SyntaxError",
        r"unterminated .*string",
        "따옴표의 짝이 맞지 않습니다.",
        "a quotation mark has no partner.",
    ),
    rule(
        "SyntaxError",
        r"non-printable character",
        "눈에 보이지 않는 문자가 섞여 있습니다. 다른 곳에서 복사한 코드에 흔합니다. 이 줄의 빈칸을 지우고 다시 입력하세요.",
        "the line holds a character that can't be seen, as pasted code often does. Delete its blanks and type them again.",
    ),
    rule(
        "SyntaxError",
        r"invalid character ?'?(?P<name>[^']*)",
        "코드에 쓸 수 없는 문자가 있습니다: {name}. 문서에서 복사한 둥근 따옴표(“ ”)나 전각 문자를 지우고 다시 입력하세요.",
        "the code holds a character that Python doesn't know: {name}. Type quotation marks again that were pasted as “ ”.",
    ),
    rule(
        "SyntaxError",
        r"Missing parentheses in call to '(?P<name>\w+)'",
        "`{name}` 뒤에 괄호가 없습니다. `{name}(…)`처럼 쓰세요.",
        "brackets are missing after `{name}`. Write `{name}(…)`.",
    ),
    rule(
        "SyntaxError",
        r"'(?P<name>return|break|continue|yield|await)'.* outside|'(?P<other>continue)' not properly in loop",
        "`{name}{other}`의 자리가 아닙니다. return은 함수(def) 안에서, break와 continue는 반복문 안에서 씁니다. "
        "들여쓰기를 확인하세요.",
        "`{name}{other}` is out of place: return belongs in a function, break and continue in a loop. Check the indentation.",
    ),
    rule(
        "SyntaxError",
        r"forgot a comma",
        "값 사이에 쉼표(,)가 빠진 것 같습니다.",
        "a comma seems to be missing between two values.",
    ),
    rule(
        "SyntaxError",
        r"positional argument follows keyword",
        "괄호 안에서는 이름 없는 값을 먼저, `이름=값`을 나중에 쓰세요.",
        "in the brackets, plain values come first and `name=value` after them.",
    ),
    rule(
        "SyntaxError",
        r"(invalid decimal literal|leading zeros)",
        "숫자를 잘못 썼습니다. 변수 이름은 숫자로 시작할 수 없고, 숫자 앞에 0을 붙이지 않습니다.",
        "a number is written wrongly. A name can't start with a digit, nor a number with a 0.",
    ),
    rule(
        "SyntaxError",
        r"Maybe you meant '=='|cannot assign to",
        "비교할 때는 `=`가 아니라 `==`를 씁니다.",
        "to compare, write `==` and not `=`.",
    ),
    rule(
        "SyntaxError",
        "",
        "파이썬 문법에 맞지 않습니다. 괄호, 따옴표, 쉼표, `:`을 확인하세요.",
        "this is not Python. Check brackets, quotation marks, commas and `:`.",
    ),
)
