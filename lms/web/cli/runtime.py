"""The Python that runs in learners' browsers: make it ready, look at it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lms.errors import LMSError
from lms.workspace.runtime import command as runtime_command

from ..extension import LMS
from .group import in_site, lms, say


@lms.group()
def runtime() -> None:
    """The Python that runs in learners' browsers, served from here."""


@runtime.command("prepare")
@click.option(
    "--from", "origin", metavar="PLACE", help="a folder, an archive, or the address of either, not the package index"
)
@click.option("--fast", is_flag=True, help="compress fast instead of well: seconds instead of minutes, a fifth larger")
@click.option(
    "--or-go-on", is_flag=True, help="for starts: look at sizes alone, and where it can't be made say so and end well"
)
@in_site
def prepare(site: LMS, origin: str | None, fast: bool, or_go_on: bool) -> None:
    """Fetch, verify, repack and compress it. Again changes nothing; after a break it goes on where it was."""
    try:
        runtime_command.make(Path(site.settings.runtime_dir), origin, fast, say, is_thorough=not or_go_on)
    except LMSError as error:
        if not or_go_on:
            raise
        click.echo(f"{error}\n{runtime_command.WITHOUT}", err=True)


@runtime.command("show")
@in_site
def show(site: LMS) -> None:
    """Say which it is, where it lies, and how large it is. Exit status 1 if there is none."""
    sys.exit(0 if runtime_command.show(Path(site.settings.runtime_dir), say) else 1)


@runtime.command("verify")
@in_site
def verify(site: LMS) -> None:
    """Read every file and hold it against its hash. Exit status 1 if one is wrong or missing."""
    sys.exit(0 if runtime_command.verify(Path(site.settings.runtime_dir), say) else 1)
