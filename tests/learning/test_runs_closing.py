"""Changing a run's rule and closing a run: what either would do, what stands against it, and that nothing comes afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.jobs import queue
from lms.learning import enrolments, ledger
from lms.learning.applications import extensions, leaving
from lms.learning.ledger import RunClosedError
from lms.learning.runs import RunError, closing, reading, rules
from lms.learning.runs.editing import RunFieldsError
from lms.learning.runs.rules import RuleFields
from lms.learning.runs.states import RunStateError
from lms.models import CompletionRule, Database, Enrolment, LedgerEntry, Run, RunClosing, RunResult, Sitting
from lms.people.viewers import viewer_of
from tests.world import JOINED, PAGES, World, at

from .test_ledger import complete, do_units

LAST = date(2026, 4, 30)
CLOSED = at("2026-05-04")


@dataclass
class Office:
    """이서연, and a run that ended on 30 April 2026. 김하나 has completed it, 이준호 has read a page, 윤수진 has withdrawn."""

    session: Session
    world: World
    hana: Enrolment
    junho: Enrolment
    sujin: Enrolment

    @property
    def run(self) -> Run:
        return reading.load_to_edit(self.session, viewer_of(self.world.seoyeon), self.world.run.uid, lock=True)

    def close(self, now: datetime = CLOSED) -> RunClosing:
        return closing.close(self.session, viewer_of(self.world.seoyeon), self.run, now=now)

    def reopen(self, reason: str = "출석부를 빠뜨림", now: datetime = CLOSED) -> None:
        closing.reopen(self.session, viewer_of(self.world.seoyeon), self.run, reason=reason, now=now)

    def obstacles(self, day: date = date(2026, 5, 4)) -> list[str]:
        return [one.reason for one in closing.preview(self.session, self.run, day).obstacles]

    def change_rule(self, fields: RuleFields, reason: str = "기준 조정", shown: tuple[int, int] | None = None) -> int:
        viewer = viewer_of(self.world.seoyeon)
        return rules.change(self.session, viewer, self.run, fields, reason=reason, shown=shown, now=CLOSED)


@pytest.fixture
def office(session: Session, world: World, enrolment: Enrolment) -> Office:
    run = session.get_one(Run, world.run.id)
    run.learn_to = LAST
    junho, sujin = (enrolments.enrol(session, run, person.id, now=JOINED) for person in (world.junho, world.sujin))
    complete(session, enrolment)
    do_units(session, junho, PAGES[0])
    leaving.withdraw(session, run.id, [sujin.id], actor_id=world.seoyeon.id, reason="퇴사", now=at("2026-03-20"))
    return Office(session, world, enrolment, junho, sujin)


def test_closing_keeps_who_completed_and_for_want_of_what_others_did_not(office: Office) -> None:
    made = office.close()
    assert office.run.closed_at == CLOSED
    closed = closing.load_closed(office.session, office.run)
    assert closed is not None
    rows = {line.row.person_name: line.row for line in closed.lines}
    assert {name: row.outcome for name, row in rows.items()} == {
        "김하나": "completed", "이준호": "not_completed", "윤수진": "withdrawn"
    }  # fmt: skip
    assert (rows["김하나"].completed_on, rows["김하나"].reasons) == (date(2026, 3, 10), [])
    assert [(one["what"], one["has"], one["asked"]) for one in rows["이준호"].reasons] == [
        ("progress", 20, 80), ("score", 0, 60)
    ]  # fmt: skip
    assert rows["윤수진"].reasons == [{"what": "withdrawn", "on": "2026-03-20"}]
    assert made.facts["counts"] == {"completed": 1, "not_completed": 1, "withdrawn": 1}
    assert (made.facts["course"], made.facts["learn_to"]) == (office.run.course_version.title, "2026-04-30")


def test_the_digest_is_of_the_rows(office: Office) -> None:
    before = closing.digest_of(closing.preview(office.session, office.run, seoul_day(CLOSED)).results)
    office.session.execute(update(Run).where(Run.id == office.run.id).values(hours=40))
    assert office.close().digest == before
    office.reopen()
    do_units(office.session, office.junho, PAGES[1])
    assert office.close(CLOSED + timedelta(hours=1)).digest != before


def test_while_learning_goes_on_nothing_is_closed(office: Office) -> None:
    assert office.obstacles(LAST) == ["learning"]
    with pytest.raises(RunStateError):
        office.close(at("2026-04-30"))
    assert office.session.scalar(select(func.count()).select_from(RunClosing)) == 0


def test_what_waits_for_somebody_stands_against_closing(office: Office) -> None:
    session, run = office.session, office.run
    assert office.obstacles() == []
    ledger.append(session, office.hana, "questioned", effective_on=LAST)
    session.add(_sitting(run, "실습", LAST))
    queue.enqueue(session, "a regrade", {"enrolment": office.hana.id})
    session.add(_sitting(run, "보강", date(2026, 5, 20)))
    session.flush()
    assert office.obstacles() == ["questioned", "regraded", "sitting_unlisted", "sitting_to_come"]
    with pytest.raises(RunError, match="obstacles"):
        office.close()


def _sitting(run: Run, title: str, day: date) -> Sitting:
    begins = at(day.isoformat(), "09:00")
    return Sitting(
        run_id=run.id, choice=title, kind="classroom", title=title, place="3층", begins_at=begins,
        ends_at=begins + timedelta(hours=4), hours=4, created_at=JOINED,
    )  # fmt: skip


def test_who_still_has_time_stands_against_closing(office: Office) -> None:
    extensions.extend(
        office.session,
        office.run,
        date(2026, 5, 10),
        enrolment_ids=[office.junho.id],
        reason="설비 고장",
        actor_id=office.world.seoyeon.id,
        now=at("2026-04-28"),
    )
    assert office.obstacles() == ["extended"]
    assert office.obstacles(date(2026, 5, 11)) == []


def test_a_run_is_closed_once(office: Office) -> None:
    office.close()
    with pytest.raises(RunStateError):
        office.close()
    office.session.add(
        RunClosing(run_id=office.run.id, rule_id=office.run.rules[0].id, closed_at=CLOSED, digest="", facts={})
    )
    with pytest.raises(IntegrityError):
        office.session.flush()


def test_nothing_is_added_to_a_closed_run_but_a_decision(office: Office) -> None:
    session = office.session
    office.close()
    for kind in ("unit_done", "scored", "completed", "withdrawn"):
        with pytest.raises(RunClosedError), session.begin_nested():
            ledger.append(session, office.junho, kind, effective_on=LAST, unit_key=PAGES[1])
    ledger.revoke(
        session, office.hana, actor_id=office.world.seoyeon.id, reason="대리 제출 확인", now=CLOSED + timedelta(days=3)
    )
    closed = closing.load_closed(session, office.run)
    assert closed is not None
    [changed] = closed.changed
    assert (changed.row.outcome, changed.row.person_name) == ("completed", "김하나")
    assert changed.since == closing.Since("revoked", date(2026, 5, 7), "대리 제출 확인")


def test_a_closing_is_taken_back_within_a_day_with_a_reason(office: Office) -> None:
    first = office.close()
    with pytest.raises(RunError, match="reason_missing"):
        office.reopen(" ")
    with pytest.raises(RunError, match="late"):
        office.reopen(now=CLOSED + timedelta(hours=24, seconds=1))
    office.reopen()
    assert (office.run.closed_at, first.reopen_reason) == (None, "출석부를 빠뜨림")
    assert closing.load_closed(office.session, office.run) is None
    again = office.close(CLOSED + timedelta(hours=2))
    assert office.session.scalar(select(func.count()).where(RunResult.closing_id == first.id)) == 3
    ledger.revoke(
        office.session, office.hana, actor_id=office.world.seoyeon.id, reason="확인", now=CLOSED + timedelta(hours=3)
    )
    assert closing.why_not_reopened(office.session, office.run, again, CLOSED + timedelta(hours=4)) == "decided"


def test_an_entry_that_comes_at_the_moment_of_closing_is_counted_or_refused(
    database: Database, world: World, enrolment: Enrolment
) -> None:
    viewer = viewer_of(world.seoyeon)
    with database.writing() as session:
        session.execute(update(Run).where(Run.id == world.run.id).values(learn_to=LAST))
        session.commit()

    def read_a_page() -> str:
        with database.writing() as session:
            try:
                ledger.record_unit_done(session, enrolment, PAGES[0], effective_on=LAST)
                session.commit()
            except RunClosedError:
                return "refused"
        return "counted"

    with ThreadPoolExecutor() as pool, database.writing() as session:
        run = reading.load_to_edit(session, viewer, world.run.uid, lock=True)
        reader = pool.submit(read_a_page)
        closing.close(session, viewer, run, now=CLOSED)
        session.commit()
        assert reader.result(60) == "refused"
    with database.reading() as session:
        assert session.scalars(select(RunResult.progress)).one() == 0
        assert set(session.scalars(select(LedgerEntry.kind))) == {"enrolled"}


# The rule


def test_a_rule_says_beforehand_whom_it_would_move(office: Office) -> None:
    def moved(*asked: float) -> tuple[list[int], list[int], int]:
        found = rules.preview(office.session, office.run, RuleFields(*asked))
        return [one.id for one in found.completes], [one.id for one in found.questions], found.stays

    assert moved(20, 0) == ([office.junho.id], [], 1)
    assert moved(100, 90) == ([], [office.hana.id], 0)
    assert moved(80, 60) == ([], [], 1)


def test_a_changed_rule_completes_and_questions_but_revokes_nobody(office: Office) -> None:
    assert office.change_rule(RuleFields(20, 90)) == 1
    kinds = [entry.kind for entry in ledger.entries_of(office.session, [office.hana.id])][-2:]
    assert kinds == ["completed", "questioned"]
    assert office.change_rule(RuleFields(20, 0), shown=(1, 0)) == 2
    assert [entry.kind for entry in ledger.entries_of(office.session, [office.hana.id])][-1] == "restored"
    assert enrolments.standing_of(office.session, _with_run(office, office.junho)).completed_on == date(2026, 3, 9)
    newest = office.session.scalars(select(CompletionRule).order_by(CompletionRule.id.desc())).first()
    assert newest is not None
    assert (newest.progress, newest.score, newest.reason) == (20, 0, "기준 조정")


def _with_run(office: Office, enrolment: Enrolment) -> Enrolment:
    return enrolments.load_enrolment(office.session, viewer_of(office.world.seoyeon), enrolment.uid)


def test_a_rule_is_not_changed_unseen_or_without_a_reason(office: Office) -> None:
    for fields, more, reason in (
        (RuleFields(80, 60), {}, "same"),
        (RuleFields(20, 0), {"reason": "  "}, "reason_missing"),
        (RuleFields(20, 0), {"shown": (0, 0)}, "changed"),
    ):
        with pytest.raises(RunError, match=reason):
            office.change_rule(fields, **more)
    for asked in (RuleFields(101, 0), RuleFields(0, 0), RuleFields(80, float("nan"))):
        with pytest.raises(RunFieldsError):
            office.change_rule(asked)
    office.close()
    with pytest.raises(RunStateError):
        office.change_rule(RuleFields(20, 0))
    assert office.session.scalar(select(func.count()).select_from(CompletionRule)) == 1
