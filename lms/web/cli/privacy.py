"""Personal data: what is due, destruction, a person's export, the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.table import Table
from sqlalchemy.orm import Session

from lms import audit
from lms.errors import LMSError, NotFoundError
from lms.models import Person
from lms.people import accounts
from lms.people.privacy import keys, own_data, retention

from .. import audit_words
from ..extension import LMS
from ..i18n import gettext as _
from ..i18n import speaking
from .group import console, in_site, lms, say


class PersonNotFoundError(LMSError):
    """Nobody has that e-mail or number."""

    reason = "person_not_found"
    sentence = "Nobody here is {who}."


@lms.group()
def privacy() -> None:
    """Personal data: what is kept how long, what a person may have, and the keys that it lies under."""


def _which(command: Callable) -> Callable:
    """The three ways to name a person."""
    command = click.option("--employee-number", help="with --company")(command)
    command = click.option("--company", help="name or business number")(command)
    return click.option("--email")(command)


def _find(session: Session, email: str | None, company: str | None, number: str | None) -> Person:
    try:
        if email:
            return accounts.load_person(session, email)
        if company and number:
            return accounts.load_employee(session, company, number)
    except NotFoundError:
        raise PersonNotFoundError(who=email or f"{number} at {company}") from None
    raise click.UsageError("Say who: --email, or --company and --employee-number.")


@privacy.command()
@in_site
def due(site: LMS) -> None:
    """What is kept how long, and how much is older than that."""
    with site.database.reading() as session, speaking("en"):
        table = Table("kind", "days", "due", "goes by itself")
        for one in retention.list_due(session, site.settings):
            table.add_row(
                audit_words.kind(one.kind),
                str(one.days or "for ever"),
                str(one.count),
                "yes" if one.is_automatic else "no",
            )
    console.print(table)


@privacy.command()
@click.option("--reason", required=True, help="kept with the record")
@click.option("--yes", is_flag=True, help="don't only say what would go")
@in_site
def destroy(site: LMS, reason: str, yes: bool) -> None:
    """Have a worker destroy the personal data of all who are due. Without --yes it only says how many."""
    with site.database.reading() as session:
        people = retention.list_due(session, site.settings)[-1]
    if not people.count:
        say("Nobody is due.")
        return
    if not yes:
        say(f"{people.count} people are due; nothing was destroyed. Say --yes to destroy their data for good.")
        return
    with site.database.writing() as session:
        retention.ask_for_people(session, site.settings, actor_id=None, reason=reason)
        session.commit()
    say(f"A worker destroys the data of {people.count} people; flask lms privacy records tells when it is done.")


@privacy.command()
@_which
@click.option("--reason", required=True, help="kept with the record")
@in_site
def erase(site: LMS, email: str | None, company: str | None, employee_number: str | None, reason: str) -> None:
    """Destroy one person's data because she asks for it. Employments and roles have to be ended first."""
    with site.database.writing() as session:
        person = _find(session, email, company, employee_number)
        orphans = retention.destroy_person(session, site.files, person, actor_id=None, reason=reason)
        session.commit()
    with site.database.writing() as session:
        retention.discard(session, site.files, orphans)
    say("The data are destroyed; figures stay.")


@privacy.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@in_site
def records(site: LMS, limit: int) -> None:
    """What was destroyed when."""
    with site.database.reading() as session, speaking("en"):
        table = Table("at", "kind", "how many", "rows", "reason")
        for record in retention.list_records(session, limit):
            rows = ", ".join(f"{name} {count}" for name, count in sorted(record.rows.items()))
            table.add_row(
                f"{record.at:%Y-%m-%d %H:%M}", audit_words.kind(record.kind), str(record.count), rows, record.reason
            )
    console.print(table)


@privacy.command()
@_which
@click.option("-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), required=True)
@in_site
def export(site: LMS, email: str | None, company: str | None, employee_number: str | None, file: Path) -> None:
    """Write all that is kept about a person, as she would get it herself, into a new ZIP file."""
    with site.database.writing() as session:
        person = _find(session, email, company, employee_number)
        audit.record(session, "exported_own", actor_id=None, subject=f"person:{person.id}")
        session.commit()
    with site.database.reading() as session, speaking(person.language or site.settings.language):
        titles = {table: audit_words.kept(table) for table in audit_words.KEPT}
        titles["title"] = _("What Baeum keeps about %(name)s", name=person.name)
        try:
            with file.open("xb") as target:
                own_data.write_export(session, site.files, site.sealer, person.id, target, titles=titles)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already. Give another name.") from None
    file.chmod(0o600)
    say(f"wrote {file}; it holds personal data")


@privacy.command("change-keys")
@in_site
def change_keys(site: LMS) -> None:
    """Seal all birth dates and telephone numbers anew by a fresh key, while the site runs. The old keys stay for now."""
    keys.change(site.database, site.sealer, say=say)
    say(
        f"Keep a copy of {site.sealer.path} apart from the backups. In a day at the earliest: flask lms privacy drop-keys."
    )


@privacy.command("drop-keys")
@in_site
def drop_keys(site: LMS) -> None:
    """Take the old keys out of the file, at the earliest a day after change-keys. Older backups need the file as it was."""
    keys.drop(site.database, site.sealer, say=say)
