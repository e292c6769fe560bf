"""What is kept about a person, for herself: shown, and given to her as one file that programs and people can read."""

from __future__ import annotations

import html
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import SEOUL, utcnow
from lms.errors import NotFoundError
from lms.files import FileStore
from lms.models import Base, Company, Employment, Enrolment, Person, Run, Submission

from . import personal
from .holdings import HOLDINGS, Holding, count_rows
from .sealing import Sealer

FORM = 1  # of the export


@dataclass(frozen=True)
class Kept:
    """How many rows of a table are about her; `table` is its name without lms_."""

    table: str
    count: int


@dataclass(frozen=True)
class Contact:
    """What lies under seal, opened for herself. `phone` is digits alone."""

    birth_date: date | None
    phone: str


def contact_of(sealer: Sealer, person: Person) -> Contact:
    """Raises SealError."""
    return Contact(personal.birth_date_of(sealer, person), personal.phone_of(sealer, person))


def set_contact(session: Session, sealer: Sealer, person: Person, *, birth_date: date | None, phone: str) -> None:
    """Keep or, where empty, forget what she gives. In a session that writes.

    Raises:
        PersonalDataError, ResidentNumberError, SealError
    """
    if birth_date is not None:
        personal.check_birth_date(birth_date)
    number = personal.normalise_phone(phone)
    for column, value in personal.sealed_values(sealer, birth_date=birth_date, phone=number or None).items():
        setattr(person, column, value)


def count_kept(session: Session, person_id: int) -> list[Kept]:
    """One query for all tables."""
    people = select(Person.id).where(Person.id == person_id)
    shown = [holding for holding in HOLDINGS if holding.is_exported and holding.table is not Person]
    counts = session.execute(select(*(count_rows(people, holding).scalar_subquery() for holding in shown))).one()
    return [
        Kept(holding.table.__tablename__.removeprefix("lms_"), count)
        for holding, count in zip(shown, counts, strict=True)
        if count
    ]


# The file


def write_export(
    session: Session, files: FileStore, sealer: Sealer, person_id: int, target: IO[bytes], *, titles: Mapping[str, str]
) -> None:
    """Write a ZIP: `data.json` with all rows, `data.html` to read, and each notebook as it was handed in.

    Args:
        titles: heading of each table for readers, by its name without lms_; and of `title`.
    """
    document = _document(session, sealer, person_id)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", json.dumps(document, ensure_ascii=False, indent=1, default=_plain))
        packed.writestr("data.html", "".join(_page(document, titles)))
        for name, digest in _notebooks(session, person_id):
            try:
                packed.writestr(name, files.read(digest))
            except NotFoundError:
                packed.writestr(f"{name}.missing.txt", "The file could not be found when this was made.\n")


def _document(session: Session, sealer: Sealer, person_id: int) -> dict[str, Any]:
    people = select(Person.id).where(Person.id == person_id)
    tables = {
        holding.table.__tablename__.removeprefix("lms_"): [
            _row(row, holding) for row in _rows(session, people, holding)
        ]
        for holding in HOLDINGS
        if holding.is_exported
    }
    contact = contact_of(sealer, session.get_one(Person, person_id))
    tables["person"][0] |= {"birth_date": contact.birth_date, "phone": contact.phone}
    _name(session, tables)
    return {"form": FORM, "made_at": utcnow(), "tables": {name: rows for name, rows in tables.items() if rows}}


def _rows(session: Session, people: Any, holding: Holding) -> Iterator[Any]:
    table = Base.metadata.tables[holding.table.__tablename__]
    order = list(table.primary_key.columns)
    yield from session.execute(select(table).where(holding.of(people)).order_by(*order)).mappings()


def _row(row: Mapping[str, Any], holding: Holding) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in holding.hidden}


def _name(session: Session, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Companies and runs by their names beside the keys, which say nothing outside."""
    companies = {row["company_id"] for rows in tables.values() for row in rows if row.get("company_id")}
    known = select(Company.id, Company.name).where(Company.id.in_(companies))
    names: dict[int, str] = {id_: name for id_, name in session.execute(known)}
    for rows in tables.values():
        for row in rows:
            if row.get("company_id"):
                row["company"] = names.get(row["company_id"], "")


def _notebooks(session: Session, person_id: int) -> Iterator[tuple[str, str]]:
    rows = session.execute(
        select(Run.course_id, Run.number, Submission.run_unit_id, Submission.number, Submission.notebook)
        .join(Submission.enrolment)
        .join(Run, Run.id == Enrolment.run_id)
        .where(Enrolment.person_id == person_id)
        .order_by(Submission.id)
    )
    for course, run, unit, number, digest in rows:
        yield f"notebooks/course-{course}-run-{run}/unit-{unit}-try-{number}.ipynb", digest


def _page(document: dict[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    """Plain HTML without anything from elsewhere, so that it opens anywhere and for long."""
    title = html.escape(titles.get("title", "Baeum"))
    yield f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{title}</title>\n'
    yield "<style>body{font:16px/1.6 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    yield "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    yield "div{overflow-x:auto}</style></head><body>\n"
    yield f"<h1>{title}</h1><p>{_text(document['made_at'])}</p>\n"
    for name, rows in document["tables"].items():
        yield f"<h2>{html.escape(titles.get(name, name))}</h2><div><table><tr>"
        yield "".join(f'<th scope="col">{html.escape(column)}</th>' for column in rows[0])
        yield "</tr>\n"
        for row in rows:
            yield "<tr>" + "".join(f"<td>{_text(value)}</td>" for value in row.values()) + "</tr>\n"
        yield "</table></div>\n"
    yield "</body></html>\n"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(SEOUL):%Y-%m-%d %H:%M}"
    if isinstance(value, dict | list):
        return html.escape(json.dumps(value, ensure_ascii=False, default=_plain))
    return html.escape(str(value))


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def list_employments(session: Session, person_id: int) -> list[tuple[Employment, Company]]:
    """Newest first."""
    rows = session.execute(
        select(Employment, Company)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.person_id == person_id)
        .order_by(Employment.from_on.desc(), Employment.id.desc())
    )
    return [(employment, company) for employment, company in rows]
