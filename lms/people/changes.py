"""Every deed on organisations and people is written through a recorder, which keeps each row as it was and as it became.

The database itself makes both, from the columns as they are stored, so that one row and fifty thousand are the same few
statements, and what is sealed stays sealed. `lms.people.undo` takes a deed back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, func, literal, literal_column, null, select, update
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.models import Base, Change, ChangeSet, Company, Person
from lms.models.database import insert_into

ROSTER = "roster_applied"  # the kind of what a roster did, which has a page of its own
# What is taken back where it was done, since more hangs on it than its rows.
UNDONE_ELSEWHERE = (ROSTER, "people_enrolled")


class Recorder:
    """Writes one deed. Its set is made at the first change, so that a deed that changes nothing leaves nothing.

    All is done in the caller's transaction.
    """

    def __init__(self, session: Session, fields: Mapping[str, Any], address: str) -> None:
        self._session = session
        self._fields = fields
        self._address = address
        self._set: ChangeSet | None = None

    @property
    def set(self) -> ChangeSet:
        """The deed's set, which has its id."""
        if self._set is None:
            self._set = ChangeSet(**self._fields)
            self._session.add(self._set)
            self._session.flush()
            if self._set.at is not None:
                self._tell(self._set)
        return self._set

    def _tell(self, set_: ChangeSet) -> None:
        audit.record(
            self._session,
            set_.kind,
            actor_id=set_.actor_id,
            subject=set_.subject,
            address=self._address,
            reason=set_.reason,
        )

    def happen(self, now: datetime | None = None) -> None:
        """A set that was prepared counts from here on."""
        self.set.at = now or utcnow()
        self._session.flush()
        self._tell(self.set)

    def about(self, subject: str) -> None:
        """What it is done to, where that is known only once a row is made. Before the first change is noted."""
        self._fields = {**self._fields, "subject": subject[:80]}

    def is_empty(self) -> bool:
        there = select(Change.row_id).where(Change.set_id == self._set.id).limit(1) if self._set else None
        return there is None or self._session.scalar(there) is None

    def add(self, *rows: Base) -> None:
        """Add rows, of which each table has an `id`."""
        self._session.add_all(rows)
        self._session.flush()
        for row in rows:
            self.note_added(type(row), table_of(type(row)).c.id == row.id)  # type: ignore[attr-defined]

    def alter(self, row: Base, **values: Any) -> bool:
        """Set columns of a row. False where all are so already; then nothing is noted."""
        if all(getattr(row, name) == value for name, value in values.items()):
            return False
        model, id_ = type(row), row.id  # type: ignore[attr-defined]
        self._session.flush()
        self.note_before(model, table_of(model).c.id == id_)
        for name, value in values.items():
            setattr(row, name, value)
        self._session.flush()
        self._look_again(model, Change.row_id == id_)
        return True

    def remove(self, row: Base) -> None:
        self._session.flush()
        self.note_removed(type(row), table_of(type(row)).c.id == row.id)  # type: ignore[attr-defined]
        self._session.delete(row)
        self._session.flush()

    def note_added(self, model: type[Base], condition: ColumnElement[bool]) -> None:
        """Rows that were just added. One statement."""
        self._note(model, condition, null(), image(table_of(model), self._session))

    def note_before(self, model: type[Base], condition: ColumnElement[bool]) -> None:
        """Rows that are about to be altered; `note_after` follows. One statement."""
        self._note(model, condition, image(table_of(model), self._session), null())

    def note_removed(self, model: type[Base], condition: ColumnElement[bool]) -> None:
        """Rows that are about to be removed. One statement."""
        self.note_before(model, condition)

    def note_after(self, model: type[Base]) -> None:
        """What the rows became that `note_before` saw. Those that stayed as they were leave the set."""
        self._look_again(model, Change.before.is_not(None))
        self._session.execute(
            delete(Change)
            .where(Change.set_id == self.set.id, Change.table_name == table_of(model).name, Change.before == Change.after)
            .execution_options(synchronize_session=False)
        )  # fmt: skip

    def _note(self, model: type[Base], condition: ColumnElement[bool], before: Any, after: Any) -> None:
        table = table_of(model)
        rows = select(
            literal(self.set.id),
            literal(table.name),
            table.c.id,
            before,
            after,
            _key_of(table, "person_id", "lms_person"),
            _key_of(table, "company_id", "lms_company"),
        ).where(condition)
        names = ["set_id", "table_name", "row_id", "before", "after", "person_id", "company_id"]
        # A row that the set has seen already keeps what it was at first.
        self._session.execute(insert_into(self._session, Change).from_select(names, rows).on_conflict_do_nothing())

    def _look_again(self, model: type[Base], condition: ColumnElement[bool]) -> None:
        table = table_of(model)
        now = select(image(table, self._session)).where(table.c.id == Change.row_id).correlate(Change.__table__)
        self._session.execute(
            update(Change)
            .where(Change.set_id == self.set.id, Change.table_name == table.name, condition)
            .values(after=now.scalar_subquery())
            .execution_options(synchronize_session=False)
        )


