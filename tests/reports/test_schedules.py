"""Statements that are issued by themselves: each time once, late with the same figures, and told only to whom it may be."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms.clock import SEOUL, seoul_day
from lms.errors import NotFoundError
from lms.models import AuditEntry, Database, Message, Person, Role, Schedule, ScheduleTurn, Statement
from lms.people.viewers import Viewer, viewer_of
from lms.reports.question import Question
from lms.reports.schedules import editing, making, people, reading, times
from lms.reports.schedules.editing import TRIES, Plan
from lms.reports.schedules.errors import ScheduleError
from lms.reports.schedules.times import Rhythm
from lms.reports.statements import issuing
from lms.reports.statements import reading as statements
from lms.reports.statements.issuing import Draft, Press
from tests.world import World, at

MONDAYS = Rhythm("week", 1, 7)
MADE = at("2026-03-25", "10:00")  # a Wednesday
ASKED = Question(as_of=date(2026, 3, 24), by=("company",))


def press_of(_schedule: Schedule) -> Press:
    def words(draft: Draft, number: str, _moment: datetime) -> Mapping[str, Any]:
        return {"title": draft.report, "number": number, "facts": []}

    return Press(words, "https://learn.example/verify/statements")


def broken_press(_schedule: Schedule) -> Press:
    raise OSError("the disk is full")


@dataclass
class House:
    """이서연's schedule in a database, with what a test does to it."""

    database: Database
    world: World
    uid: Any = None

    def viewer(self, person: Person) -> Any:
        with self.database.reading() as session:
            found = session.scalars(
                select(Person).where(Person.id == person.id).options(joinedload(Person.roles))
            ).unique()
            return viewer_of(found.one())

    def write(self, do: Any, person: Person | None = None, *rest: Any, **more: Any) -> Any:
        viewer = self.viewer(person or self.world.seoyeon)
        with self.database.writing() as session:
            done = do(session, viewer, *rest, **more)
            session.commit()
        return done

    def make(self, *recipients: Person, rhythm: Rhythm = MONDAYS, now: datetime = MADE) -> None:
        plan = Plan("주간 보고", rhythm, "ko", frozenset(person.id for person in recipients or (self.world.seoyeon,)))
        more = {"address": "https://learn.example/verify/statements", "now": now}
        self.uid = self.write(editing.add, None, "completions", ASKED, plan, **more).uid

    def work(self, now: datetime, press: Any = press_of) -> None:
        making.issue_due(self.database, press, now)

    def turns(self) -> list[ScheduleTurn]:
        with self.database.reading() as session:
            found = select(ScheduleTurn).order_by(ScheduleTurn.due_on).options(joinedload(ScheduleTurn.statement))
            return list(session.scalars(found))

    def states(self) -> list[tuple[str, str, str]]:
        return [(turn.due_on.isoformat(), turn.state, turn.reason) for turn in self.turns()]

    def schedule(self) -> Schedule:
        with self.database.reading() as session:
            return reading.load(session, self.viewer(self.world.jimin), self.uid)

    def messages(self) -> list[tuple[str, int]]:
        with self.database.reading() as session:
            rows = session.execute(select(Message.kind, Message.person_id).order_by(Message.id))
            return [(kind, person) for kind, person in rows]

    def end_role(self, person: Person, day: str) -> None:
        with self.database.writing() as session:
            for role in session.scalars(select(Role).where(Role.person_id == person.id)):
                role.to_on = date.fromisoformat(day)
            session.commit()


@pytest.fixture
def house(database: Database, world: World) -> House:
    return House(database, world)


# When


