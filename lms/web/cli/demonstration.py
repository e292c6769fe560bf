"""People and runs to look at."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from lms import demo

from ..extension import LMS
from .group import console, in_site, lms, say


@lms.command("demo")
@in_site
def make_demo(site: LMS) -> None:
    """Make demonstration people and a run, once, and print how to sign in."""
    with site.database.writing() as session:
        made = demo.make(session, site.instance)
        session.commit()
    table = Table(title="Demonstration accounts", title_justify="left")
    for heading in ("who", "name", "sign in with", "password"):
        table.add_column(heading, no_wrap=True)
    for account in made:
        table.add_row(account.who, account.name, account.sign_in, account.password)
    wide = Console(highlight=False, width=max(console.width, 110))
    wide.print(table)
    say(f"They are kept in {site.instance / demo.FILE}.")
