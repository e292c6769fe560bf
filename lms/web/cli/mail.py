"""Mail that came back."""

from __future__ import annotations

from typing import BinaryIO

import click

from lms.messages import bounces

from ..extension import LMS
from .group import in_site, lms, say


@lms.group()
def mail() -> None:
    """Mail that came back."""


@mail.command("bounced")
@click.argument("message", type=click.File("rb"), default="-")
@in_site
def bounced(site: LMS, message: BinaryIO) -> None:
    """Read one report of a mail server (RFC 3464) from standard input, and stop sending to the address that it is about."""
    raw = message.read(bounces.LARGEST)
    with site.database.writing() as session:
        report = bounces.take(session, raw)
        session.commit()
    say(
        f"No more mail goes to the address of this mail ({report.status}) until it changes or its owner says that it works."
    )
