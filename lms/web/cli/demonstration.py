"""People, companies and runs to look at, and how to be rid of them."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from lms import demo
from lms.credentials.issuing import Press
from lms.reports.statements.issuing import Press as StatementPress

from ..extension import LMS
from ..paper import CertificateWords
from ..schedule_words import ScheduledPress
from ..statement_words import on_paper
from .group import console, in_site, lms, say


@lms.command("demo")
@click.option("--full", is_flag=True, help="three programme years: sixty companies, 900 people, runs in every state")
@click.option(
    "--beside-real-data", is_flag=True, help="also on a site with accounts of its own, among whose figures it counts"
)
@click.option(
    "--if-alone", is_flag=True, help="on a site with accounts of its own change nothing, and call that no error"
)
@click.option("--remove", is_flag=True, help="take away all that it made, and what was done in it since")
@in_site
def make_demo(site: LMS, full: bool, beside_real_data: bool, if_alone: bool, remove: bool) -> None:
    """Make demonstration people and a run, once, and print how to sign in."""
    if remove:
        if full or beside_real_data or if_alone:
            raise click.UsageError("--remove stands alone.")
        _remove(site)
        return
    try:
        with site.database.writing() as session:
            made = demo.make(session, site.instance, beside_real_data=beside_real_data)
            session.commit()
    except demo.DemoError as error:
        if not if_alone or error.reason != "real_people":
            raise
        say("this site has accounts of its own, so no demonstration is made")
        return
    if full:
        _make_full(site)
    _tell(made)
    say(f"They are kept in {site.instance / demo.FILE}.")
    if not full:
        say("`flask lms demo --full` adds three programme years with sixty companies; `--remove` takes all away.")


def _make_full(site: LMS) -> None:
    """The notebooks are graded before the transaction, since grading takes its time."""
    with site.database.reading() as session:
        if demo.is_full(session):
            return
        say("grading the notebooks that its learners hand in; this takes half a minute")
        engine = demo.by_engine(site.settings.grading_isolation)
        samples = demo.make_samples(session, site.exercises, demo.COURSES, engine)
    address = site.settings.site_url.rstrip("/") or f"http://127.0.0.1:{site.settings.port}"
    press = Press(CertificateWords(site.app), f"{address}/verify", site.settings.language)
    with site.database.writing() as session:
        demo.make_full(session, site.files, samples)
        demo.certificates.issue(session, site.files, press)
        with site.app.app_context():
            demo.statements.issue(
                session, StatementPress(on_paper, f"{address}/verify/statements"), ScheduledPress(site.app, address)
            )
        session.commit()


def _remove(site: LMS) -> None:
    with site.database.writing() as session:
        removed = demo.remove(session)
        session.commit()
    with site.database.writing() as session:
        demo.discard(session, site.files, removed.files)
    (site.instance / demo.FILE).unlink(missing_ok=True)
    if removed.rows:
        say(f"took away the demonstration: {sum(removed.rows.values())} rows of {len(removed.rows)} tables")
    else:
        say("there is no demonstration here")


def _tell(made: list[demo.Account]) -> None:
    table = Table(title="Demonstration accounts", title_justify="left")
    for heading in ("who", "name", "sign in with", "password"):
        table.add_column(heading, no_wrap=True)
    for account in made:
        table.add_row(account.who, account.name, account.sign_in, account.password)
    wide = Console(highlight=False, width=max(console.width, 110))
    wide.print(table)