def begin(
    session: Session,
    kind: str,
    *,
    actor_id: int | None,
    subject: str = "",
    reason: str = "",
    address: str = "",
    undoes_id: int | None = None,
    now: datetime | None = None,
    is_prepared: bool = False,
) -> Recorder:
    """A deed that is about to be done. `subject` reads kind:id, as in the audit, which notes the deed too.

    One that `is_prepared` has not happened until somebody sets its `at`, which is then also the moment to tell the audit.
    """
    fields = {
        "kind": kind,
        "actor_id": actor_id,
        "subject": subject[:80],
        "reason": reason.strip()[:400],
        "undoes_id": undoes_id,
        "at": None if is_prepared else now or utcnow(),
    }
    return Recorder(session, fields, address)


def table_of(model: type[Base]) -> Table:
    return model.__table__  # type: ignore[return-value]


def recorded(table: Table) -> list[Any]:
    """The columns that a change keeps."""
    return [column for column in table.columns if not column.info.get("unrecorded")]


def image(table: Table, session: Session) -> ColumnElement[Any]:
    """A row of the table as JSON, made by the database from the columns as they are stored."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    build = func.jsonb_build_object if is_postgres else func.json_object
    parts: list[Any] = []
    for column in recorded(table):
        parts += [literal_column(f"'{column.name}'"), column]
    return build(*parts)


def _key_of(table: Table, name: str, itself: str) -> Any:
    if table.name == itself:
        return table.c.id
    return table.c[name] if name in table.c else null()


# What was done, to be read


@dataclass(frozen=True)
class Deed:
    """A set as it concerns one company or person: what it did to the rows that are listed, and to how many others."""

    set: ChangeSet
    actor: str | None
    changes: Sequence[Change]
    counts: Mapping[tuple[str, str], int]  # (table, added | altered | removed) -> rows that are not listed


def history_of_company(session: Session, company_id: int, *, limit: int = 30) -> list[Deed]:
    """The newest deeds first. People, where they work and what they apply for are counted, the rest is listed. Three queries."""
    return _history(
        session, Change.company_id == company_id, ("lms_person", "lms_employment", "lms_application"), limit
    )


def history_of_person(session: Session, person_id: int, *, limit: int = 30) -> list[Deed]:
    """The newest deeds first. Three queries."""
    return _history(session, Change.person_id == person_id, (), limit)


def history_of(session: Session, subject: str, *, limit: int = 30) -> list[Deed]:
    """What was done to one subject (centre:3), the newest first. Who was put into a run is counted, the rest is listed. Three
    queries."""
    mine = select(ChangeSet.id).where(ChangeSet.subject == subject)
    return _history(session, Change.set_id.in_(mine), ("lms_application",), limit)


def load_of(session: Session, subject: str, uid: UUID) -> ChangeSet:
    """A deed on a subject. Raises NotFoundError."""
    found = session.scalar(
        select(ChangeSet).where(ChangeSet.uid == uid, ChangeSet.subject == subject, ChangeSet.at.is_not(None))
    )
    if found is None:
        raise NotFoundError()
    return found


def _history(session: Session, concerns: ColumnElement[bool], counted: Iterable[str], limit: int) -> list[Deed]:
    ids = select(Change.set_id).where(concerns).distinct().order_by(Change.set_id.desc()).limit(limit)
    sets = session.execute(
        select(ChangeSet, Person.name)
        .outerjoin(Person, Person.id == ChangeSet.actor_id)
        .where(ChangeSet.id.in_(ids), ChangeSet.at.is_not(None))
        .order_by(ChangeSet.id.desc())
    ).all()
    seen = [set_.id for set_, _name in sets]
    listed: dict[int, list[Change]] = {id_: [] for id_ in seen}
    for change in session.scalars(
        select(Change)
        .where(concerns, Change.set_id.in_(seen), Change.table_name.not_in(tuple(counted)))
        .order_by(Change.set_id, Change.table_name, Change.row_id)
        .limit(50 * limit)
    ):
        listed[change.set_id].append(change)
    counts: dict[int, dict[tuple[str, str], int]] = {id_: {} for id_ in seen}
    for set_id, table, is_new, is_gone, rows in session.execute(
        select(Change.set_id, Change.table_name, Change.before.is_(None), Change.after.is_(None), func.count())
        .where(concerns, Change.set_id.in_(seen), Change.table_name.in_(tuple(counted)))
        .group_by(Change.set_id, Change.table_name, Change.before.is_(None), Change.after.is_(None))
    ):
        counts[set_id][table, "added" if is_new else "removed" if is_gone else "altered"] = rows
    return [Deed(set_, name, listed[set_.id], counts[set_.id]) for set_, name in sets]


def load_of_company(session: Session, company: Company, uid: UUID, editable: ColumnElement[bool]) -> ChangeSet:
    """A deed on a company, of which every company that it touched may be edited. What a roster did is undone there.

    Raises:
        NotFoundError
    """
    found = session.scalar(
        select(ChangeSet).where(
            ChangeSet.uid == uid,
            ChangeSet.at.is_not(None),
            ChangeSet.kind.not_in(UNDONE_ELSEWHERE),
            select(Change.row_id).where(Change.set_id == ChangeSet.id, Change.company_id == company.id).exists(),
        )
    )
    if found is None:
        raise NotFoundError()
    touched = set(
        session.scalars(
            select(Change.company_id).where(Change.set_id == found.id, Change.company_id.is_not(None)).distinct()
        )
    )
    mine = set(session.scalars(select(Company.id).where(Company.id.in_(touched), editable)))
    if touched - mine:
        raise NotFoundError()
    return found
