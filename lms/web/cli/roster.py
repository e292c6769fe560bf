"""Rosters from the command line: the same dry run, applying and undoing as on the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lms.errors import LMSError, NotFoundError
from lms.models import Person, Roster
from lms.people.accounts import normalise_email
from lms.people.viewers import Viewer, viewer_of
from lms.reports import downloads, tables
from lms.rosters import applying, checking, columns, exporting, reading, storage, undoing
from lms.rosters.checking import Plan
from lms.rosters.planning import Decision
from lms.rosters.reading import UnreadableError

from .. import roster_words
from ..errors import explain
from ..extension import LMS
from ..i18n import languages, speaking
from .group import console, in_site, lms, say

RIGHT, SOME_WRONG, UNREADABLE = 0, 1, 2
_SHOWN = 40  # wrong rows that are told without --json

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_as = click.option("--as", "email", help="act as this officer, within her regions; else as the operator, everywhere")
_json = click.option("--json", "as_json", is_flag=True, help="one line of JSON a row, then one with the counts")
_language = click.option("--language", type=click.Choice(languages()), help="of the reasons; the site's own by default")


@lms.group()
def roster() -> None:
    """Spreadsheets of people: check, apply, undo, export.

    Exit status: 0 all rows are right, 1 some are wrong, 2 the file can't be read.
    """


@roster.command("check")
@_file
@_as
@_json
@_language
@in_site
def check_command(site: LMS, file: Path, email: str | None, as_json: bool, language: str | None) -> None:
    """Say what FILE (.xlsx, .csv in UTF-8 or CP949) would do, row by row. Nothing is kept or changed."""
    with speaking(language or site.settings.language), _readable(as_json):
        content = file.read_bytes()
        table = columns.find_table(reading.read(content))
        with site.database.reading() as session:
            viewer = _viewer(site, email)
            plan = checking.plan_lines(
                session, viewer, table.lines, table.columns, table.headings, site.sealer, is_dry=True
            )
        _tell(plan.decisions, plan.counts(), as_json)
    _leave(plan.counts())


@roster.command("apply")
@_file
@_as
@_json
@_language
@click.option("--strict", is_flag=True, help="apply nothing if a single row is wrong; else wrong rows are left out")
@in_site
def apply_command(site: LMS, file: Path, email: str | None, as_json: bool, language: str | None, strict: bool) -> None:
    """Do what FILE says, all of its right rows or none, and print the receipt by which it can be undone for a day."""
    with speaking(language or site.settings.language), _readable(as_json):
        actor = _viewer(site, email)
        upload = storage.read_upload(file.read_bytes(), file.name, site.sealer)
        with site.database.writing() as session:
            kept = storage.keep(session, upload, actor_id=actor.id if actor else None, queued=False)
            kept.columns = dict(upload.table.columns)
            session.commit()
        plan = checking.check(site.database, kept.id, site.sealer, _alone, finish=_alone)
        receipt = None
        if plan.does_something and not (strict and plan.counts()["wrong"]):
            plan = _apply(site, kept.id)
            receipt = str(kept.uid)
        else:
            _forget(site, kept.id)
        _tell(plan.decisions, plan.counts() | {"receipt": receipt}, as_json)
    _leave(plan.counts())


def _apply(site: LMS, roster_id: int) -> Plan:
    with site.database.writing() as session:
        applying.ask_to_apply(session, session.get_one(Roster, roster_id), queued=False)
        session.commit()
    return applying.apply(site.database, roster_id, site.sealer, _alone, finish=_alone)


def _forget(site: LMS, roster_id: int) -> None:
    with site.database.writing() as session:
        storage.forget(session, roster_id)
        session.commit()


def _alone(_session: object) -> bool:
    """No worker knows of what the command line does, so nobody can take it over."""
    return True


@roster.command("undo")
@click.argument("receipt")
@_as
@_language
@click.option("--reason", default="", help="kept with it")
@in_site
def undo_command(site: LMS, receipt: str, email: str | None, language: str | None, reason: str) -> None:
    """Take back what the roster with this RECEIPT did, within a day of it."""
    with speaking(language or site.settings.language):
        viewer = _viewer(site, email)
        try:
            with site.database.writing() as session:
                found = storage.load(session, viewer, UUID(receipt))
                undoing.take_back(session, found, actor_id=viewer.id if viewer else None, reason=reason)
                session.commit()
        except (ValueError, NotFoundError):
            raise click.ClickException(f"There is no roster with the receipt '{receipt}'.") from None
        except LMSError as error:
            raise click.ClickException(explain(error)) from error
    say(f"undone: {receipt}")


@roster.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_as
@click.option("--company", help="business number; all companies without it")
@click.option("--reason", required=True, help="why the file is needed; it names people, and the reason is kept")
@in_site
def export_command(site: LMS, file: Path, email: str | None, company: str | None, reason: str) -> None:
    """Write the people of a company, or of all, to FILE (.xlsx or .csv) in the form in which rosters come in."""
    form = file.suffix.lstrip(".").lower()
    if form not in ("csv", "xlsx"):
        raise click.ClickException("Write to a file that ends in .xlsx or .csv.")
    viewer = _viewer(site, email)
    with site.database.reading() as session:
        company_id = exporting.company_with_number(session, viewer, company).id if company else None
        rows = list(exporting.export(session, viewer, site.sealer, company_id=company_id))
    sheet = tables.Sheet("roster", [tables.Column(name, name) for name in exporting.HEADINGS], rows)
    with site.database.writing() as session:
        downloads.record(
            session, viewer.id if viewer else None, report="roster", question={"company": company or ""}, form=form,
            rows=len(rows), has_persons=True, reason=reason,
        )  # fmt: skip
        session.commit()
    if form == "xlsx":
        with tables.to_xlsx(sheet) as made:
            file.write_bytes(made.read())
    else:
        file.write_text("".join(tables.to_csv(sheet)), "utf-8", newline="")
    say(f"{len(rows)} people written to {file}")


def _viewer(site: LMS, email: str | None) -> Viewer | None:
    """Whoever acts: the officer of that address, or the operator of the machine (None)."""
    if email is None:
        return None
    with site.database.reading() as session:
        person = session.scalar(
            select(Person).where(Person.email == normalise_email(email)).options(selectinload(Person.roles))
        )
    viewer = viewer_of(person) if person else None
    if viewer is None or not (viewer.officer_centres or viewer.is_operator):
        raise click.ClickException(f"'{email}' is no officer's or operator's account.")
    return viewer


@contextmanager
def _readable(as_json: bool) -> Any:
    """Tell why a file can't be read, and leave with status 2."""
    try:
        yield
    except UnreadableError as error:
        said = roster_words.unreadable(error)
        if as_json:
            say(json.dumps({"error": error.reason, "message": said}, ensure_ascii=False))
        click.echo(said, err=True)
        raise click.exceptions.Exit(UNREADABLE) from error


def _leave(counts: dict[str, Any]) -> None:
    raise click.exceptions.Exit(SOME_WRONG if counts["wrong"] else RIGHT)


def _tell(decisions: Iterable[Decision], counts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        for decision in decisions:
            reasons = [roster_words.tell(finding) for finding in decision.findings]
            say(json.dumps({"row": decision.row, "outcome": decision.outcome, "reasons": reasons}, ensure_ascii=False))
        say(json.dumps(counts, ensure_ascii=False))
        return
    wrong = [decision for decision in decisions if decision.outcome == "wrong"]
    if wrong:
        table = Table("row", "what is wrong", title_justify="left")
        for decision in wrong[:_SHOWN]:
            said = " ".join(roster_words.tell(finding) for finding in decision.findings if finding.is_wrong)
            table.add_row(str(decision.row), said)
        console.print(table)
        if len(wrong) > _SHOWN:
            say(f"… and {len(wrong) - _SHOWN} more wrong rows; --json tells all")
    say(", ".join(f"{name} {count}" for name, count in counts.items() if name != "receipt"))
    if counts.get("receipt"):
        say(f"receipt: {counts['receipt']}")
