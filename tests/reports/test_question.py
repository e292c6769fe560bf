"""A question keeps all of itself in its words, and refuses what can't be asked by a sentence."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.models.companies import FACTORY_LEVELS, SIZE_CLASSES
from lms.reports.completions import count_completions
from lms.reports.keys import refuse_unknown
from lms.reports.question import DIMENSIONS, Question, ReportError

from .country import Country

TODAY = date(2026, 8, 14)
PLAIN = Question(as_of=TODAY)

slugs = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_VALUES = {
    "size": st.sampled_from((*SIZE_CLASSES, "undeclared")),
    "level": st.sampled_from((*FACTORY_LEVELS, "undeclared")),
    "industry": st.sampled_from(("10", "25", "undeclared")),
    "year": st.sampled_from(("2025", "2026")),
    "run": st.sampled_from(("current", "oee-2", "first-steps-11")),
    "company": st.one_of(st.just("1248100998"), st.uuids().map(str)),
}
questions = st.builds(
    Question,
    as_of=st.dates(date(2020, 1, 1), TODAY),
    by=st.lists(st.sampled_from(DIMENSIONS), unique=True, min_size=1, max_size=4).map(tuple),
    reading=st.sampled_from(("recorded", "effective")),
    regions=st.sampled_from(("then", "today")),
    filters=st.fixed_dictionaries(
        {},
        optional={
            name: st.lists(_VALUES.get(name, slugs), unique=True, min_size=1, max_size=3).map(tuple)
            for name in DIMENSIONS
        },
    ),
)


def asked(**words: str | list[str]) -> Question:
    given = {name: [value] if isinstance(value, str) else value for name, value in words.items()}
    return Question.from_words(given, default=PLAIN, today=TODAY)


@given(questions)
def test_a_link_keeps_all_of_it(question: Question) -> None:
    words = parse_qs(urlencode(question.to_words()))
    assert Question.from_words(words, default=PLAIN, today=TODAY) == question


def test_what_is_not_said_is_as_in_the_default() -> None:
    default = Question(as_of=TODAY, by=("company",), filters={"run": ("current",)})
    assert Question.from_words({"page": ["2"]}, default=default, today=TODAY) == default


def test_a_filter_that_is_given_empty_is_taken_away() -> None:
    default = Question(as_of=TODAY, filters={"run": ("current",), "size": ("small",)})
    question = Question.from_words({"run": [""]}, default=default, today=TODAY)
    assert dict(question.filters) == {"size": ("small",)}


def test_several_values_come_one_by_one_or_with_commas() -> None:
    assert asked(region=["busan", "ulsan"]) == asked(region="busan, ulsan,") == asked(region=["busan,ulsan", "busan"])


def test_something_else_in_the_same_question() -> None:
    question = PLAIN.but(by=["company"], region=("busan",)).but(as_of=date(2026, 1, 1), reading="effective")
    assert question == Question(date(2026, 1, 1), ("company",), "effective", filters={"region": ("busan",)})
    assert question.but(region=()).filters == {}
    assert PLAIN.filters == {}


@pytest.mark.parametrize(
    ("words", "reason", "said"),
    [
        ({"by": "colour"}, "dimension", "colour"),
        ({"by": "region,region"}, "dimension", "named twice"),
        ({"as_of": "yesterday"}, "day", "2026-07-31"),
        ({"as_of": "2026-02-30"}, "day", "2026-02-30"),
        ({"as_of": "20260731"}, "day", "2026-07-31"),
        ({"as_of": "0001-01-01"}, "day", "0001-01-01"),
        ({"as_of": "2026-08-15"}, "not_ended", "2026-08-14"),
        ({"reading": "recored"}, "reading", "recorded, effective"),
        ({"regions": "now"}, "regions", "then, today"),
        ({"size": "tiny"}, "value", "micro, small"),
        ({"level": "9"}, "value", "none, basic"),
        ({"industry": "metal"}, "value", "a division such as 25"),
        ({"year": "26"}, "value", "2026"),
        ({"run": "first-steps"}, "value", "oee-2"),
        ({"company": "한빛정밀"}, "value", "business number"),
        ({"region": "Busan; DROP TABLE"}, "value", "region"),
        ({"course": "x" * 101}, "value", "course"),
        ({"run": ",".join(f"oee-{number}" for number in range(401))}, "many", "400 at most"),
    ],
)
def test_what_can_not_be_asked_is_said_in_a_sentence(words: dict[str, str], reason: str, said: str) -> None:
    with pytest.raises(ReportError) as caught:
        asked(**words)
    assert caught.value.reason == reason
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_filter_by_what_is_no_dimension_is_refused() -> None:
    with pytest.raises(ReportError, match="colour"):
        Question(as_of=TODAY, filters={"colour": ("red",)})


def test_as_many_values_as_may_be_are_asked_for(country: Country) -> None:
    runs = tuple(f"oee-{number}" for number in range(400))
    years = tuple(f"{year:04d}" for year in range(1700, 2100))
    question = Question(as_of=TODAY, by=("company",), filters={"run": runs, "year": years})
    assert count_completions(country.session, country.office(), question).rows == ()


def test_what_nothing_has_is_refused_with_what_there_is(country: Country) -> None:
    country.run("a", country.course("first-steps", "첫걸음"), "busan", "2026-03-02", "2026-05-31")
    company = country.company("한빛정밀", "busan")
    known = {
        "region": ("busan",),
        "run": ("first-steps-1", "current"),
        "company": (company.business_number, str(uuid4())),
        "industry": ("25", "undeclared"),
    }
    refuse_unknown(country.session, Question(as_of=TODAY, filters=known))
    for name, key, said in (
        ("region", "pusan", "busan"),
        ("run", "first-steps-2", "first-steps-1"),
        ("company", "1248100998", company.business_number),
        ("course", "second-steps", "first-steps"),
    ):
        with pytest.raises(ReportError, match=f"{key}.*{said}"):
            refuse_unknown(country.session, Question(as_of=TODAY, filters={name: (key,)}))
