"""What somebody writes to many reaches those whom she saw, once, and can be taken back for a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.jobs.worker import Worker
from lms.learning import enrolments, ledger
from lms.learning.reminders import audience, bulletins, sent
from lms.learning.reminders.audience import Recipient, Scope
from lms.learning.reminders.bulletins import BulletinError, Text
from lms.messages import choices, unreachable
from lms.models import Bulletin, Database, Enrolment, Job, Message, Person, Run
from tests.world import PAGES, World, at, make_run

TEXT = Text("{과정} 안내", "{이름} 님, {마지막 날}까지입니다.")
NOW = at("2026-03-20")


@pytest.fixture
def run(database: Database, world: World) -> Run:
    """From 2 March to 31 March 2026: 김하나 did a page, 이준호 nothing, 윤수진 has completed."""
    with database.writing() as session:
        made = make_run(
            session, world.course, world.exercise_version, world.busan_centre, number=2,
            learn_from=date(2026, 3, 2), learn_to=date(2026, 3, 31),
        )  # fmt: skip
        hana, _junho, sujin = (
            enrolments.enrol(session, made, person.id, now=at("2026-02-20"))
            for person in (world.hana, world.junho, world.sujin)
        )
        ledger.record_unit_done(session, hana, PAGES[0], effective_on=date(2026, 3, 3))
        ledger.append(session, sujin, "completed", effective_on=date(2026, 3, 4))
        session.commit()
    return made


def people_of(session: Session, world: World, viewer: Person, run: Run, day: str = "2026-03-20") -> list[Recipient]:
    seen = world.viewer(viewer)
    scope = audience.load_scope(session, seen, run.uid, None)
    return audience.list_people(session, seen, scope, date.fromisoformat(day))


def names(people: Sequence[Recipient], who: str) -> list[str]:
    return [one.person.name for one in audience.choose(people, who)]


@pytest.mark.parametrize(
    ("day", "who", "expected"),
    [
        ("2026-03-20", "all", ["김하나", "윤수진", "이준호"]),
        ("2026-03-20", "unfinished", ["김하나", "이준호"]),
        ("2026-03-20", "not_begun", ["이준호"]),
        ("2026-02-25", "not_begun", []),
        ("2026-03-20", "behind", ["김하나", "이준호"]),
        ("2026-03-03", "behind", []),
        ("2026-03-20", "deadline", []),
        ("2026-03-24", "deadline", ["김하나", "이준호"]),
        ("2026-04-01", "deadline", []),
    ],
)
def test_whom_the_words_choose(
    database: Database, world: World, run: Run, day: str, who: str, expected: list[str]
) -> None:
    with database.reading() as session:
        assert names(people_of(session, world, world.jihun, run, day), who) == expected


def test_one_writes_to_those_whom_one_sees(database: Database, world: World, run: Run) -> None:
    with database.reading() as session:
        assert names(people_of(session, world, world.seoyeon, run), "all") == ["김하나", "이준호"]
        for stranger in (world.minjun, world.doyun, world.hana, world.jimin, world.minseo):
            with pytest.raises(NotFoundError):
                people_of(session, world, stranger, run)
        manager = world.viewer(world.doyun)
        scope = audience.load_scope(session, manager, None, world.hanbit.uid)
        people = audience.list_people(session, manager, scope, date(2026, 3, 20))
        assert names(people, "all") == ["김하나", "이준호"]
        for uid in (world.suwon.uid, None):
            with pytest.raises(NotFoundError):
                audience.load_scope(session, manager, None, uid)


def test_who_was_withdrawn_or_locked_out_is_nobody_to_write_to(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        session.execute(update(Enrolment).where(Enrolment.person_id == world.hana.id).values(state="withdrawn"))
        session.execute(update(Person).where(Person.id == world.junho.id).values(is_active=False))
        session.commit()
    with database.reading() as session:
        assert names(people_of(session, world, world.seoyeon, run), "all") == []


# Sending


def write(
    database: Database, world: World, run: Run, who: str = "unfinished", *, key: str = "k", now: datetime = NOW
) -> Bulletin:
    with database.writing() as session:
        chosen = audience.choose(people_of(session, world, world.jihun, run), who)
        made = bulletins.write(session, world.viewer(world.jihun), Scope(run=run), who, TEXT, chosen, key=key, now=now)
        session.commit()
        return made


def work(database: Database, *, wait: bool = True) -> int:
    """Let a worker do what is due, a minute later."""
    with database.writing() as session:
        for job in session.scalars(select(Job).where(Job.kind == bulletins.SEND)):
            job.run_at = utcnow() if wait else utcnow() + timedelta(minutes=1)
        session.commit()
    worker = Worker(database, {bulletins.SEND: bulletins.handle})
    done = 0
    while worker.run_one(f"w{done}", [bulletins.SEND]):
        done += 1
    return done


def got(database: Database) -> Counter[int]:
    with database.reading() as session:
        return Counter(session.scalars(select(Message.person_id).where(Message.kind == "bulletin")))


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletins, "utcnow", lambda: NOW)


@pytest.mark.usefixtures("today")
def test_each_gets_the_own_values_once(database: Database, world: World, run: Run) -> None:
    made = write(database, world, run)
    assert (made.people, made.by_mail, made.state) == (2, 1, "waiting")
    assert work(database) == 1
    assert got(database) == {world.hana.id: 1, world.junho.id: 1}
    with database.reading() as session:
        found = session.get_one(Bulletin, made.id)
        assert (found.state, sent.count_by_state(session, found)) == ("sent", {"told": 2})
        facts = session.scalars(select(Message.facts).where(Message.person_id == world.hana.id)).one()
        assert (facts["name"], facts["ends"], facts["by"]) == ("김하나", "2026-03-31", "정지훈")


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("key", ["k", "k" * 100], ids=["ours", "longer than is kept"])
def test_a_form_that_is_sent_twice_is_one_message(database: Database, world: World, run: Run, key: str) -> None:
    assert write(database, world, run, key=key).id == write(database, world, run, key=key).id
    work(database)
    assert got(database).total() == 2
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bulletin)) == 1


@pytest.mark.usefixtures("today")
def test_it_can_be_taken_back_until_it_leaves(database: Database, world: World, run: Run) -> None:
    first, second = write(database, world, run, key="1"), write(database, world, run, key="2")
    jihun = world.viewer(world.jihun)
    with database.writing() as session:
        with pytest.raises(NotFoundError):
            bulletins.undo(session, world.viewer(world.seoyeon), first.uid)
        bulletins.undo(session, jihun, first.uid)
        bulletins.undo(session, jihun, first.uid)
        session.commit()
    assert work(database) == 2
    assert got(database) == {world.hana.id: 1, world.junho.id: 1}
    with database.writing() as session, pytest.raises(BulletinError, match="late"):
        bulletins.undo(session, jihun, second.uid)


@pytest.mark.usefixtures("today")
def test_whom_it_no_longer_concerns_is_left_out(database: Database, world: World, run: Run) -> None:
    made = write(database, world, run)
    with database.writing() as session:
        hana = session.scalars(
            select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.person_id == world.hana.id)
        ).one()
        ledger.append(session, hana, "completed", effective_on=date(2026, 3, 20))
        session.commit()
    work(database)
    assert got(database) == {world.junho.id: 1}
    with database.reading() as session:
        assert sent.count_by_state(session, made) == {"told": 1, "left_out": 1}


@pytest.mark.usefixtures("today")
def test_a_job_that_was_killed_goes_on_behind_those_who_were_told(
    database: Database, world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(database, world, run, "all")
    monkeypatch.setattr(bulletins, "AT_ONCE", 1)
    with database.writing() as session:
        session.execute(update(Bulletin).values(state="sending"))
        session.commit()
    assert bulletins._send_some(database, made.id)
    assert got(database).total() == 1
    work(database)
    assert got(database) == {world.hana.id: 1, world.junho.id: 1, world.sujin.id: 1}


def test_who_reads_it_in_the_site_alone_is_told_before(database: Database, world: World, run: Run) -> None:
    with database.writing() as session:
        unreachable.mark(session, world.hana.id, "hana@hanbit.example", "the server answered 550")
        choices.choose_topic(session, world.sujin.id, "letters", False)
        session.commit()
    assert write(database, world, run, "all").by_mail == 0


def test_so_many_a_day_and_no_more(database: Database, world: World, run: Run) -> None:
    for number in range(bulletins.MOST_A_DAY):
        write(database, world, run, key=str(number))
    with pytest.raises(BulletinError, match="too_many"):
        write(database, world, run, key="one more")
    assert write(database, world, run, key="0").key == "0"
    assert write(database, world, run, key="tomorrow", now=NOW + timedelta(days=1, minutes=1)).state == "waiting"


def test_nobody_is_no_audience(database: Database, world: World, run: Run) -> None:
    with database.writing() as session, pytest.raises(BulletinError, match="nobody"):
        bulletins.write(session, world.viewer(world.jihun), Scope(run=run), "stuck", TEXT, [], key="k")


@pytest.mark.parametrize(
    ("subject", "body", "reason"),
    [
        (" ", "x", "subject"),
        ("x" * 101, "x", "subject"),
        ("x", "\r\n \n", "body"),
        ("x", "x" * 4001, "body"),
        ("x", "{성명} 님", "place"),
        ("{name}{}", "x", "place"),
    ],
)
def test_what_can_not_be_sent_is_said(subject: str, body: str, reason: str) -> None:
    with pytest.raises(BulletinError, match=reason):
        bulletins.read_text(subject, body)


def test_places_are_filled_in_either_language_and_names_are_no_places() -> None:
    values = {"name": "{course}", "course": "첫걸음", "last_day": "3월 31일"}
    assert (
        bulletins.fill("{이름} {name} { 과정 } {last day} {마지막 날}", values)
        == "{course} {course} 첫걸음 3월 31일 3월 31일"
    )
    assert bulletins.read_text("  두   칸 ", "a  \r\n\r\nb\r\n") == Text("두 칸", "a\n\nb")


def test_who_may_read_what_was_written(database: Database, world: World, run: Run) -> None:
    made = write(database, world, run, "all")
    with database.reading() as session:
        seoyeon = world.viewer(world.seoyeon)
        assert [one.id for one in sent.list_bulletins(session, seoyeon, Scope(run=run))] == [made.id]
        found = sent.load_bulletin(session, seoyeon, made.uid)
        assert [name for name, _state in sent.list_recipients(session, seoyeon, found)] == ["김하나", "이준호"]
        jihun = world.viewer(world.jihun)
        assert len(sent.list_recipients(session, jihun, found)) == 3
        for stranger in (world.minjun, world.doyun, world.hana):
            with pytest.raises(NotFoundError):
                sent.load_bulletin(session, world.viewer(stranger), made.uid)


def test_who_was_written_to_is_not_told_once_the_company_is_anothers(
    database: Database, world: World, run: Run
) -> None:
    viewer = world.viewer(world.doyun)
    with database.writing() as session:
        scope = audience.load_scope(session, viewer, None, world.hanbit.uid)
        people = audience.list_people(session, viewer, scope, date(2026, 3, 20))
        made = bulletins.write(session, viewer, scope, "all", TEXT, people, key="k", now=NOW)
        session.commit()
    with database.reading() as session:
        found = sent.load_bulletin(session, viewer, made.uid)
        assert sent.list_recipients(session, viewer, found)
        assert not sent.list_recipients(session, replace(viewer, managed_companies=frozenset()), found)
