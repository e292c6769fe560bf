"""A published version is a document: it holds the whole course, gives it back, and its digest names it."""

from __future__ import annotations

import copy
import hashlib
import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.content import (
    Completion,
    Course,
    ExerciseUnit,
    MediaFile,
    NumericQuestion,
    Option,
    OrderingQuestion,
    PageUnit,
    Quiz,
    QuizUnit,
    SingleQuestion,
    digest,
    from_document,
    load_course,
    read_media,
    to_document,
)
from lms.content.quizzes import MultipleQuestion, Near
from lms.errors import ContentError


def test_a_document_gives_the_course_back(course):
    stored = json.loads(json.dumps(to_document(course)))
    assert from_document(stored) == course
    assert digest(stored) == digest(to_document(course)) == digest(to_document(from_document(stored)))


def test_a_document_holds_all_that_a_version_shows(library, course):
    document = to_document(course)["course"]
    page, quiz, exercise = document["units"]
    assert page["text"] == library.path("courses/basics/pages/01-why.md").read_text("utf-8")
    assert [question["kind"] for question in quiz["quiz"]["questions"]] == ["single", "multiple", "numeric", "ordering"]
    assert (exercise["exercise"], exercise["digest"]) == ("count-parts", library.load().exercises["count-parts"].digest)
    assert [media["path"] for media in document["media"]] == ["media/ruler.svg"]


CHANGES = [
    ("courses/basics/course.toml", "hours = 2", "hours = 3"),
    ("courses/basics/course.toml", "minutes = 5", "minutes = 6"),
    ("courses/basics/course.toml", "weight = 3", "weight = 2"),
    ("courses/basics/pages/01-why.md", "비교", "견줌"),
    ("courses/basics/quizzes/why.toml", "correct = true", 'correct = true\nfeedback = "맞습니다."'),
    ("courses/basics/media/ruler.svg", "M0 0h10", "M0 0h9"),
    ("exercises/count-parts/exercise.toml", "seconds = 30", "seconds = 31"),
    ("exercises/count-parts/source.ipynb", "n = 2", "n = 1 + 1"),
]


@pytest.mark.parametrize(("file", "old", "new"), CHANGES, ids=[new for *_, new in CHANGES])
def test_each_change_of_what_is_taught_changes_the_digest(library, course, file, old, new):
    before = digest(to_document(course))
    library.change(file, old, new)
    assert digest(to_document(library.load().courses[0])) != before


SAME = [
    ("courses/basics/course.toml", "hours = 2", "hours = 2.0 # two"),
    ("courses/basics/course.toml", "hours = 2", "hours = 2\n[completion]\nprogress = 80.0"),
    ("courses/basics/quizzes/why.toml", 'key = "kind"', 'key = "kind"\npoints = 1.0'),
]


@pytest.mark.parametrize(("file", "old", "new"), SAME, ids=[new for *_, new in SAME])
def test_another_way_to_write_the_same_keeps_the_digest(library, course, file, old, new):
    before = digest(to_document(course))
    library.change(file, old, new)
    assert digest(to_document(library.load().courses[0])) == before


def test_the_name_of_a_page_s_file_is_no_part_of_a_version(library, course):
    library.path("courses/basics/pages/01-why.md").rename(library.path("courses/basics/pages/1.md"))
    library.change("courses/basics/course.toml", "pages/01-why.md", "pages/1.md")
    assert to_document(library.load().courses[0]) == to_document(course)


def test_the_digest_is_the_same_in_every_release():
    """Versions are found by it for years: a change of this value would publish every course anew."""
    course = Course(
        slug="a",
        title="가",
        summary="나",
        language="ko",
        hours=1.5,
        completion=Completion(score=0),
        units=(PageUnit(key="p", title="다", minutes=5, text="## 라\n"),),
    )
    canonical = (
        '{"course":{"completion":{"score":0},"hours":1.5,"language":"ko","slug":"a","summary":"나","title":"가",'
        '"units":[{"key":"p","kind":"page","minutes":5,"text":"## 라\\n","title":"다"}]},"format":1}'
    )
    assert digest(to_document(course)) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda document: document.update(format=2), "document: format: only format 1 can be read here"),
        (lambda document: document.pop("course"), "document: course: Expected `object`, got `null`"),
        (lambda document: document["course"].update(hours="2"), "Expected `float`, got `str` - at `$.hours`"),
        (lambda document: document["course"]["units"][0].update(kind="video"), "Invalid value 'video'"),
        (lambda document: document["course"]["units"][0].pop("text"), "missing required field `text`"),
    ],
)
def test_what_is_no_document_is_refused(course, break_it, said):
    document = copy.deepcopy(to_document(course))
    break_it(document)
    with pytest.raises(ContentError) as caught:
        from_document(document)
    assert said in str(caught.value)


