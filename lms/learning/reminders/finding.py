"""Whom each reminder concerns now, and was not told yet.

A reminder is a message with a key, `once`, and nothing else is kept of it: who has the message was reminded. So a run of the
search that is killed is simply begun again, and two at the same moment write each message once. What has a day in its key is
told again where that day is changed (a run that begins later, more time for a learner); the others are told once.

Each has a window of days. Before it nobody is told, and after it neither: a site that was down for a month, or comes from a
version without reminders, tells nobody what is long past; and messages that were destroyed at the end of their period are not
written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from lms.clock import end_of_day, seoul_day
from lms.learning.applications.extensions import last_day
from lms.models import (
    Application,
    Certificate,
    CourseVersion,
    Employment,
    Enrolment,
    LedgerEntry,
    Message,
    Person,
    Run,
    Sitting,
    SittingSeat,
    Submission,
    Transfer,
)

NOT_BEGUN_AFTER = 3  # days after the first on which she could begin
DEADLINE_BEFORE = 3  # days before her last
_STILL_NEWS = timedelta(days=2)  # a workers' weekend; what the ledger noted before is old
_LATEST = 7  # days after the first on which a reminder of what was not done still makes sense


@dataclass(frozen=True)
class Reminder:
    """`find` gives a statement of enrolments that it concerns at a moment, whether told or not. `by_day`: told in the hours
    in which mails leave, because it is about a day and not about what just happened."""

    kind: str
    by_day: bool
    find: Callable[[datetime], Select[Any]]

    def untold(self, now: datetime) -> Select[Any]:
        """Those who have no such message. Columns: see `_about`."""
        found = self.find(now)
        once = found.selected_columns["once"]
        told = select(Message.id).where(Message.once == once).correlate_except(Message).exists()
        return found.where(~told)


def _about(once: ColumnElement[str], *more: Any) -> Select[Any]:
    """What every reminder is made of; her last day is her own."""
    return (
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.person_id.label("person_id"),
            once.label("once"),
            Run.uid.label("run"),
            Run.number.label("number"),
            Run.learn_from.label("begins"),
            last_day().label("ends"),
            CourseVersion.title.label("course"),
            *more,
        )
        .select_from(Enrolment)
        .join(Run, Run.id == Enrolment.run_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .join(Person, Person.id == Enrolment.person_id)
        .order_by(Enrolment.id)
    )


def concerned(day: date) -> ColumnElement[bool]:
    """The condition on enrolments, joined with run and person, of those whom anything about the run still concerns: enrolled,
    working, in a run that was opened and not closed."""
    works = select(Employment.id).where(
        Employment.person_id == Enrolment.person_id,
        Employment.from_on <= day,
        or_(Employment.to_on.is_(None), Employment.to_on >= day),
    )
    return and_(
        Enrolment.state == "enrolled",
        Person.is_active,
        Run.opened_at.is_not(None),
        Run.closed_at.is_(None),
        works.correlate(Enrolment).exists(),
    )


def has_completed() -> ColumnElement[bool]:
    """The condition on enrolments whose completion stands."""
    later = aliased(LedgerEntry)
    revoked = select(later.id).where(
        later.enrolment_id == LedgerEntry.enrolment_id, later.kind == "revoked", later.id > LedgerEntry.id
    )
    return (
        select(LedgerEntry.id)
        .where(LedgerEntry.enrolment_id == Enrolment.id, LedgerEntry.kind == "completed", ~revoked.exists())
        .correlate(Enrolment)
        .exists()
    )


def has_begun() -> ColumnElement[bool]:
    """The condition on enrolments with anything done, tried or attended."""
    did = select(LedgerEntry.id).where(
        LedgerEntry.enrolment_id == Enrolment.id, LedgerEntry.kind.in_(("unit_done", "scored", "attended"))
    )
    tried = select(Submission.id).where(Submission.enrolment_id == Enrolment.id)
    return or_(did.correlate(Enrolment).exists(), tried.correlate(Enrolment).exists())


def _key(kind: str, *parts: Any) -> ColumnElement[str]:
    made: ColumnElement[str] = literal(f"reminder:{kind}")
    for part in parts:
        made = made.concat(":").concat(cast(part, String))
    return made


def _enrolled(now: datetime) -> Select[Any]:
    """From the ledger, so that it makes no difference by which way somebody came in. Who moved up from a waiting list or was
    transferred is told that, and not this as well."""
    day = seoul_day(now)
    waited = select(Application.id).where(Application.enrolment_id == Enrolment.id, Application.waiting_at.is_not(None))
    transferred = select(Transfer.id).where(Transfer.to_id == Enrolment.id)
    return (
        _about(_key("enrolled", LedgerEntry.id))
        .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
        .where(
            LedgerEntry.kind == "enrolled",
            LedgerEntry.recorded_at > now - _STILL_NEWS,
            concerned(day),
            last_day() >= day,
            ~waited.correlate(Enrolment).exists(),
            ~transferred.correlate(Enrolment).exists(),
        )
    )


def _completed(now: datetime) -> Select[Any]:
    """Also where the run has been closed since, and where she works no more: it is hers."""
    later = aliased(LedgerEntry)
    revoked = select(later.id).where(
        later.enrolment_id == Enrolment.id, later.kind == "revoked", later.id > LedgerEntry.id
    )
    return (
        _about(_key("completed", LedgerEntry.id), LedgerEntry.effective_on.label("on"))
        .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
        .where(
            LedgerEntry.kind == "completed",
            LedgerEntry.recorded_at > now - _STILL_NEWS,
            Enrolment.state == "enrolled",
            Person.is_active,
            ~revoked.correlate(Enrolment, LedgerEntry).exists(),
        )
    )


def _starts(now: datetime) -> Select[Any]:
    """Who was enrolled today has just been told the day."""
    day = seoul_day(now)
    return _about(_key("run_starts", Enrolment.id, Run.learn_from)).where(
        concerned(day), Run.learn_from == day + timedelta(days=1), Enrolment.enrolled_on < day
    )


def _not_begun(now: datetime) -> Select[Any]:
    """Close to the last day the deadline says more."""
    day = seoul_day(now)
    since, until = day - timedelta(days=NOT_BEGUN_AFTER + _LATEST), day - timedelta(days=NOT_BEGUN_AFTER)
    return _about(_key("not_begun", Enrolment.id)).where(
        concerned(day),
        Run.learn_from <= until,
        Enrolment.enrolled_on <= until,
        or_(Run.learn_from >= since, Enrolment.enrolled_on >= since),
        last_day() > day + timedelta(days=DEADLINE_BEFORE),
        ~has_begun(),
        ~has_completed(),
    )


def _deadline(now: datetime) -> Select[Any]:
    day = seoul_day(now)
    return _about(_key("deadline", Enrolment.id, last_day())).where(
        concerned(day),
        Run.learn_from <= day,
        last_day() >= day,
        last_day() <= day + timedelta(days=DEADLINE_BEFORE),
        Enrolment.enrolled_on < day,
        ~has_completed(),
    )


def _sitting(now: datetime) -> Select[Any]:
    """Those who are expected: of a sitting with seats who took one. The key holds the day: another day is told anew."""
    day = seoul_day(now) + timedelta(days=1)
    begin = end_of_day(seoul_day(now))
    seated = select(SittingSeat.id).where(
        SittingSeat.sitting_id == Sitting.id, SittingSeat.enrolment_id == Enrolment.id
    )
    return (
        _about(
            _key("sitting_tomorrow", Enrolment.id, Sitting.id, literal(day.isoformat())),
            Sitting.id.label("sitting_id"),
            Sitting.title.label("sitting"),
            Sitting.place.label("place"),
            Sitting.begins_at.label("at"),
        )
        .join(Sitting, Sitting.run_id == Run.id)
        .where(
            concerned(seoul_day(now)),
            Sitting.cancelled_at.is_(None),
            Sitting.begins_at >= begin,
            Sitting.begins_at < begin + timedelta(days=1),
            or_(Sitting.expects == "all", seated.correlate(Sitting, Enrolment).exists()),
        )
        .order_by(None)
        .order_by(Enrolment.id, Sitting.id)
    )


REMINDERS: tuple[Reminder, ...] = (
    Reminder("enrolled", False, _enrolled),
    Reminder("completed", False, _completed),
    Reminder("run_starts", True, _starts),
    Reminder("not_begun", True, _not_begun),
    Reminder("deadline", True, _deadline),
    Reminder("sitting_tomorrow", True, _sitting),
)


def count_told(session: Session, run: Run) -> Mapping[str, int]:
    """How many of a run's people were told what, by kind."""
    reminders, certificates = session.execute(_of_run(run)), session.scalar(_certificates_of(run))
    return {**{kind: number for kind, number in reminders}, "certificate_ready": certificates or 0}


def _certificates_of(run: Run) -> Select[int]:
    """Told by whoever issues them, under the certificate's key."""
    told = literal("certificate:").concat(cast(Certificate.id, String))
    return (
        select(func.count())
        .select_from(Certificate)
        .join(Message, Message.once == told)
        .where(Certificate.run_id == run.id)
    )


def _of_run(run: Run) -> Select[str, int]:
    kinds = [reminder.kind for reminder in REMINDERS]
    return (
        select(Message.kind, func.count())
        .join(Enrolment, Enrolment.person_id == Message.person_id)
        .where(
            Enrolment.run_id == run.id,
            Message.kind.in_(kinds),
            Message.facts["run"].as_string() == str(run.uid),
        )
        .group_by(Message.kind)
    )
