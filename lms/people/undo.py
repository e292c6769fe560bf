"""Take a deed back: what it added goes, what it altered is again as it was, what it removed comes back.

Refused where something was built on it since: a later deed changed one of its rows, a row no longer reads as it left it, or
rows elsewhere refer to one that it added. Which tables may refer to it, the foreign keys say; a column with
`info={"goes_with_it": True}` names rows that are worth nothing without the other, and which are deleted along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from lms.clock import utcnow
from lms.errors import LMSError
from lms.models import Base, Change, ChangeSet

from . import changes

Kept = Mapping[type[Base], Select[int]]


@dataclass(frozen=True)
class Problem:
    """Why a deed can't be taken back. `reason`: undone, is_undo, changed (rows of `table`), in_use (by rows of `table`) or
    conflict (what it removed has been given to another since)."""

    reason: str
    table: str = ""
    rows: int = 0


class UndoRefusedError(LMSError):
    """`reason` is that of the first of `problems`, and `table` its table."""

    sentence = "It was not undone: {reason} {table}"


def problems(session: Session, set_: ChangeSet, kept: Kept | None = None) -> list[Problem]:
    """What stands against taking the set back, a few queries for each table that it touched, however many rows.

    `kept` are rows that the set added and that would stay.
    """
    if set_.undoes_id is not None:
        return [Problem("is_undo")]
    if set_.undone_at is not None or set_.at is None:
        return [Problem("undone")]
    return [problem for part in _parts(session, set_, kept) for problem in (*part.changed(), *part.used())]


def undo(
    session: Session,
    set_: ChangeSet,
    *,
    actor_id: int | None,
    reason: str = "",
    address: str = "",
    kept: Kept | None = None,
    now: datetime | None = None,
) -> ChangeSet:
    """Take the set back, by a set of its own.

    Raises:
        UndoRefusedError
    """
    session.flush()
    set_ = session.scalars(
        select(ChangeSet).where(ChangeSet.id == set_.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if found := problems(session, set_, kept):
        raise UndoRefusedError(found[0].reason, table=found[0].table, problems=found)
    record = changes.begin(
        session, "undone", actor_id=actor_id, subject=set_.subject, reason=reason, address=address, undoes_id=set_.id, now=now
    )  # fmt: skip
    parts = _parts(session, set_, kept)
    try:
        _take_back(parts, record)
    except IntegrityError as error:
        raise UndoRefusedError("conflict", table="", problems=[Problem("conflict")]) from error
    set_.undone_at = now or utcnow()
    session.flush()
    session.expire_all()
    return record.set


def _take_back(parts: list[_Part], record: changes.Recorder) -> None:
    """What nothing altered refers to goes first, since an altered row may want back a number that an added one has."""
    altered = {target for part in parts if part.altered for target in part.targets()}
    early = [part for part in reversed(parts) if part.table.name not in altered]
    for part in early:
        part.delete_added(record)
    for part in parts:
        part.restore_altered(record)
    for part in reversed(parts):
        if part not in early:
            part.delete_added(record)
    for part in parts:
        part.bring_back_removed(record)


def _parts(session: Session, set_: ChangeSet, kept: Kept | None) -> list[_Part]:
    """The tables that the set touched, those that others refer to first."""
    stays = {changes.table_of(model).name: ids for model, ids in (kept or {}).items()}
    touched: dict[str, _Part] = {}
    for name, is_new, is_gone in session.execute(
        select(Change.table_name, Change.before.is_(None), Change.after.is_(None))
        .where(Change.set_id == set_.id)
        .distinct()
    ):
        part = touched.get(name) or _Part(session, set_.id, Base.metadata.tables[name], stays)
        touched[name] = replace(
            part,
            added=part.added or bool(is_new),
            removed=part.removed or bool(is_gone),
            altered=part.altered or not (is_new or is_gone),
        )
    return [touched[table.name] for table in Base.metadata.sorted_tables if table.name in touched]


@dataclass(frozen=True)
class _Part:
    """What a set did to one table."""

    session: Session
    set_id: int
    table: Table
    kept: Mapping[str, Select[int]]
    added: bool = False
    altered: bool = False
    removed: bool = False

    @property
    def _mine(self) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = and_(Change.set_id == self.set_id, Change.table_name == self.table.name)
        stays = self.kept.get(self.table.name)
        return mine if stays is None else and_(mine, Change.row_id.not_in(stays))

    @property
    def _is_added(self) -> ColumnElement[bool]:
        return and_(self._mine, Change.before.is_(None))

    @property
    def _is_altered(self) -> ColumnElement[bool]:
        return and_(self._mine, Change.before.is_not(None), Change.after.is_not(None))

    def targets(self) -> set[str]:
        """The tables that this one refers to."""
        return {key.column.table.name for key in self.table.foreign_keys}

    def changed(self) -> Iterator[Problem]:
        rows = self.session.scalar(select(func.count()).select_from(Change).where(self._mine, self._has_later()))
        rows = rows or self._count_drifted()
        if rows:
            yield Problem("changed", self.table.name, rows)

    def _has_later(self) -> ColumnElement[bool]:
        """Whether a later deed that stands touched the row."""
        later, of = aliased(Change), aliased(ChangeSet)
        return (
            select(later.row_id)
            .join(of, of.id == later.set_id)
            .where(
                later.table_name == Change.table_name,
                later.row_id == Change.row_id,
                later.set_id > self.set_id,
                of.at.is_not(None),
                of.undone_at.is_(None),
                of.undoes_id.is_(None),
            )
            .correlate(Change)
            .exists()
        )

    def _count_drifted(self) -> int:
        """Rows that are gone, or of which a column that the set wrote reads otherwise now."""
        wrote = or_(
            *(
                and_(
                    or_(Change.before.is_(None), self._was(column).is_distinct_from(self._became(column))),
                    column.is_distinct_from(self._became(column)),
                )
                for column in changes.recorded(self.table)
            )
        )
        differs = or_(self.table.c.id.is_(None), and_(changes.image(self.table, self.session) != Change.after, wrote))
        return (
            self.session.scalar(
                select(func.count())
                .select_from(Change)
                .outerjoin(self.table, self.table.c.id == Change.row_id)
                .where(self._mine, Change.after.is_not(None), cast(Change.after, Text()) != "{}", differs)
            )
            or 0
        )

    def used(self) -> Iterator[Problem]:
        """Rows that the set didn't touch and that refer to one which it added."""
        if not self.added:
            return
        for child in _referring_to(self.table):
            if child.info.get("goes_with_it"):
                continue
            refers: ColumnElement[bool] = child.in_(select(Change.row_id).where(self._is_added))
            if "id" in child.table.c:
                refers = and_(refers, child.table.c.id.not_in(self._goes_in(child.table)))
            if rows := self.session.scalar(select(func.count()).select_from(child.table).where(refers)):
                yield Problem("in_use", child.table.name, rows)

    def _goes_in(self, table: Table) -> Select[int]:
        """The rows of another table that the set touched, and that don't stay."""
        touched = select(Change.row_id).where(Change.set_id == self.set_id, Change.table_name == table.name)
        stays = self.kept.get(table.name)
        return touched if stays is None else touched.where(Change.row_id.not_in(stays))

    def delete_added(self, record: changes.Recorder) -> None:
        if not self.added:
            return
        ids = select(Change.row_id).where(self._is_added)
        self._note_swapped(record, self._is_added)
        _delete_along(self.session, self.table, ids)
        self.session.execute(self.table.delete().where(self.table.c.id.in_(ids)))

    def restore_altered(self, record: changes.Recorder) -> None:
        """Only the columns that the set wrote are put back."""
        columns = self._written()
        if not columns:
            return
        ids = select(Change.row_id).where(self._is_altered)
        model = _model_of(self.table)
        record.note_before(model, self.table.c.id.in_(ids))
        self.session.execute(
            self.table.update()
            .where(self.table.c.id == Change.row_id, self._is_altered)
            .values(
                {
                    column.name: case(
                        (self._was(column).is_distinct_from(self._became(column)), self._was(column)), else_=column
                    )
                    for column in columns
                }
            )
        )
        record.note_after(model)

    def _written(self) -> list[Column]:
        """The columns in which an altered row was written."""
        if not self.altered:
            return []
        columns = changes.recorded(self.table)
        differ = [
            func.max(case((self._was(column).is_distinct_from(self._became(column)), 1), else_=0)) for column in columns
        ]
        found = self.session.execute(select(*differ).where(self._is_altered)).one()
        return [column for column, differs in zip(columns, found, strict=True) if differs]

    def bring_back_removed(self, record: changes.Recorder) -> None:
        if not self.removed:
            return
        columns = changes.recorded(self.table)
        is_removed = and_(self._mine, Change.after.is_(None))
        rows = select(*(self._was(column) for column in columns)).where(is_removed)
        self.session.execute(self.table.insert().from_select([column.name for column in columns], rows))
        self._note_swapped(record, is_removed)

    def _note_swapped(self, record: changes.Recorder, which: ColumnElement[bool]) -> None:
        """The set's own images the other way round: its rows were just found to be as it left them."""
        names = ["set_id", "table_name", "row_id", "before", "after", "person_id", "company_id"]
        rows = select(
            literal(record.set.id),
            Change.table_name,
            Change.row_id,
            Change.after,
            Change.before,
            Change.person_id,
            Change.company_id,
        ).where(which)
        self.session.execute(changes.table_of(Change).insert().from_select(names, rows))

    def _was(self, column: Column) -> ColumnElement[Any]:
        return _stored(self.session, Change.before, column)

    def _became(self, column: Column) -> ColumnElement[Any]:
        return _stored(self.session, Change.after, column)


def _stored(session: Session, of: Any, column: Column) -> ColumnElement[Any]:
    """A column's value in an image, of the column's own type."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(of, f"$.{column.name}")
    text = func.jsonb_extract_path_text(of, column.name)
    return cast(text, Text() if isinstance(column.type, String) else column.type)


def _delete_along(session: Session, table: Table, ids: Select[int]) -> None:
    """Rows that are worth nothing without those with these ids."""
    for child in _referring_to(table):
        if not child.info.get("goes_with_it"):
            continue
        if "id" in child.table.c:
            _delete_along(session, child.table, select(child.table.c.id).where(child.in_(ids)))
        session.execute(child.table.delete().where(child.in_(ids)))


def _referring_to(table: Table) -> list[Column]:
    return [
        key.parent
        for other in Base.metadata.sorted_tables
        for key in other.foreign_keys
        if key.column.table is table and key.column.name == "id"
    ]


def _model_of(table: Table) -> type[Base]:
    return next(mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is table)