@given(
    some.sampled_from(("week", "month")),
    some.integers(1, 31),
    some.integers(0, 23),
    some.integers(0, 3 * 365 * 24 * 60),
)
@settings(max_examples=60)
def test_when_it_is_due(every: str, on_day: int, hour: int, minutes: int) -> None:
    rhythm = Rhythm(every, on_day if every == "month" else (on_day - 1) % 7 + 1, hour)
    now = at("2024-01-01", "00:00").astimezone(SEOUL) + timedelta(minutes=minutes)
    due = times.due_after(rhythm, now)
    found = [next(due).astimezone(SEOUL) for _ in range(14)]
    assert found[0] > now
    assert all(one.hour == hour for one in found)
    if every == "week":
        assert {one.isoweekday() for one in found} == {rhythm.on_day}
        assert {(after - one).days for one, after in pairwise(found)} == {7}
        assert (found[0] - now) <= timedelta(days=7)
    else:
        months = [one.year * 12 + one.month for one in found]
        assert months == list(range(months[0], months[0] + 14))
        for one in found:
            is_last = (one + timedelta(days=1)).month != one.month
            assert one.day == on_day or (one.day < on_day and is_last)
        assert (found[0].year * 12 + found[0].month) - (now.year * 12 + now.month) <= 1


def test_the_last_day_of_short_months() -> None:
    due = times.due_after(Rhythm("month", 31, 7), at("2028-01-31", "08:00"))
    days = [seoul_day(next(due)) for _ in range(3)]
    assert days == [date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]
    assert times.as_of(at("2026-12-01", "00:00")) == date(2026, 11, 30)


@pytest.mark.parametrize(("every", "on_day", "hour"), [("week", 8, 7), ("month", 0, 7), ("day", 1, 7), ("week", 1, 24)])
def test_no_rhythm(every: str, on_day: int, hour: int) -> None:
    with pytest.raises(ScheduleError, match="rhythm"):
        Rhythm(every, on_day, hour)


# Once each


def test_in_time_and_once(house: House) -> None:
    house.make(house.world.seoyeon, house.world.jimin)
    house.work(at("2026-03-30", "06:59"))
    assert house.states() == []
    for _ in range(3):
        house.work(at("2026-03-30", "07:00"))
    (turn,) = house.turns()
    assert (turn.state, turn.as_of, turn.told) == ("issued", date(2026, 3, 29), 2)
    made = turn.statement
    assert made is not None
    assert (made.as_of, made.issued_by) == (date(2026, 3, 29), house.world.seoyeon.uid)
    assert house.schedule().next_at == at("2026-04-06", "07:00")
    assert sorted(house.messages()) == sorted(
        ("statement_scheduled", person.id) for person in (house.world.seoyeon, house.world.jimin)
    )
    with house.database.reading() as session:
        assert statements.load(session, house.viewer(house.world.seoyeon), made.uid).id == made.id
        told = session.scalars(select(Message.facts)).first()
        assert told is not None
        assert set(told) == {"schedule", "name", "as_of", "statement", "number"}  # a link, and no figures


def test_missed_ones_have_the_figures_of_their_own_day(house: House) -> None:
    house.make()
    house.work(at("2026-03-30", "07:00"))
    with house.database.writing() as session:
        draft = issuing.draft(
            session,
            people.reach(house.viewer(house.world.seoyeon)),
            "completions",
            ASKED.but(as_of=date(2026, 4, 5)),
            "ko",
            today=date(2026, 4, 6),
        )
    house.work(at("2026-04-20", "12:00"))
    assert [turn.as_of.isoformat() for turn in house.turns()] == [
        "2026-03-29",
        "2026-04-05",
        "2026-04-12",
        "2026-04-19",
    ]
    numbers = [turn.statement.serial for turn in house.turns() if turn.statement]
    assert numbers == sorted(numbers)  # the oldest first
    assert len(numbers) == 4
    late = house.turns()[1]
    assert late.statement is not None
    assert late.statement.digest == draft.cells.digest
    assert [reading.is_late(turn) for turn in house.turns()] == [False, True, True, True]


def test_after_a_long_time_the_oldest_are_left_out(house: House) -> None:
    house.make()
    house.work(at("2026-06-30"))
    states = house.states()
    assert [state for _day, state, _why in states] == ["left_out"] * 6 + ["issued"] * making.MOST_MISSED
    assert states[0] == ("2026-03-30", "left_out", "missed")
    house.write(editing.retry, None, house.uid, date(2026, 3, 30), now=at("2026-06-30"))
    house.work(at("2026-06-30"))
    first = house.turns()[0]
    assert first.statement is not None
    assert first.statement.as_of == date(2026, 3, 29)


