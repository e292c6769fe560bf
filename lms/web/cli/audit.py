"""The audit: read, verified against its chain, its head printed."""

from __future__ import annotations

import json
import sys

import click

from lms.audit import chain, reading
from lms.clock import SEOUL

from ..audit_words import action
from ..extension import LMS
from ..i18n import speaking
from .group import in_site, lms, say

_PROBLEMS = {
    "changed": "was changed since it was sealed, or stands in another place",
    "deleted": "was deleted",
    "seal_deleted": "is missing from the chain",
    "inserted": "was put among sealed entries afterwards",
    "head": "is not what the head that you gave says: the end was cut off, or the chain was made anew",
}


@lms.group()
def audit() -> None:
    """Who did what to whom, and whether anybody tampered with it."""


@audit.command()
@click.option("--head", "known", help="number:digest as printed earlier; finds an end that was cut off")
@click.option("--json", "as_json", is_flag=True, help="one object on one line")
@in_site
def verify(site: LMS, known: str | None, as_json: bool) -> None:
    """Go over the whole chain. Exit status 1 where something is wrong; the first wrong row is named."""
    head = chain.parse_head(known) if known else None
    with site.database.reading() as session:
        found = chain.verify(session, head)
    if as_json:
        row = {"problem": found.problem or None, "link": found.number, "entry": found.entry_id}
        say(json.dumps({"checked": found.checked, "unsealed": found.unsealed, "head": str(found.head)} | row))
    elif found.problem:
        what = f"entry {found.entry_id}" if found.entry_id is not None else "a link"
        where = f" (link {found.number})" if found.number is not None else ""
        say(f"WRONG after {found.checked} sealed entries: {what}{where} {_PROBLEMS[found.problem]}.")
    else:
        say(f"{found.checked} sealed entries are as they were sealed; {found.unsealed} are not sealed yet.")
        say(f"head: {found.head}")
    sys.exit(1 if found.problem else 0)


@audit.command()
@in_site
def head(site: LMS) -> None:
    """Print the newest link. Keep it outside of this machine, for `verify --head`."""
    with site.database.reading() as session:
        say(str(chain.get_head(session)))


@audit.command()
@in_site
def seal(site: LMS) -> None:
    """Seal what waits now, without waiting for a worker."""
    count = 0
    while True:
        with site.database.writing() as session:
            sealed = chain.seal(session)
            session.commit()
        count += sealed
        if sealed < chain.AT_ONCE:
            break
    say(f"{count} entries sealed")


@audit.command("list")
@click.option("--subject", help="what it was done to, as kind:id")
@click.option("--action", "wanted", default="", help="by its name, such as role_given")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one object a line")
@in_site
def list_(site: LMS, subject: str | None, wanted: str, limit: int, as_json: bool) -> None:
    """Entries, newest first."""
    asked = reading.Filter(action=wanted, subjects=(subject,) if subject else None)
    with site.database.reading() as session:
        rows = reading.list_entries(session, asked, limit=limit)
    with speaking("en"):
        for told in rows:
            say(_line(told, as_json))


def _line(told: reading.Told, as_json: bool) -> str:
    entry = told.entry
    if as_json:
        row = {"id": entry.id, "at": entry.at.isoformat(), "actor": entry.actor_id, "action": entry.action}
        more = {"subject": entry.subject, "reason": entry.reason, "address": entry.address, "detail": entry.detail}
        return json.dumps(row | more | {"link": told.number}, ensure_ascii=False)
    parts = (told.actor or "command line", action(entry.action), told.person or entry.subject, entry.reason)
    return f"{entry.at.astimezone(SEOUL):%Y-%m-%d %H:%M}  " + "  ".join(part for part in parts if part)
