"""Runs from the command line: which there are, where one stands, and closing one as its officer would."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.clock import seoul_day, today
from lms.errors import LMSError, NotFoundError
from lms.learning.runs import closing, reading, states
from lms.learning.runs.reading import RunLine
from lms.models import Centre, Person, Run
from lms.people.accounts import normalise_email
from lms.people.viewers import Viewer, viewer_of

from .. import run_words
from ..errors import explain
from ..extension import LMS
from ..i18n import speaking
from .group import console, in_site, lms, say

_json = click.option("--json", "as_json", is_flag=True, help="for programs")


@lms.group()
def run() -> None:
    """Runs of courses: list them, look at one, close one."""


@run.command("list")
@click.option("--centre", help="the slug of one centre; else all")
@click.option("--state", type=click.Choice(list(states.ALLOWS)), help="those alone that are in this state today")
@_json
@in_site
def list_command(site: LMS, centre: str | None, state: str | None, as_json: bool) -> None:
    """The runs, the newest first, with how many are enrolled and have completed, and what waits in them."""
    with site.database.reading() as session:
        centres = _centres(session, centre)
        lines = [line for line in reading.list_runs(session, _everywhere(centres)) if state in (None, line.state)]
    rows = [_row(line, centres) for line in lines]
    if as_json:
        say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("id", "run", "centre", "state", "days", "enrolled", "completed", "waiting", "questioned")
    for row in rows:
        counts = (str(row[name]) for name in ("enrolled", "completed", "waiting", "questioned"))
        days = f"{row['from']} ~ {row['to']}"
        table.add_row(row["id"], f"{row['course']}, {row['number']}", row["centre"], row["state"], days, *counts)
    console.print(table) if rows else say("There is no such run.")


@run.command("show")
@click.argument("uid")
@_json
@in_site
def show_command(site: LMS, uid: str, as_json: bool) -> None:
    """Where the run UID stands: its people, and its closing or what stands against it."""
    with site.database.reading() as session, speaking(site.settings.language):
        centres = _centres(session, None)
        viewer = _everywhere(centres)
        found = _load(session, viewer, uid)
        line = next(line for line in reading.list_runs(session, viewer) if line.run.id == found.id)
        told = _row(line, centres) | {"closing": _closing(session, found), "obstacles": _obstacles(session, found)}
    _tell(told, as_json)


@run.command("close")
@click.argument("uid")
@click.option("--as", "email", required=True, help="the officer of the run's centre in whose name it is closed")
@_json
@in_site
def close_command(site: LMS, uid: str, email: str, as_json: bool) -> None:
    """Close the run UID, so that nothing is added to it any more. Refused where anything stands against it."""
    with site.database.writing() as session, speaking(site.settings.language):
        viewer = _officer(session, email)
        found = _load(session, viewer, uid, lock=True)
        try:
            closing.close(session, viewer, found)
        except LMSError as error:
            said = [explain(error), *_obstacles(session, found)]
            raise click.ClickException("\n".join(said)) from error
        told = {"id": str(found.uid), "closing": _closing(session, found)}
        session.commit()
    _tell(told, as_json)


def _centres(session: Session, slug: str | None) -> dict[int, str]:
    found = {row.id: row.slug for row in session.scalars(select(Centre)) if slug in (None, row.slug)}
    if not found:
        raise click.ClickException(f"There is no centre '{slug}'." if slug else "There is no centre yet.")
    return found


def _everywhere(centres: dict[int, str]) -> Viewer:
    """Whoever works at the machine sees what the officers of these centres see."""
    return Viewer(id=0, uid=UUID(int=0), name="", officer_centres=frozenset(centres))


def _officer(session: Session, email: str) -> Viewer:
    person = session.scalar(
        select(Person).where(Person.email == normalise_email(email)).options(selectinload(Person.roles))
    )
    viewer = viewer_of(person) if person is not None and person.is_active else None
    if viewer is None or not viewer.officer_centres:
        raise click.ClickException(f"'{email}' is no officer's account.")
    return viewer


def _load(session: Session, viewer: Viewer, uid: str, *, lock: bool = False) -> Run:
    try:
        return reading.load_to_edit(session, viewer, UUID(uid), lock=lock)
    except (ValueError, NotFoundError):
        raise click.ClickException(
            f"There is no run '{uid}' there. `flask lms run list` tells the ids of all."
        ) from None


def _row(line: RunLine, centres: dict[int, str]) -> dict[str, Any]:
    return {
        "id": str(line.run.uid),
        "course": line.run.course_version.title,
        "number": line.run.number,
        "centre": centres[line.run.centre_id],
        "state": line.state,
        "from": line.run.learn_from.isoformat(),
        "to": line.run.learn_to.isoformat(),
        "seats": line.run.seats,
        "enrolled": line.enrolled,
        "completed": line.completed,
        "waiting": line.waiting,
        "questioned": line.questioned,
    }


def _closing(session: Session, found: Run) -> dict[str, Any] | None:
    closed = closing.load_closed(session, found)
    if closed is None:
        return None
    return {
        "on": seoul_day(closed.closing.closed_at).isoformat(),
        "digest": closed.closing.digest,
        "counts": closed.closing.facts["counts"],
        "decided_since": len(closed.changed),
    }


def _obstacles(session: Session, found: Run) -> list[str]:
    """What stands against closing, in words; nothing of a run that is a draft or closed."""
    if states.state_of(found) in ("draft", "closed"):
        return []
    return [run_words.obstacle(one) for one in closing.preview(session, found, today()).obstacles]


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {one}" for key, one in _flat(value))
        elif isinstance(value, list):
            value = "\n  ".join(["", *value]) if value else "none"
        say(f"{name}: {'–' if value is None else value}")


def _flat(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return [pair for key, one in value.items() for pair in (_flat(one) if isinstance(one, dict) else [(key, one)])]