def test_two_workers_issue_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins and ends while the first counts."""
    house.make()
    now = at("2026-03-30", "07:00")
    counted = issuing.draft

    def slowly(*given: Any, **more: Any) -> Draft:
        monkeypatch.setattr(issuing, "draft", counted)
        house.work(now + timedelta(minutes=2))  # the first one's pause is over
        return counted(*given, **more)

    monkeypatch.setattr(issuing, "draft", slowly)
    house.work(now)
    (turn,) = house.turns()
    assert (turn.state, turn.tries) == ("issued", 2)
    with house.database.reading() as session:
        assert len(session.scalars(select(Statement)).all()) == 1


def test_who_was_overtaken_issues_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the other came to nothing: its next try is to come."""
    house.make()
    now = at("2026-03-30", "07:00")
    counted = issuing.draft

    def slowly(*given: Any, **more: Any) -> Draft:
        monkeypatch.setattr(issuing, "draft", counted)
        house.work(now + timedelta(minutes=2), broken_press)
        return counted(*given, **more)

    monkeypatch.setattr(issuing, "draft", slowly)
    house.work(now)
    assert house.states() == [("2026-03-30", "waiting", "fault")]


def test_what_she_teaches_or_manages_besides_is_none_of_it() -> None:
    officer = Viewer(7, UUID(int=7), "", officer_centres=frozenset({1}))
    scope = editing.scope_of(replace(officer, instructor_centres=frozenset({2}), managed_companies=frozenset({3})))
    assert (scope["officer_centres"], scope["instructor_centres"], scope["managed_companies"]) == ([1], [], [])


def test_many_workers_at_once(house: House) -> None:
    house.make()
    now = at("2026-05-18", "07:00")  # eight have come
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _worker: house.work(now), range(4)))
    assert [turn.state for turn in house.turns()] == ["issued"] * making.MOST_MISSED
    with house.database.reading() as session:
        assert len(session.scalars(select(Statement)).all()) == making.MOST_MISSED
    assert len(house.messages()) == making.MOST_MISSED


# What fails


def test_a_fault_is_tried_again_with_growing_pauses_and_then_told(house: House) -> None:
    house.make()
    now = at("2026-03-30", "07:00")
    pauses = []
    for _ in range(TRIES):
        house.work(now, broken_press)
        (turn,) = house.turns()
        if turn.state == "waiting":
            assert turn.reason == "fault"
            pauses.append(turn.next_try_at - now)
            now = turn.next_try_at
            house.work(now - timedelta(seconds=1), broken_press)
            assert house.turns()[0].tries == turn.tries  # not before its time
    assert pauses == list(making.PAUSES)
    assert house.states() == [("2026-03-30", "failed", "fault")]
    assert house.messages() == [("schedule_failed", house.world.seoyeon.id)]
    with house.database.reading() as session:
        assert reading.fares(session, house.schedule(), now).state == "failed"
        assert reading.troubles(session, now).failed == 1
        assert session.scalars(select(Statement)).all() == []
    house.write(editing.retry, None, house.uid, date(2026, 3, 30), now=now)
    house.work(now)
    assert house.states() == [("2026-03-30", "issued", "")]


def test_what_kills_its_workers_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make()

    class KilledError(BaseException):
        """Nothing of ours hears of it."""

    def die(*_given: Any, **_more: Any) -> Draft:
        raise KilledError

    monkeypatch.setattr(issuing, "draft", die)
    now = at("2026-03-30", "07:00")
    for _ in range(TRIES):
        with pytest.raises(KilledError):
            house.work(now)
        assert house.turns()[0].state == "waiting"
        now += timedelta(hours=3)
    house.work(now)
    assert house.states() == [("2026-03-30", "failed", "fault")]
    assert house.messages() == [("schedule_failed", house.world.seoyeon.id)]


