"""What an import left out or changed, in words for the author: Korean and English."""

from __future__ import annotations

from dataclasses import dataclass

_NOTHING = ("할 일이 없습니다", "nothing to do")
_WHAT: dict[str, tuple[str, str]] = {
    "own_settings": ("Otter의 파일과 셀에 대한 설정: {keys}", "settings of Otter's own files and cells: {keys}"),
    "assignment": ("과제의 설정 {key}", "the setting {key} of the assignment"),
    "question": ("문제 {name}의 설정 {key}", "the setting {key} of question {name}"),
    "test": ("테스트의 설정 {key}", "the setting {key} of the test"),
    "no_points": (
        "문제 {name}: 사람이 채점하는데 배점이 없습니다",
        "question {name} is graded by a person and has no points",
    ),
    "no_solution": ("문제 {name}: 프롬프트에 답안이 없습니다", "the prompt of question {name} has no solution"),
    "manual_tests": (
        "문제 {name}: 사람이 채점하는데 테스트도 있습니다",
        "question {name} is graded by a person and has tests",
    ),
    "ignored": ("무시하라고 표시한 셀을 뺐습니다", "a cell to be ignored was left out"),
    "uses_otter": ("Otter를 쓰는 셀을 뺐습니다", "a cell that uses Otter itself was left out"),
    "seed": ("# SEED로 표시한 줄을 남겼습니다", "a line marked # SEED is kept"),
    "no_code": (
        "테스트 사이에 있는, 코드가 아닌 셀을 뺐습니다",
        "a cell between the tests that is not code was left out",
    ),
    "success": (
        "숨은 테스트의 success_message는 보여 주지 않습니다",
        "the success_message of a hidden test is not shown",
    ),
    "not_run": (
        "테스트가 보여 준 값이 저장되어 있지 않습니다. Otter는 그 값과 비교합니다",
        "the test's value was not saved, which is what Otter compares with",
    ),
}
_REMEDY: dict[str, tuple[str, str]] = {
    "own_settings": _NOTHING,
    "assignment": ("여기에는 맞는 것이 없습니다", "it has no counterpart here"),
    "question": ("여기에는 맞는 것이 없습니다", "it has no counterpart here"),
    "test": ("여기에는 맞는 것이 없습니다", "it has no counterpart here"),
    "no_points": ("점수에 넣으려면 배점을 주세요", "give it some, if it should count"),
    "no_solution": ("프롬프트 다음에 답안을 쓰세요", "write one after it"),
    "manual_tests": (
        "둘 다 점수에 넣으려면 테스트를 다른 문제로 옮기세요",
        "give the tests a question of their own, if both should count",
    ),
    "ignored": _NOTHING,
    "uses_otter": ("검사 결과는 사이트가 보여 줍니다", "checks are shown by the site"),
    "seed": (
        "가져온 노트북의 셀 {cell}에 그대로 보이므로 수강생도 검사와 같은 수를 뽑습니다. 꼭 있어야 하면 잠그세요",
        "learners see it in the cell {cell}, and draw what the checks draw; lock it if it must stay",
    ),
    "no_code": ("테스트 앞으로 옮기세요", "put it before the tests"),
    "success": ("수강생은 통과했다는 말을 읽습니다", "learners read that it passed"),
    "not_run": (
        "답안이 있는 노트북을 실행하고 결과와 함께 저장한 뒤 다시 가져오세요",
        "run the notebook with its solutions, save it with what it shows, and import again",
    ),
}
_SETTINGS: dict[str, tuple[str, str]] = {
    "files": (
        "노트북 옆에 두거나 exercise.toml에 [[data]]로 적으세요",
        "keep them beside the notebook, or list them as [[data]] in exercise.toml",
    ),
    "autograder_files": (
        "수강생의 코드가 볼 수 있습니다. 그 내용을 숨은 테스트에 쓰세요",
        "learners' code would see such a file; write what it holds into a hidden test",
    ),
    "requirements": (
        "노트북은 사이트의 라이브러리로 실행합니다. 없는 것은 운영자에게 말하세요",
        "notebooks run with the libraries of the site; ask its operator for one that is missing",
    ),
    "seed": (
        "시드를 고칠 수 없는 셀에 쓰세요. 수강생과 검사가 같은 시드를 씁니다",
        "write the seed into a locked cell; learners and checks have the same one",
    ),
    "generate": (
        "배점, 시드, 채점 뒤에 보여 주는 것은 여기서 차수의 설정입니다",
        "points, seeds and what is shown after grading are settings of the run here",
    ),
    "config_file": ("그 내용을 셀에 옮기고 다시 가져오세요", "copy what it holds into the cell, and import again"),
    "plugins": ("플러그인은 쓸 수 없습니다", "plugins are not supported"),
}
_SETTINGS |= {"student_files": _SETTINGS["files"], "environment": _SETTINGS["requirements"]}


@dataclass(frozen=True)
class Note:
    """What was left out or changed, and what to do. `cell` counts from 1."""

    cell: int
    what: str
    remedy: str


def make_note(cell: int, kind: str, language: str, facts: dict[str, object]) -> Note:
    place = 1 if language == "en" else 0
    remedy = _REMEDY[kind][place]
    if kind == "assignment":
        remedy = _SETTINGS.get(str(facts["key"]), _REMEDY[kind])[place]
    return Note(cell, _WHAT[kind][place].format(**facts), remedy.format(**facts))
