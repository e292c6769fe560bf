"""Sittings as those see them who plan them, keep the list, or are to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from lms.clock import end_of_day, seoul_day
from lms.errors import NotFoundError
from lms.learning.classroom import employee_numbers
from lms.learning.runs import reading
from lms.models import Attendance, Enrolment, Person, Run, Sitting, SittingSeat
from lms.people.viewers import Viewer

from . import presence
from .hours import Stay
from .seats import may_choose


def load_sitting(session: Session, viewer: Viewer, run_uid: UUID, uid: UUID) -> Sitting:
    """A sitting of a run that the viewer gives or teaches, with its run. Raises NotFoundError."""
    return _one(session, uid, Run.uid == run_uid, reading.visible_to(viewer))


def load_to_edit(session: Session, viewer: Viewer, run_uid: UUID, uid: UUID) -> Sitting:
    """The same for who may plan: officers of the run's centre. Raises NotFoundError."""
    return _one(session, uid, Run.uid == run_uid, reading.edited_by(viewer))


def load_own(session: Session, viewer: Viewer, uid: UUID) -> tuple[Sitting, Enrolment]:
    """A sitting of a run that the viewer is enrolled in, with her enrolment. Raises NotFoundError."""
    row = session.execute(
        select(Sitting, Enrolment)
        .join(Run, Run.id == Sitting.run_id)
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(
            Sitting.uid == uid,
            Run.opened_at.is_not(None),
            Enrolment.person_id == viewer.id,
            Enrolment.state == "enrolled",
        )
        .options(contains_eager(Sitting.run).joinedload(Run.course_version))
    ).one_or_none()
    if row is None:
        raise NotFoundError()
    return row[0], row[1]


def load_learner(session: Session, sitting: Sitting, enrolment_uid: UUID) -> Enrolment:
    """Somebody of the sitting's run. Raises NotFoundError."""
    found = session.scalar(
        select(Enrolment).where(
            Enrolment.uid == enrolment_uid, Enrolment.run_id == sitting.run_id, Enrolment.state == "enrolled"
        )
    )
    if found is None:
        raise NotFoundError()
    return found


def _one(session: Session, uid: UUID, *conditions: object) -> Sitting:
    found = session.scalar(
        select(Sitting)
        .join(Sitting.run)
        .where(Sitting.uid == uid, *conditions)  # type: ignore[arg-type]
        .options(contains_eager(Sitting.run).joinedload(Run.course_version))
    )
    if found is None:
        raise NotFoundError()
    return found


# The officer's tab, the instructor's home


@dataclass(frozen=True)
class SittingRow:
    """`expected` people, of whom `seated` took a seat (where they choose); `there` came, `noted` have a word of any kind."""

    sitting: Sitting
    expected: int
    seated: int
    there: int
    noted: int


def rows_of(session: Session, sittings: Sequence[Sitting]) -> list[SittingRow]:
    """Three queries however many sittings there are."""
    ids = [sitting.id for sitting in sittings]
    in_run = _counts(
        session.execute(
            select(Enrolment.run_id, func.count())
            .where(Enrolment.run_id.in_({sitting.run_id for sitting in sittings}), Enrolment.state == "enrolled")
            .group_by(Enrolment.run_id)
        )
    )
    seated = _counts(
        session.execute(
            select(SittingSeat.sitting_id, func.count())
            .join(Enrolment, Enrolment.id == SittingSeat.enrolment_id)
            .where(SittingSeat.sitting_id.in_(ids), Enrolment.state == "enrolled")
            .group_by(SittingSeat.sitting_id)
        )
    )
    there: dict[int, int] = defaultdict(int)
    noted: dict[int, int] = defaultdict(int)
    newest = (
        select(func.max(Attendance.id))
        .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
        .where(Attendance.sitting_id.in_(ids), Enrolment.state == "enrolled")
        .group_by(Attendance.sitting_id, Attendance.enrolment_id)
    )
    told = select(Attendance.sitting_id, Attendance.presence, func.count()).where(Attendance.id.in_(newest))
    for sitting_id, word, count in session.execute(told.group_by(Attendance.sitting_id, Attendance.presence)):
        noted[sitting_id] += count
        there[sitting_id] += count if word == "present" else 0
    return [
        SittingRow(
            sitting,
            seated.get(sitting.id, 0) if sitting.expects == "seated" else in_run.get(sitting.run_id, 0),
            seated.get(sitting.id, 0),
            there[sitting.id],
            noted[sitting.id],
        )
        for sitting in sittings
    ]


def _counts(rows: Iterable) -> dict[int, int]:
    return {key: count for key, count in rows}


def list_on(session: Session, viewer: Viewer, day: date) -> list[SittingRow]:
    """The sittings of that day that the viewer keeps the list of, by their beginning."""
    found = session.scalars(
        select(Sitting)
        .join(Sitting.run)
        .where(
            reading.visible_to(viewer),
            Sitting.cancelled_at.is_(None),
            Sitting.begins_at < end_of_day(day),
            Sitting.begins_at >= end_of_day(day - timedelta(days=1)),
        )
        .options(contains_eager(Sitting.run).joinedload(Run.course_version))
        .order_by(Sitting.begins_at, Sitting.id)
    ).all()
    return rows_of(session, found) if found else []


# The list of a sitting


@dataclass(frozen=True)
class Word:
    """What was noted once, with who noted it; None stands for the learner herself, by the code."""

    attendance: Attendance
    actor: str | None


