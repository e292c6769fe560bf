"""`flask lms …`: the same functions that the pages call, for operators, instructors and scripts."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import content, demo, migrations
from lms.authoring import publish
from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.grading import IsolationReport, isolation
from lms.grading.__main__ import main as grading_command
from lms.jobs.worker import Worker
from lms.models import Centre, Company, Employment, Person, reference_data
from lms.models.people import ROLES
from lms.people import accounts, business_numbers, passwords, roles, sign_ins
from lms.reports import completions, tables
from lms.settings import FILE_NAME, SettingsError, write_fresh
from lms.submissions import ungraded
from lms.submissions.hand_in import JOB_KIND
from lms.submissions.take_result import Grader

from . import setup_code, supervisor
from .extension import LMS

console = Console(highlight=False)
log = logging.getLogger("lms.worker")
_STOPPING = (signal.SIGTERM, signal.SIGINT)


class _Group(click.Group):
    """Says an error of the domain in a sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LMSError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def lms() -> None:
    """Baeum: courses for factory workers, notebooks graded by themselves, completions counted."""


def _extension() -> LMS:
    found = current_app.extensions.get("lms")
    if found is None:
        raise click.ClickException("Baeum is not mounted in this app. Call LMS(app, …) where the app is made.")
    return found


def _in_site(command: Callable) -> Callable:
    """Give a command the site's LMS as its first argument."""

    @with_appcontext
    @wraps(command)
    def with_site(*args: Any, **kwargs: Any) -> Any:
        return command(_extension(), *args, **kwargs)

    return with_site


def _say(text: str) -> None:
    click.echo(text)


@lms.command()
@click.option(
    "--instance",
    type=click.Path(path_type=Path),
    default=Path("instance"),
    show_default=True,
    help="where a configuration is made if the site has none",
)
@click.pass_context
def init(ctx: click.Context, instance: Path) -> None:
    """Prepare a site: configuration with a fresh secret, database, reference data, content. Again changes nothing."""
    app = _load_or_configure(ctx.ensure_object(ScriptInfo), instance)
    with app.app_context():
        site = _extension()
        site.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
        if migrations.upgrade(site.database.engine):
            _say("brought the database to the newest form")
        with site.database.writing() as session:
            reference_data.load(session)
            session.commit()
        _sync(site)


def _load_or_configure(info: ScriptInfo, instance: Path) -> Flask:
    """The app. Alone it can't be made before it has a configuration; in a host the host's will do."""
    try:
        return info.load_app()
    except SettingsError as error:
        if error.where != FILE_NAME or not write_fresh(instance):
            raise  # something else is wrong than that there is no configuration
    _say(f"made {instance / 'lms.toml'} with a fresh secret")
    return info.load_app()


@lms.group("content")
def content_group() -> None:
    """Courses and exercises."""


@content_group.command("sync")
@_in_site
def content_sync(site: LMS) -> None:
    """Publish what is new in courses/ and exercises/. What is as before stays as it is; runs stay on their version."""
    _sync(site)


def _sync(site: LMS) -> None:
    root = Path(site.settings.content_dir)
    with site.database.writing() as session:
        done = publish.publish_all(session, site.files, root / "courses", root / "exercises")
        session.commit()
    for what in done.new:
        _say(f"published {what}")
    if not done.new:
        _say(f"content is as published ({len(done.same)} courses and exercises)")


@lms.command()
@click.argument("slugs", nargs=-1)
@_in_site
def check(site: LMS, slugs: tuple[str, ...]) -> None:
    """Check content: every file's form, and of each exercise that its solution earns all and its blank nothing."""
    root = Path(site.settings.content_dir)
    catalogue = content.load_all(root / "courses", root / "exercises")
    folders = [str(root / "exercises" / slug) for slug in (slugs or catalogue.exercises)]
    failed = [folder for folder in folders if grading_command(["check", folder]) != 0]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(folders)} exercises are not as they should be")
    _say(f"{len(catalogue.courses)} courses and {len(folders)} exercises are as they should be")


@lms.command("demo")
@_in_site
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
    _say(f"They are kept in {site.instance / demo.FILE}.")


