"""The browser's Python and the server's are one to an exercise: each solution passes its visible checks on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lms.grading import Exercise, grade, isolation, load_exercise
from lms.grading.proof import solution_answers
from lms.workspace.cells import Typed, fill
from tests.required import do_without
from tests.workspace.python_page import PythonPage, serving

FOLDER = Path(__file__).resolve().parents[2] / "exercises"
EXERCISES = {place.parent.name: load_exercise(place.parent) for place in sorted(FOLDER.glob("*/exercise.toml"))}

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def python(chromium: Browser, runtime_dir: Path) -> Iterator[PythonPage]:
    with serving(runtime_dir) as address:
        context = chromium.new_context(locale="ko-KR")
        yield PythonPage(context.new_page(), address, list(EXERCISES.values()))
        context.close()


def on_the_server(exercise: Exercise, notebook: bytes) -> dict[str, str]:
    """Outcome of each check."""
    if not isolation().reaches("user"):
        do_without("sandbox", f"this machine has the isolation '{isolation().level}'")
    return {check.name: check.outcome for check in grade(exercise, notebook).checks}


@pytest.mark.parametrize("slug", EXERCISES)
def test_a_solution_passes_on_both_sides(python: PythonPage, slug: str) -> None:
    exercise = EXERCISES[slug]
    python.begin(exercise)
    answers = solution_answers(exercise)
    blank = python.check()
    wrong = python.run_all(answers)
    checked = python.check()
    server = on_the_server(exercise, fill(python.sheet, Typed(answers)))
    assert set(blank.values()) == {"not_run"}
    assert wrong == []
    assert checked == {name: server[name] for name in checked}
    assert set(checked.values()) == {"passed"}
