"""Learners are reminded of what concerns them, each once, and of nothing that no longer does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.learning import enrolments, ledger
from lms.learning.reminders import digests, finding, sending
from lms.messages import box
from lms.models import (
    Database,
    Employment,
    Enrolment,
    Extension,
    Job,
    Message,
    Person,
    Role,
    Run,
    Sitting,
    SittingSeat,
    make_engine,
)
from tests.processes import run_together
from tests.world import PAGES, World, at, employ, make_run

BEGINS, ENDS = date(2026, 3, 2), date(2026, 3, 31)
DAY = timedelta(days=1)


@pytest.fixture
def run(database: Database, world: World) -> Run:
    """From Monday 2 to 31 March 2026; 김하나 is in it since 20 February."""
    with database.writing() as session:
        made = make_run(
            session,
            world.course,
            world.exercise_version,
            world.busan_centre,
            number=2,
            learn_from=BEGINS,
            learn_to=ENDS,
        )
        enrolments.enrol(session, made, world.hana.id, now=at("2026-02-20"))
        session.commit()
    return made


def remind(database: Database, moment: datetime) -> Counter[str]:
    """All that is due at a moment. Returns how many were told of which kind."""
    before = told(database)
    for reminder in finding.REMINDERS:
        while sending.remind(database, reminder, moment):
            pass
    return told(database) - before


def told(database: Database) -> Counter[str]:
    with database.reading() as session:
        return Counter(session.scalars(select(Message.kind)))


def enrolment_of(session: Session, run: Run, person: Person) -> Enrolment:
    return session.scalars(select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.person_id == person.id)).one()


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        ("2026-02-20", ["enrolled"]),
        ("2026-02-21", ["enrolled"]),
        ("2026-02-23", []),
        ("2026-02-28", []),
        ("2026-03-01", ["run_starts"]),
        ("2026-03-02", []),
        ("2026-03-04", []),
        ("2026-03-05", ["not_begun"]),
        ("2026-03-12", ["not_begun"]),
        ("2026-03-13", []),
        ("2026-03-27", []),
        ("2026-03-28", ["deadline"]),
        ("2026-03-31", ["deadline"]),
        ("2026-04-01", []),
    ],
)
def test_each_reminder_has_its_days(database: Database, run: Run, day: str, kinds: list[str]) -> None:
    assert sorted(remind(database, at(day, "13:00")).elements()) == kinds


def test_each_is_told_once_and_leads_to_her_run(database: Database, world: World, run: Run) -> None:
    found: Counter[str] = Counter()
    day = at("2026-02-20", "09:00")
    while day < at("2026-04-03"):
        found += remind(database, day)
        day += timedelta(hours=20)
    assert found == {"enrolled": 1, "run_starts": 1, "not_begun": 1, "deadline": 1}
    with database.reading() as session:
        messages = session.scalars(select(Message)).all()
        assert {message.person_id for message in messages} == {world.hana.id}
        assert {message.facts["run"] for message in messages} == {str(run.uid)}
        assert {message.facts["ends"] for message in messages} == {ENDS.isoformat()}
        assert finding.count_told(session, run) == {**found, "certificate_ready": 0}


def test_who_comes_on_the_eve_is_told_once_when_it_begins(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        enrolments.enrol(session, run, world.junho.id, now=at("2026-03-01", "10:00"))
        session.commit()
    assert remind(database, at("2026-03-01")) == {"enrolled": 1, "run_starts": 1}


def test_who_came_late_has_as_many_days_to_begin(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        enrolments.enrol(session, run, world.junho.id, now=at("2026-03-10"))
        session.commit()
    assert remind(database, at("2026-03-12"))["not_begun"] == 1
    assert remind(database, at("2026-03-13"))["not_begun"] == 1


def _withdraw(session: Session, world: World, run: Run) -> None:
    session.execute(update(Enrolment).values(state="withdrawn"))


def _close(session: Session, world: World, run: Run) -> None:
    session.execute(update(Run).values(closed_at=at("2026-02-21")))


def _draft(session: Session, world: World, run: Run) -> None:
    session.execute(update(Run).values(opened_at=None))


def _leave(session: Session, world: World, run: Run) -> None:
    session.execute(update(Employment).values(to_on=date(2026, 2, 28)))


def _lock_out(session: Session, world: World, run: Run) -> None:
    session.execute(update(Person).values(is_active=False))


def _begin_and_complete(session: Session, world: World, run: Run) -> None:
    enrolment = enrolment_of(session, run, world.hana)
    ledger.append(session, enrolment, "unit_done", effective_on=BEGINS, unit_key=PAGES[0], recorded_at=at("2026-03-02"))
    ledger.append(session, enrolment, "completed", effective_on=BEGINS, recorded_at=at("2026-03-02"))


CHANGES = [_withdraw, _close, _draft, _leave, _lock_out, _begin_and_complete]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("day", ["2026-03-05", "2026-03-28"])
def test_whom_it_no_longer_concerns_is_not_reminded(
    database: Database, world: World, run: Run, change: Callable[[Session, World, Run], None], day: str
) -> None:
    with database.writing() as session:
        change(session, world, run)
        session.commit()
    assert not remind(database, at(day))


@pytest.mark.parametrize("change", CHANGES)
def test_a_mail_that_waited_a_night_is_dropped_where_it_no_longer_concerns(
    database: Database, world: World, run: Run, change: Callable[[Session, World, Run], None]
) -> None:
    day = at("2026-03-28")
    remind(database, day)
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "deadline")).one()
        assert sending.still_concerns(session, message, day) == {}
        change(session, world, run)
        assert sending.still_concerns(session, message, day) is None


def test_more_time_moves_the_deadline_and_tells_it_anew(database: Database, world: World, run: Run) -> None:
    assert remind(database, at("2026-03-28"))["deadline"] == 1
    with database.writing() as session:
        enrolment = enrolment_of(session, run, world.hana)
        session.add(
            Extension(
                run_id=run.id,
                enrolment_id=enrolment.id,
                learn_to=date(2026, 4, 15),
                reason="교대 근무",
                actor_id=world.seoyeon.id,
                at=at("2026-03-28"),
            )
        )
        session.flush()
        old = session.scalars(select(Message).where(Message.kind == "deadline")).one()
        assert sending.still_concerns(session, old, at("2026-03-29")) is None
        session.commit()
    assert not remind(database, at("2026-03-31"))
    assert remind(database, at("2026-04-12"))["deadline"] == 1
    with database.reading() as session:
        assert session.scalars(select(Message).order_by(Message.id.desc())).first().facts["ends"] == "2026-04-15"  # type: ignore[union-attr]


def test_a_run_that_is_put_off_tells_the_new_eve_too(database: Database, run: Run) -> None:
    assert remind(database, at("2026-03-01"))["run_starts"] == 1
    with database.writing() as session:
        session.execute(update(Run).where(Run.id == run.id).values(learn_from=date(2026, 3, 9)))
        session.commit()
    assert not remind(database, at("2026-03-07"))
    assert remind(database, at("2026-03-08")) == {"run_starts": 1}


def test_a_completion_is_told_unless_it_was_revoked_and_again_when_it_comes_back(
    database: Database, world: World, run: Run
) -> None:
    def note(kind: str, moment: datetime) -> None:
        with database.writing() as session:
            enrolment = enrolment_of(session, run, world.hana)
            ledger.append(session, enrolment, kind, effective_on=BEGINS, recorded_at=moment)
            session.commit()

    with database.writing() as session:
        ledger.record_unit_done(session, enrolment_of(session, run, world.hana), PAGES[0], effective_on=BEGINS)
        session.commit()
    note("completed", at("2026-03-10", "10:00"))
    assert remind(database, at("2026-03-10")) == {"completed": 1}
    note("revoked", at("2026-03-10", "13:00"))
    note("completed", at("2026-03-10", "14:00"))
    note("revoked", at("2026-03-10", "15:00"))
    assert not remind(database, at("2026-03-10", "16:00"))
    note("completed", at("2026-03-10", "17:00"))
    assert remind(database, at("2026-03-10", "18:00")) == {"completed": 1}


def test_those_who_are_expected_hear_of_a_sitting_the_day_before(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        other = enrolments.enrol(session, run, world.junho.id, now=at("2026-02-20"))
        for number, expects in enumerate(("all", "seated", "all")):
            begins = at("2026-03-20", "09:00")
            sitting = Sitting(
                run_id=run.id, choice=str(number), kind="classroom", title=f"집체 {number}", place="부산 교육장",
                begins_at=begins, ends_at=begins + timedelta(hours=3), hours=3, expects=expects, created_at=at("2026-02-20"),
                cancelled_at=at("2026-03-01") if number == 2 else None,
            )  # fmt: skip
            session.add(sitting)
            session.flush()
            if expects == "seated":
                session.add(
                    SittingSeat(enrolment_id=other.id, sitting_id=sitting.id, choice="1", taken_at=at("2026-03-01"))
                )
        session.commit()
    assert remind(database, at("2026-03-18", "23:59"))["sitting_tomorrow"] == 0
    assert remind(database, at("2026-03-19", "08:00"))["sitting_tomorrow"] == 3
    assert not remind(database, at("2026-03-19", "20:00"))
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "sitting_tomorrow")).first()
        assert message is not None
        assert message.facts["place"] == "부산 교육장"
        assert sending.still_concerns(session, message, at("2026-03-19")) == {}
        session.execute(update(Sitting).values(cancelled_at=at("2026-03-19")))
        assert sending.still_concerns(session, message, at("2026-03-19")) is None


def _crowd(database: Database, world: World, run: Run, many: int) -> None:
    with database.writing() as session:
        people = [Person(name=f"{n}", email=f"p{n}@site.example", created_at=utcnow()) for n in range(many)]
        session.add_all(people)
        session.flush()
        for number, person in enumerate(people):
            employ(session, person, world.hanbit, f"X-{number}")
            enrolments.enrol(session, run, person.id, now=at("2026-02-20"))
        session.commit()


def _remind_in_a_process(url: str, day: str) -> int:
    database = Database(make_engine(url))
    sending.AT_ONCE = 7
    deadline = next(reminder for reminder in finding.REMINDERS if reminder.kind == "deadline")
    done = 0
    while found := sending.remind(database, deadline, at(day)):
        done += found
    database.dispose()
    return done


def test_workers_side_by_side_tell_each_once_in_portions(
    database: Database, database_url: str, world: World, run: Run
) -> None:
    _crowd(database, world, run, 29)
    run_together(_remind_in_a_process, [(database_url, "2026-03-28")] * 2)
    assert told(database) == {"deadline": 30}
    with database.reading() as session:
        assert len(set(session.scalars(select(Message.person_id)))) == 30


def test_a_portion_that_failed_leaves_nothing_and_is_told_later(
    database: Database, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _crowd(database, world, run, 5)
    monkeypatch.setattr(sending, "AT_ONCE", 2)
    real, calls = sending.send_many, 0

    def dies_at_the_second(*args: object, **kwargs: object) -> int:
        nonlocal calls
        calls += 1
        sent = real(*args, **kwargs)  # type: ignore[arg-type]
        if calls == 2:
            raise RuntimeError("killed")
        return sent

    monkeypatch.setattr(sending, "send_many", dies_at_the_second)
    with pytest.raises(RuntimeError):
        remind(database, at("2026-03-28"))
    assert told(database) == {"deadline": 2}
    assert remind(database, at("2026-03-28")) == {"deadline": 4}


def test_the_chore_wakes_the_post_that_was_given_up(
    database: Database, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(database, at("2026-03-28"))
    monkeypatch.setattr(sending, "quiet_until", lambda now: None)
    with database.writing() as session:
        session.execute(update(Job).where(Job.kind == box.POST).values(state="failed", finished_at=utcnow()))
        queue.enqueue(session, sending.BY_DAY, {})
        session.commit()
    Worker(database, {sending.BY_DAY: sending.handle}).run_one("w", [sending.BY_DAY])
    with database.reading() as session:
        states = session.execute(select(Job.kind, Job.state).order_by(Job.id)).all()
        assert [tuple(row) for row in states][-2:] == [(sending.BY_DAY, "done"), (box.POST, "ready")]


# Digests


MONDAY = at("2026-03-09", "09:00")


def test_a_manager_hears_once_a_week_who_needs_time(database: Database, world: World, run: Run) -> None:
    assert digests.send_all(database, MONDAY) == 2
    assert digests.send_all(database, MONDAY + 4 * timedelta(hours=1)) == 0
    assert told(database) == {"digest_company": 1, "digest_officer": 1}
    with database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "digest_company")).one()
        assert message.person_id == world.doyun.id
        (row,) = message.facts["runs"]
        assert (row["run"], row["people"], row["need"], row["due"], row["completed"]) == (str(run.uid), 1, 1, 0, 0)
        assert "김하나" not in str(message.facts)
    assert digests.send_all(database, MONDAY + 7 * DAY) == 2


def test_an_officer_hears_of_the_own_centre_alone(database: Database, world: World, run: Run) -> None:
    digests.send_all(database, MONDAY + 14 * DAY)
    with database.reading() as session:
        found = session.scalars(select(Message).where(Message.kind == "digest_officer")).all()
        assert [message.person_id for message in found] == [world.seoyeon.id]
        assert found[0].facts["runs"][0]["need"] == 1


def test_who_has_nothing_to_hear_hears_nothing(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        enrolment = enrolment_of(session, run, world.hana)
        for key in PAGES:
            ledger.append(
                session, enrolment, "unit_done", effective_on=BEGINS, unit_key=key, recorded_at=at("2026-03-02")
            )
        session.commit()
    assert digests.send_all(database, MONDAY) == 0
    with database.reading() as session:
        assert not session.scalars(select(Message)).all()


def test_what_was_completed_and_what_is_due_are_told(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        enrolments.enrol(session, run, world.junho.id, now=at("2026-02-20"))
        enrolment = enrolment_of(session, run, world.hana)
        ledger.append(session, enrolment, "completed", effective_on=date(2026, 3, 28), recorded_at=at("2026-03-28"))
        session.commit()
    digests.send_all(database, at("2026-03-30", "09:00"))
    with database.reading() as session:
        for message in session.scalars(select(Message)):
            (row,) = message.facts["runs"]
            assert (row["people"], row["need"], row["due"], row["completed"]) == (2, 1, 1, 1), message.kind


def test_who_answers_for_nobody_any_more_gets_no_digest(database: Database, world: World, run: Run) -> None:
    digests.send_all(database, MONDAY)
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "digest_company")).one()
        assert digests.still_answers(session, message, MONDAY) == {}
        session.execute(update(Role).where(Role.person_id == world.doyun.id).values(to_on=date(2026, 3, 8)))
        assert digests.still_answers(session, message, MONDAY) is None
        session.commit()
    assert digests.send_all(database, MONDAY + 7 * DAY) == 1


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [(at("2026-03-09", "07:59"), False), (at("2026-03-09", "08:00"), True), (at("2026-03-10", "20:59"), True),
     (at("2026-03-10", "21:00"), False), (at("2026-03-11", "12:00"), False)],
)  # fmt: skip
def test_digests_leave_on_mondays_by_day(moment: datetime, is_it: bool) -> None:
    assert digests.is_the_hour(moment) is is_it