def test_a_refusal_is_told_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make()
    monkeypatch.setattr(issuing, "MOST_ROWS", 0)
    house.work(at("2026-03-30", "07:00"))
    (turn,) = house.turns()
    assert (turn.state, turn.reason, turn.facts, turn.tries) == ("failed", "too_many", {"rows": 1, "most": 0}, 1)
    assert house.messages() == [("schedule_failed", house.world.seoyeon.id)]
    house.write(editing.retry, None, house.uid, date(2026, 3, 30), now=at("2026-03-31"))
    (turn,) = house.turns()
    assert (turn.state, turn.reason, turn.tries) == ("waiting", "", TRIES)  # a whole round


def test_nobody_looked_and_it_is_late(house: House) -> None:
    house.make()
    with house.database.reading() as session:
        assert reading.troubles(session, at("2026-03-30", "07:59")).late == 0
        assert reading.troubles(session, at("2026-03-30", "08:01")).late == 1
        (one,) = reading.list_all(session, at("2026-03-30", "08:01"))
        assert one.state == "late"


# Who


def test_who_lost_her_role_is_not_told(house: House) -> None:
    house.make(house.world.seoyeon, house.world.jimin)
    house.end_role(house.world.jimin, "2026-03-28")
    house.work(at("2026-03-30", "07:00"))
    (turn,) = house.turns()
    assert (turn.told, turn.left_out) == (1, [house.world.jimin.id])
    assert house.messages() == [("statement_scheduled", house.world.seoyeon.id)]


def test_a_role_that_ends_in_the_night_gets_no_mail(house: House) -> None:
    house.make()
    house.work(at("2026-03-30", "07:00"))
    with house.database.writing() as session:
        (message,) = session.scalars(select(Message)).all()
        assert making.still_may_see(session, message, at("2026-03-30", "08:00")) == {}
    house.end_role(house.world.seoyeon, "2026-03-30")
    with house.database.writing() as session:
        assert making.still_may_see(session, message, at("2026-03-31", "08:00")) is None


def test_a_maker_who_may_no_longer_stops_it_until_somebody_takes_it_over(house: House) -> None:
    world = house.world
    house.make(world.seoyeon, world.jimin)
    house.end_role(world.seoyeon, "2026-03-29")
    house.work(at("2026-03-30", "07:00"))
    found = house.schedule()
    assert (found.state, found.paused_why, found.next_at) == ("paused", "maker", None)
    assert house.states() == [("2026-03-30", "failed", "maker")]
    assert house.messages() == [("schedule_stopped", world.jimin.id)]
    with pytest.raises(ScheduleError, match="not_allowed"):  # the office answers for all regions, not for this centre's
        house.write(editing.take_over, world.jimin, house.uid)
    with house.database.writing() as session:
        session.add(
            Role(person_id=world.hana.id, kind="officer", centre_id=world.busan_centre.id, from_on=date(2026, 3, 1))
        )
        session.commit()
    house.write(editing.take_over, world.hana, house.uid, now=at("2026-03-31"))
    house.write(editing.retry, world.hana, house.uid, date(2026, 3, 30), now=at("2026-03-31"))
    house.work(at("2026-03-31"))
    (turn,) = house.turns()
    assert turn.statement is not None
    assert (turn.statement.issued_by, turn.statement.as_of) == (world.hana.uid, date(2026, 3, 29))
    assert house.schedule().next_at == at("2026-04-06", "07:00")


def test_who_may_be_told_and_who_sees_it(house: House) -> None:
    world = house.world
    house.make()
    with house.database.reading() as session:
        offered = people.list_addressees(session, house.schedule().scope, "ko", date(2026, 3, 25))
        assert [(one.name, one.is_programme_office, one.centres) for one in offered] == [
            ("이서연", False, ["부산테크노파크"]),
            ("한지민", True, []),
        ]
        assert reading.list_schedules(session, house.viewer(world.minjun)) == []
        assert len(reading.list_schedules(session, house.viewer(world.jimin))) == 1
        with pytest.raises(NotFoundError):
            reading.load(session, house.viewer(world.minjun), house.uid)
    for stranger in (world.minjun, world.doyun, world.jihun):
        with pytest.raises(ScheduleError, match="not_allowed"):
            house.make(stranger)
    with pytest.raises(ScheduleError, match="nobody"):
        house.write(editing.change, None, house.uid, Plan("이름", MONDAYS, "ko", frozenset()))
    with pytest.raises(ScheduleError, match="not_maker"):
        house.write(editing.resume, world.jimin, house.uid)


