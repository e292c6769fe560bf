"""What learners read, in Korean and English: one table, plain words."""

from __future__ import annotations

from typing import Any

_TEXTS: dict[str, tuple[str, str]] = {
    # verdicts
    "passed": ("통과했습니다.", "Passed."),
    "failed": ("결과가 기대한 것과 다릅니다.", "The result is not what was expected."),
    "failed_hidden": (
        "숨은 검사를 통과하지 못했습니다. 다른 입력에서도 맞는지 살펴보세요.",
        "A hidden check did not pass. See whether your answer is right for other inputs too.",
    ),
    "partly": (
        "일부만 맞았습니다 ({points:g}/{max_points:g}점).",
        "Partly right ({points:g} of {max_points:g} points).",
    ),
    "manual": ("강사가 직접 채점합니다.", "An instructor grades this."),
    "not_run": (
        "앞에서 시간을 다 써서 이 검사는 실행하지 못했습니다.",
        "This check did not run, because the time was used up before it.",
    ),
    "time_check": (
        "정해진 시간({seconds:g}초) 안에 끝나지 않았습니다. 끝나지 않는 반복이 없는지 확인하세요.",
        "It did not end within {seconds:g} seconds. Look for a loop that never ends.",
    ),
    "died": (
        "검사하는 동안 실행이 갑자기 끝났습니다. exit()나 os._exit() 같은 명령이 없는지 확인하세요.",
        "The program ended suddenly while it was checked. Look for exit() or os._exit().",
    ),
    "memory": (
        "메모리를 너무 많이 썼습니다. 아주 큰 목록이나 표를 만들고 있지 않은지 확인하세요.",
        "It used too much memory. See whether you make a very large list or table.",
    ),
    "broken": (
        "실행 결과를 읽을 수 없었습니다. 출력이 너무 크지 않은지 확인하세요.",
        "The result could not be read. See whether it prints too much.",
    ),
    "our_error": (
        "채점 쪽 문제로 이 검사를 채점하지 못했습니다. 담당자가 확인합니다.",
        "This check could not be graded because of a fault on our side. A person will look at it.",
    ),
    # where an error happened
    "blank": ("{where}에 아직 답을 쓰지 않았습니다.", "Nothing is written in {where} yet."),
    "deleted_answer": (
        "답 칸 '{cell}'이(가) 노트북에 없습니다. 실습 노트북을 다시 받아 그 칸에 답을 쓰세요.",
        "The answer cell '{cell}' is missing. Download the notebook again and answer there.",
    ),
    "stopped": ("{where}에서 멈췄습니다: {explained}", "{where} stopped: {explained}"),
    "cell": ("{number}번째 셀", "cell {number}"),
    "cell_line": ("{number}번째 셀의 {line}번째 줄 `{text}`", "cell {number}, line {line}, `{text}`"),
    "check_line": ("검사의 `{text}`", "the check's `{text}`"),
    # repairs
    "repair_deleted": (
        "답 칸 '{cell}'이(가) 없어서 비어 있는 것으로 보았습니다.",
        "The answer cell '{cell}' was missing and counts as empty.",
    ),
    "repair_doubled": (
        "답 칸 '{cell}'이(가) 여러 개라서 순서대로 이어 붙여 실행했습니다.",
        "The answer cell '{cell}' was there more than once; the copies were run one after the other.",
    ),
    "repair_retyped": (
        "답 칸 '{cell}'의 종류가 바뀌어 있어 원래대로 되돌렸습니다.",
        "The answer cell '{cell}' had become another kind of cell and was turned back.",
    ),
    "repair_reordered": (
        "칸의 순서가 바뀌어 있어 원래 순서대로 실행했습니다.",
        "The cells were in another order; they were run in the original one.",
    ),
    "repair_changed": (
        "고칠 수 없는 칸 '{cell}'이(가) 바뀌어 있어 원래 내용으로 채점했습니다.",
        "The locked cell '{cell}' had been changed; its original was used.",
    ),
    "repair_restored": (
        "고칠 수 없는 칸 '{cell}'이(가) 없어서 되살렸습니다.",
        "The locked cell '{cell}' was missing and was put back.",
    ),
    "repair_own_cells": (
        "직접 추가한 셀({number}번째 셀부터)도 그 자리에서 함께 실행했습니다.",
        "The cells that you added (from cell {number}) were run in their place too.",
    ),
    # for a person to look at
    "flag_forged": (
        "실행한 코드가 정해진 답이 아닌 것을 채점기에 보냈습니다. 실수일 수도 있으니 코드를 살펴보세요.",
        "What ran sent the grader something else than an answer. It may be a mistake: look at the code.",
    ),
    "flag_tampered": (
        "검사 전에 바뀐 이름: {names}. 실수일 수도 있으니 코드를 살펴보세요.",
        "Replaced before the check: {names}. It may be a mistake: look at the code.",
    ),
    # refused
    "refused_empty": (
        "빈 파일입니다. 답을 쓴 노트북을 제출하세요.",
        "The file is empty. Hand in the notebook with your answers.",
    ),
    "refused_too_large": (
        "파일이 너무 큽니다. 출력을 지우고 저장한 뒤 다시 제출하세요.",
        "The file is too large. Clear its outputs, save, and hand it in again.",
    ),
    "refused_not_json": (
        "노트북(.ipynb) 파일이 아니거나 파일이 깨졌습니다. 노트북을 다시 저장해 제출하세요.",
        "This is not a notebook (.ipynb), or it is damaged. Save the notebook again and hand it in.",
    ),
    "refused_not_a_notebook": (
        "노트북(.ipynb) 파일이 아닙니다. 실습 노트북을 제출하세요.",
        "This is not a notebook (.ipynb). Hand in the exercise's notebook.",
    ),
    "refused_too_old": (
        "너무 오래된 형식의 노트북입니다. Jupyter에서 열어 다시 저장한 뒤 제출하세요.",
        "The notebook is of a format that is too old. Open it in Jupyter, save it and hand it in again.",
    ),
    "refused_too_new": (
        "아직 읽을 수 없는 새 형식의 노트북입니다. 실습 노트북을 다시 받아 작성하세요.",
        "The notebook is of a format that is too new to be read. Use the notebook that you download here.",
    ),
    "refused_invalid": (
        "노트북의 구조가 깨져 있습니다. Jupyter에서 열어 다시 저장한 뒤 제출하세요.",
        "The notebook is damaged inside. Open it in Jupyter, save it and hand it in again.",
    ),
    "refused_other_exercise": (
        "다른 실습의 노트북입니다. 이 실습의 노트북을 제출하세요.",
        "This is the notebook of another exercise. Hand in the one of this exercise.",
    ),
    "refused_no_answers": (
        "답 칸이 하나도 없습니다. 실습 노트북을 다시 받아 답 칸에 작성하세요.",
        "No answer cell is left. Download the notebook again and write into its answer cells.",
    ),
}


def say(key: str, language: str, **facts: Any) -> str:
    korean, english = _TEXTS[key]
    return (english if language == "en" else korean).format(**facts)


def printable(text: str) -> str:
    """Without what a learner's error message may carry to steer a terminal or turn a line round."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
