"""What proving an exercise finds, in words for its author: Korean and English, what is the matter and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TEXTS: dict[str, tuple[str, str]] = {
    "solution": (
        "모범 답안이 통과하지 못합니다: {message} 답안이나 검사를 고치세요.",
        "the author's solution does not pass: {message} Mend the solution or the check.",
    ),
    "solution_file": (
        "모범 답안이 통과하지 못합니다: {message} 실습에 없는 파일이면 exercise.toml의 [[data]]에 적거나 --data로 주세요.",
        "the author's solution does not pass: {message} If the exercise lacks that file, list it as [[data]] in exercise.toml, "
        "or name it with --data.",
    ),
    "solution_module": (
        "모범 답안이 통과하지 못합니다: {message} 노트북 옆에 있는 모듈이면 그 함수를 고칠 수 없는 셀에 옮기세요.",
        "the author's solution does not pass: {message} If it is a module beside the notebook, move its functions into a locked "
        "cell.",
    ),
    "slow": (
        "모범 답안이 제출 하나에 주어진 {limit:g}초 중 {seconds:.1f}초를 씁니다. 가장 오래 걸리는 셀은 {cell}입니다"
        "({cell_seconds:.1f}초). 셀을 가볍게 하거나 limits.seconds를 늘리세요.",
        "the solution takes {seconds:.1f} of the {limit:g} seconds that a submission has, most of it in {cell} "
        "({cell_seconds:.1f} s). Make that cell lighter, or raise limits.seconds.",
    ),
    "slow_cell": (
        "{cell}: 셀 하나에 주어진 {limit:g}초 중 {cell_seconds:.1f}초를 씁니다. 셀을 가볍게 하거나 limits.cell_seconds를 "
        "늘리세요.",
        "{cell} takes {cell_seconds:.1f} of the {limit:g} seconds that a cell has. Make it lighter, or raise "
        "limits.cell_seconds.",
    ),
    "blank": (
        "답을 쓰지 않은 노트북이 {points:g}점을 받습니다. 아직 없는 답을 살펴보는 검사를 쓰세요.",
        "the starter earns {points:g} points without an answer. Let the check look at what only an answer gives.",
    ),
    "blank_error": (
        "검사의 마지막 식이 점수가 아닙니다. 0부터 배점까지의 수로 끝내거나 assert로 끝내세요.",
        "the check's last expression is no credit. End it with a number from 0 to its points, or with an assert.",
    ),
    "unstable": (
        "같은 답안이 두 번째에는 다른 결과를 받았습니다. 시드를 정하고, 시각이나 순서에 기대지 마세요.",
        "the same solution got another verdict the second time. Set a seed, and leave out time and order.",
    ),
    "asks_nothing": (
        "이 검사는 수강생의 답을 전혀 살펴보지 않습니다. 답에 있는 이름이나 함수를 쓰세요.",
        "the check never looks at anything of the learner's. Let it use a name or a function of the answer.",
    ),
    "together": (
        "이 검사는 수강생의 프로세스 안에서만 됩니다. 거기서는 조작할 수 있어 지켜봅니다. 값이나 함수를 살펴보는 검사로 "
        "바꾸세요.",
        "the check only works inside the learner's process, where it can be tampered with; it is watched there. "
        "Let it look at values or call functions instead.",
    ),
    "shared": (
        "이 숨은 검사에서 만든 이름을 뒤의 검사가 씁니다. 그래서 숨은 검사의 값이 수강생에게 보일 수 있습니다. "
        "그 이름을 검사의 보이는 부분에서 만드세요.",
        "a later check uses a name that this hidden test makes, so a learner's code can show the hidden values. "
        "Make the name in the visible part.",
    ),
    "weak": (
        "모범 답안을 어떻게 틀리게 바꾸어도 통과합니다(틀린 답 {tried}개로 시험). 값까지 살펴보는지 확인하세요.",
        "it passes whatever is made wrong in the solution ({tried} wrong answers were tried). See whether it looks at values.",
    ),
    "untried": (
        "모범 답안이 느려서 틀린 답안으로 시험해 보지 못했습니다. proof.toml에 틀린 노트북을 적으세요.",
        "the solution is too slow to try wrong answers with it. Write some into proof.toml.",
    ),
    "depends": (
        "{cell} 하나만 틀려도 함께 통과하지 못하는 검사: {checks}. 그것을 바라지 않으면 뒤의 셀에 필요한 값을 따로 주세요.",
        "where only {cell} is wrong, {checks} fail too. If learners shouldn't lose those points as well, give later cells "
        "values of their own.",
    ),
    "order": (
        "제자리에서는 통과하지만, 모든 답 뒤에서 거꾸로 검사하면 다른 결과가 나옵니다. 뒤의 셀이나 다른 검사가 바꾸지 않는 "
        "이름을 쓰세요.",
        "it passes in its place, but not after all answers and in reverse order. Use names that no later cell and no other "
        "check changes.",
    ),
    "repeat": (
        "답 셀을 두 번 잇따라 실행하면 통과하지 못합니다. 수강생은 셀을 여러 번 실행합니다. 받은 값을 바꾸지 말고 새 이름에 "
        "담는 답안으로 쓰세요.",
        "it does not pass where the answer cells are run twice, as learners do. Let the solution bind new names instead of "
        "changing its own input.",
    ),
    "random": (
        "{cell}: 시드 없는 난수나 지금 시각을 씁니다({what}). 시드를 정하거나 random_state를 주세요.",
        "{cell} draws at random or asks the time ({what}). Set a seed, or give random_state.",
    ),
    "browser": (
        "{cell}: 브라우저의 파이썬에 없는 것을 씁니다({what}). 다른 방법을 쓰거나, 내려받아 하는 실습이라고 알리세요.",
        "{cell} uses what the browser's Python lacks ({what}). Do it another way, or tell learners to download the notebook.",
    ),
    "wrong_points": (
        "{got}을 받지만 proof.toml에는 {owed:g}점이라고 되어 있습니다: {message}",
        "earns {got}, proof.toml says {owed:g}: {message}",
    ),
    "wrong_says": (
        "proof.toml에 적힌 말({said})이 없고 이렇게 알려 줍니다: {message}",
        "is not told {said!r} but: {message}",
    ),
    # what the command line says around them
    "points": ("{points:g}점", "{points:g} points"),
    "no_grade": ("채점 오류", "no grade"),
    "numbered": ("{number}번째 셀", "cell {number}"),
    "graded": (
        "{name}: {points}/{max_points:g}점, {seconds:.2f}초",
        "{name}: {points}/{max_points:g} in {seconds:.2f} s",
    ),
    "note": ("참고", "note"),
    "wrong": ("잘못", "wrong"),
    "files": ("노트북과 함께 주는 파일: {files}", "files that go with the notebook: {files}"),
    "share": (
        "검사 {machine}개 중 {split}개를 수강생의 프로세스 밖에서 실행합니다. 예전 방식: {old:.0f} %",
        "{split} of {machine} checks run outside the learner's process; in the old way: {old:.0f} %",
    ),
    "by_hand": (
        "검사 {count}개({points:g}점)는 사람이 채점합니다.",
        "A person grades {count} more ({points:g} points).",
    ),
    "waiting": ("{points:g}점은 사람이 채점합니다", "{points:g} points wait for a person"),
    "imported": (
        "검사 {checks}개, {points:g}점을 가져왔습니다. 이제 확인하세요: python -m lms.grading check {path}",
        "{checks} checks, {points:g} points. Now see whether it holds: python -m lms.grading check {path}",
    ),
    "holds": ("이 실습은 그대로 쓸 수 있습니다.", "The exercise holds."),
    "must_mend": ("이 실습은 고쳐야 합니다.", "The exercise must be mended."),
}


@dataclass(frozen=True)
class Finding:
    """`kind`: solution, blank, wrong, unstable, asks_nothing, and as warnings slow, together, shared, weak, untried, depends,
    order, repeat, random or browser; `notebook` which one showed it; `check` '' where it is about all. A `warning` leaves the
    exercise usable."""

    kind: str
    notebook: str
    check: str
    message: str
    warning: bool = False


def tell(key: str, language: str, **facts: Any) -> str:
    korean, english = _TEXTS[key]
    return (english if language == "en" else korean).format(**facts)
