"""A small course for the tests of the web: two pages, a quiz with a question of each kind, an exercise that is graded fast."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.grading.build import answer, cell, check, locked, notebook, packed

COURSE = "count-parts"
EXERCISE = "good-parts"
FIRST_PAGE, SECOND_PAGE, QUIZ = "why-count", "how-to-count", "quiz-counts"
UNIT_KEYS = (FIRST_PAGE, SECOND_PAGE, QUIZ, EXERCISE)

COURSE_TOML = f"""
title = "양품 세기"
summary = "불량을 빼고 양품을 셉니다."
language = "ko"
hours = 1
audience = "현장 작업자"

[completion]
progress = 80
score = 60

[[units]]
key = "{FIRST_PAGE}"
kind = "page"
title = "왜 세는가"
file = "pages/why.md"
minutes = 5

[[units]]
key = "{SECOND_PAGE}"
kind = "page"
title = "어떻게 세는가"
file = "pages/how.md"
minutes = 5

[[units]]
key = "{QUIZ}"
kind = "quiz"
title = "퀴즈: 세기"
file = "quizzes/counts.toml"
minutes = 5
weight = 40

[[units]]
key = "{EXERCISE}"
kind = "exercise"
title = "실습: 양품 세기"
exercise = "{EXERCISE}"
minutes = 10
weight = 60
"""

WHY = f"""양품을 세면 수율을 압니다. 다음은 [어떻게 세는가](unit:{SECOND_PAGE})입니다.

## 수율

$$ y = \\frac{{g}}{{n}} $$

| 조 | 생산 | 불량 |
|---|---:|---:|
| 주간 | 120 | 3 |

![막대 두 개: 생산과 불량](media/bars.svg)

::: tip 기억하기
불량은 빼고 셉니다.
:::
"""

HOW = """## 코드로 세기

```python
good = total - bad
```
"""

BARS = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect x="2" y="2" width="6" height="16"/>'
    '<rect x="12" y="15" width="6" height="3"/></svg>'
)

QUIZ_TOML = """
intro = "한 번 더 풀 수 있습니다."

[[questions]]
key = "one"
kind = "single"
text = "양품은 무엇입니까?"
points = 1
explanation = "생산에서 불량을 뺀 것입니다."
[[questions.options]]
text = "생산에서 불량을 뺀 것"
correct = true
feedback = "맞습니다."
[[questions.options]]
text = "생산한 것 모두"
feedback = "불량이 남아 있습니다."

[[questions]]
key = "many"
kind = "multiple"
text = "무엇을 셉니까?"
points = 1
[[questions.options]]
text = "생산"
correct = true
[[questions.options]]
text = "불량"
correct = true
[[questions.options]]
text = "구름"

[[questions]]
key = "number"
kind = "numeric"
text = "120개에서 불량이 3개면 양품은 몇 개입니까?"
points = 1
answer = 117
tolerance = 0
feedback_wrong = "120에서 3을 뺍니다."

[[questions]]
key = "order"
kind = "ordering"
text = "순서대로 놓으십시오."
points = 1
items = ["센다", "뺀다", "적는다"]
"""

EXERCISE_TOML = """
title = "양품 세기"
summary = "양품 수를 구합니다."
language = "ko"
[limits]
seconds = 20
cell_seconds = 5
[[data]]
path = "data/parts.csv"
sha256 = "{digest}"
seed = 7
[checks.q1-test]
title = "양품 수"
message = "생산에서 불량을 뺐는지 보세요."
[checks.q2-test]
title = "수율"
message = "양품을 생산으로 나눕니다."
[hints]
q1 = ["불량을 빼면 몇 개입니까?", "`total`에서 무엇을 빼야 하는지 보세요."]
"""

DATA = b"shift,total,bad\nday,120,3\nnight,100,5\n"

NOTEBOOK = notebook(
    locked("intro", "import csv"),
    cell("# 양품 세기\n\n양품을 세어 봅시다.", kind="markdown"),
    answer("q1", "    return total - bad", before="def good(total, bad):\n"),
    check("q1-test", "assert good(120, 3) == 117, '양품 수가 다릅니다. 생산에서 불량을 뺐는지 보세요.'", points=4),
    answer("q2", "    return (total - bad) / total", before="def rate(total, bad):\n"),
    check(
        "q2-test",
        "assert callable(rate), 'rate를 만드세요.'\n"
        "### BEGIN HIDDEN TESTS\nassert abs(rate(200, 50) - 0.75) < 1e-9, '수율이 다릅니다.'\n### END HIDDEN TESTS",
        points=6,
    ),
)

RIGHT = {
    "q1": "def good(total, bad):\n    return total - bad",
    "q2": "def rate(total, bad):\n    return 1 - bad / total",
}
HALF = {"q1": RIGHT["q1"], "q2": "def rate(total, bad):\n    return bad / total"}


def write(root: Path, *, page: str = WHY) -> Path:
    """Write courses/ and exercises/ below `root`, and return it. Another `page` makes another course version."""
    course, exercise = root / "courses" / COURSE, root / "exercises" / EXERCISE
    texts = {
        course / "course.toml": COURSE_TOML,
        course / "pages/why.md": page,
        course / "pages/how.md": HOW,
        course / "media/bars.svg": BARS,
        course / "quizzes/counts.toml": QUIZ_TOML,
        exercise / "exercise.toml": EXERCISE_TOML.format(digest=hashlib.sha256(DATA).hexdigest()),
        exercise / "source.ipynb": packed(NOTEBOOK).decode(),
        exercise / "data/parts.csv": DATA.decode(),
        exercise / "DATA.md": "만든 자료입니다.\n",
    }
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root


def filled(starter: bytes, answers: Mapping[str, str]) -> bytes:
    """The starter as a learner saves it, with her answers by grade_id."""
    made: dict[str, Any] = json.loads(starter)
    for cell_ in made["cells"]:
        name = cell_["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell_["source"] = answers[name]
    return json.dumps(made, ensure_ascii=False).encode()
