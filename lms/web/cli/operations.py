"""See that all is well, keep copies, go to a newer form and back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lms.operations import doctor as examination
from lms.operations.archive import Manifest
from lms.operations.backup import backup as make_backup
from lms.operations.restore import SETTINGS_NAME
from lms.operations.restore import restore as restore_backup
from lms.operations.upgrade import upgrade as bring_up
from lms.people.privacy import sealing

from ..extension import LMS
from ..findings import tell
from ..i18n import speaking
from .content import sync
from .group import console, in_site, lms, say

_MARKS = {"good": "[green]ok[/]", "warn": "[yellow]see to it[/]", "bad": "[red]wrong[/]"}


@lms.command()
@click.option("--json", "as_json", is_flag=True, help="one object on one line, for monitoring")
@in_site
def doctor(site: LMS, as_json: bool) -> None:
    """Say whether all is well, and what to do where it isn't. Exit status 1 if something is wrong."""
    found = examination.examine(
        examination.Site(site.database, site.files, site.settings, site.instance), thorough=True
    )
    state = examination.worst(found)
    with speaking("en"):
        told = [tell(finding) for finding in found]
    if as_json:
        rows = [
            {"topic": t.finding.topic, "state": t.finding.state, "reason": t.finding.reason, "facts": t.finding.facts}
            | {"sentence": t.sentence, "remedy": t.remedy}
            for t in told
        ]
        say(json.dumps({"state": state, "findings": rows}, ensure_ascii=False))
    else:
        for t in told:
            console.print(f"{_MARKS[t.finding.state]}  {t.title}: ", end="")
            console.print(t.sentence, markup=False, soft_wrap=True)
            if t.remedy:
                console.print(f"    {t.remedy}", markup=False, soft_wrap=True)
    sys.exit(1 if state == "bad" else 0)


@lms.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@in_site
def backup(site: LMS, file: Path) -> None:
    """Keep database and files in FILE (….tar.gz) while the site runs. Exit status 1 if stored files are missing."""
    manifest = make_backup(site.database, site.files, site.settings, file)
    say(f"{file}: {_told(manifest)}, {file.stat().st_size / 1e6:.1f} MB")
    say("It holds people's data and no secret_key. Keep it where only you can read it, and on another machine.")
    say(
        f"Birth dates and telephone numbers in it open only with {site.sealer.path}, which it does not hold; keep that elsewhere."
    )
    if manifest.missing:
        raise click.ClickException(
            f"{len(manifest.missing)} stored files are not there or damaged, so they are not in it. See flask lms doctor."
        )


@lms.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="put a site aside that is here already")
@in_site
def restore(site: LMS, file: Path, replace: bool) -> None:
    """Bring the site back from FILE, after looking through the whole of it. The site must be stopped."""
    done = restore_backup(site.database, site.files, site.instance, file, replace=replace)
    say(f"restored {_told(done.manifest)}, made at {done.manifest.made_at[:19]} UTC")
    if done.aside:
        say(f"the database that was here lies in {done.aside}")
    say(f"the settings of that site, without secrets, are in {site.instance / SETTINGS_NAME}")
    say(
        "Run flask lms upgrade if this program is newer, then flask lms doctor. All have to sign in again if secret_key is new."
    )


def _told(manifest: Manifest) -> str:
    return f"{sum(manifest.rows.values())} rows at revision {manifest.revision} and {manifest.files} files"


@lms.command()
@click.option(
    "--backup",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="where the backup is made; instance/backups/… if not given",
)
@in_site
def upgrade(site: LMS, file: Path | None) -> None:
    """Back up, bring the database to this program's form, check it, publish content; go back where that fails."""
    if sealing.write_fresh(site.sealer.path):
        say(f"made {site.sealer.path}; keep a copy of it apart from the backups")
    done = bring_up(site.database, site.files, site.settings, site.instance, file)
    if done.before == done.after:
        say(f"the database is at this program's form ({done.after})")
    else:
        say(f"brought the database from {done.before or 'nothing'} to {done.after}")
    if done.file:
        say(f"the way back: flask lms restore --replace {done.file}, with the program that you had before")
    sync(site)
