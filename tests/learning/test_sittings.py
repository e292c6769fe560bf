"""Sittings: planned, chosen, attended, corrected; what is recognised, and what the rule makes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.learning import enrolments, ledger
from lms.learning.runs.states import RunStateError
from lms.learning.sittings import Plan, SittingError, calendars, codes, planning, presence, reading, seats
from lms.learning.sittings.hours import Stay, recognised
from lms.models import Attendance, CompletionRule, Database, Enrolment, LedgerEntry, Run, RunInstructor, Sitting
from tests.world import JOINED, World, at

KEY = b"k" * 32
BEFORE_RUN = at("2026-02-20")
BEGINS, ENDS = at("2026-03-20", "09:00"), at("2026-03-20", "13:00")
DURING = at("2026-03-20", "09:20")
AFTER = at("2026-03-20", "18:00")


def a_plan(begins: datetime = BEGINS, **words: Any) -> Plan:
    said = {"title": "현장 실습", "place": "부산테크노파크 3층", "hours": 4.0, "ends_at": begins + timedelta(hours=4)}
    return Plan(begins_at=begins, **{**said, **words})


def planned(session: Session, world: World, *, now: datetime = BEFORE_RUN, **words: Any) -> Sitting:
    return planning.add(session, run_of(session, world), a_plan(**words), actor_id=world.seoyeon.id, now=now)


def run_of(session: Session, world: World) -> Run:
    return session.get_one(Run, world.run.id)


def refused(reason: str, deed: Callable[[], object]) -> None:
    with pytest.raises(SittingError) as caught:
        deed()
    assert caught.value.reason == reason


def tick(session: Session, world: World, sitting: Sitting, enrolment: Enrolment, what: str, **more: Any) -> Attendance:
    more.setdefault("now", DURING)
    run = run_of(session, world)
    return presence.mark(session, run, sitting, enrolment, what, actor_id=world.jihun.id, **more)


@pytest.fixture
def junho(session: Session, world: World) -> Enrolment:
    return enrolments.enrol(session, world.run, world.junho.id, now=JOINED)


# Hours


@pytest.mark.parametrize(
    ("arrived", "left", "hours"),
    [
        (None, None, 4.0),
        ("08:40", None, 4.0),
        ("09:10", "12:50", 4.0),  # within the tolerance
        ("09:11", None, 3.8),  # 229 of 240 minutes are 3.81 hours
        ("09:25", None, 3.5),
        (None, "11:00", 2.0),
        ("10:00", "12:00", 2.0),
        ("12:59", None, 0.0),
    ],
)
def test_hours_are_the_share_of_the_minutes_in_tenths_rounded_down(
    arrived: str | None, left: str | None, hours: float
) -> None:
    sitting = Sitting(begins_at=BEGINS, ends_at=ENDS, hours=4.0)
    stay = Stay(*(at("2026-03-20", time) if time else None for time in (arrived, left)))
    assert recognised(sitting, stay) == hours


def test_a_break_costs_in_proportion() -> None:
    sitting = Sitting(
        begins_at=BEGINS, ends_at=at("2026-03-20", "18:00"), hours=8.0
    )  # nine hours with an hour of lunch
    assert recognised(sitting, Stay(at("2026-03-20", "13:30"))) == 4.0


# Planning


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("title_missing", {"title": " "}),
        ("place_missing", {"place": "\n"}),
        ("times", {"ends_at": BEGINS}),
        ("times", {"ends_at": BEGINS + timedelta(days=2)}),
        ("outside", {"begins": at("2026-03-01", "09:00")}),
        ("hours", {"hours": 0.0}),
        ("hours", {"hours": 6.0}),
        ("seats", {"seats": -1}),
        ("too_long", {"directions": "가" * 601}),
        ("kind", {"kind": "party"}),
    ],
)
def test_what_no_sitting_can_be_is_refused(session: Session, world: World, reason: str, words: dict[str, Any]) -> None:
    refused(reason, lambda: planned(session, world, **words))


def test_another_date_has_the_same_hours_and_makes_both_a_choice(session: Session, world: World) -> None:
    first = planned(session, world)
    refused("hours_differ", lambda: planned(session, world, same_as=first, hours=3.0))
    second = planned(session, world, begins=at("2026-03-27", "09:00"), same_as=first)
    assert (first.choice, first.expects, second.expects) == (second.choice, "seated", "seated")


def test_hours_stay_once_the_run_has_begun_and_times_once_presence_was_noted(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    sitting, run = planned(session, world), run_of(session, world)

    def change(now: datetime, **words: Any) -> None:
        planning.change(session, run, sitting, a_plan(**words), actor_id=world.seoyeon.id, now=now)

    change(BEFORE_RUN, hours=3.0)
    refused("hours_frozen", lambda: change(DURING, hours=4.0))
    change(DURING, hours=3.0, place="5층")
    tick(session, world, sitting, enrolment, "present")
    refused("taken_place", lambda: change(DURING, hours=3.0, ends_at=at("2026-03-20", "14:00")))
    change(DURING, hours=3.0, place="6층")
    assert (sitting.hours, sitting.place) == (3.0, "6층")


def test_who_was_there_keeps_a_sitting_from_being_cancelled(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    sitting, run = planned(session, world), run_of(session, world)
    tick(session, world, sitting, enrolment, "present")

    def cancel(reason: str = "강사 사정") -> None:
        planning.cancel(session, run, sitting, reason, actor_id=world.seoyeon.id, now=AFTER)

    refused("attended", cancel)
    tick(session, world, sitting, enrolment, "absent", now=AFTER, reason="옆 사람")
    refused("reason_missing", lambda: cancel("  "))
    cancel()
    assert (sitting.is_cancelled, sitting.cancelled_reason) == (True, "강사 사정")
    refused("cancelled", lambda: tick(session, world, sitting, enrolment, "present", now=AFTER))


def test_copies_lie_as_many_days_after_the_beginning(session: Session, world: World) -> None:
    first = planned(session, world)
    planned(session, world, begins=at("2026-03-27", "09:00"), same_as=first)
    gone = planned(session, world)
    source = run_of(session, world)
    planning.cancel(session, source, gone, "취소", actor_id=world.seoyeon.id, now=BEFORE_RUN)
    target = Run(learn_from=at("2026-05-04").date(), learn_to=at("2026-05-24").date(), number=2, **_LIKE(source))
    session.add(target)
    session.flush()
    copies = planning.copy_all(session, source, target, actor_id=world.seoyeon.id)
    assert [copy.begins_at for copy in copies] == [at("2026-05-22", "09:00")]  # the other would lie after the end
    assert copies[0].choice != first.choice


def _LIKE(run: Run) -> dict[str, object]:
    names = ("course_id", "course_version_id", "centre_id", "hours", "created_at", "opened_at")
    return {name: getattr(run, name) for name in names}


# Seats


def test_a_seat_moves_with_the_choice_until_the_day_before(
    session: Session, world: World, enrolment: Enrolment, junho: Enrolment
) -> None:
    first = planned(session, world, seats=1)
    second = planned(session, world, begins=at("2026-03-27", "09:00"), same_as=first, seats=1)
    seats.take(session, enrolment, first, at("2026-03-10"))
    refused("full", lambda: seats.take(session, junho, first, at("2026-03-10")))
    seats.take(session, enrolment, second, at("2026-03-19", "23:50"))
    assert (seats.taken(session, first), seats.taken(session, second)) == (0, 1)
    refused("too_late", lambda: seats.take(session, junho, first, at("2026-03-20", "00:10")))
    seats.give_up(session, enrolment, second, at("2026-03-21"))
    seats.take(session, junho, second, at("2026-03-21"))
    refused("too_late", lambda: seats.give_up(session, junho, second, at("2026-03-27", "00:10")))


def test_the_last_seat_is_given_once(database: Database, world: World) -> None:
    with database.writing() as session:
        sitting = planned(session, world, seats=1, by_choice=True)
        people = [enrolments.enrol(session, world.run, person.id, now=JOINED) for person in (world.hana, world.junho)]
        session.commit()

    def take(person: Enrolment) -> bool:
        with database.writing() as session:
            try:
                seats.take(session, person, sitting, at("2026-03-10"))
            except SittingError:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, people)) == [False, True]


def test_without_a_seat_nothing_is_noted_until_one_is_given(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    sitting = planned(session, world, by_choice=True)
    refused("seat_missing", lambda: tick(session, world, sitting, enrolment, "present"))
    seats.assign(session, sitting, enrolment, actor_id=world.jihun.id, now=DURING)
    assert tick(session, world, sitting, enrolment, "present").hours == 4.0


# Presence


def test_every_word_is_a_row_and_tells_the_ledger(session: Session, world: World, enrolment: Enrolment) -> None:
    sitting = planned(session, world)
    for what in ("present", "late", "absent", "excused", "excused"):
        tick(session, world, sitting, enrolment, what)
    told = [
        (entry.points, entry.max_points)
        for entry in ledger.entries_of(session, [enrolment.id])
        if entry.kind == "attended"
    ]
    assert told == [(4.0, 4.0), (3.6, 4.0), (0.0, 4.0), (0.0, 0.0)]
    assert session.scalar(select(func.count()).select_from(Attendance)) == 4
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "attended")).first()
    assert entry is not None
    assert (entry.unit_key, entry.effective_on, entry.actor_id) == (sitting.key, sitting.day, world.jihun.id)


def test_late_and_left_early_hold_together(session: Session, world: World, enrolment: Enrolment) -> None:
    sitting = planned(session, world)
    tick(session, world, sitting, enrolment, "late", now=at("2026-03-20", "10:00"))
    row = tick(session, world, sitting, enrolment, "left_early", now=at("2026-03-20", "12:00"))
    assert row.hours == 2.0
    (one,) = reading.roll_of(session, sitting).people
    assert one.marks == ("late", "left_early")


def test_after_the_end_a_correction_needs_a_reason_and_a_time(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    sitting = planned(session, world)
    tick(session, world, sitting, enrolment, "absent", now=AFTER)
    refused("reason_missing", lambda: tick(session, world, sitting, enrolment, "present", now=AFTER))
    refused("time_missing", lambda: tick(session, world, sitting, enrolment, "late", now=AFTER, reason="확인"))
    ten = at("2026-03-20", "10:00")
    row = tick(session, world, sitting, enrolment, "late", arrived_at=ten, now=AFTER, reason="서명부 확인")
    assert (row.hours, row.reason) == (3.0, "서명부 확인")
    late = {"arrived_at": at("2026-03-20", "13:30"), "reason": "x"}
    refused("times", lambda: tick(session, world, sitting, enrolment, "late", now=AFTER, **late))


def test_two_lists_do_not_overwrite_one_another(
    session: Session, world: World, enrolment: Enrolment, junho: Enrolment
) -> None:
    sitting = planned(session, world)
    row = tick(session, world, sitting, enrolment, "present", seen=0)
    refused("changed", lambda: tick(session, world, sitting, enrolment, "absent", seen=0))
    tick(session, world, sitting, junho, "absent", seen=0)
    tick(session, world, sitting, enrolment, "absent", seen=row.id)
    assert [one.marks for one in reading.roll_of(session, sitting).people] == [("absent",), ("absent",)]


def test_all_present_leaves_what_was_noted(
    session: Session, world: World, enrolment: Enrolment, junho: Enrolment
) -> None:
    sitting, run = planned(session, world), run_of(session, world)
    tick(session, world, sitting, junho, "absent")
    assert presence.mark_rest(session, run, sitting, "present", actor_id=world.jihun.id, now=DURING) == 1
    counts = reading.roll_of(session, sitting).counts
    assert (counts["present"], counts["absent"], counts["none"]) == (1, 1, 0)


def test_nothing_is_noted_too_early_or_in_a_closed_run(session: Session, world: World, enrolment: Enrolment) -> None:
    sitting = planned(session, world)
    refused(
        "not_begun",
        lambda: tick(session, world, sitting, enrolment, "present", now=at("2026-03-20", "08:29")),
    )
    run_of(session, world).closed_at = AFTER
    with pytest.raises(RunStateError):
        tick(session, world, sitting, enrolment, "present", now=AFTER)


def test_the_database_holds_that_a_word_is_told_once(session: Session, world: World, enrolment: Enrolment) -> None:
    row = tick(session, world, planned(session, world), enrolment, "present")
    with pytest.raises(IntegrityError):
        ledger.append(session, enrolment, "attended", effective_on=DURING.date(), once=f"attended:{row.id}")


# The code


def enter(session: Session, world: World, sitting: Sitting, enrolment: Enrolment, typed: str, now: datetime, **more):  # type: ignore[no-untyped-def]
    more.setdefault("is_leaving", False)
    return codes.enter(session, run_of(session, world), sitting, enrolment, typed, key=KEY, now=now, **more)


def test_the_code_of_this_half_minute_and_the_one_before(session: Session, world: World, enrolment: Enrolment) -> None:
    sitting = planned(session, world)
    code = codes.code_at(KEY, sitting.uid, DURING)
    assert len(code) == 6
    assert code.isdigit()
    assert codes.is_right(KEY, sitting.uid, f" {code[:3]} - {code[3:]}", DURING + timedelta(seconds=59))
    assert not codes.is_right(KEY, sitting.uid, code, DURING + timedelta(seconds=60))
    assert not codes.is_right(KEY, sitting.uid, "한글", DURING)
    assert enter(session, world, sitting, enrolment, code, DURING + timedelta(minutes=2)) is None
    what, standing = enter(session, world, sitting, enrolment, code, DURING)
    assert (what, standing.hours_attended) == ("arrived", 3.6)
    refused("noted", lambda: enter(session, world, sitting, enrolment, code, DURING))


def test_a_code_of_another_sitting_or_of_the_wrong_time_notes_nothing(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    sitting, other = planned(session, world), planned(session, world, title="다른 집체교육")
    foreign = codes.code_at(KEY, other.uid, DURING)
    assert enter(session, world, sitting, enrolment, foreign, DURING) is None
    for reason, moment in (("early", at("2026-03-20", "08:29")), ("over", at("2026-03-20", "13:01"))):
        right = codes.code_at(KEY, sitting.uid, moment)
        refused(reason, partial(enter, session, world, sitting, enrolment, right, moment))
    assert session.scalar(select(func.count()).select_from(Attendance)) == 0


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "한글"])
def test_what_can_be_no_code_is_no_guess(session: Session, world: World, enrolment: Enrolment, typed: str) -> None:
    sitting = planned(session, world)
    for _ in range(codes.TRIES_OF_PERSON + 1):
        refused("digits", lambda: enter(session, world, sitting, enrolment, typed, DURING))
    assert enter(session, world, sitting, enrolment, codes.code_at(KEY, sitting.uid, DURING), DURING) is not None


def test_guessing_ends_after_a_few_tries(
    session: Session, world: World, enrolment: Enrolment, junho: Enrolment
) -> None:
    sitting = planned(session, world)
    for _ in range(codes.TRIES_OF_PERSON):
        assert enter(session, world, sitting, enrolment, "12 34 56", DURING) is None
    right = codes.code_at(KEY, sitting.uid, DURING)
    refused("throttled", lambda: enter(session, world, sitting, enrolment, right, DURING))
    assert enter(session, world, sitting, junho, right, DURING) is not None  # others go on


def test_with_leaving_asked_for_hours_count_once_it_is_noted(
    session: Session, world: World, enrolment: Enrolment, junho: Enrolment
) -> None:
    sitting, run = planned(session, world, asks_leaving=True), run_of(session, world)
    for one in (enrolment, junho):
        _, standing = enter(session, world, sitting, one, codes.code_at(KEY, sitting.uid, BEGINS), BEGINS)
        assert standing.hours_attended == 0
    evening = at("2026-03-20", "13:10")
    code = codes.code_at(KEY, sitting.uid, evening)
    what, standing = enter(session, world, sitting, enrolment, code, evening, is_leaving=True)
    assert (what, standing.hours_attended) == ("left", 4.0)
    refused("already", lambda: enter(session, world, sitting, enrolment, code, evening, is_leaving=True))
    assert presence.confirm_leaving(session, run, sitting, actor_id=world.jihun.id, now=AFTER) == 1
    assert reading.roll_of(session, sitting).counts["awaited"] == 0
    assert ledger.settle(session, junho).hours_attended == 4.0


def test_who_left_the_run_meanwhile_stays_as_noted(session: Session, world: World, enrolment: Enrolment) -> None:
    sitting, run = planned(session, world, asks_leaving=True), run_of(session, world)
    enter(session, world, sitting, enrolment, codes.code_at(KEY, sitting.uid, BEGINS), BEGINS)
    session.get_one(Enrolment, enrolment.id).state = "withdrawn"
    session.flush()
    assert presence.confirm_leaving(session, run, sitting, actor_id=world.jihun.id, now=AFTER) == 0
    assert ledger.settle(session, enrolment).hours_attended == 0


# The rule


def test_hours_complete_and_a_correction_questions(session: Session, world: World, enrolment: Enrolment) -> None:
    session.add(CompletionRule(run_id=world.run.id, progress=0, score=0, attendance=80, recorded_at=BEFORE_RUN))
    sitting = planned(session, world)
    session.flush()
    (missing,) = ledger.settle(session, enrolment, DURING).missing
    assert (missing.what, missing.count, missing.units) == ("attendance", 3.2, (sitting.key,))
    tick(session, world, sitting, enrolment, "present", now=AFTER)
    standing = ledger.settle(session, enrolment, AFTER)
    assert (standing.is_completed, standing.completed_on) == (True, sitting.day)
    tick(session, world, sitting, enrolment, "absent", now=AFTER, reason="잘못 표시")
    assert ledger.settle(session, enrolment, AFTER).is_questioned


def test_cancelling_lets_those_complete_who_lack_nothing_else(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    session.add(CompletionRule(run_id=world.run.id, progress=0, score=0, attendance=80, recorded_at=BEFORE_RUN))
    kept = planned(session, world)
    gone = planned(session, world, begins=at("2026-03-27", "09:00"))
    tick(session, world, kept, enrolment, "present")
    assert not ledger.settle(session, enrolment, DURING).is_completed
    planning.cancel(session, run_of(session, world), gone, "휴강", actor_id=world.seoyeon.id, now=AFTER)
    assert ledger.settle(session, enrolment, AFTER).completed_on == kept.day


def test_adding_a_sitting_to_a_run_that_has_begun_lowers_nobody(
    session: Session, world: World, enrolment: Enrolment
) -> None:
    session.add(CompletionRule(run_id=world.run.id, progress=0, score=0, attendance=100, recorded_at=BEFORE_RUN))
    first = planned(session, world)
    tick(session, world, first, enrolment, "late", now=at("2026-03-20", "11:00"))
    extra = planned(session, world, now=AFTER, begins=at("2026-03-27", "09:00"), hours=4.0)
    standing = ledger.settle(session, enrolment, AFTER)
    assert (extra.is_extra, standing.attendance, standing.hours_asked) == (True, 50.0, 4.0)
    tick(session, world, extra, enrolment, "present", now=at("2026-03-27", "10:00"))
    assert ledger.settle(session, enrolment, at("2026-03-27", "10:00")).attendance == 100.0


# Who sees it


def test_officers_and_instructors_of_the_run_see_its_sittings(session: Session, world: World) -> None:
    sitting = planned(session, world)

    def load(person: object) -> Sitting:
        return reading.load_sitting(session, world.viewer(person), world.run.uid, sitting.uid)  # type: ignore[arg-type]

    for stranger in (world.jihun, world.minjun, world.hana, world.doyun):
        with pytest.raises(NotFoundError):
            load(stranger)
    session.add(RunInstructor(run_id=world.run.id, person_id=world.jihun.id))
    session.flush()
    for person in (world.seoyeon, world.jihun):
        assert load(person) is sitting
        assert [row.sitting for row in reading.list_on(session, world.viewer(person), sitting.day)] == [sitting]
    with pytest.raises(NotFoundError):
        reading.load_to_edit(session, world.viewer(world.jihun), world.run.uid, sitting.uid)


def test_a_learner_sees_what_she_may_choose(session: Session, world: World, enrolment: Enrolment) -> None:
    first = planned(session, world, seats=1)
    second = planned(session, world, begins=at("2026-03-27", "09:00"), same_as=first)
    seats.take(session, enrolment, first, at("2026-03-10"))
    own = reading.list_own(session, enrolment, [second, first], at("2026-03-10"))
    assert [(one.sitting.id, one.is_mine, one.free, one.may_choose) for one in own] == [
        (first.id, True, 0, False),
        (second.id, False, None, True),
    ]
    late = reading.list_own(session, enrolment, [first, second], at("2026-03-20"))
    assert [one.may_choose for one in late] == [False, False]


# The calendar


def test_a_calendar_file_escapes_and_folds(session: Session, world: World) -> None:
    sitting = planned(session, world, place="부산, 3층; 강의실", directions="지하철 1호선\n" + "가" * 60)
    made = calendars.calendar_of([sitting], name="제조데이터", host="lms.example", now=BEFORE_RUN)
    lines = made.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    whole = made.replace(b"\r\n ", b"").decode()
    assert "LOCATION:부산\\, 3층\\; 강의실\r\n" in whole
    assert "DTSTART:20260320T000000Z\r\n" in whole
    assert "지하철 1호선\\n" + "가" * 60 in whole
