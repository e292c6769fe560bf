"""What the browser's Python says to learners, in Korean and English."""

from __future__ import annotations

from lms.grading.explain_rule import Rule, rule

_TEXTS: dict[str, tuple[str, str]] = {
    "cut": (
        "[… 출력이 너무 길어 여기까지만 보여 줍니다.]",
        "[… There is more, too long to be shown.]",
    ),
    "input": (
        "여기서는 input()으로 값을 물을 수 없습니다. 값을 코드에 직접 쓰세요.",
        "input() has nobody to ask here. Write the value into the code.",
    ),
    "magic": (
        "`{line}`: %로 시작하는 명령은 여기서 쓸 수 없습니다. 그 줄을 지우고 파이썬 코드로 쓰세요.",
        "`{line}`: commands that begin with % don't work here. Delete the line and write Python.",
    ),
    "shell": (
        "`{line}`: !로 시작하는 명령은 여기서 쓸 수 없습니다. 필요한 라이브러리는 이미 있으니 import만 하세요.",
        "`{line}`: commands that begin with ! don't work here. The libraries are there already: just import them.",
    ),
    "help": (
        "`{line}`: 물음표로 설명을 볼 수 없습니다. help(이름)으로 쓰세요.",
        "`{line}`: a question mark shows no help here. Write help(name).",
    ),
    "not_answered": (
        "위의 답 칸을 먼저 실행하세요.",
        "Run the answer above it first.",
    ),
    "on_server": (
        "이 검사는 제출한 뒤에 채점합니다.",
        "This check is graded after you hand in.",
    ),
    "check_stopped": (
        "중지해서 이 검사는 끝까지 실행하지 못했습니다.",
        "You stopped it before this check came to its end.",
    ),
    "stopped": ("중지했습니다.", "Stopped."),
}

# What only happens in a browser. These come before the engine's rules.
RULES: tuple[Rule, ...] = (
    rule(
        "RuntimeError",
        r"can't start new thread",
        "브라우저에서는 스레드를 쓸 수 없습니다. 스레드 없이 차례대로 실행하도록 쓰세요.",
        "there are no threads in a browser. Write the steps one after the other.",
    ),
    rule(
        "OSError",
        r"emscripten does not support processes",
        "브라우저에서는 다른 프로그램을 실행할 수 없습니다.",
        "a browser runs no other programs.",
    ),
    rule(
        "URLError",
        "",
        "여기서는 인터넷에 연결할 수 없습니다. 실습에 딸린 파일만 읽을 수 있습니다.",
        "there is no internet here. Only the exercise's own files can be read.",
    ),
    rule(
        "SystemExit",
        "",
        "exit()나 sys.exit()은 노트북에서 필요하지 않습니다. 그 줄을 지우세요.",
        "exit() and sys.exit() aren't needed in a notebook. Delete the line.",
    ),
    rule(
        "ImportError",
        r"'?(?P<name>js|pyodide_js)'?\b.*(not reachable|halted)",
        "`{name}`은(는) 여기서 쓸 수 없습니다.",
        "`{name}` can't be used here.",
    ),
    rule(
        "ValueError",
        r"^(array is too big|Maximum allowed dimension exceeded)",
        "메모리가 모자랍니다. 더 작은 배열로 하세요.",
        "there is not enough memory. Make the array smaller.",
    ),
    rule(
        "MemoryError",
        "",
        "메모리가 모자랍니다. 더 작은 목록이나 표로 하고, 처음부터 다시 실행하세요.",
        "there is not enough memory. Make the list or table smaller, and start again.",
    ),
)


def say(key: str, language: str, **facts: str) -> str:
    korean, english = _TEXTS[key]
    return (english if language == "en" else korean).format(**facts)