# Changed by hand


def test_paused_it_makes_nothing_and_goes_on_with_the_next(house: House) -> None:
    house.make()
    house.write(editing.pause, house.world.jimin, house.uid)
    house.work(at("2026-04-07"))
    assert house.states() == []
    with pytest.raises(ScheduleError, match="paused"):
        house.write(editing.run_now, None, house.uid)
    house.write(editing.resume, None, house.uid, now=at("2026-04-07"))
    assert house.schedule().next_at == at("2026-04-13", "07:00")


def test_a_role_that_ends_while_it_is_made_issues_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make()
    counted = issuing.draft

    def slowly(*given: Any, **more: Any) -> Draft:
        monkeypatch.setattr(issuing, "draft", counted)
        house.end_role(house.world.seoyeon, "2026-03-29")
        return counted(*given, **more)

    monkeypatch.setattr(issuing, "draft", slowly)
    house.work(at("2026-03-30", "07:00"))
    assert [turn.state for turn in house.turns()] == ["waiting"]
    house.work(at("2026-03-30", "07:02"))
    assert house.states() == [("2026-03-30", "failed", "maker")]


def test_paused_while_it_is_made_it_waits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make()
    counted = issuing.draft

    def slowly(*given: Any, **more: Any) -> Draft:
        monkeypatch.setattr(issuing, "draft", counted)
        house.write(editing.pause, None, house.uid)
        return counted(*given, **more)

    monkeypatch.setattr(issuing, "draft", slowly)
    house.work(at("2026-03-30", "07:00"))
    assert [turn.state for turn in house.turns()] == ["waiting"]
    house.write(editing.resume, None, house.uid, now=at("2026-03-31"))
    house.work(at("2026-03-31"))
    assert house.states() == [("2026-03-30", "issued", "")]


def test_issued_at_once_it_is_todays(house: House) -> None:
    house.make()
    now = at("2026-03-30", "06:00")
    house.write(editing.run_now, None, house.uid, now=now)
    house.work(now)
    house.work(at("2026-03-30", "07:00"))  # when it is due there is one already
    (turn,) = house.turns()
    assert (turn.state, turn.as_of) == ("issued", date(2026, 3, 29))
    with pytest.raises(ScheduleError, match="issued"):
        house.write(editing.run_now, None, house.uid, now=at("2026-03-30", "09:00"))
    with pytest.raises(ScheduleError, match="no_failure"):
        house.write(editing.retry, None, house.uid, date(2026, 3, 30))


def test_changed_and_deleted_its_statements_stay(house: House) -> None:
    world = house.world
    house.make()
    house.work(at("2026-03-30", "07:00"))
    plan = Plan("  월간   보고 ", Rhythm("month", 31, 8), "en", frozenset({world.jimin.id}))
    house.write(editing.change, None, house.uid, plan, now=at("2026-03-31", "09:00"))
    found = house.schedule()
    assert (found.name, found.next_at) == ("월간 보고", at("2026-04-30", "08:00"))
    house.write(editing.change, None, house.uid, replace(plan, language="ko"), now=at("2026-05-02"))
    assert house.schedule().next_at == at("2026-04-30", "08:00")  # what is due stays due
    house.work(at("2026-05-02"))
    assert house.messages()[-1] == ("statement_scheduled", world.jimin.id)
    house.write(editing.remove, None, house.uid)
    assert house.turns() == []
    with house.database.reading() as session:
        assert len(session.scalars(select(Statement)).all()) == 2
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"schedule:{house.uid}")).all()
    assert noted == ["schedule_made", "schedule_changed", "schedule_changed", "schedule_deleted"]
