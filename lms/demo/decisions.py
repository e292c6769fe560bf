"""What people decided about completions: taken back, questioned by a score that was struck, upheld, or waiting for a word.

By the domain's own functions, one by one, at moments after the runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.learning import ledger
from lms.learning.completion import evaluate
from lms.models import Centre, Enrolment, LedgerEntry, Person, RunUnit

from .cast import INSTRUCTOR, OFFICERS
from .days import at
from .history import Attendee

REVOKED, UPHELD, REVOKED_AFTER, WAITING = 2, 1, 1, 2  # for each officer of the cast
_STRUCK = "다른 사람이 대신 푼 퀴즈로 확인되어 점수를 취소함"


def decide(session: Session, random: Random, attendees: Sequence[Attendee], day: date) -> None:
    """For the officers of the cast: among the people who completed in their regions' runs."""
    instructor = session.scalars(select(Person.id).where(Person.email == INSTRUCTOR)).one()
    for slug, email in OFFICERS.items():
        officer = session.scalars(select(Person.id).where(Person.email == email)).one()
        centre = session.scalars(select(Centre.id).where(Centre.slug == slug)).one()
        done = [one for one in attendees if one.journey.completed and one.run.centre_id == centre]
        recent = sorted(done, key=lambda one: one.run.learn_from, reverse=True)
        struck = _strike(session, recent, UPHELD + REVOKED_AFTER + WAITING, instructor, day)
        for place, (enrolment, moment) in enumerate(struck):
            later = min(moment + timedelta(days=2), at(day - timedelta(days=1), 17 * 60))
            if place >= WAITING + REVOKED_AFTER:
                ledger.uphold(
                    session, enrolment, actor_id=officer, reason="제출한 실습을 본인이 설명하는 것을 확인함", now=later
                )
            elif place >= WAITING:
                ledger.revoke(session, enrolment, actor_id=officer, reason="대리 응시를 본인이 인정함", now=later)
        chosen = {enrolment.id for enrolment, _ in struck}
        plain = [one for one in done if one.id not in chosen]
        for one in random.sample(plain, min(REVOKED, len(plain))):
            enrolment = session.get_one(Enrolment, one.id)
            moment = _after(one, day)
            ledger.revoke(session, enrolment, actor_id=officer, reason="재직 확인 서류가 제출되지 않음", now=moment)


def _after(one: Attendee, day: date) -> datetime:
    """A morning after all that she did, and not after yesterday."""
    last = max(step.known for step in one.journey.steps)
    wished = at(max(one.run.learn_to, seoul_day(last)) + timedelta(days=5), 10 * 60)
    return max(last + timedelta(minutes=30), min(wished, at(day - timedelta(days=1), 16 * 60)))


def _strike(
    session: Session, attendees: Sequence[Attendee], count: int, instructor: int, day: date
) -> list[tuple[Enrolment, datetime]]:
    """Strike the quizzes of some whose completion rests on them, which questions it."""
    found: list[tuple[Enrolment, datetime]] = []
    for one in attendees:
        if len(found) == count:
            break
        keys = _quizzes(session, one)
        if not keys:
            continue
        enrolment, moment = session.get_one(Enrolment, one.id), _after(one, day)
        for entry in list(_scores(session, one.id, keys)):
            ledger.append(
                session,
                enrolment,
                "scored",
                effective_on=entry.effective_on,
                recorded_at=moment,
                unit_key=entry.unit_key,
                points=0.0,
                max_points=entry.max_points,
                quiz_attempt_id=entry.quiz_attempt_id,
                actor_id=instructor,
                reason=_STRUCK,
            )
        ledger.settle(session, enrolment, moment)
        found.append((enrolment, moment))
    return found


def _scores(session: Session, enrolment_id: int, keys: Sequence[str]) -> Iterator[LedgerEntry]:
    for entry in ledger.entries_of(session, [enrolment_id]):
        if entry.kind == "scored" and entry.unit_key in keys:
            yield entry


def _quizzes(session: Session, one: Attendee) -> list[str]:
    """The quizzes without whose scores she would not have completed; none where she would have anyway."""
    units = session.scalars(select(RunUnit).where(RunUnit.run_id == one.run.id).order_by(RunUnit.position)).all()
    keys = [unit.key for unit in units if unit.kind == "quiz"]
    left = [
        entry for entry in ledger.entries_of(session, [one.id]) if entry.kind != "scored" or entry.unit_key not in keys
    ]
    return keys if not evaluate(units, one.rule, left).is_met else []
