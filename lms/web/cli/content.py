"""Courses and exercises: check them, publish them."""

from __future__ import annotations

from pathlib import Path

import click

from lms import content
from lms.authoring import publish
from lms.grading.__main__ import main as grading_command

from ..extension import LMS
from .group import in_site, lms, say


@lms.group("content")
def content_group() -> None:
    """Courses and exercises."""


@content_group.command("sync")
@in_site
def content_sync(site: LMS) -> None:
    """Publish what is new in courses/ and exercises/. What is as before stays as it is; runs stay on their version."""
    sync(site)


def sync(site: LMS) -> None:
    """Publish what is new and say so."""
    root = Path(site.settings.content_dir)
    with site.database.writing() as session:
        done = publish.publish_all(session, site.files, root / "courses", root / "exercises")
        session.commit()
    for what in done.new:
        say(f"published {what}")
    if not done.new:
        say(f"content is as published ({len(done.same)} courses and exercises)")


@lms.command()
@click.argument("slugs", nargs=-1)
@in_site
def check(site: LMS, slugs: tuple[str, ...]) -> None:
    """Check content: every file's form, and of each exercise that its solution earns all and its blank nothing."""
    root = Path(site.settings.content_dir)
    catalogue = content.load_all(root / "courses", root / "exercises")
    folders = [str(root / "exercises" / slug) for slug in (slugs or catalogue.exercises)]
    failed = [folder for folder in folders if grading_command(["check", folder]) != 0]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(folders)} exercises are not as they should be")
    say(f"{len(catalogue.courses)} courses and {len(folders)} exercises are as they should be")
