"""Which rows there are although nobody is in them, for whom, and in which words."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from lms.models import Cluster
from lms.people.viewers import Viewer
from lms.reports import rows as rows_module
from lms.reports.completions import count_completions
from lms.reports.question import Question, Reading

from .country import Country

DAY = date(2026, 6, 30)


@pytest.fixture
def empty(country: Country) -> Country:
    """Companies, clusters and runs of two regions; one person is enrolled."""
    course, other = country.course("first-steps", "첫걸음"), country.course("energy", "에너지")
    country.run("busan", course, "busan", "2026-06-01", "2026-07-31", programme=country.programme(2026))
    country.run("planned", course, "busan", "2026-09-01", "2026-10-31")
    country.run("gyeonggi", other, "gyeonggi", "2026-05-01", "2026-05-31")
    country.company("한빛정밀", "busan", size="small", industry="25")
    country.company("바다기계", "busan")
    country.company("수원전자", "gyeonggi", size="medium", level="basic", industry="26")
    country.cluster("press", "한빛정밀")
    country.cluster("chips", "수원전자")
    country.enrol("하나", "한빛정밀", "busan", "2026-06-05")
    return country


def keys(country: Country, viewer: Viewer | None, *by: str, **filters: str) -> list[str]:
    question = Question(as_of=DAY, by=by, filters={name: tuple(value.split(",")) for name, value in filters.items()})
    return ["+".join(row.keys) for row in count_completions(country.session, viewer, question).rows]


def names(country: Country, *by: str, language: str = "ko") -> list[str]:
    return [
        row.group[0]
        for row in count_completions(country.session, None, Question(as_of=DAY, by=by), language=language).rows
    ]


def test_an_officer_has_the_rows_of_her_centre(empty: Country) -> None:
    busan = empty.officer("busan")
    assert keys(empty, busan, "region") == keys(empty, busan, "region", run="first-steps-2") == ["busan"]
    assert keys(empty, busan, "run") == ["first-steps-1", "first-steps-2"]
    assert keys(empty, busan, "course") == ["first-steps"]
    assert keys(empty, busan, "cluster") == ["press"]
    assert keys(empty, busan, "centre") == ["busan"]
    numbers = {str(empty.companies[name].uid) for name in ("한빛정밀", "바다기계")}
    assert set(keys(empty, busan, "company")) == numbers


def test_two_centres_of_one_region_are_both_rows(empty: Country) -> None:
    assert keys(empty, empty.officer("gyeonggi"), "centre") == ["gyeonggi", "gyeonggi-daejin"]


def test_a_manager_has_the_rows_of_the_company(empty: Country) -> None:
    manager = empty.manager("한빛정밀")
    assert keys(empty, manager, "company") == [str(empty.companies["한빛정밀"].uid)]
    assert keys(empty, manager, "region") == ["busan"]
    assert keys(empty, manager, "cluster") == ["press"]
    assert keys(empty, manager, "run") == ["first-steps-1"]


def test_a_company_of_another_region_gives_nothing_whatever_is_asked(empty: Country) -> None:
    busan = empty.officer("busan")
    for company in (empty.companies["수원전자"].business_number, "1248100998"):
        for by in ("company", "region", "cluster", "centre"):
            assert keys(empty, busan, by, company=company) == []
    assert keys(empty, busan, "company", region="gyeonggi") == []
    assert keys(empty, busan, "region", region="gyeonggi") == []
    assert keys(empty, empty.manager("한빛정밀"), "company", company=str(empty.companies["바다기계"].uid)) == []


def test_who_has_no_scope_has_no_row(empty: Country) -> None:
    nobody = Viewer(10**6, empty.office().uid, "아무도")
    for by in ("region", "company", "centre", "cluster", "run"):
        assert keys(empty, nobody, by) == []


def test_the_office_has_all(empty: Country) -> None:
    office = empty.office()
    assert len(keys(empty, office, "region")) == 17
    assert len(keys(empty, office, "centre")) == 19
    assert len(keys(empty, office, "zone")) == 7
    assert keys(empty, office, "run") == ["energy-1", "first-steps-1", "first-steps-2"]
    assert keys(empty, office, "year") == ["2026"]
    assert keys(empty, office, "programme") == ["training-2026", "none-of-them"]


def test_filters_leave_their_rows(empty: Country) -> None:
    assert keys(empty, None, "region", zone="southeast") == ["busan", "ulsan", "gyeongnam"]
    assert keys(empty, None, "size", size="small,large") == ["small", "large"]
    assert keys(empty, None, "region", size="large", region="jeju") == ["jeju"]
    assert keys(empty, None, "company", size="medium") == [str(empty.companies["수원전자"].uid)]
    assert keys(empty, None, "company", industry="undeclared") == [str(empty.companies["바다기계"].uid)]
    assert keys(empty, None, "company", cluster="press") == [str(empty.companies["한빛정밀"].uid)]
    assert keys(empty, None, "company", centre="gyeonggi") == [str(empty.companies["수원전자"].uid)]
    assert keys(empty, None, "run", run="current") == ["first-steps-1"]
    assert len(keys(empty, None, "region", "run", run="current")) == 17


def test_a_run_is_current_while_it_is_learnt_or_read_again(empty: Country) -> None:
    empty.runs["gyeonggi"].review_to = date(2026, 6, 30)
    empty.enrol("세리", "수원전자", "gyeonggi", "2026-05-02")

    def current(day: str) -> dict[str, int]:
        question = Question(as_of=date.fromisoformat(day), by=("run",), filters={"run": ("current",)})
        return {row.keys[0]: row.enrolled for row in count_completions(empty.session, None, question).rows}

    assert current("2026-06-30") == {"energy-1": 1, "first-steps-1": 1}
    assert current("2026-07-01") == {"first-steps-1": 1}
    assert current("2026-05-31") == {"energy-1": 1}


def test_a_company_with_a_course_has_a_row_where_it_has_somebody(empty: Country) -> None:
    assert keys(empty, None, "company", "course") == [f"{empty.companies['한빛정밀'].uid}+first-steps"]


def test_too_many_empty_rows_are_none(empty: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(keys(empty, None, "region", "run")) == 17 * 3
    monkeypatch.setattr(rows_module, "MOST_EMPTY_ROWS", 50)
    assert keys(empty, None, "region", "run") == ["busan+first-steps-1"]


def test_what_was_not_declared_is_a_row_of_its_own(empty: Country) -> None:
    empty.enrol("두리", "바다기계", "busan", "2026-06-06")
    assert (
        keys(empty, None, "size")[-1]
        == keys(empty, None, "level")[-1]
        == keys(empty, None, "industry")[-1]
        == "undeclared"
    )
    assert keys(empty, None, "cluster") == ["chips", "press", "none-of-them"]


def test_a_membership_that_was_learnt_later_is_known_later(empty: Country) -> None:
    press = empty.session.scalars(select(Cluster).where(Cluster.slug == "press")).one()
    empty.join(press, "바다기계", "2026-01-01", recorded="2026-07-01")
    empty.enrol("두리", "바다기계", "busan", "2026-06-06")

    def enrolled(day: date, reading: Reading = "recorded", **filters: tuple[str, ...]) -> dict[str, int]:
        question = Question(as_of=day, by=("cluster",), reading=reading, filters=filters)
        return {row.keys[0]: row.enrolled for row in count_completions(empty.session, None, question).rows}

    assert enrolled(DAY) == {"chips": 0, "press": 1, "none-of-them": 1}
    assert enrolled(date(2026, 7, 1)) == enrolled(DAY, "effective") == {"chips": 0, "press": 2}
    assert enrolled(DAY, cluster=("press",)) == {"press": 1}
    assert enrolled(date(2026, 7, 1), cluster=("press",)) == {"press": 2}


def test_words_in_both_languages(empty: Country) -> None:
    assert names(empty, "region")[:2] == ["서울특별시", "부산광역시"]
    assert names(empty, "region", language="en")[:2] == ["Seoul", "Busan"]
    assert names(empty, "run") == ["에너지 1차수", "첫걸음 1차수", "첫걸음 2차수"]
    assert names(empty, "run", language="en")[0] == "에너지, run 1"
    assert names(empty, "level")[:2] == ["미도입", "기초"]
    assert names(empty, "size", language="en")[0] == "Micro enterprise"
    assert names(empty, "programme", language="en")[-1] == "No programme"