@lms.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.option("--name", required=True)
@click.option("--email")
@click.option("--role", type=click.Choice(ROLES), help="none for a learner")
@click.option("--centre", help="slug of the centre of an officer or instructor")
@click.option("--company", help="business number: of the company that a manager manages, or where a learner works")
@click.option("--employee-number", help="with --company, where the person works there")
@_in_site
def user_add(
    site: LMS,
    name: str,
    email: str | None,
    role: str | None,
    centre: str | None,
    company: str | None,
    employee_number: str | None,
) -> None:
    """Add a person and print the first password, which has to be changed at the first sign-in."""
    password = passwords.new_password()
    with site.database.writing() as session:
        centre_id = (
            _found(session.scalar(select(Centre.id).where(Centre.slug == centre)), "centre", centre) if centre else None
        )
        company_id = None
        if company:
            number = business_numbers.normalise(company)
            company_id = _found(
                session.scalar(select(Company.id).where(Company.business_number == number)), "company", company
            )
        person = accounts.create_person(session, name=name, email=email, password=password, must_change_password=True)
        if employee_number:
            if company_id is None:
                raise click.ClickException("--employee-number needs --company, the business number of where she works.")
            _employ(session, person, company_id, employee_number)
        elif email is None:
            raise click.ClickException(
                "Give --email, or --company with --employee-number: one of them is needed to sign in."
            )
        if role:
            roles.grant(
                session,
                person,
                role,
                centre_id=centre_id,
                company_id=company_id if role == "company_manager" else None,
            )
        session.commit()
    _say(f"{person.name}: first password {password}")


def _employ(session: Session, person: Person, company_id: int, employee_number: str) -> None:
    there = select(Employment.id).where(
        Employment.company_id == company_id, Employment.employee_number == employee_number
    )
    if session.scalar(there) is not None:
        raise click.ClickException(f"Employee number '{employee_number}' of that company is somebody else's.")
    session.add(
        Employment(person_id=person.id, company_id=company_id, employee_number=employee_number, from_on=today())
    )


def _found(row: int | None, kind: str, given: str) -> int:
    if row is None:
        raise click.ClickException(f"There is no {kind} '{given}'.")
    return row


@user.command("password")
@click.argument("email", required=False)
@click.option("--company", help="business number of who has no e-mail, with --employee-number")
@click.option("--employee-number")
@_in_site
def user_password(site: LMS, email: str | None, company: str | None, employee_number: str | None) -> None:
    """Set a new first password for EMAIL or an employee, sign the person out everywhere, and print it."""
    password = passwords.new_password()
    with site.database.writing() as session:
        person = _account(session, email, company, employee_number)
        accounts.change_password(session, person, None, password)
        person.must_change_password = True
        sign_ins.end_others(session, person.id, None)
        session.commit()
    _say(f"{person.name}: first password {password}")


def _account(session: Session, email: str | None, company: str | None, employee_number: str | None) -> Person:
    try:
        if email and not company and not employee_number:
            return accounts.load_person(session, email)
        if company and employee_number and not email:
            return accounts.load_employee(session, company, employee_number)
    except NotFoundError:
        given = f"the e-mail '{email}'" if email else f"employee number '{employee_number}' at '{company}'"
        raise click.ClickException(f"There is no account with {given}.") from None
    raise click.UsageError("Give EMAIL, or --company with --employee-number.")


@user.command("list")
@_in_site
def user_list(site: LMS) -> None:
    """List the accounts that have a role."""
    table = Table()
    for heading in ("name", "e-mail", "roles"):
        table.add_column(heading)
    with site.database.reading() as session:
        people: dict[str, list[str]] = {}
        for person, kind in session.execute(
            select(Person, roles.Role.kind).join(roles.Role, roles.Role.person_id == Person.id).order_by(Person.id)
        ):
            people.setdefault(f"{person.name}\t{person.email or ''}", []).append(kind)
    for who, kinds in people.items():
        table.add_row(*who.split("\t"), ", ".join(kinds))
    console.print(table)


