"""Seats: given by one function whichever way somebody comes, never more than there are, and passed on when one is free."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.learning import bulk, enrolments
from lms.learning.applications import (
    admission,
    catalogue,
    deciding,
    extensions,
    leaving,
    links,
    lists,
    people,
    seats,
    transfers,
    waiting,
)
from lms.learning.applications.deciding import ApplicationError
from lms.learning.applications.extensions import ExtensionError
from lms.learning.applications.leaving import LeavingError
from lms.learning.applications.links import LinkError
from lms.learning.applications.people import PeopleError
from lms.learning.applications.transfers import TransferError
from lms.models import (
    Application,
    Centre,
    CompanyStatus,
    Course,
    Database,
    Employment,
    Enrolment,
    LedgerEntry,
    Message,
    Person,
    Run,
    RunQuota,
    Transfer,
)
from lms.people.undo import UndoRefusedError
from tests.sittings import a_sitting
from tests.world import World, at, employ, load, make_run

NOW = at("2026-03-01")  # the day before the run begins
DAY = date(2026, 3, 1)


@pytest.fixture
def run(session: Session, world: World) -> Run:
    """Open, takes applications from February until it has run for two weeks, without approval."""
    found = session.get_one(Run, world.run.id)
    found.apply_from, found.apply_to = date(2026, 2, 1), date(2026, 3, 15)
    admission.change(session, found, approval="none", moves_up_days=7, actor_id=world.seoyeon.id)
    session.flush()
    return found


def worker(session: Session, world: World, name: str, company: str = "hanbit", department: str = "") -> Person:
    person = Person(name=name, created_at=at("2026-01-02"), roles=[])
    session.add(person)
    session.flush()
    employ(session, person, getattr(world, company), f"N-{person.id}").department = department
    session.flush()
    return person


def asks(session: Session, run: Run, who: str) -> None:
    admission.change(session, run, approval=who, moves_up_days=7, actor_id=None)
    session.flush()


def apply(session: Session, run: Run, person: Person) -> seats.Admitted:
    return deciding.apply(session, run.id, person.id, now=NOW)


def states(session: Session, run: Run) -> Counter[str]:
    return Counter(session.scalars(select(Application.state).where(Application.run_id == run.id)))


def told(session: Session, person: Person) -> list[str]:
    return list(session.scalars(select(Message.kind).where(Message.person_id == person.id).order_by(Message.id)))


# Seats


def test_who_applies_where_nobody_is_asked_is_in_at_once(session: Session, world: World, run: Run) -> None:
    made = apply(session, run, world.hana)
    assert made.outcome == "enrolled"
    assert made.enrolment is not None
    assert made.application is not None
    assert (made.enrolment.company_id, made.enrolment.region_id) == (world.hanbit.id, world.busan.id)
    assert (made.application.state, made.application.way) == ("accepted", "self")
    assert session.scalars(select(LedgerEntry.kind)).all() == ["enrolled"]


def test_the_rest_waits_in_the_order_of_asking(session: Session, world: World, run: Run) -> None:
    run.seats = 1
    assert apply(session, run, world.hana).outcome == "enrolled"
    assert [apply(session, run, person).place for person in (world.junho, world.sujin)] == [1, 2]
    assert apply(session, run, world.sujin).place == 2  # once more, and nothing has changed
    assert states(session, run) == {"accepted": 1, "waiting": 2}


def test_a_company_and_a_region_have_no_more_than_their_limits(session: Session, world: World, run: Run) -> None:
    run.seats = 4
    session.add_all(
        (
            RunQuota(run_id=run.id, company_id=world.hanbit.id, seats=1),
            RunQuota(run_id=run.id, region_id=world.gyeonggi.id, seats=2),
        )
    )
    session.flush()
    of_suwon = [world.sujin, *(worker(session, world, name, "suwon") for name in ("원", "투"))]
    assert [apply(session, run, person).outcome for person in (world.hana, world.junho)] == ["enrolled", "waiting"]
    assert [apply(session, run, person).outcome for person in of_suwon] == ["enrolled", "enrolled", "waiting"]
    assert seats.book_of(session, run).left == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"opened_at": None}, "not_now"),
        ({"closed_at": NOW}, "not_now"),
        ({"apply_to": date(2026, 2, 28)}, "not_now"),
        ({"apply_from": None, "apply_to": None}, "not_now"),
    ],
    ids=["draft", "closed", "too-late", "without-a-period"],
)
def test_outside_its_period_a_run_takes_no_application(
    session: Session, world: World, run: Run, change: dict, reason: str
) -> None:
    for name, value in change.items():
        setattr(run, name, value)
    with pytest.raises(ApplicationError) as caught:
        apply(session, run, world.hana)
    assert caught.value.reason == reason


def test_a_run_of_the_course_at_the_same_time_is_refused_and_a_later_one_not(
    session: Session, world: World, run: Run
) -> None:
    run.learn_to = date(2026, 3, 31)
    apply(session, run, world.hana)
    for begins, number, reason in ((date(2026, 3, 31), 2, "overlaps"), (date(2026, 4, 1), 3, "")):
        other = make_run(
            session, world.course, world.exercise_version, world.busan_centre, number=number, learn_from=begins
        )
        admitted = seats.admit(session, other.id, [world.hana.id], way="officer", now=NOW)[0]
        assert admitted.reason == reason


def test_a_longer_period_counts_as_the_same_time(session: Session, world: World, run: Run) -> None:
    run.learn_to = date(2026, 3, 31)
    enrolment = apply(session, run, world.hana).enrolment
    assert enrolment is not None
    extensions.extend(
        session, run, date(2026, 4, 10), enrolment_ids=[enrolment.id], reason="출장", actor_id=world.seoyeon.id, now=NOW
    )
    other = make_run(
        session, world.course, world.exercise_version, world.busan_centre, number=2, learn_from=date(2026, 4, 5)
    )
    admitted = seats.admit(session, other.id, [world.hana.id], way="officer", now=NOW)[0]
    assert admitted.reason == "overlaps"


def test_who_went_to_another_region_keeps_the_one_of_her_day(session: Session, world: World, run: Run) -> None:
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    session.add(CompanyStatus(company_id=world.hanbit.id, from_on=date(2026, 3, 20), region_id=world.gyeonggi.id))
    session.flush()
    later = seats.admit(session, run.id, [world.junho.id], way="officer", now=at("2026-03-21"))[0].enrolment
    assert later is not None
    assert (made.region_id, later.region_id) == (world.busan.id, world.gyeonggi.id)


# Many at once


def _try(database: Database, run_id: int, person_id: int, barrier: Barrier) -> str:
    barrier.wait(60)
    with database.writing() as session:
        outcome = deciding.apply(session, run_id, person_id, now=NOW).outcome
        session.commit()
    return outcome


def test_forty_who_apply_in_the_same_second_share_ten_seats(database: Database, world: World) -> None:
    with database.writing() as session:
        found = session.get_one(Run, world.run.id)
        found.apply_from, found.apply_to, found.seats = date(2026, 2, 1), date(2026, 3, 15), 10
        admission.change(session, found, approval="none", moves_up_days=7, actor_id=None)
        ids = [worker(session, world, f"지원자{number}").id for number in range(40)]
        session.commit()
    barrier = Barrier(20)  # more than there are seats
    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(lambda person: _try(database, world.run.id, person, barrier), ids))
    assert Counter(said) == {"enrolled": 10, "waiting": 30}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 10
        waits = lists.list_applications(session, session.get_one(Run, world.run.id), ["waiting"])
        assert [row.place for row in waits] == list(range(1, 31))


# The waiting list


def test_a_seat_that_is_given_back_goes_to_whoever_waits_longest(session: Session, world: World, run: Run) -> None:
    run.seats = 1
    first = apply(session, run, world.hana).enrolment
    assert first is not None
    apply(session, run, world.junho)
    apply(session, run, world.sujin)
    leaving.withdraw(session, run.id, [first.id], actor_id=world.seoyeon.id, reason="퇴사", now=NOW)
    assert deciding.live_of(session, run.id, world.junho.id) is None
    assert seats.place_of(session, deciding.live_of(session, run.id, world.sujin.id)) == 1  # type: ignore[arg-type]
    assert (told(session, world.hana), told(session, world.junho)) == (["withdrawn"], ["moved_up"])


def test_whoever_s_company_has_no_more_lets_others_pass(session: Session, world: World, run: Run) -> None:
    run.seats = 2
    session.add(RunQuota(run_id=run.id, company_id=world.hanbit.id, seats=1))
    session.flush()
    apply(session, run, world.hana)
    second = apply(session, run, world.sujin).enrolment
    assert second is not None
    other = worker(session, world, "원", "suwon")
    assert [apply(session, run, person).place for person in (world.junho, other)] == [1, 2]
    leaving.withdraw(session, run.id, [second.id], actor_id=None, reason="퇴사", now=NOW)
    assert (told(session, other), told(session, world.junho)) == (["moved_up"], [])


def test_more_seats_move_as_many_up(session: Session, world: World, run: Run) -> None:
    run.seats = 1
    for person in (world.hana, world.junho, world.sujin):
        apply(session, run, person)
    run.seats = 2
    assert len(waiting.move_up(session, run.id, now=NOW)) == 1
    assert waiting.move_up(session, run.id, now=NOW) == []


@pytest.mark.parametrize(("day", "moves"), [("2026-03-09", 1), ("2026-03-10", 0)], ids=["last-day", "day-after"])
def test_a_week_after_the_start_nobody_moves_up(session: Session, world: World, run: Run, day: str, moves: int) -> None:
    run.seats = 0
    apply(session, run, world.hana)
    run.seats = 1
    assert len(waiting.move_up(session, run.id, now=at(day))) == moves


def test_who_left_the_company_meanwhile_is_passed_over(session: Session, world: World, run: Run) -> None:
    run.seats = 0
    apply(session, run, world.hana)
    apply(session, run, world.junho)
    work = session.scalars(select(Employment).where(Employment.person_id == world.hana.id)).one()
    work.to_on = DAY - timedelta(days=1)
    run.seats = 1
    moved = waiting.move_up(session, run.id, now=NOW)
    assert [session.get_one(Enrolment, id_).person_id for id_ in moved] == [world.junho.id]


# Approval


def test_both_are_asked_the_company_first(session: Session, world: World, run: Run) -> None:
    asks(session, run, "both")
    made = apply(session, run, world.hana).application
    assert made is not None
    assert made.state == "applied"
    manager = world.viewer(world.doyun)
    assert deciding.approve(session, manager, run.id, [made.uid], now=NOW)[0].enrolment is None
    assert (made.state, made.approved_by) == ("approved", world.doyun.id)
    admitted = deciding.accept(session, run.id, [made.uid], actor_id=world.seoyeon.id, now=NOW)
    assert admitted[0].outcome == "enrolled"
    assert made.decided_by == world.seoyeon.id


def test_where_the_company_alone_is_asked_its_word_gives_the_seat(session: Session, world: World, run: Run) -> None:
    asks(session, run, "company")
    run.seats = 1
    made = [apply(session, run, person).application for person in (world.hana, world.junho)]
    uids = [row.uid for row in made if row is not None]
    said = deciding.approve(session, world.viewer(world.doyun), run.id, uids, now=NOW)
    assert [one.outcome for one in said] == ["enrolled", "waiting"]
    assert told(session, world.junho) == ["application_waiting"]


def test_a_manager_decides_for_no_other_company(session: Session, world: World, run: Run) -> None:
    asks(session, run, "company")
    made = apply(session, run, world.sujin).application
    assert made is not None
    with pytest.raises(ApplicationError) as caught:
        deciding.approve(session, world.viewer(world.doyun), run.id, [made.uid], now=NOW)
    assert (caught.value.reason, made.state) == ("nothing", "applied")


def test_a_refusal_needs_a_reason_and_tells_it(session: Session, world: World, run: Run) -> None:
    asks(session, run, "officer")
    made = apply(session, run, world.hana).application
    assert made is not None
    with pytest.raises(ApplicationError) as caught:
        deciding.refuse(session, run.id, [made.uid], actor_id=world.seoyeon.id, reason="  ", now=NOW)
    assert caught.value.reason == "reason_missing"
    deciding.refuse(session, run.id, [made.uid], actor_id=world.seoyeon.id, reason="다음 차수 권장", now=NOW)
    message = session.scalars(select(Message).where(Message.person_id == world.hana.id)).one()
    assert (message.kind, message.facts["reason"]) == ("application_refused", "다음 차수 권장")
    assert (message.facts["decider"], message.facts["decided_at"]) == ("이서연", "centre")
    (own,) = catalogue.load(session, world.viewer(world.hana), now=NOW).own
    assert (own.decider, own.decided_at) == ("이서연", "centre")
    again = apply(session, run, world.hana).application
    assert again is not None  # she may ask again
    assert again is not made
    hers = deciding.of_companies(world.viewer(world.doyun))
    deciding.refuse(session, run.id, [again.uid], actor_id=world.doyun.id, reason="바쁜 달", of=hers, now=NOW)
    (own,) = catalogue.load(session, world.viewer(world.hana), now=NOW).own
    assert (own.decider, own.decided_at) == ("박도윤", "company")


def test_an_own_application_can_be_taken_back_and_nobody_else_s(session: Session, world: World, run: Run) -> None:
    asks(session, run, "officer")
    made = apply(session, run, world.hana).application
    assert made is not None
    with pytest.raises(NotFoundError):
        deciding.withdraw(session, world.viewer(world.junho), made.uid, now=NOW)
    deciding.withdraw(session, world.viewer(world.hana), made.uid, now=NOW)
    with pytest.raises(ApplicationError) as caught:
        deciding.withdraw(session, world.viewer(world.hana), made.uid, now=NOW)
    assert (made.state, caught.value.reason) == ("withdrawn", "too_late")


def test_closing_answers_whoever_still_waits(session: Session, world: World, run: Run) -> None:
    run.seats = 0
    apply(session, run, world.hana)
    asks(session, run, "officer")
    apply(session, run, world.junho)
    assert deciding.count_pending(session, run.id) == 1
    assert deciding.end_all(session, run.id, actor_id=world.seoyeon.id, now=NOW) == 2
    assert states(session, run) == {"refused": 2}


# Links


def make_link(session: Session, world: World, run: Run, **fields: object) -> links.RunLink:
    given: dict = {"last_day": date(2026, 3, 10), "most_uses": 5, "actor_id": world.seoyeon.id, "now": NOW, **fields}
    return links.make(session, run, **given)


def test_a_link_is_used_up_by_people_and_not_by_clicks(session: Session, world: World, run: Run) -> None:
    asks(session, run, "officer")
    link = make_link(session, world, run, most_uses=1, is_direct=True)
    assert links.follow(session, world.hana.id, link.uid, now=NOW).outcome == "enrolled"
    with pytest.raises(NotFoundError):
        links.follow(session, world.junho.id, link.uid, now=NOW)


def test_a_link_that_is_not_direct_makes_an_application(session: Session, world: World, run: Run) -> None:
    asks(session, run, "officer")
    link = make_link(session, world, run)
    for _ in range(2):
        made = links.follow(session, world.hana.id, link.uid, now=NOW).application
        assert made is not None
        assert (made.state, made.way, made.link_id) == ("applied", "link", link.id)
    assert link.uses == 1


@pytest.mark.parametrize("what", ["none", "revoked", "over", "another_company", "closed"])
def test_whatever_is_wrong_with_a_link_it_is_not_found(session: Session, world: World, run: Run, what: str) -> None:
    link = make_link(session, world, run, company=world.suwon if what == "another_company" else None)
    if what == "revoked":
        links.revoke(session, run, link.uid, actor_id=world.seoyeon.id, now=NOW)
    run.closed_at = NOW if what == "closed" else None
    session.flush()
    with pytest.raises(NotFoundError):
        links.follow(
            session,
            world.hana.id,
            uuid4() if what == "none" else link.uid,
            now=at("2026-03-11") if what == "over" else NOW,
        )
    assert link.uses == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"last_day": date(2026, 2, 28)}, "day"), ({"most_uses": 0}, "uses"), ({"most_uses": 10_001}, "uses")],
)
def test_a_link_that_makes_no_sense_is_not_made(
    session: Session, world: World, run: Run, fields: dict, reason: str
) -> None:
    with pytest.raises(LinkError) as caught:
        make_link(session, world, run, **fields)
    assert caught.value.reason == reason


# By company


def test_all_of_welding_and_back_again(session: Session, world: World, run: Run) -> None:
    run.seats = 2
    welders = [worker(session, world, f"용접{number}", department="용접") for number in range(3)]
    apply(session, run, welders[0])
    listed = people.list_employees(session, run, world.hanbit, DAY)
    chosen = [one for one in listed if one.department == "용접"]
    assert [one.state for one in chosen] == ["enrolled", None, None]
    expected = people.preview(session, run, chosen, now=NOW)
    assert [one.outcome for one in expected] == ["refused", "enrolled", "waiting"]
    set_, admitted = people.enrol(
        session, run.id, [one.person_id for one in chosen], way="officer", actor_id=world.seoyeon.id, now=NOW
    )
    assert set_ is not None
    assert [one.outcome for one in admitted] == [one.outcome for one in expected]
    assert people.list_sets(session, run, NOW)[0][2] == 2
    people.take_back(session, set_, actor_id=world.seoyeon.id, now=NOW + timedelta(hours=23))
    session.expire_all()
    assert states(session, run) == {"accepted": 1}
    assert session.scalars(select(Enrolment.state).order_by(Enrolment.id)).all() == ["enrolled", "withdrawn"]


def test_what_is_a_day_old_or_decided_since_is_not_taken_back(session: Session, world: World, run: Run) -> None:
    run.seats = 0
    set_, _ = people.enrol(session, run.id, [world.hana.id], way="officer", actor_id=world.seoyeon.id, now=NOW)
    assert set_ is not None
    with pytest.raises(PeopleError) as caught:
        people.take_back(session, set_, actor_id=world.seoyeon.id, now=NOW + timedelta(hours=25))
    assert caught.value.reason == "too_late"
    run.seats = 1
    waiting.move_up(session, run.id, now=NOW)
    with pytest.raises(UndoRefusedError):
        people.take_back(session, set_, actor_id=world.seoyeon.id, now=NOW)


def test_a_manager_s_people_wait_for_the_officer_who_is_asked(session: Session, world: World, run: Run) -> None:
    asks(session, run, "officer")
    _set, admitted = people.enrol(session, run.id, [world.hana.id], way="company", actor_id=world.doyun.id, now=NOW)
    made = admitted[0].application
    assert made is not None
    assert (made.state, made.approved_by) == ("approved", world.doyun.id)
    run.apply_to = date(2026, 2, 28)
    with pytest.raises(PeopleError) as caught:
        people.enrol(session, run.id, [world.junho.id], way="company", actor_id=world.doyun.id, now=NOW)
    assert caught.value.reason == "not_now"


def test_a_roster_counts_limits_and_answers_applications(session: Session, world: World, run: Run) -> None:
    run.seats = 5
    session.add(RunQuota(run_id=run.id, company_id=world.suwon.id, seats=0))
    asks(session, run, "officer")
    made = apply(session, run, world.hana).application
    assert made is not None
    status = session.scalars(select(CompanyStatus.id).where(CompanyStatus.company_id == world.suwon.id)).one()

    def enrol(person: Person, company_id: int, region_id: int) -> None:
        columns = {
            "run_id": run.id,
            "person_id": person.id,
            "company_id": company_id,
            "region_id": region_id,
            "company_status_id": status,
        }
        uid = uuid4()
        wanted = select(
            literal(uid, Enrolment.uid.type).label("uid"),
            *(literal(value).label(name) for name, value in columns.items()),
        )
        bulk.enrol_many(session, wanted, now=NOW)
        added = select(Enrolment.id).where(Enrolment.uid == uid)
        bulk.refuse_overfull(session, select(Run.id).where(Run.id == run.id), added)

    enrol(world.hana, world.hanbit.id, world.busan.id)
    session.expire_all()
    assert made.state == "accepted"
    assert made.enrolment_id is not None
    with pytest.raises(bulk.BulkError) as caught:
        enrol(world.sujin, world.suwon.id, world.gyeonggi.id)
    assert caught.value.reason == "full"


# Leaving


def test_a_learner_leaves_by_herself_until_the_eve(session: Session, world: World, run: Run) -> None:
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    enrolment = load(session, made.id)
    with pytest.raises(LeavingError) as caught:
        leaving.withdraw_oneself(session, enrolment, now=at("2026-03-02", "00:00"))
    assert caught.value.reason == "begun"
    leaving.withdraw_oneself(session, enrolment, now=at("2026-03-01", "23:59"))
    entry = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(1)).one()
    assert (entry.kind, entry.actor_id, told(session, world.hana)) == ("withdrawn", world.hana.id, [])


def test_a_withdrawal_is_undone_within_a_day_while_the_seat_is_free(session: Session, world: World, run: Run) -> None:
    run.seats = 1
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    leaving.withdraw(session, run.id, [made.id], actor_id=world.seoyeon.id, reason="실수", now=NOW)
    with pytest.raises(LeavingError) as caught:
        leaving.take_back(session, made, actor_id=world.seoyeon.id, now=NOW + timedelta(hours=25))
    assert caught.value.reason == "too_late"
    leaving.take_back(session, made, actor_id=world.seoyeon.id, now=NOW + timedelta(hours=1))
    kinds = session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all()
    assert kinds == ["enrolled", "withdrawn", "enrolled"]
    assert made.state == "enrolled"
    leaving.withdraw(session, run.id, [made.id], actor_id=world.seoyeon.id, reason="퇴사", now=NOW)
    apply(session, run, world.junho)
    with pytest.raises(LeavingError) as caught:
        leaving.take_back(session, made, actor_id=world.seoyeon.id, now=NOW)
    assert caught.value.reason == "full"


def test_nobody_comes_back_into_a_second_run_at_a_time(session: Session, world: World, run: Run) -> None:
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    leaving.withdraw(session, run.id, [made.id], actor_id=world.seoyeon.id, reason="실수", now=NOW)
    other = make_run(
        session, world.course, world.exercise_version, world.busan_centre, number=2,
        learn_from=run.learn_from, learn_to=run.learn_to,
    )  # fmt: skip
    (admitted,) = seats.admit(session, other.id, [world.hana.id], way="officer", now=NOW)
    assert admitted.outcome == "enrolled"
    with pytest.raises(LeavingError) as caught:
        leaving.take_back(session, made, actor_id=world.seoyeon.id, now=NOW)
    assert (caught.value.reason, made.state) == ("overlaps", "withdrawn")


@pytest.mark.parametrize("what", ["reason_missing", "closed", "nobody"])
def test_a_withdrawal_has_a_reason_and_a_run_that_is_not_closed(
    session: Session, world: World, run: Run, what: str
) -> None:
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    run.closed_at = NOW if what == "closed" else None
    session.flush()
    with pytest.raises(LeavingError) as caught:
        leaving.withdraw(
            session,
            run.id,
            [] if what == "nobody" else [made.id],
            actor_id=None,
            reason="" if what == "reason_missing" else "퇴사",
            now=NOW,
        )
    assert (caught.value.reason, made.state) == (what, "enrolled")


# Longer periods


def test_a_learner_and_a_company_get_more_days(session: Session, world: World, run: Run) -> None:
    run.learn_to = date(2026, 3, 31)
    made = {person.id: apply(session, run, person).enrolment for person in (world.hana, world.junho, world.sujin)}
    ids = {person: row.id for person, row in made.items() if row is not None}

    def extend(day: date, **whom: list[int]) -> None:
        extensions.extend(session, run, day, reason="생산 일정", actor_id=world.seoyeon.id, now=NOW, **whom)

    def last_days() -> list[date]:
        session.expire_all()
        by_row = [load(session, id_).last_day for id_ in ids.values()]
        by_query = session.execute(
            select(Enrolment.id, extensions.last_day()).join(Run, Run.id == Enrolment.run_id).order_by(Enrolment.id)
        )
        assert by_row == [day for _id, day in by_query]
        return by_row

    extend(date(2026, 4, 10), company_ids=[world.hanbit.id])
    extend(date(2026, 4, 20), enrolment_ids=[ids[world.hana.id]])
    assert last_days() == [date(2026, 4, 20), date(2026, 4, 10), date(2026, 3, 31)]
    enrolments.refuse_closed(load(session, ids[world.hana.id]), date(2026, 4, 20))
    with pytest.raises(enrolments.RunNotOpenError) as caught:
        enrolments.refuse_closed(load(session, ids[world.junho.id]), date(2026, 4, 11))
    assert caught.value.learn_to == date(2026, 4, 10)
    extend(date(2026, 3, 31), company_ids=[world.hanbit.id])  # taken back
    assert last_days() == [date(2026, 4, 20), date(2026, 3, 31), date(2026, 3, 31)]
    assert told(session, world.hana) == ["extended"] * 3
    assert [given.is_current for given in extensions.list_given(session, run)] == [True, True, False]


@pytest.mark.parametrize(
    ("day", "reason", "what"),
    [
        (date(2026, 3, 30), "출장", "day"),
        (date(2027, 4, 2), "출장", "too_long"),
        (date(2026, 4, 10), " ", "reason_missing"),
    ],
)
def test_a_longer_period_that_makes_no_sense_is_refused(
    session: Session, world: World, run: Run, day: date, reason: str, what: str
) -> None:
    run.learn_to = date(2026, 3, 31)
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    with pytest.raises(ExtensionError) as caught:
        extensions.extend(session, run, day, enrolment_ids=[made.id], reason=reason, actor_id=None, now=NOW)
    assert caught.value.reason == what
    with pytest.raises(ExtensionError) as caught:
        extensions.extend(
            session, run, date(2026, 4, 10), company_ids=[world.suwon.id], reason="출장", actor_id=None, now=NOW
        )
    assert caught.value.reason == "nobody"


# Transfers


def test_she_begins_anew_in_a_later_run_and_her_seat_goes_on(session: Session, world: World, run: Run) -> None:
    run.seats, run.learn_to = 1, date(2026, 3, 31)
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    apply(session, run, world.junho)
    later = make_run(
        session, world.course, world.exercise_version, world.busan_centre, number=2, learn_from=date(2026, 3, 20)
    )
    there = transfers.transfer(session, made, later, reason="출산 휴가", actor_id=world.seoyeon.id, now=NOW)
    assert (made.state, there.run_id, there.state) == ("withdrawn", later.id, "enrolled")
    assert told(session, world.hana) == ["transferred"]
    assert told(session, world.junho) == ["moved_up"]
    left = lists.list_learners(session, run, state="withdrawn").rows[0]
    assert (left.went_to, left.left_because, left.may_come_back) == (2, "출산 휴가", False)
    assert lists.list_learners(session, later).rows[0].came_from == 1


@pytest.mark.parametrize("what", ["full", "earlier", "already", "another_course", "reason_missing"])
def test_a_transfer_that_can_not_be_leaves_her_where_she_is(
    session: Session, world: World, run: Run, what: str
) -> None:
    made = apply(session, run, world.hana).enrolment
    assert made is not None
    course, version = world.course, world.exercise_version
    begins = date(2026, 3, 1) if what == "earlier" else date(2026, 4, 1)
    later = make_run(session, course, version, world.busan_centre, number=2, learn_from=begins)
    later.seats = 0 if what == "full" else None
    if what == "already":
        enrolments.enrol(session, later, world.hana.id, now=NOW)
    if what == "another_course":
        other = Course(slug="other")
        session.add(other)
        session.flush()
        later.course_id = other.id
    session.flush()
    reason = "" if what == "reason_missing" else "휴가"
    with pytest.raises(TransferError) as caught:
        transfers.transfer(session, made, later, reason=reason, actor_id=None, now=NOW)
    assert caught.value.reason == what
    assert made.state == "enrolled"
    assert session.scalar(select(func.count()).select_from(Transfer)) == 0


# What a learner is shown


def test_the_catalogue_says_where_she_stands_in_each_run(session: Session, world: World, run: Run) -> None:
    run.seats, run.learn_to = 1, date(2026, 3, 31)

    def another(number: int, centre: Centre = world.busan_centre, **fields: object) -> Run:
        made = make_run(
            session, world.course, world.exercise_version, centre, number=number, learn_from=date(2026, 5, number)
        )
        made.apply_from, made.apply_to = date(2026, 2, 1), date(2026, 4, 1)
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    apply(session, run, world.junho)
    apply(session, run, world.hana)
    second = another(2)
    another(3, apply_from=date(2026, 3, 2))
    another(4, seats=0)
    another(5, world.gyeonggi_centre)
    another(6, opened_at=None)
    session.flush()
    found = catalogue.load(session, world.viewer(world.hana), now=NOW)
    assert {one.run.number: one.standing for one in found.offers} == {
        1: "waiting",
        2: "may_apply",
        3: "soon",
        4: "may_wait",
    }
    assert [(one.application.state, one.place) for one in found.own] == [("waiting", 1)]
    seats.admit(session, second.id, [world.hana.id], way="self", now=NOW)
    found = catalogue.load(session, world.viewer(world.hana), now=NOW)
    assert {one.run.number: one.standing for one in found.offers} == {
        1: "waiting",
        2: "enrolled",
        3: "overlaps",
        4: "overlaps",
    }
    assert [one.may_leave for one in found.own] == [True, False]


def test_a_manager_sees_who_left_and_who_took_an_application_back(session: Session, world: World, run: Run) -> None:
    run.learn_from = date(2026, 5, 1)
    apply(session, run, world.hana)
    leaving.withdraw_oneself(session, enrolments.load_own(session, world.viewer(world.hana), run.uid), now=NOW)
    asks(session, run, "officer")
    again = apply(session, run, world.hana).application
    assert again is not None
    deciding.withdraw(session, world.viewer(world.hana), again.uid, now=NOW)
    found = lists.list_applications(session, run, ["accepted", "withdrawn"])
    assert [one.outcome for one in found] == ["withdrawn", "taken_back"]


def test_the_catalogue_tells_the_newest_application_of_a_run_alone(session: Session, world: World, run: Run) -> None:
    run.seats, run.learn_from = 1, date(2026, 5, 1)
    asks(session, run, "officer")
    first = apply(session, run, world.hana).application
    assert first is not None
    deciding.withdraw(session, world.viewer(world.hana), first.uid, now=NOW)
    apply(session, run, world.hana)
    found = catalogue.load(session, world.viewer(world.hana), now=NOW)
    assert [one.application.state for one in found.own] == ["applied"]


def test_the_catalogue_says_what_one_has_to_come_to(session: Session, world: World, run: Run) -> None:
    day = at("2026-03-10")
    for choice, when, more in (
        ("press", 9, {}),
        ("press", 2, {}),
        ("mould", 5, {}),
        ("paint", 1, {"cancelled_at": NOW}),
        ("more", 1, {"is_extra": True}),
    ):
        session.add(a_sitting(run.id, choice=choice, begins_at=day + timedelta(days=when), **more))
    session.flush()
    (offer,) = catalogue.load(session, world.viewer(world.hana), now=NOW).offers
    assert [[(one.begins_at - day).days for one in dates] for dates in offer.sittings] == [[2, 9], [5]]


def test_lists_are_narrowed_by_company_name_and_department(session: Session, world: World, run: Run) -> None:
    for person in (world.hana, world.junho, world.sujin, worker(session, world, "홍", department="도금 100%")):
        apply(session, run, person)

    def names(**asked: object) -> list[str]:
        return [row.person.name for row in lists.list_learners(session, run, **asked).rows]  # type: ignore[arg-type]

    assert names() == ["윤수진", "김하나", "이준호", "홍"]
    assert names(company=world.hanbit.uid, q="하나") == ["김하나"]
    assert names(q="100%") == ["홍"]
    assert names(state="withdrawn") == []
    assert names(state="extended") == []
    assert [(company.name, number) for company, number in lists.list_companies(session, run)] == [
        ("수원전자", 1),
        ("한빛정밀", 3),
    ]
    assert [found.id for found in lists.list_offered(session, world.hanbit, DAY)] == [run.id]
    assert lists.list_offered(session, world.suwon, DAY) == []
