"""Completions by region, company, course and run, as of any day, for whoever asks."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.learning import enrolments, ledger
from lms.models import Company, Course, Database, Employment, Enrolment, Person, Run
from lms.people.organisations import companies
from lms.people.organisations.companies import Facts
from lms.people.viewers import Viewer
from lms.reports.completions import count_completions
from lms.reports.question import Question, ReportError
from tests.world import World, at, make_run

NEVER = date(2026, 12, 31)


def enrol(session: Session, world: World, person: Person, run: Run | None = None, day: str = "2026-03-03") -> Enrolment:
    return enrolments.enrol(session, run or world.run, person.id, now=at(day))


def note(session: Session, enrolment: Enrolment, kind: str, day: str, *, recorded: str | None = None) -> None:
    ledger.append(session, enrolment, kind, effective_on=date.fromisoformat(day), recorded_at=at(recorded or day))


@pytest.fixture
def three(database: Database, world: World) -> dict[str, Enrolment]:
    """Three are enrolled; 김하나 completed on 10 March, which was graded on the 12th."""
    with database.writing() as session:
        made = {person.name: enrol(session, world, person) for person in (world.hana, world.junho, world.sujin)}
        note(session, made["김하나"], "completed", "2026-03-10", recorded="2026-03-12")
        session.commit()
    return made


def rows(session: Session, *by: str, as_of: date = NEVER, viewer: Viewer | None = None) -> list[tuple]:
    counted = count_completions(session, viewer, Question(by=by or ("region",), as_of=as_of))
    return [(*row.group, row.enrolled, row.completed) for row in counted.rows]


def company(session: Session, name: str, as_of: date = NEVER) -> tuple[int, int]:
    """Enrolled and completed of one company."""
    return next((row[1], row[2]) for row in rows(session, "company", as_of=as_of) if row[0] == name)


def test_by_region_in_the_order_of_regions(database: Database, three: dict) -> None:
    with database.reading() as session:
        assert rows(session) == [("부산광역시", 2, 1), ("경기도", 1, 0)]


def test_by_region_and_company(database: Database, three: dict) -> None:
    with database.reading() as session:
        assert rows(session, "region", "company") == [("부산광역시", "한빛정밀", 2, 1), ("경기도", "수원전자", 1, 0)]


def test_the_order_asked_for_is_the_order_of_the_columns(database: Database, three: dict) -> None:
    with database.reading() as session:
        assert rows(session, "company", "region") == [("수원전자", "경기도", 1, 0), ("한빛정밀", "부산광역시", 2, 1)]


def test_a_group_in_which_nobody_completed_is_a_row(database: Database, three: dict) -> None:
    with database.reading() as session:
        counted = count_completions(session, None, Question(by=("company",), as_of=NEVER))
    row = next(row for row in counted.rows if row.group == ("수원전자",))
    assert (row.completed, row.rate) == (0, 0.0)


def test_the_total_is_the_sum_of_the_parts_and_the_same_however_it_is_cut(database: Database, three: dict) -> None:
    with database.reading() as session:
        totals = {
            (counted.total.enrolled, counted.total.completed, counted.total.rate)
            for by in (("region",), ("company",), ("run",), ("region", "company"), ("course", "run", "region"))
            for counted in [count_completions(session, None, Question(by=by, as_of=NEVER))]
        }
    assert totals == {(3, 1, 1 / 3)}


def test_nobody_enrolled_is_no_rate(database: Database, world: World) -> None:
    with database.reading() as session:
        assert count_completions(session, None, Question(as_of=NEVER)).total.rate is None


def test_yesterday_stays_what_it_was(database: Database, three: dict) -> None:
    """It was recorded on the 12th; what was known on the 11th is asked again after more has happened."""
    with database.reading() as session:
        before = rows(session, as_of=date(2026, 3, 11))
        assert before == [("부산광역시", 2, 0), ("경기도", 1, 0)]
        assert rows(session, as_of=date(2026, 3, 12)) == [("부산광역시", 2, 1), ("경기도", 1, 0)]
    with database.writing() as session:
        note(session, three["이준호"], "completed", "2026-03-09", recorded="2026-03-13")
        session.commit()
    with database.reading() as session:
        assert rows(session, as_of=date(2026, 3, 11)) == before


@pytest.mark.parametrize(
    ("time", "known"), [("23:59", True), ("24:00", False)], ids=["last-minute-in-seoul", "midnight-in-seoul"]
)
def test_a_day_ends_in_seoul(database: Database, world: World, time: str, known: bool) -> None:
    moment = at("2026-03-10", "23:59") if time == "23:59" else at("2026-03-11", "00:00")
    with database.writing() as session:
        made = enrol(session, world, world.hana)
        ledger.append(session, made, "completed", effective_on=date(2026, 3, 9), recorded_at=moment)
        session.commit()
    with database.reading() as session:
        assert rows(session, as_of=date(2026, 3, 10)) == [("부산광역시", 1, int(known)), ("경기도", 0, 0)]


def test_who_enrolled_later_was_not_there_before(database: Database, three: dict) -> None:
    with database.reading() as session:
        assert rows(session, as_of=date(2026, 3, 2)) == [("부산광역시", 0, 0), ("경기도", 0, 0)]


def test_a_revoked_completion_counts_no_more_but_did_until_then(database: Database, three: dict) -> None:
    with database.writing() as session:
        note(session, three["김하나"], "revoked", "2026-04-01")
        session.commit()
    with database.reading() as session:
        assert company(session, "한빛정밀", date(2026, 3, 31)) == (2, 1)
        assert company(session, "한빛정밀", date(2026, 4, 1)) == (2, 0)


@pytest.mark.parametrize("kind", ["questioned", "upheld"])
def test_a_completion_that_nobody_revoked_counts(database: Database, three: dict, kind: str) -> None:
    with database.writing() as session:
        note(session, three["김하나"], kind, "2026-04-01")
        session.commit()
    with database.reading() as session:
        assert company(session, "한빛정밀") == (2, 1)


def test_a_completion_after_a_revocation_counts_once(database: Database, three: dict) -> None:
    with database.writing() as session:
        note(session, three["김하나"], "revoked", "2026-04-01")
        note(session, three["김하나"], "completed", "2026-04-05")
        session.commit()
    with database.reading() as session:
        assert company(session, "한빛정밀") == (2, 1)


def test_who_withdrew_before_the_run_began_was_never_in_it(database: Database, world: World) -> None:
    with database.writing() as session:
        run = make_run(
            session, world.course, world.exercise_version, world.busan_centre, number=2, learn_from=date(2026, 4, 1)
        )
        early, late = enrol(session, world, world.hana, run), enrol(session, world, world.junho, run)
        for enrolment in (early, late):  # as after a run that was put off
            ledger.record_unit_done(session, enrolment, "read", effective_on=date(2026, 3, 30), now=at("2026-03-30"))
            note(session, enrolment, "completed", "2026-03-30")
        note(session, early, "withdrawn", "2026-03-31")
        note(session, late, "withdrawn", "2026-04-01")
        session.commit()
    with database.reading() as session:
        total = count_completions(session, None, Question(as_of=date(2026, 4, 1))).total
        assert (total.applied, total.enrolled, total.active, total.completed) == (2, 1, 1, 1)
        assert rows(session, as_of=date(2026, 3, 30))[0] == ("부산광역시", 2, 2)
        assert rows(session, as_of=NEVER)[0] == ("부산광역시", 1, 1)


def test_company_and_region_are_those_of_the_enrolment(database: Database, world: World, three: dict) -> None:
    with database.writing() as session:
        hana = three["김하나"].person_id
        session.execute(update(Employment).where(Employment.person_id == hana).values(to_on=date(2026, 3, 1)))
        session.add(
            Employment(person_id=hana, company_id=world.suwon.id, employee_number="S-9", from_on=date(2026, 3, 2))
        )
        session.commit()
    with database.reading() as session:
        assert rows(session, "company") == [("수원전자", 1, 0), ("한빛정밀", 2, 1)]
        assert rows(session) == [("부산광역시", 2, 1), ("경기도", 1, 0)]


def test_a_company_that_moves_takes_nobody_along_who_was_enrolled(
    database: Database, world: World, three: dict
) -> None:
    with database.writing() as session:
        there = companies.status_on(session, world.hanbit, date(2026, 3, 4))
        assert there is not None
        facts = Facts(world.gyeonggi.id, there.size_class, there.factory_level, there.industry_id)
        companies.declare(session, None, session.get_one(Company, world.hanbit.id), facts, from_on=date(2026, 3, 5))
        note(session, session.get_one(Enrolment, three["이준호"].id), "completed", "2026-03-20")
        again = make_run(session, world.course, world.exercise_version, world.busan_centre, number=2)
        enrol(session, world, world.hana, again, "2026-03-06")
        session.commit()
    with database.reading() as session:
        assert rows(session, as_of=date(2026, 3, 4)) == [("부산광역시", 2, 0), ("경기도", 1, 0)]
        assert rows(session) == [("부산광역시", 2, 2), ("경기도", 2, 0)]


def test_first_runs_of_two_courses_are_two_rows(database: Database, world: World, three: dict) -> None:
    with database.writing() as session:
        other = Course(slug="energy", current_version_id=world.course.current_version_id)
        session.add(other)
        session.flush()
        enrol(session, world, world.hana, make_run(session, other, world.exercise_version, world.busan_centre))
        session.commit()
    with database.reading() as session:
        assert [row[1:] for row in rows(session, "run")] == [(1, 0), (3, 1)]
        assert len({row[0] for row in rows(session, "run")}) == 2


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("programme_office", [("부산광역시", 2, 1), ("경기도", 1, 0)]),
        ("officer", [("부산광역시", 2, 1)]),
        ("other_officer", [("경기도", 1, 0)]),
        ("company_manager", [("부산광역시", 2, 1)]),
        ("learner", [("부산광역시", 1, 1)]),
        ("operator", []),
    ],
)
def test_each_counts_what_she_may_see(
    database: Database, world: World, three: dict, role: str, sees: list[tuple]
) -> None:
    with database.reading() as session:
        assert rows(session, viewer=world.viewer(world.everybody[role])) == sees


@pytest.mark.parametrize("by", [("province",), ("region", "region"), ("region", "password_hash")])
def test_a_question_that_can_not_be_asked_is_answered_with_the_choices(session: Session, by: tuple[str, ...]) -> None:
    with pytest.raises(ReportError, match="region, zone, centre, company"):
        count_completions(session, None, Question(by=by, as_of=NEVER))
