"""Messages that somebody writes to those who were chosen: kept with whom they are for, sent a minute later by a job.

Whom it is for is written down when it is written, from what the sender saw. When it is sent, those whom it no longer concerns
are left out: who was withdrawn since, or of those to be reminded who has completed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, case, func, insert, select, update
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import seoul_day, utcnow
from lms.errors import LMSError, NotFoundError
from lms.jobs import queue
from lms.jobs.queue import Claim
from lms.learning.applications.extensions import last_day
from lms.messages import box, send_many
from lms.models import Bulletin, BulletinRecipient, CourseVersion, Database, Enrolment, Person, Run
from lms.people.viewers import Viewer

from .audience import WHO, Recipient, Scope
from .finding import concerned, has_completed

SEND = "send_bulletin"
DELAY = timedelta(minutes=1)  # in which a slip of the finger is taken back
LONGEST_SUBJECT, LONGEST_BODY = 100, 4_000
MOST_A_DAY = 20  # of one sender, in 24 hours
AT_ONCE = 200
# What stands for each recipient's own values, in either language.
PLACES: Mapping[str, str] = {
    "이름": "name",
    "과정": "course",
    "마지막 날": "last_day",
    "name": "name",
    "course": "course",
    "last day": "last_day",
}
_PLACE = re.compile(r"\{\s*([^{}]*?)\s*\}")


class BulletinError(LMSError):
    """`reason`: subject, body (missing or too long), place (`what` is in braces and stands for nothing), nobody, too_many
    (today), late (it can't be taken back any more)."""

    sentence = "The message was not sent: {reason}."


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


def tidy(subject: str, body: str) -> Text:
    """What was typed, without the line ends that browsers add and spaces that nobody sees."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Text(" ".join(subject.split()), "\n".join(line.rstrip() for line in lines).strip())


def read_text(subject: str, body: str) -> Text:
    """What was typed, tidied up. Raises BulletinError."""
    text = tidy(subject, body)
    subject, body = text.subject, text.body
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise BulletinError("subject", most=LONGEST_SUBJECT)
    if not 0 < len(body) <= LONGEST_BODY:
        raise BulletinError("body", most=LONGEST_BODY)
    for found in _PLACE.findall(subject + "\n" + body):
        if found not in PLACES:
            raise BulletinError("place", what=found[:40])
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with a recipient's own values. What somebody's name looks like is never read as a place."""
    return _PLACE.sub(lambda found: values.get(PLACES.get(found[1], ""), found[0]), text)


def facts_of(text: Text, sender: str, recipient: Recipient) -> dict[str, Any]:
    """The plain values of one recipient's message."""
    enrolment = recipient.enrolment
    course = enrolment.run.course_version.title
    return _facts(text, sender, recipient.person.name, course, enrolment.last_day.isoformat(), str(enrolment.run.uid))


def _facts(text: Text, sender: str, name: str, course: str, ends: str, run: str) -> dict[str, Any]:
    return {
        "subject": text.subject,
        "text": text.body,
        "by": sender,
        "name": name,
        "course": course,
        "ends": ends,
        "run": run,
    }


def write(
    session: Session,
    viewer: Viewer,
    scope: Scope,
    who: str,
    text: Text,
    recipients: Sequence[Recipient],
    *,
    key: str,
    address: str = "",
    now: datetime | None = None,
) -> Bulletin:
    """Have it sent after `DELAY`. A form that is sent twice gives the same bulletin twice.

    Raises:
        BulletinError: nobody, too_many
    """
    now, key = now or utcnow(), key[:64]
    # One at a time of a sender, so that a form that arrives twice at once finds the first.
    session.scalar(select(Person.id).where(Person.id == viewer.id).with_for_update())
    known = session.scalar(select(Bulletin).where(Bulletin.sender_id == viewer.id, Bulletin.key == key))
    if known is not None:
        return known
    if not recipients or who not in WHO:
        raise BulletinError("nobody")
    today = select(func.count()).where(
        Bulletin.sender_id == viewer.id, Bulletin.created_at > now - timedelta(days=1), Bulletin.state != "undone"
    )
    if (session.scalar(today) or 0) >= MOST_A_DAY:
        raise BulletinError("too_many", most=MOST_A_DAY)
    reached = box.reached_by_mail(session, {one.person.id for one in recipients}, "letters")
    made = Bulletin(
        sender_id=viewer.id,
        run_id=scope.run.id if scope.run else None,
        company_id=scope.company.id if scope.company else None,
        who=who,
        key=key,
        subject=text.subject,
        body=text.body,
        state="waiting",
        people=len(recipients),
        by_mail=len(reached),
        created_at=now,
        send_at=now + DELAY,
    )
    session.add(made)
    session.flush()
    rows = [
        {"bulletin_id": made.id, "person_id": one.person.id, "enrolment_id": one.enrolment.id, "state": "waiting"}
        for one in recipients
    ]
    session.execute(insert(BulletinRecipient), rows)
    job = queue.enqueue(session, SEND, {"bulletin": made.id}, once=f"bulletin:{made.id}", now=now)
    job.run_at = made.send_at
    told = {"who": who, "people": made.people, "by_mail": made.by_mail}
    subject = f"run:{scope.run.uid}" if scope.run else f"company:{scope.company.uid}" if scope.company else ""
    audit.record(session, "bulletin_written", actor_id=viewer.id, subject=subject, address=address, detail=told)
    return made


def undo(session: Session, viewer: Viewer, uid: UUID, *, address: str = "") -> Bulletin:
    """Take one's own back while it waits.

    Raises:
        NotFoundError
        BulletinError: late
    """
    found = session.scalar(select(Bulletin).where(Bulletin.uid == uid, Bulletin.sender_id == viewer.id))
    if found is None:
        raise NotFoundError()
    if not _move(session, found.id, "waiting", "undone", finished_at=utcnow()):
        if session.scalar(select(Bulletin.state).where(Bulletin.id == found.id)) == "undone":
            return found
        raise BulletinError("late")
    audit.record(session, "bulletin_undone", actor_id=viewer.id, subject=f"bulletin:{uid}", address=address)
    return found


def _move(session: Session, id_: int, before: str, after: str, **values: Any) -> bool:
    done = session.execute(
        update(Bulletin)
        .where(Bulletin.id == id_, Bulletin.state == before)
        .values(state=after, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


# Sending


def handle(database: Database, claim: Claim) -> str | None:
    """The handler of SEND: a portion in a transaction; who was told is noted in it, so that a job that was interrupted goes on
    behind them."""
    id_ = int(claim.payload["bulletin"])
    with database.writing() as session:
        _move(session, id_, "waiting", "sending")
        session.commit()
    while _send_some(database, id_):
        pass
    with database.writing() as session:
        _move(session, id_, "sending", "sent", finished_at=utcnow())
        if queue.finish(session, claim):
            session.commit()
    return None


def _send_some(database: Database, id_: int) -> bool:
    """False where nobody waits any more, or it was taken back."""
    now = utcnow()
    with database.writing() as session:
        bulletin = session.scalar(
            select(Bulletin)
            .where(Bulletin.id == id_, Bulletin.state == "sending")
            .options(joinedload(Bulletin.sender))
            .with_for_update(of=Bulletin)
        )
        if bulletin is None:
            return False
        rows = session.execute(_waiting(bulletin, now)).all()
        text = Text(bulletin.subject, bulletin.body)
        told = [
            (
                row.person_id,
                _facts(text, bulletin.sender.name, row.name, row.title, row.ends.isoformat(), str(row.uid)),
                f"bulletin:{id_}:{row.person_id}",
            )
            for row in rows
            if row.concerns
        ]
        send_many(session, "bulletin", told, now=now)
        for state, ids in (
            ("told", [row.id for row in rows if row.concerns]),
            ("left_out", [row.id for row in rows if not row.concerns]),
        ):
            session.execute(update(BulletinRecipient).where(BulletinRecipient.id.in_(ids)).values(state=state))
        session.commit()
        return bool(rows)


def _waiting(bulletin: Bulletin, now: datetime) -> Select[Any]:
    concerns = concerned(seoul_day(now))
    if bulletin.who != "all":
        concerns = concerns & ~has_completed()
    return (
        select(
            BulletinRecipient.id,
            BulletinRecipient.person_id,
            Person.name,
            CourseVersion.title,
            last_day().label("ends"),
            Run.uid,
            case((concerns, True), else_=False).label("concerns"),
        )
        .join(Enrolment, Enrolment.id == BulletinRecipient.enrolment_id)
        .join(Run, Run.id == Enrolment.run_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .join(Person, Person.id == BulletinRecipient.person_id)
        .where(BulletinRecipient.bulletin_id == bulletin.id, BulletinRecipient.state == "waiting")
        .order_by(BulletinRecipient.id)
        .limit(AT_ONCE)
    )
