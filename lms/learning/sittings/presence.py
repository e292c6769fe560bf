"""Note who was at a sitting, and correct it: one row for each word, of which the newest holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.learning import ledger
from lms.learning.completion import Standing
from lms.learning.runs import states
from lms.models import Attendance, Enrolment, Run, Sitting, SittingSeat

from .errors import SittingError
from .hours import Stay, recognised

Mark = Literal["present", "late", "left_early", "absent", "excused"]
MARKS: tuple[Mark, ...] = get_args(Mark)
BEFORE = timedelta(minutes=30)  # from so long before the beginning presence may be noted


def mark(
    session: Session,
    run: Run,
    sitting: Sitting,
    enrolment: Enrolment,
    what: str,
    *,
    actor_id: int,
    arrived_at: datetime | None = None,
    left_at: datetime | None = None,
    reason: str = "",
    seen: int | None = None,
    now: datetime | None = None,
) -> Attendance:
    """A tick on the list. `late` and `left_early` without a time are of this moment, while the sitting lasts. `late` keeps a
    leaving that was noted, `left_early` an arrival.

    Whatever changes an earlier word after the sitting has ended is a correction and needs a reason. `seen` is the id of the
    newest row that the list showed (0: none); where somebody noted something else meanwhile nothing is written.

    Raises:
        SittingError, RunStateError
    """
    now = now or utcnow()
    if what not in MARKS:
        raise SittingError("presence")
    enrolment = _ready(session, run, sitting, enrolment, now)
    before = newest(session, sitting, enrolment)
    if seen is not None and seen != (before.id if before else 0):
        raise SittingError("changed")
    stay = _stay(sitting, what, before, arrived_at, left_at, now)
    presence = what if what in ("absent", "excused") else "present"
    if before is not None and _says_the_same(before, presence, stay):
        return before
    reason = " ".join(reason.split())[:400]
    if before is not None and now > sitting.ends_at and not _completes(before, stay) and not reason:
        raise SittingError("reason_missing")
    row = _write(session, sitting, enrolment, presence, stay, "list", actor_id=actor_id, reason=reason, now=now)
    ledger.settle(session, enrolment, now)
    return row


def mark_rest(
    session: Session, run: Run, sitting: Sitting, what: str, *, actor_id: int, now: datetime | None = None
) -> int:
    """Note the same of everybody who is expected and of whom there is no word yet: all present, or the rest absent. Returns
    of how many.

    Raises:
        SittingError, RunStateError
    """
    now = now or utcnow()
    if what not in ("present", "absent"):
        raise SittingError("presence")
    _refuse(run, sitting, now)
    rest = session.scalars(
        expected(sitting).where(Enrolment.id.not_in(_noted(sitting))).order_by(Enrolment.id).with_for_update()
    ).all()
    if rest:
        _write_all(session, sitting, [(one, what, Stay()) for one in rest], "list", actor_id=actor_id, now=now)
        ledger.settle_run(session, run.id, now)
    return len(rest)


def confirm_leaving(session: Session, run: Run, sitting: Sitting, *, actor_id: int, now: datetime | None = None) -> int:
    """Let everybody whose leaving is awaited have stayed to the end. Returns how many. Raises SittingError, RunStateError."""
    now = now or utcnow()
    _refuse(run, sitting, now)
    if now < sitting.ends_at:
        raise SittingError("too_early_to_leave")
    awaiting = select(Attendance.enrolment_id).where(Attendance.sitting_id == sitting.id, Attendance.awaits_leaving)
    enrolments = session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(awaiting), Enrolment.state == "enrolled")
        .order_by(Enrolment.id)
        .with_for_update()
    ).all()
    words = newest_of_all(session, sitting)  # as they are once nobody else may add one
    stayed = [
        (one, "present", Stay(words[one.id].arrived_at, None)) for one in enrolments if words[one.id].awaits_leaving
    ]
    if stayed:
        _write_all(session, sitting, stayed, "list", actor_id=actor_id, now=now)
        ledger.settle_run(session, run.id, now)
    return len(stayed)


def arrive(session: Session, run: Run, sitting: Sitting, enrolment: Enrolment, now: datetime) -> Standing:
    """By the code: she is there from now on. With `asks_leaving` no hours are recognised before the leaving is noted.

    Raises:
        SittingError: `noted` where there is a word of hers already
        RunStateError
    """
    enrolment = _ready(session, run, sitting, enrolment, now)
    if newest(session, sitting, enrolment) is not None:
        raise SittingError("noted")
    awaits_leaving = sitting.asks_leaving
    _write(session, sitting, enrolment, "present", Stay(now), "code", now=now, awaits_leaving=awaits_leaving)
    return ledger.settle(session, enrolment, now)


def leave(session: Session, run: Run, sitting: Sitting, enrolment: Enrolment, now: datetime) -> Standing:
    """By the code: she leaves now. Raises SittingError `already` unless her leaving is awaited, RunStateError."""
    enrolment = _ready(session, run, sitting, enrolment, now)
    before = newest(session, sitting, enrolment)
    if before is None or not before.awaits_leaving:
        raise SittingError("already")
    stay = Stay(before.arrived_at, min(now, sitting.ends_at))
    _write(session, sitting, enrolment, "present", stay, "code", now=now)
    return ledger.settle(session, enrolment, now)


def newest(session: Session, sitting: Sitting, enrolment: Enrolment) -> Attendance | None:
    return session.scalar(
        select(Attendance)
        .where(Attendance.sitting_id == sitting.id, Attendance.enrolment_id == enrolment.id)
        .order_by(Attendance.id.desc())
        .limit(1)
    )


def newest_of_all(session: Session, sitting: Sitting) -> dict[int, Attendance]:
    """Enrolment → the word that holds, in one query."""
    rows = session.scalars(select(Attendance).where(Attendance.sitting_id == sitting.id).order_by(Attendance.id))
    return {row.enrolment_id: row for row in rows}


def expected(sitting: Sitting) -> Select[Enrolment]:
    """The enrolments that are expected: all of the run, or those with a seat."""
    people = select(Enrolment).where(Enrolment.run_id == sitting.run_id, Enrolment.state == "enrolled")
    if sitting.expects == "seated":
        people = people.where(
            Enrolment.id.in_(select(SittingSeat.enrolment_id).where(SittingSeat.sitting_id == sitting.id))
        )
    return people


def _noted(sitting: Sitting) -> Select[int]:
    return select(Attendance.enrolment_id).where(Attendance.sitting_id == sitting.id)


def _ready(session: Session, run: Run, sitting: Sitting, enrolment: Enrolment, now: datetime) -> Enrolment:
    """The enrolment, locked, if something may be noted of it now."""
    _refuse(run, sitting, now)
    found = session.scalar(expected(sitting).where(Enrolment.id == enrolment.id))
    if found is None:
        raise SittingError("seat_missing")
    return ledger.lock(session, found.id)


def _refuse(run: Run, sitting: Sitting, now: datetime) -> None:
    states.refuse(run, "attend")
    if sitting.is_cancelled:
        raise SittingError("cancelled")
    if now < opens_at(sitting):
        raise SittingError("not_begun", begins_at=sitting.begins_at)


def opens_at(sitting: Sitting) -> datetime:
    """From when on presence may be noted."""
    return sitting.begins_at - BEFORE


def _stay(
    sitting: Sitting,
    what: str,
    before: Attendance | None,
    arrived_at: datetime | None,
    left_at: datetime | None,
    now: datetime,
) -> Stay:
    if what in ("absent", "excused"):
        return Stay()
    if what == "late":
        arrived_at = arrived_at or _this_moment(sitting, now)
        left_at = left_at or (before.left_at if before else None)
    elif what == "left_early":
        left_at = left_at or _this_moment(sitting, now)
        arrived_at = arrived_at or (before.arrived_at if before else None)
    begin, end = arrived_at or sitting.begins_at, left_at or sitting.ends_at
    if not opens_at(sitting) <= begin < end <= sitting.ends_at:
        raise SittingError("times")
    return Stay(arrived_at, left_at)


def _this_moment(sitting: Sitting, now: datetime) -> datetime:
    if not sitting.begins_at <= now < sitting.ends_at:
        raise SittingError("time_missing")
    return now


def _says_the_same(before: Attendance, presence: str, stay: Stay) -> bool:
    said = (before.presence, before.arrived_at, before.left_at, before.awaits_leaving)
    return said == (presence, stay.arrived_at, stay.left_at, False)


def _completes(before: Attendance, stay: Stay) -> bool:
    """Whether it only adds the leaving that was awaited."""
    return before.awaits_leaving and before.arrived_at == stay.arrived_at


def _write(
    session: Session,
    sitting: Sitting,
    enrolment: Enrolment,
    presence: str,
    stay: Stay,
    source: str,
    *,
    now: datetime,
    actor_id: int | None = None,
    reason: str = "",
    awaits_leaving: bool = False,
) -> Attendance:
    """One row, see `_write_all`."""
    said = [(enrolment, presence, stay)]
    return _write_all(
        session, sitting, said, source, now=now, actor_id=actor_id, reason=reason, awaits_leaving=awaits_leaving
    )[0]


def _write_all(
    session: Session,
    sitting: Sitting,
    said: Sequence[tuple[Enrolment, str, Stay]],
    source: str,
    *,
    now: datetime,
    actor_id: int | None = None,
    reason: str = "",
    awaits_leaving: bool = False,
) -> list[Attendance]:
    """The rows and their entries in the ledger, by a few statements; whoever calls settles. The reason stays with the row: it
    may tell of somebody's health, and the ledger is kept longest."""
    rows = [
        Attendance(
            sitting_id=sitting.id,
            enrolment_id=enrolment.id,
            presence=presence,
            arrived_at=stay.arrived_at,
            left_at=stay.left_at,
            awaits_leaving=awaits_leaving,
            hours=recognised(sitting, stay) if presence == "present" and not awaits_leaving else 0.0,
            source=source,
            recorded_at=now,
            actor_id=actor_id,
            reason=reason,
        )
        for enrolment, presence, stay in said
    ]
    session.add_all(rows)
    session.flush()
    ledger.append_all(
        session,
        [
            ledger.entry_of(
                enrolment,
                "attended",
                effective_on=sitting.day,
                recorded_at=now,
                unit_key=sitting.key,
                points=row.hours,
                max_points=0.0 if presence == "excused" else sitting.hours,
                actor_id=actor_id,
                once=f"attended:{row.id}",
            )
            for row, (enrolment, presence, _stay) in zip(rows, said, strict=True)
        ],
    )
    return rows
