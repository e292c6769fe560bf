"""Grade notebooks, and grade again."""

from __future__ import annotations

import sys

import click

from lms.grading.__main__ import main as grading_command
from lms.submissions import ungraded

from ..extension import LMS
from .group import in_site, lms, say


@lms.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def grade(arguments: tuple[str, ...]) -> None:
    """Grade notebooks without a site: the same as `python -m lms.grading grade`."""
    sys.exit(grading_command(["grade", *arguments]))


@lms.command("grade-again")
@in_site
def grade_again(site: LMS) -> None:
    """Grade anew what could not be graded through a fault of ours, after the fault is mended."""
    with site.database.writing() as session:
        count = ungraded.grade_again(session)
        session.commit()
    say(f"{count} submissions are graded again" if count else "there is nothing that waits for a person")
