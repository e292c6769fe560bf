"""What we ship, guarded as a whole: each course loads, each page renders, each figure can be read by ear."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lms.content import (
    Course,
    PageUnit,
    QuizUnit,
    check_all,
    digest,
    from_document,
    grade_quiz,
    headings,
    pack_exercise,
    public_view,
    render_inline,
    render_markdown,
    to_document,
    unpack_exercise,
)
from lms.content.course_files import UNIT_KINDS
from lms.content.exercises import exercise_folder
from lms.content.problems import Problems
from lms.content.quiz_files import KINDS, markdown_of
from lms.content.quizzes import NumericQuestion, OrderingQuestion, Question
from lms.content.tables import read_toml

from .test_markdown import Reader, assert_safe

ROOT = Path(__file__).parents[2]
CATALOGUE, ERRORS = check_all(ROOT / "courses", ROOT / "exercises")
EXERCISES = sorted(path.name for path in (ROOT / "exercises").iterdir() if path.is_dir())
PAGES = [
    pytest.param(course, unit, id=f"{course.slug}/{unit.key}")
    for course in CATALOGUE.courses
    for unit in course.units
    if isinstance(unit, PageUnit)
]
QUIZZES = [
    pytest.param(unit, id=f"{course.slug}/{unit.key}")
    for course in CATALOGUE.courses
    for unit in course.units
    if isinstance(unit, QuizUnit)
]


def test_nothing_is_wrong_with_what_we_ship():
    assert [str(error) for error in ERRORS] == []
    assert len(CATALOGUE.courses) == len([path for path in (ROOT / "courses").iterdir() if path.is_dir()])


def test_there_is_a_course_that_uses_each_kind_of_unit_and_question():
    units = [unit for course in CATALOGUE.courses for unit in course.units]
    questions = [question for unit in units if isinstance(unit, QuizUnit) for question in unit.quiz.questions]
    assert {unit.__struct_config__.tag for unit in units} == set(UNIT_KINDS)
    assert {question.__struct_config__.tag for question in questions} == set(KINDS)


@pytest.mark.parametrize("course", CATALOGUE.courses, ids=lambda course: course.slug)
def test_each_course_can_be_published_and_read_again(course: Course):
    document = to_document(course)
    assert from_document(document) == course
    assert digest(document) == digest(to_document(from_document(document)))


@pytest.mark.parametrize(("course", "unit"), PAGES)
def test_each_page_renders_to_what_every_reader_can_use(course: Course, unit: PageUnit):
    html = render_markdown(unit.text, media_url=lambda path: f"/files/{path}", unit_url=lambda key: f"#{key}")
    reader = Reader(html)
    assert_safe(html)
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    names = [attributes["aria-label"] for attributes in reader.all("div") if attributes.get("role") == "region"]
    assert len(names) == len(set(names))
    assert headings(unit.text), "a page without a heading is hard to find one's way in"
    for image in reader.all("img"):
        assert len(image["alt"] or "") >= 10, image
        assert course.media_file((image["src"] or "").removeprefix("/files/"))
    leftovers = re.sub(r"<code.*?</code>|<(span|div) class=\"math.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"\*\*|:::|\]\(|class=\"no-link\"|\$\$", leftovers)


@pytest.mark.parametrize("unit", QUIZZES)
def test_each_text_of_a_quiz_renders(unit: QuizUnit):
    for key, markdown, is_label in markdown_of(unit.quiz):
        render = render_inline if is_label else render_markdown
        html = render(markdown, media_url=lambda path: f"/files/{path}", prefix=f"{key}-")
        assert_safe(html)
        assert html.strip()


def right_answer(question: Question, texts: dict[str, str]) -> object:
    if isinstance(question, NumericQuestion):
        return f"{question.answer}"
    if isinstance(question, OrderingQuestion):
        return [texts[item] for item in question.items]
    return [texts[option.text] for option in question.options if option.correct]


@pytest.mark.parametrize("unit", QUIZZES)
def test_each_quiz_can_be_passed_in_full_and_not_by_an_empty_form(unit: QuizUnit):
    shown = {question.key: question for question in public_view(unit.quiz, 1).questions}
    answers = {
        question.key: right_answer(question, {choice.text: choice.key for choice in shown[question.key].choices})
        for question in unit.quiz.questions
    }
    assert grade_quiz(unit.quiz, answers).score == 100
    assert grade_quiz(unit.quiz, {}).score == 0


@pytest.mark.parametrize("unit", QUIZZES)
def test_each_wrong_answer_of_a_quiz_has_a_word_for_it(unit: QuizUnit):
    """A learner who chose wrongly reads why, whichever wrong choice it was."""
    for question in unit.quiz.questions:
        if isinstance(question, NumericQuestion | OrderingQuestion):
            assert question.feedback_wrong, question.key
        else:
            for option in question.options:
                assert option.correct or option.feedback or question.feedback_wrong, (question.key, option.text)


@pytest.mark.parametrize("slug", EXERCISES)
def test_each_exercise_ships_its_proof_and_says_each_check_s_title(slug: str):
    folder = exercise_folder(ROOT / "exercises" / slug, Problems())
    proof, exercise = read_toml(folder, "proof.toml"), read_toml(folder, "exercise.toml")
    assert proof is not None
    assert len(proof.tables("wrong")) >= 3
    assert exercise is not None
    texts = exercise.table("checks")
    assert texts is not None
    assert set(texts.keys()) == {check.name for check in CATALOGUE.exercises[slug].checks}
    for name in texts.keys():  # noqa: SIM118
        entry = texts.table(name)
        assert entry is not None
        assert entry.text("title")
        assert entry.markdown("message")


@pytest.mark.parametrize("slug", EXERCISES)
def test_each_exercise_can_be_packed_and_unpacked(slug: str, tmp_path):
    package = pack_exercise(ROOT / "exercises" / slug)
    unpack_exercise(package, tmp_path / slug)
    assert pack_exercise(tmp_path / slug) == package


@pytest.mark.parametrize("slug", EXERCISES)
def test_the_data_of_each_exercise_can_be_made_again(slug: str):
    """With the seed that it names; the generator's own `--check` compares the bytes."""
    if any(data.seed is not None for data in CATALOGUE.exercises[slug].data):
        generator = ROOT / "exercises" / slug / "make_data.py"
        done = subprocess.run([sys.executable, str(generator), "--check"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
