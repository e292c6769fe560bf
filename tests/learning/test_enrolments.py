"""Enrolments: company and region of the day, seats, and who sees which."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.learning import enrolments, ledger
from lms.learning.enrolments import EnrolmentError, RunNotOpenError
from lms.models import CompanyStatus, Database, Employment, Enrolment, LedgerEntry, Person, Run, make_engine
from lms.people.viewers import Viewer
from tests.processes import run_together
from tests.world import JOINED, World, at, employ, load, make_run, unit

DAY = date(2026, 3, 10)


def enrol(session: Session, world: World, person: Person, run: Run | None = None) -> Enrolment:
    return enrolments.enrol(session, run or world.run, person.id, now=JOINED)


def refusal(session: Session, world: World, person: Person, run: Run | None = None) -> str:
    with pytest.raises(EnrolmentError) as caught:
        enrol(session, world, person, run)
    return caught.value.reason


def test_it_keeps_the_company_and_region_of_the_day(session: Session, world: World) -> None:
    made = enrol(session, world, world.hana)
    session.add(CompanyStatus(company_id=world.hanbit.id, from_on=date(2026, 3, 20), region_id=world.gyeonggi.id))
    employ(session, world.hana, world.suwon, "S-100", from_on=date(2026, 3, 20))
    session.expire_all()
    assert (made.company_id, made.region_id) == (world.hanbit.id, world.busan.id)
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.kind, entry.effective_on, entry.company_id) == ("enrolled", date(2026, 3, 3), world.hanbit.id)


def test_the_employment_of_that_day_counts(session: Session, world: World) -> None:
    session.execute(
        update(Employment).where(Employment.person_id == world.hana.id).values(to_on=JOINED.date() - timedelta(days=1))
    )
    employ(session, world.hana, world.suwon, "S-100", from_on=JOINED.date())
    made = enrol(session, world, world.hana)
    assert (made.company_id, made.region_id) == (world.suwon.id, world.gyeonggi.id)


def test_who_works_nowhere_is_not_enrolled(session: Session, world: World) -> None:
    assert refusal(session, world, world.minseo) == "no_employment"


def test_a_company_without_a_region_that_day_enrols_nobody(session: Session, world: World) -> None:
    session.execute(update(CompanyStatus).values(from_on=date(2026, 4, 1)))
    assert refusal(session, world, world.hana) == "no_region"


def test_nobody_is_enrolled_twice(session: Session, world: World) -> None:
    enrol(session, world, world.hana)
    assert refusal(session, world, world.hana) == "already"


def test_a_closed_run_takes_nobody(session: Session, world: World) -> None:
    run = session.get_one(Run, world.run.id)
    run.closed_at = JOINED
    assert refusal(session, world, world.hana, run) == "closed"


def test_a_seat_is_free_again_when_somebody_withdrew(session: Session, world: World) -> None:
    run = session.get_one(Run, world.run.id)
    run.seats = 1
    first = enrol(session, world, world.hana, run)
    assert refusal(session, world, world.junho, run) == "full"
    first.state = "withdrawn"
    session.flush()
    enrol(session, world, world.junho, run)


def try_to_enrol(url: str, run_id: int, person_id: int) -> str:
    database = Database(make_engine(url))
    with database.writing() as session:
        try:
            enrolments.enrol(session, session.get_one(Run, run_id), person_id, now=JOINED)
            session.commit()
        except EnrolmentError as error:
            return error.reason
        except IntegrityError:
            return "broken"
        finally:
            database.dispose()
    return "enrolled"


def test_the_last_seats_are_given_once(database: Database, database_url: str, world: World) -> None:
    with database.writing() as session:
        session.execute(update(Run).values(seats=2))
        session.commit()
    people = (world.hana, world.junho, world.sujin)
    said = run_together(try_to_enrol, [(database_url, world.run.id, person.id) for person in people])
    assert sorted(said) == ["enrolled", "enrolled", "full"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 2


def test_one_person_at_two_desks_is_enrolled_once(database: Database, database_url: str, world: World) -> None:
    said = run_together(try_to_enrol, [(database_url, world.run.id, world.hana.id)] * 3)
    assert sorted(said) == ["already", "already", "enrolled"]


# Who sees which


@pytest.fixture
def everyone_s(database: Database, world: World) -> dict[str, int]:
    """김하나, 이준호 and 윤수진 are enrolled: two of Busan, one of Gyeonggi."""
    with database.writing() as session:
        made = {person.name: enrol(session, world, person).id for person in (world.hana, world.junho, world.sujin)}
        session.commit()
    return made


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("learner", {"김하나"}),
        ("colleague", {"이준호"}),
        ("other_learner", {"윤수진"}),
        ("company_manager", {"김하나", "이준호"}),
        ("officer", {"김하나", "이준호"}),
        ("instructor", {"김하나", "이준호"}),
        ("other_officer", {"윤수진"}),
        ("programme_office", {"김하나", "이준호", "윤수진"}),
        ("operator", set()),
    ],
)
def test_each_sees_her_own_part(
    database: Database, world: World, everyone_s: dict[str, int], role: str, sees: set[str]
) -> None:
    viewer = world.viewer(world.everybody[role])
    with database.reading() as session:
        found = session.scalars(
            select(Person.name).join(Enrolment, Enrolment.person_id == Person.id).where(enrolments.visible_to(viewer))
        ).all()
    assert sorted(found) == sorted(sees)


def test_a_manager_sees_who_was_at_the_company_then_and_not_who_came_since(
    database: Database, world: World, everyone_s: dict[str, int]
) -> None:
    with database.writing() as session:
        employ(session, world.sujin, world.hanbit, "H-100", from_on=DAY)
        session.commit()
    viewer = world.viewer(world.doyun)
    with database.reading() as session:
        found = session.scalars(select(Enrolment.id).where(enrolments.visible_to(viewer))).all()
    assert sorted(found) == sorted((everyone_s["김하나"], everyone_s["이준호"]))


def test_her_own_enrolment_is_loaded_with_its_run(database: Database, world: World, enrolment: Enrolment) -> None:
    with database.reading() as session:
        found = enrolments.load_own(session, world.viewer(world.hana), world.run.uid)
        assert (found.id, len(found.run.units), len(found.run.rules)) == (enrolment.id, 5, 1)
        with pytest.raises(NotFoundError):
            enrolments.load_own(session, world.viewer(world.junho), world.run.uid)
        with pytest.raises(NotFoundError):
            enrolments.load_own(session, world.viewer(world.jimin), world.run.uid)


def test_who_withdrew_no_longer_finds_it(database: Database, world: World, enrolment: Enrolment) -> None:
    with database.writing() as session:
        session.get_one(Enrolment, enrolment.id).state = "withdrawn"
        session.commit()
    with database.reading() as session:
        assert enrolments.list_own(session, world.viewer(world.hana)) == []
        with pytest.raises(NotFoundError):
            enrolments.load_own(session, world.viewer(world.hana), world.run.uid)


def test_the_list_has_the_newest_run_first_each_with_its_own_standing(
    database: Database, world: World, enrolment: Enrolment
) -> None:
    with database.writing() as session:
        later = make_run(
            session, world.course, world.exercise_version, world.busan_centre, number=2, learn_from=date(2026, 4, 1)
        )
        second = enrol(session, world, world.hana, later)
        ledger.record_unit_done(session, second, "what-is-data", effective_on=DAY)
        session.commit()
    with database.reading() as session:
        listed = enrolments.list_own(session, world.viewer(world.hana))
    assert [(item.enrolment.run.number, item.standing.progress) for item in listed] == [(2, 20.0), (1, 0.0)]


# Whether the run takes work


@pytest.mark.parametrize(
    ("day", "reason"),
    [(date(2026, 3, 1), "not_begun"), (date(2026, 3, 2), None), (date(2026, 3, 31), None), (date(2026, 4, 1), "over")],
    ids=["eve", "first-day", "last-day", "day-after"],
)
def test_a_run_takes_work_from_its_first_day_to_its_last(
    session: Session, world: World, day: date, reason: str | None
) -> None:
    made = load(session, enrol(session, world, world.hana).id)
    made.run.learn_to = date(2026, 3, 31)
    if reason is None:
        enrolments.refuse_closed(made, day)
        return
    with pytest.raises(RunNotOpenError) as caught:
        enrolments.refuse_closed(made, day)
    assert (caught.value.reason, caught.value.learn_to) == (reason, date(2026, 3, 31))


def test_a_closed_run_takes_no_work_on_any_day(session: Session, world: World) -> None:
    made = load(session, enrol(session, world, world.hana).id)
    made.run.closed_at = at("2026-03-05")
    with pytest.raises(RunNotOpenError) as caught:
        enrolments.refuse_closed(made, DAY)
    assert caught.value.reason == "closed"


def test_a_unit_that_the_run_does_not_have_is_not_found(enrolment: Enrolment) -> None:
    assert enrolments.load_unit(enrolment, "oee").id == unit(enrolment, "oee").id
    with pytest.raises(NotFoundError):
        enrolments.load_unit(enrolment, "added-later")


def test_a_viewer_without_roles_who_is_in_no_run_sees_nothing(
    database: Database, world: World, everyone_s: dict
) -> None:
    nobody = Viewer(id=0, uid=world.hana.uid, name="")
    with database.reading() as session:
        assert session.scalars(select(Enrolment.id).where(enrolments.visible_to(nobody))).all() == []
