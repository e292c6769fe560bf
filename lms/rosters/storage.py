"""What of an upload is kept while it is looked at: its cells, sealed, in parts; what was said of each row; for a day."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError, NotFoundError
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.models import Roster, RosterCompany, RosterMapping, RosterPart, RosterRow, RosterStep
from lms.models.database import insert_into
from lms.people.privacy.resident_numbers import scrub
from lms.people.privacy.sealing import Sealer
from lms.people.viewers import Viewer

from . import columns, reading
from .known import chunks
from .reading import Line

CHECK_KIND, APPLY_KIND, FORGET_KIND = "roster_check", "roster_apply", "roster_forget"
COLUMN = "lms_roster_part.cells"
KEPT = timedelta(days=1)
ROWS_A_PART = 1_000
_PRIORITY = 150  # learners' notebooks go first


class RosterStateError(LMSError):
    """Something was asked of a roster that it isn't ready for. `reason`: busy, applied, undone, failed, forgotten, not_applied,
    too_late, nothing (no row could be applied)."""

    sentence = "The roster can't do this now: {reason}."


@dataclass(frozen=True)
class Upload:
    """A file that was read: its form, and its rows under seal. Nothing of it is in the database yet."""

    file_name: str
    form: str
    encoding: str
    table: columns.Table
    parts: Sequence[tuple[int, int, str]]  # first row, how many, cells


def read_upload(content: bytes, file_name: str, sealer: Sealer) -> Upload:
    """Slow, and outside any transaction.

    Raises:
        reading.UnreadableError
    """
    book = reading.read(content)
    table = columns.find_table(book)
    parts = [(some[0].row, len(some), _seal(some, sealer)) for some in chunks(table.lines, ROWS_A_PART)]
    return Upload(scrub(file_name)[-200:], book.form, book.encoding, table, parts)


def keep(
    session: Session, upload: Upload, *, actor_id: int | None, queued: bool = True, now: datetime | None = None
) -> Roster:
    """Keep an upload and put its dry run in the queue. Columns are those that the actor chose for such a file before."""
    now = now or utcnow()
    table = upload.table
    roster = Roster(
        actor_id=actor_id,
        created_at=now,
        file_name=upload.file_name,
        form=upload.form,
        encoding=upload.encoding,
        sheet=scrub(table.sheet)[:120],
        headings=list(table.headings),
        columns=_remembered(session, actor_id, table) or dict(table.columns),
        head=list(table.head),
        notes=[["other_sheet", "", {"sheet": scrub(name)[:120]}] for name in table.other_sheets],
        size=len(table.lines),
        counts={},
        result={},
        forget_at=now + KEPT,
    )
    session.add(roster)
    session.flush()
    session.add_all(
        RosterPart(roster_id=roster.id, number=number, first_row=first, rows=rows, cells=cells)
        for number, (first, rows, cells) in enumerate(upload.parts)
    )
    audit.record(
        session, "roster_uploaded", actor_id=actor_id, subject=f"roster:{roster.id}", detail={"rows": roster.size}
    )
    if queued:
        _enqueue_check(session, roster)
    session.flush()
    return roster


def _enqueue_check(session: Session, roster: Roster) -> None:
    queue.enqueue(session, CHECK_KIND, {"roster": roster.id}, priority=_PRIORITY)


def _seal(lines: Sequence[Line], sealer: Sealer) -> str:
    text = json.dumps([[line.row, line.cells] for line in lines], ensure_ascii=False, separators=(",", ":"))
    return sealer.seal(base64.b64encode(zlib.compress(text.encode(), 6)).decode(), COLUMN)


def _open(cells: str, sealer: Sealer) -> list[Line]:
    packed = base64.b64decode(sealer.open(cells, COLUMN))
    return [Line(row, texts) for row, texts in json.loads(zlib.decompress(packed))]


def list_lines(session: Session, roster_id: int, sealer: Sealer) -> list[Line]:
    """All rows as they were read. Raises RosterStateError where they are gone."""
    cells = session.scalars(
        select(RosterPart.cells).where(RosterPart.roster_id == roster_id).order_by(RosterPart.number)
    )
    lines = [line for part in cells for line in _open(part, sealer)]
    if not lines:
        raise RosterStateError("forgotten")
    return lines


def lines_of(session: Session, roster: Roster, rows: Collection[int], sealer: Sealer) -> Mapping[int, Line]:
    """These rows alone, opening as few parts as hold them; empty where they are gone."""
    if not rows:
        return {}
    index = session.execute(
        select(RosterPart.number, RosterPart.first_row)
        .where(RosterPart.roster_id == roster.id)
        .order_by(RosterPart.number)
    ).all()
    wanted = {max((number for number, first in index if first <= row), default=-1) for row in rows}
    parts = session.scalars(
        select(RosterPart.cells).where(RosterPart.roster_id == roster.id, RosterPart.number.in_(wanted))
    )
    return {line.row: line for part in parts for line in _open(part, sealer) if line.row in rows}


# Which column is what


def _remembered(session: Session, actor_id: int | None, table: columns.Table) -> dict[str, int] | None:
    if actor_id is None:
        return None
    found = session.get(RosterMapping, (actor_id, table.signature))
    return columns.check_mapping(table.headings, found.columns) if found else None


def map_columns(session: Session, roster: Roster, chosen: Mapping[str, int], *, now: datetime | None = None) -> None:
    """Read the columns so from now on, in files of this form too, and look at the rows again.

    Raises:
        RosterStateError: it is being looked at or applied, or its rows are gone.
    """
    refuse_unless(roster, "checked", "failed")
    if session.scalar(select(RosterPart.number).where(RosterPart.roster_id == roster.id).limit(1)) is None:
        raise RosterStateError("forgotten")
    roster.columns = columns.check_mapping(roster.headings, chosen)
    if roster.actor_id is not None:
        signature = columns.signature(roster.headings)
        row = {
            "person_id": roster.actor_id,
            "signature": signature,
            "columns": roster.columns,
            "used_at": now or utcnow(),
        }
        statement = insert_into(session, RosterMapping).values(row)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["person_id", "signature"], set_={"columns": row["columns"], "used_at": row["used_at"]}
            )
        )
    roster.state, roster.done, roster.problem = "waiting", 0, ""
    _enqueue_check(session, roster)


def refuse_unless(roster: Roster, *states: str) -> None:
    """Raises RosterStateError."""
    if roster.state in states:
        return
    busy = roster.state in ("waiting", "checking", "applying")
    raise RosterStateError("busy" if busy else roster.state if roster.state != "checked" else "not_applied")


# Loading: an upload is its uploader's own; operators see all


def load(session: Session, viewer: Viewer | None, uid: UUID) -> Roster:
    """Raises NotFoundError."""
    found = session.scalar(select(Roster).where(Roster.uid == uid).options(joinedload(Roster.actor)))
    if found is None or not _is_for(found, viewer):
        raise NotFoundError()
    return found


def _is_for(roster: Roster, viewer: Viewer | None) -> bool:
    return viewer is None or viewer.is_operator or roster.actor_id == viewer.id


def lock(session: Session, roster_id: int) -> Roster:
    """The row, for a change of its state: two who press at once come one after the other."""
    statement = select(Roster).where(Roster.id == roster_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one()


def list_rosters(session: Session, viewer: Viewer, *, limit: int = 20) -> Sequence[Roster]:
    """Newest first."""
    statement = select(Roster).options(joinedload(Roster.actor)).order_by(Roster.id.desc()).limit(limit)
    if not viewer.is_operator:
        statement = statement.where(Roster.actor_id == viewer.id)
    return session.scalars(statement).all()


def list_rows(
    session: Session, roster: Roster, outcome: str = "", *, limit: int, offset: int = 0
) -> Sequence[RosterRow]:
    statement = select(RosterRow).where(RosterRow.roster_id == roster.id).order_by(RosterRow.row)
    if outcome:
        statement = statement.where(RosterRow.outcome == outcome)
    return session.scalars(statement.limit(limit).offset(offset)).all()


def iter_rows(session: Session, roster: Roster) -> Iterator[RosterRow]:
    yield from session.scalars(
        select(RosterRow)
        .where(RosterRow.roster_id == roster.id)
        .order_by(RosterRow.row)
        .execution_options(yield_per=1000)
    )


# Forgetting


def anything_to_forget(session: Session) -> bool:
    return session.scalar(select(Roster.id).where(Roster.forget_at <= utcnow()).limit(1)) is not None


CHORE = Chore(FORGET_KIND, timedelta(minutes=10), anything_to_forget)


def forget_old(session: Session, now: datetime | None = None) -> int:
    """Take away the cells and rows of uploads whose day is over. Returns how many uploads."""
    due = session.scalars(
        select(Roster.id).where(Roster.forget_at <= (now or utcnow()), Roster.state != "applying").limit(50)
    ).all()
    for roster_id in due:
        forget(session, roster_id)
    return len(due)


def forget(session: Session, roster_id: int) -> None:
    for table in (RosterPart, RosterRow, RosterStep, RosterCompany):
        session.execute(delete(table).where(table.roster_id == roster_id).execution_options(synchronize_session=False))
    roster = session.get_one(Roster, roster_id)
    roster.forget_at = None
    if roster.state in ("waiting", "checking", "checked"):
        roster.state, roster.problem = "failed", "forgotten"