@lms.command()
@click.option("--no-worker", is_flag=True, help="the web server alone; start `flask lms worker` elsewhere")
@_in_site
def serve(site: LMS, no_worker: bool) -> None:
    """Serve the site and its grading worker until Ctrl-C."""
    if not site.is_standalone:
        raise click.ClickException("This site is served by its own program. Run `flask lms worker` beside it.")
    if migrations.current(site.database.engine) != migrations.head():
        raise click.ClickException("The database is not at this program's form. Run `flask lms init` first.")
    with site.database.reading() as session:
        empty = not roles.any_operator(session)
    site.database.dispose()
    code = setup_code.make(site.instance) if empty else None
    sys.exit(supervisor.serve(site.settings, with_worker=not no_worker, setup_code=code))


@lms.command()
@_in_site
def worker(site: LMS) -> None:
    """Grade what learners hand in, until told to stop. May run on several machines over one PostgreSQL."""
    if (note := isolation_note(isolation(), site.settings.grading_isolation)) is not None:
        log.log(*note)
    grader = Grader(site.files, site.exercises, required_level=site.settings.grading_isolation)
    made = Worker(
        site.database,
        {JOB_KIND: grader},
        slots=site.settings.grading_slots,
        lease_seconds=site.settings.job_lease_seconds,
    )

    def stop(*_: object) -> None:
        # A second signal, which service managers send, would wait within `set` for the lock that the first one holds.
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        made.stop.set()

    for number in _STOPPING:
        signal.signal(number, stop)
    made.run()


def isolation_note(report: IsolationReport, required: str) -> tuple[int, str] | None:
    """Level and line of the log for what this machine lacks to hold learners' code; None where it has all."""
    doctor = "`python -m lms.grading doctor` says what is missing."
    if not report.reaches(required):
        return logging.ERROR, f"nothing is graded: isolation is {report.level}, {required} is required. {doctor}"
    if report.missing:
        return logging.INFO, f"isolation is {report.level}, as required; this machine could give more. {doctor}"
    return None


@lms.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def grade(arguments: tuple[str, ...]) -> None:
    """Grade notebooks without a site: the same as `python -m lms.grading grade`."""
    sys.exit(grading_command(["grade", *arguments]))


@lms.command("grade-again")
@_in_site
def grade_again(site: LMS) -> None:
    """Grade anew what could not be graded through a fault of ours, after the fault is mended."""
    with site.database.writing() as session:
        count = ungraded.grade_again(session)
        session.commit()
    _say(f"{count} submissions are graded again" if count else "there is nothing that waits for a person")


@lms.group()
def report() -> None:
    """Questions to the ledger."""


class _Day(click.ParamType):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a day; write it like 2026-07-31.", param, ctx)
        if day > today():
            self.fail(f"{day} has not ended yet; choose {today()} or before.", param, ctx)
        return day


@report.command("completion")
@click.option(
    "--by", default="region", show_default=True, help=f"dimensions, with commas: {', '.join(completions.DIMENSIONS)}"
)
@click.option("--as-of", type=_Day(), default=today, help="as it was known at the end of that day in Seoul")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@_in_site
def report_completion(site: LMS, by: str, as_of: date, form: str) -> None:
    """Enrolled and completed, by region, company, course or run."""
    dimensions = [name.strip() for name in by.split(",") if name.strip()]
    with site.database.reading() as session:
        counted = completions.count_completions(session, None, by=dimensions, as_of=as_of)
    if form == "csv":
        for line in tables.to_csv(counted):
            sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()
    elif form == "json":
        _say(tables.to_json(counted))
    else:
        console.print(_as_table(counted))


def _as_table(counted: completions.CompletionReport) -> Table:
    table = Table(title=f"수료 현황 · 기준일 {counted.as_of}", title_justify="left", show_footer=True)
    total = counted.total
    for place, heading in enumerate(tables.headers(counted)[: len(counted.dimensions)]):
        table.add_column(heading, footer="합계" if place == 0 else "")
    table.add_column("수강", footer=str(total.enrolled), justify="right")
    table.add_column("수료", footer=str(total.completed), justify="right")
    table.add_column("수료율", footer=_per_cent(total.rate), justify="right")
    for row in counted.rows:
        table.add_row(*row.group, str(row.enrolled), str(row.completed), _per_cent(row.rate))
    return table


def _per_cent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.1f} %"
