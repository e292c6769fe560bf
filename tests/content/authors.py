"""A small course and a small exercise that are right, for tests that break one thing of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lms.content import check_all, load_all

COURSE = """
title = "측정의 기초"
summary = "재는 법과 읽는 법"
hours = 2

[[units]]
key = "why"
kind = "page"
title = "왜 재는가"
file = "pages/01-why.md"
minutes = 10

[[units]]
key = "quiz-why"
kind = "quiz"
title = "확인"
file = "quizzes/why.toml"
minutes = 5
weight = 1

[[units]]
key = "count"
kind = "exercise"
title = "세어 보기"
exercise = "count-parts"
minutes = 30
weight = 3
"""

PAGE = """## 재는 까닭

**측정(measurement)**은 비교입니다.

![눈금이 열 개인 자](media/ruler.svg "그림 1")

[문제로](unit:quiz-why) 가거나 [위로](#재는-까닭) 갑니다.
"""

QUIZ = """
[[questions]]
key = "kind"
kind = "single"
text = "자로 재는 것은?"
explanation = "자는 길이를 잽니다."
[[questions.options]]
text = "길이"
correct = true
[[questions.options]]
text = "온도"
feedback = "온도는 온도계로 잽니다."

[[questions]]
key = "tools"
kind = "multiple"
text = "길이를 재는 것을 모두 고르세요."
points = 2
partial = true
[[questions.options]]
text = "줄자"
correct = true
[[questions.options]]
text = "버니어 캘리퍼스"
correct = true
[[questions.options]]
text = "저울"
[[questions.options]]
text = "전류계"

[[questions]]
key = "rate"
kind = "numeric"
text = "200개 중 171개가 양품이면 양품률은?"
answer = 85.5
tolerance = 0.1
unit = "%"
feedback_wrong = "양품 수를 전체 수로 나눕니다."
[[questions.near]]
answer = 14.5
tolerance = 0.1
feedback = "그것은 불량률입니다."

[[questions]]
key = "steps"
kind = "ordering"
text = "순서대로 놓으세요."
items = ["영점을 맞춘다", "잰다", "적는다"]
feedback_wrong = "영점이 먼저입니다."
"""

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 1"><path d="M0 0h10"/></svg>'
DATA = "part\n볼트\n너트\n"
EXERCISE = """
title = "부품 세기"
summary = "표의 줄을 센다."

[limits]
seconds = 30
cell_seconds = 10

[[data]]
path = "data/parts.csv"
sha256 = "SHA"
seed = 7

[checks.count-test]
title = "부품 수"
message = "표의 줄 수를 다시 보세요."

[hints]
count = ["머리글 줄도 세었나요?", "`len`은 줄의 수를 셉니다."]
"""
PROOF = """
[[wrong]]
name = "counts-the-header"
why = "머리글도 센다"
[wrong.answers]
count = "n = 3"
[wrong.earns]
count-test = 0
[wrong.says]
count-test = "머리글"
"""


def cell(source: str, cell_type: str = "code", **mark: Any) -> dict[str, Any]:
    marks = {"nbgrader": {"schema_version": 3, "grade": False, "solution": False} | mark} if mark else {}
    return {"cell_type": cell_type, "id": hashlib.sha256(source.encode()).hexdigest()[:8], "source": source} | {
        "metadata": marks
    }


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)})


def right_notebook() -> str:
    return notebook(
        cell("# 부품 세기", "markdown"),
        cell("### BEGIN SOLUTION\nn = 2\n### END SOLUTION", grade_id="count", solution=True),
        cell("assert n == 2, '머리글은 빼고 셉니다.'", grade_id="count-test", grade=True, points=5),
    )


class Library:
    """courses/ and exercises/ in a folder of a test's own."""

    def __init__(self, root: Path) -> None:
        self.courses = root / "courses"
        self.exercises = root / "exercises"
        self.course = self.courses / "basics"
        self.exercise = self.exercises / "count-parts"
        self.write("courses/basics/course.toml", COURSE)
        self.write("courses/basics/pages/01-why.md", PAGE)
        self.write("courses/basics/quizzes/why.toml", QUIZ)
        self.write("courses/basics/media/ruler.svg", SVG)
        self.write("exercises/count-parts/exercise.toml", EXERCISE.replace("SHA", sha256(DATA)))
        self.write("exercises/count-parts/source.ipynb", right_notebook())
        self.write("exercises/count-parts/proof.toml", PROOF)
        self.write("exercises/count-parts/data/parts.csv", DATA)
        self.write("exercises/count-parts/DATA.md", "# 데이터 카드\n")
        self.write("exercises/count-parts/make_data.py", "")

    def path(self, relative: str) -> Path:
        return self.courses.parent / relative

    def write(self, relative: str, content: str | bytes) -> None:
        path = self.path(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def change(self, relative: str, old: str, new: str) -> None:
        text = self.path(relative).read_text("utf-8")
        assert old in text, f"{relative} holds no {old!r}"
        self.write(relative, text.replace(old, new, 1))

    def load(self):
        return load_all(self.courses, self.exercises)

    def errors(self) -> list[str]:
        return [str(error) for error in check_all(self.courses, self.exercises)[1]]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
