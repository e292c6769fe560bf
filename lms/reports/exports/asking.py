"""Ask for a file of any length, see how far it is, take it, do without it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, literal, select, update
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.errors import LMSError, NotFoundError
from lms.jobs import queue
from lms.models import Export, Job
from lms.people.viewers import Viewer

from ..downloads import LONGEST_REASON, SHORTEST_REASON, ReasonMissingError
from ..question import Question
from ..tables import MOST_ROWS, TooLongError
from . import lists, scopes

AT_ONCE = 50_000  # rows that are sent while somebody waits
MOST_AT_A_TIME = 3  # of one person, that are being made
MOST_KEPT = 12  # of one person, with those: each may take a gigabyte
JOB_KIND = "export"
FORMS = ("csv", "xlsx")
_PRIORITY = 160  # behind all that somebody waits for


class ExportError(LMSError):
    """`reason`: many (that many of hers are being made), kept (so many of hers lie there), not_ready (it is still
    made, or gone)."""

    sentence = "The file can't be had now: {reason}."


@dataclass(frozen=True)
class Progress:
    """An export with how it fares: waiting, failed, done, cancelled or removed."""

    export: Export
    state: str

    @property
    def share(self) -> float:
        """0..1 of what was counted at first; there may have come rows since."""
        return min(1.0, self.export.rows / self.export.total) if self.export.total else 1.0


def check(asked: lists.Asked, form: str, reason: str, total: int) -> str:
    """The reason as it is kept.

    Raises:
        NotFoundError: there is no such list or form.
        ReasonMissingError
        TooLongError: a spreadsheet can't hold the rows.
    """
    if asked.report not in lists.LISTS or form not in FORMS:
        raise NotFoundError()
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissingError()
    if form == "xlsx" and total > MOST_ROWS:
        raise TooLongError(most=MOST_ROWS)
    return reason


def ask(session: Session, viewer: Viewer, asked: lists.Asked, form: str, reason: str, total: int) -> Export:
    """Have a file made, with what she answers for today. `total` is what `lists.count` says.

    Raises:
        ExportError: many, kept.
        NotFoundError, ReasonMissingError, TooLongError: see `check`.
    """
    reason = check(asked, form, reason, total)
    states = select(Export.state).where(Export.person_id == viewer.id, Export.state.in_(("waiting", "done")))
    of_hers = session.scalars(states).all()
    if of_hers.count("waiting") >= MOST_AT_A_TIME:
        raise ExportError("many")
    if len(of_hers) >= MOST_KEPT:
        raise ExportError("kept")
    export = Export(
        person_id=viewer.id,
        report=asked.report,
        form=form,
        language=asked.language,
        question=asked.question.to_document(),
        scope=scopes.to_document(viewer, today()),
        reason=reason,
        total=total,
        created_at=utcnow(),
    )
    session.add(export)
    session.flush()
    queue.enqueue(session, JOB_KIND, {"export": export.id}, once=once_of(export.id), priority=_PRIORITY)
    return export


def once_of(export_id: Any) -> Any:
    """What its job is known by; of a column in a statement."""
    if isinstance(export_id, int):
        return f"{JOB_KIND}:{export_id}"
    return literal(f"{JOB_KIND}:") + cast(export_id, String)


def question_of(export: Export) -> Question:
    words = {name: value if isinstance(value, list) else [value] for name, value in export.question.items()}
    as_of = words["as_of"][0]
    return Question.from_words(
        words, default=Question(as_of=today(), by=()), today=max(today(), today().fromisoformat(as_of))
    )


def load(session: Session, viewer: Viewer, uid: UUID) -> Progress:
    """One's own. Raises NotFoundError."""
    found = session.scalar(select(Export).where(Export.uid == uid, Export.person_id == viewer.id))
    if found is None:
        raise NotFoundError()
    return _progress(session, [found])[0]


def list_own(session: Session, viewer: Viewer, limit: int = 30) -> Sequence[Progress]:
    """One's own, the newest first, in two statements."""
    found = session.scalars(
        select(Export).where(Export.person_id == viewer.id).order_by(Export.id.desc()).limit(limit)
    ).all()
    return _progress(session, found)


def _progress(session: Session, exports: Sequence[Export]) -> list[Progress]:
    names = [once_of(export.id) for export in exports if export.state == "waiting"]
    failed = (
        set(session.scalars(select(Job.once).where(Job.once.in_(names), Job.state == "failed"))) if names else set()
    )
    # Until the row itself says so.
    return [Progress(export, "failed" if once_of(export.id) in failed else export.state) for export in exports]


def take(viewer: Viewer, export: Export, folder: Path) -> Path:
    """The file. The caller notes the download.

    Raises:
        ExportError: not_ready.
        NotFoundError: she answers no longer for all that is in it.
    """
    if not scopes.still_covers(export.scope, viewer):
        raise NotFoundError()
    file = file_of(folder, export)
    if export.state != "done" or not file.exists():
        raise ExportError("not_ready")
    return file


def file_of(folder: Path, export: Export) -> Path:
    return folder / f"{export.uid.hex}.{export.form}"


def part_of(folder: Path, export: Export, attempt: int) -> Path:
    """What one worker writes, and nobody else."""
    return folder / f"{export.uid.hex}.{attempt:04}.part"


def leavings(folder: Path, export: Export) -> Iterator[Path]:
    """What workers wrote of it, the last one last; never the file itself."""
    return iter(sorted(folder.glob(f"{export.uid.hex}.[0-9]*")))


def remove(path: Path) -> None:
    """A file or folder, if it is still there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def drop(session: Session, export: Export) -> None:
    """Stop making it, or do without the file. The worker takes what lies of it away."""
    state = "cancelled" if export.state == "waiting" else "removed"
    session.execute(
        update(Export)
        .where(Export.id == export.id, Export.state == export.state, Export.state.in_(("waiting", "done")))
        .values(state=state, forget_at=utcnow())
    )
