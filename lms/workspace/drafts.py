"""Keep what a learner types, so that she can go on at another machine, and hand it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from lms.clock import seoul_day, utcnow
from lms.errors import NotFoundError
from lms.files import FileStore
from lms.learning import enrolments, ledger
from lms.models import Draft, Enrolment, ExerciseVersion, Run, RunUnit
from lms.people.viewers import Viewer
from lms.submissions import hand_in
from lms.submissions.exercise_cache import ExerciseCache

from .cells import Sheet, Typed, fill
from .typed import as_document, from_document, read_typed, refuse_resident_numbers


@dataclass(frozen=True)
class Place:
    """A learner's exercise in a run."""

    enrolment: Enrolment
    unit: RunUnit
    version: ExerciseVersion


@dataclass(frozen=True)
class Other:
    """What another tab had typed when a save that did not know of it came."""

    typed: Typed
    saved_at: datetime


@dataclass(frozen=True)
class Kept:
    """A draft as it is kept. `revision` 0 and no `saved_at` where nothing was saved yet; `is_conflict` where this save has
    replaced what its sender had not seen, which is in `other` then."""

    typed: Typed
    revision: int = 0
    saved_at: datetime | None = None
    other: Other | None = None
    is_conflict: bool = False


def load_place(session: Session, viewer: Viewer, run_uid: UUID, key: str) -> Place:
    """The viewer's own exercise, by one query. Raises NotFoundError, also for a unit of another kind."""
    found = session.execute(
        select(Enrolment, RunUnit)
        .join(Enrolment.run)
        .join(RunUnit, RunUnit.run_id == Run.id)
        .join(RunUnit.exercise_version)
        .where(
            Run.uid == run_uid,
            Enrolment.person_id == viewer.id,
            Enrolment.state == "enrolled",
            RunUnit.key == key,
            RunUnit.kind == "exercise",
        )
        .options(contains_eager(Enrolment.run), contains_eager(RunUnit.exercise_version))
    ).one_or_none()
    if found is None:
        raise NotFoundError()
    enrolment, unit = found
    assert unit.exercise_version is not None
    return Place(enrolment, unit, unit.exercise_version)


def load(session: Session, enrolment: Enrolment, unit: RunUnit, sheet: Sheet) -> Kept:
    """What she typed last, blank where that is nothing. From an older version of the exercise it is carried over."""
    return _kept(_newest(session, enrolment, unit), sheet)


def save(
    session: Session,
    place: Place,
    sheet: Sheet,
    body: Any,
    *,
    now: datetime | None = None,
) -> Kept:
    """Keep what a browser sent: {"base": revision, "answers": …, "own": …, "settled": bool}.

    The last one wins. Where it did not know of what was saved since (`base` is not the newest revision) and says something
    else, that is kept as `other` until a save says that it is settled. The same text again writes nothing.

    Raises:
        DraftError, ResidentNumberError
        RunNotOpenError: nothing is kept where nothing may be handed in.
    """
    now = now or utcnow()
    enrolments.refuse_closed(place.enrolment, seoul_day(now))
    ledger.lock(session, place.enrolment.id)  # two tabs that save together do so one after the other
    row = _newest(session, place.enrolment, place.unit)
    before = _kept(row, sheet)
    typed = read_typed(body, sheet, before.typed)
    refuse_resident_numbers(typed)
    is_same = typed == before.typed
    is_conflict = not is_same and before.revision > 0 and body.get("base") != before.revision
    other = row.other if row is not None else {}
    if is_conflict:
        assert row is not None
        other = {**row.cells, "saved_at": row.saved_at.isoformat()}
    elif body.get("settled") is True:
        other = {}
    if row is None or row.exercise_version_id != place.version.id:
        row = _begin(session, place, row)
    elif is_same and other == row.other:
        return before
    row.revision += 1
    row.cells = as_document(typed)
    row.other = other
    row.saved_at = now
    session.flush()
    return Kept(typed, row.revision, now, _other(other, sheet), is_conflict)


def submit(
    session: Session,
    files: FileStore,
    exercises: ExerciseCache,
    place: Place,
    sheet: Sheet,
    body: Any,
    *,
    max_bytes: int,
    now: datetime | None = None,
) -> tuple[Kept, hand_in.HandedIn]:
    """Keep what was sent, and hand in the notebook that it makes: the caller's one commit does both.

    Raises:
        what `save` and `hand_in.submit` raise.
    """
    now = now or utcnow()
    kept = save(session, place, sheet, body, now=now)
    handed_in = hand_in.submit(
        session,
        files,
        exercises,
        place.enrolment,
        place.unit,
        fill(sheet, kept.typed),
        file_name=f"{place.version.facts['slug']}.ipynb",
        max_bytes=max_bytes,
        now=now,
    )
    return kept, handed_in


def _newest(session: Session, enrolment: Enrolment, unit: RunUnit) -> Draft | None:
    """A draft for each version that the unit had while she typed; the one that was begun last counts."""
    return session.scalar(
        select(Draft)
        .where(Draft.enrolment_id == enrolment.id, Draft.run_unit_id == unit.id)
        .order_by(Draft.id.desc())
        .limit(1)
    )


def _begin(session: Session, place: Place, last: Draft | None) -> Draft:
    """A row for the version; revisions go on from those of the version before, whose row stays as it is."""
    row = Draft(
        enrolment_id=place.enrolment.id,
        run_unit_id=place.unit.id,
        exercise_version_id=place.version.id,
        revision=last.revision if last else 0,
    )
    session.add(row)
    return row


def _kept(row: Draft | None, sheet: Sheet) -> Kept:
    if row is None:
        return Kept(sheet.blank)
    return Kept(from_document(row.cells, sheet), row.revision, row.saved_at, _other(row.other, sheet))


def _other(document: Mapping[str, Any], sheet: Sheet) -> Other | None:
    if not document:
        return None
    return Other(from_document(document, sheet), datetime.fromisoformat(document["saved_at"]))
