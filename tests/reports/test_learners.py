"""The people behind a figure: where each stands, in the order in which somebody can help, page by page."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from lms.learning import enrolments, ledger
from lms.models import Database, Enrolment, Person
from lms.people.viewers import Viewer
from lms.reports.learners import iter_learners, list_learners
from lms.reports.question import Question, ReportError
from tests.reports.asked import statements
from tests.world import EXERCISE, PAGES, QUIZ, World, at, employ, make_run

DAY = date(2026, 3, 20)
ASKED = Question(as_of=DAY)
POINTS = 100.0


def enrol(session: Session, world: World, person_id: int, *pages: str) -> Enrolment:
    made = enrolments.enrol(session, world.run, person_id, now=at("2026-03-03"))
    for number, page in enumerate(pages):
        day = date(2026, 3, 4 + number)
        ledger.record_unit_done(session, made, page, effective_on=day, now=at(day.isoformat()))
    return made


def score(session: Session, enrolment: Enrolment, unit: str, points: float, day: str = "2026-03-10") -> None:
    moment = at(day)
    ledger.append(
        session, enrolment, "scored", effective_on=date.fromisoformat(day), recorded_at=moment, unit_key=unit,
        points=points, max_points=POINTS,
    )  # fmt: skip


@pytest.fixture
def class_(database: Database, world: World) -> World:
    """김하나 read all and earned 80 of 100; 이준호 read one page; 윤수진 did nothing."""
    with database.writing() as session:
        hana = enrol(session, world, world.hana.id, *PAGES, QUIZ, EXERCISE)
        score(session, hana, QUIZ, 50)
        score(session, hana, EXERCISE, 100)
        ledger.settle(session, hana, now=at("2026-03-12"))
        enrol(session, world, world.junho.id, PAGES[0])
        enrol(session, world, world.sujin.id)
        session.commit()
    return world


def names(session: Session, sort: str, down: bool | None = None) -> list[str]:
    return [row.person_name for row in list_learners(session, None, ASKED, sort=sort, down=down).rows]


def test_a_row_says_where_she_stands(database: Database, class_: World) -> None:
    with database.reading() as session:
        row = next(row for row in list_learners(session, None, ASKED).rows if row.person_name == "김하나")
    assert (row.employee_number, row.company_name, row.region_name) == ("H-001", "한빛정밀", "부산광역시")
    assert (row.run_key, row.run_title, row.state) == ("first-steps-1", "제조데이터 첫걸음", "enrolled")
    assert (row.standing.progress, row.standing.score) == (100, 80)
    assert row.standing.completed_on == date(2026, 3, 10)
    assert row.last_active == date(2026, 3, 10)


def test_who_did_nothing_has_no_last_day(database: Database, class_: World) -> None:
    with database.reading() as session:
        row = next(row for row in list_learners(session, None, ASKED).rows if row.person_name == "윤수진")
    assert row.last_active is None
    assert [missing.what for missing in row.standing.missing] == ["progress", "score"]


def test_standings_are_of_the_day(database: Database, class_: World) -> None:
    with database.reading() as session:
        early = list_learners(session, None, ASKED.but(as_of=date(2026, 3, 5))).rows
    hana = next(row for row in early if row.person_name == "김하나")
    assert hana.standing.progress == 40
    assert hana.standing.completed_on is None


@pytest.mark.parametrize(
    ("sort", "down", "expected"),
    [
        ("behind", None, ["윤수진", "이준호", "김하나"]),
        ("behind", False, ["이준호", "윤수진", "김하나"]),
        ("name", None, ["김하나", "윤수진", "이준호"]),
        ("name", True, ["이준호", "윤수진", "김하나"]),
        ("company", None, ["윤수진", "김하나", "이준호"]),
        ("run", None, ["김하나", "윤수진", "이준호"]),
        ("progress", None, ["윤수진", "이준호", "김하나"]),
        ("score", True, ["김하나", "윤수진", "이준호"]),
        ("last_active", None, ["윤수진", "이준호", "김하나"]),
        ("learn_to", None, ["김하나", "윤수진", "이준호"]),
        ("completed", None, ["김하나", "윤수진", "이준호"]),
    ],
)
def test_orders(database: Database, class_: World, sort: str, down: bool | None, expected: list[str]) -> None:
    with database.reading() as session:
        assert names(session, sort, down) == expected


def test_an_unknown_order_is_refused_with_the_choices(database: Database, class_: World) -> None:
    with database.reading() as session, pytest.raises(ReportError, match="behind, name"):
        list_learners(session, None, ASKED, sort="password_hash")


def test_the_score_by_which_rows_are_ordered_is_that_of_the_standing(database: Database, class_: World) -> None:
    """A regrade replaces the score of its attempt, and of several attempts the best counts."""
    with database.writing() as session:
        junho = enrolments.list_own(session, world_viewer(class_, "colleague"))[0].enrolment
        score(session, junho, QUIZ, 90, "2026-03-11")
        score(session, junho, QUIZ, 20, "2026-03-12")
        sujin = enrolments.list_own(session, world_viewer(class_, "other_learner"))[0].enrolment
        score(session, sujin, QUIZ, 30, "2026-03-12")
        session.commit()
    with database.reading() as session:
        rows = list_learners(session, None, ASKED, sort="score", down=True).rows
    assert [(row.person_name, row.standing.score) for row in rows] == [("김하나", 80), ("윤수진", 12), ("이준호", 8)]


def world_viewer(world: World, role: str) -> Viewer:
    return world.viewer(world.everybody[role])


def test_pages_hold_everybody_once(database: Database, class_: World) -> None:
    with database.reading() as session:
        pages = [list_learners(session, None, ASKED, sort="learn_to", offset=place, limit=1) for place in range(4)]
        whole = [row.person_name for row in iter_learners(session, None, ASKED, sort="learn_to")]
    assert [page.total for page in pages] == [3, 3, 3, 3]
    assert [row.person_name for page in pages for row in page.rows] == whole == ["김하나", "윤수진", "이준호"]


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("officer", {"김하나", "이준호"}),
        ("other_officer", {"윤수진"}),
        ("company_manager", {"김하나", "이준호"}),
        ("programme_office", {"김하나", "이준호", "윤수진"}),
        ("learner", {"김하나"}),
        ("operator", set()),
    ],
)
def test_each_sees_whom_she_may(database: Database, class_: World, role: str, sees: set[str]) -> None:
    viewer = world_viewer(class_, role)
    with database.reading() as session:
        page = list_learners(session, viewer, ASKED)
        assert {row.person_name for row in page.rows} == sees
        assert {row.person_name for row in iter_learners(session, viewer, ASKED)} == sees
        assert page.total == len(sees)


def test_queries_do_not_grow_with_the_learners(database: Database, class_: World) -> None:
    with statements(database) as few, database.reading() as session:
        list_learners(session, None, ASKED)
    with database.writing() as session:
        other = make_run(session, class_.course, class_.exercise_version, class_.busan_centre, number=2)
        for number in range(60):
            person = Person(name=f"사람{number}", created_at=at("2026-01-02"))
            session.add(person)
            session.flush()
            employ(session, person, class_.suwon, f"N-{number}")
            made = enrolments.enrol(session, other, person.id, now=at("2026-03-04"))
            ledger.record_unit_done(session, made, PAGES[0], effective_on=DAY, now=at("2026-03-20"))
        session.commit()
    with statements(database) as many, database.reading() as session:
        assert list_learners(session, None, ASKED).total == 63
    assert len(many) == len(few) <= 8