def test_a_course_whose_exercises_are_unknown_can_t_be_published(library):
    with pytest.raises(ValueError, match="basics: units without an exercise's digest: count"):
        to_document(load_course(library.courses, "basics", None))


def test_media_are_read_as_they_were_loaded(library, course):
    media = course.media_file("media/ruler.svg")
    assert len(read_media(library.courses, "basics", media)) == media.size
    library.change("courses/basics/media/ruler.svg", "M0 0h10", "M0 0h9 ")
    with pytest.raises(ContentError, match=r"courses/basics/media/ruler\.svg: changed after the course was read"):
        read_media(library.courses, "basics", media)


def test_a_course_can_t_be_changed(course):
    with pytest.raises(AttributeError):
        course.title = "다른 제목"
    assert isinstance(course.units, tuple)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
KEY = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
NUMBER = st.integers(0, 10**6) | st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 6))
BASE = {"key": KEY, "text": TEXT, "points": NUMBER, "explanation": TEXT, "feedback_wrong": TEXT}
OPTIONS = st.lists(st.builds(Option, TEXT, st.booleans(), TEXT), max_size=4).map(tuple)
NEAR = st.lists(st.builds(Near, answer=NUMBER, feedback=TEXT, tolerance=NUMBER), max_size=2).map(tuple)
QUESTION = st.one_of(
    st.builds(SingleQuestion, **BASE, options=OPTIONS),
    st.builds(MultipleQuestion, **BASE, options=OPTIONS, partial=st.booleans()),
    st.builds(NumericQuestion, **BASE, answer=NUMBER, tolerance=NUMBER, unit=TEXT, near=NEAR),
    st.builds(OrderingQuestion, **BASE, items=st.lists(TEXT, max_size=4).map(tuple)),
)
QUIZ = st.builds(Quiz, questions=st.lists(QUESTION, max_size=3).map(tuple), intro=TEXT, shuffle=st.booleans())
UNIT_BASE = {"key": KEY, "title": TEXT, "minutes": st.integers(1, 600)}
UNIT = st.one_of(
    st.builds(PageUnit, **UNIT_BASE, text=TEXT),
    st.builds(QuizUnit, **UNIT_BASE, quiz=QUIZ, weight=NUMBER),
    st.builds(ExerciseUnit, **UNIT_BASE, exercise=KEY, digest=KEY, weight=NUMBER),
)
COURSE = st.builds(
    Course,
    slug=KEY,
    title=TEXT,
    summary=TEXT,
    language=KEY,
    hours=NUMBER,
    audience=TEXT,
    completion=st.builds(Completion, progress=NUMBER, score=NUMBER),
    units=st.lists(UNIT, max_size=4).map(tuple),
    media=st.lists(st.builds(MediaFile, TEXT, KEY, st.integers(0, 10**9), TEXT), max_size=2).map(tuple),
)


def as_a_store_gives_it_back(value):
    """Databases may drop the point of a whole number and the order of keys."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: as_a_store_gives_it_back(value[key]) for key in sorted(value)}
    return [as_a_store_gives_it_back(inner) for inner in value] if isinstance(value, list) else value


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(COURSE)
def test_any_course_comes_back_from_any_store_under_the_same_digest(course):
    document = to_document(course)
    stored = as_a_store_gives_it_back(json.loads(json.dumps(document)))
    again = from_document(stored)
    assert msgspec.to_builtins(again) == msgspec.to_builtins(course)
    assert digest(stored) == digest(document) == digest(to_document(again))