@dataclass(frozen=True)
class OnList:
    """Somebody on the list, with what was noted of her, the newest first."""

    enrolment: Enrolment
    employee_number: str | None
    words: tuple[Word, ...]
    sitting: Sitting

    @property
    def newest(self) -> Attendance | None:
        return self.words[0].attendance if self.words else None

    @property
    def marks(self) -> tuple[str, ...]:
        """The words of the list that hold: present; late and left early may hold together."""
        row = self.newest
        if row is None:
            return ()
        if row.presence != "present":
            return (row.presence,)
        stay = Stay(row.arrived_at, row.left_at)
        late, early = stay.is_late(self.sitting), stay.left_early(self.sitting)
        found = tuple(word for word, holds in (("late", late), ("left_early", early)) if holds)
        return found or ("present",)


@dataclass(frozen=True)
class Roll:
    """The list of a sitting: who is expected, by name, and who of the run is not (`others`)."""

    sitting: Sitting
    people: tuple[OnList, ...]
    others: tuple[Enrolment, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        found: dict[str, int] = dict.fromkeys((*presence.MARKS, "none", "awaited"), 0)
        for one in self.people:
            for word in one.marks or ("none",):
                found[word] += 1
            found["awaited"] += bool(one.newest and one.newest.awaits_leaving)
        return found

    @property
    def there(self) -> int:
        return sum(1 for one in self.people if one.newest and one.newest.presence == "present")


def roll_of(session: Session, sitting: Sitting) -> Roll:
    """Four queries however many people there are. The viewer was let in where the sitting was loaded."""
    people = session.scalars(
        select(Enrolment)
        .join(Enrolment.person)
        .where(Enrolment.run_id == sitting.run_id, Enrolment.state == "enrolled")
        .options(contains_eager(Enrolment.person), joinedload(Enrolment.company))
        .order_by(Person.name, Enrolment.id)
    ).all()
    expected = set(session.scalars(presence.expected(sitting).with_only_columns(Enrolment.id)))
    words = _words(session, sitting)
    numbers = employee_numbers(session, [one.id for one in people])
    return Roll(
        sitting,
        tuple(OnList(one, numbers.get(one.id), tuple(words[one.id]), sitting) for one in people if one.id in expected),
        tuple(one for one in people if one.id not in expected),
    )


def _words(session: Session, sitting: Sitting) -> dict[int, list[Word]]:
    actor = aliased(Person)
    found: dict[int, list[Word]] = defaultdict(list)
    rows = session.execute(
        select(Attendance, actor.name)
        .outerjoin(actor, actor.id == Attendance.actor_id)
        .where(Attendance.sitting_id == sitting.id)
        .order_by(Attendance.id.desc())
    )
    for attendance, name in rows:
        found[attendance.enrolment_id].append(Word(attendance, name))
    return found


def count_there(session: Session, sitting: Sitting) -> tuple[int, int]:
    """How many have come, and how many are expected."""
    (row,) = rows_of(session, [sitting])
    return row.there, row.expected


# A learner's own


@dataclass(frozen=True)
class OwnSitting:
    """A sitting as a learner sees it: whether she has a seat, how many are free (None: no limit), whether she may choose it
    now, and what was noted of her."""

    sitting: Sitting
    has_seat: bool
    free: int | None
    may_choose: bool
    may_give_up: bool
    word: OnList

    @property
    def is_mine(self) -> bool:
        """Whether she is expected at this one."""
        return self.has_seat or self.sitting.expects == "all"


def list_of_day(session: Session, enrolment: Enrolment, now: datetime) -> list[OwnSitting]:
    """Those of today that are not over and at which she is expected; the run's sittings are loaded. No query where none is."""
    day = seoul_day(now)
    held = [
        sitting
        for sitting in enrolment.run.sittings
        if not sitting.is_cancelled and sitting.ends_at > now and (sitting.day == day or sitting.begins_at <= now)
    ]
    return [own for own in list_own(session, enrolment, held, now) if own.is_mine]


def list_own(session: Session, enrolment: Enrolment, sittings: Sequence[Sitting], now: datetime) -> list[OwnSitting]:
    """A run's sittings (loaded) as she sees them, by their beginning: two queries, none without sittings."""
    if not sittings:
        return []
    mine = func.max(case((SittingSeat.enrolment_id == enrolment.id, 1), else_=0))
    taken = (
        select(SittingSeat.sitting_id, func.count(), mine)
        .join(Enrolment, Enrolment.id == SittingSeat.enrolment_id)
        .where(SittingSeat.sitting_id.in_([sitting.id for sitting in sittings]), Enrolment.state == "enrolled")
    )
    seated = {id_: (count, bool(own)) for id_, count, own in session.execute(taken.group_by(SittingSeat.sitting_id))}
    words: dict[int, list[Word]] = defaultdict(list)
    for row in session.scalars(
        select(Attendance).where(Attendance.enrolment_id == enrolment.id).order_by(Attendance.id.desc())
    ):
        words[row.sitting_id].append(Word(row, None))
    chosen = {sitting.choice: sitting for sitting in sittings if seated.get(sitting.id, (0, False))[1]}
    found = []
    for sitting in sorted(sittings, key=lambda each: (each.begins_at, each.id)):
        held = chosen.get(sitting.choice)
        count = seated.get(sitting.id, (0, False))[0]
        free = None if sitting.seats is None or sitting.expects != "seated" else max(sitting.seats - count, 0)
        open_ = sitting.expects == "seated" and not sitting.is_cancelled and may_choose(sitting, now)
        found.append(
            OwnSitting(
                sitting=sitting,
                has_seat=held is sitting,
                free=free,
                may_choose=open_ and held is not sitting and free != 0 and (held is None or may_choose(held, now)),
                may_give_up=open_ and held is sitting and not words[sitting.id],
                word=OnList(enrolment, None, tuple(words[sitting.id]), sitting),
            )
        )
    return found
