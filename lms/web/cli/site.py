"""Prepare a site, serve it, work for it."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo

from lms import migrations
from lms.grading import IsolationReport, isolation
from lms.jobs.worker import Worker
from lms.models import reference_data
from lms.people import roles
from lms.people.privacy import sealing
from lms.settings import FILE_NAME, SettingsError, write_fresh

from .. import metrics, setup_code, static_files, supervisor, work
from ..extension import LMS
from .content import sync
from .group import extension, in_site, lms, say

log = logging.getLogger("lms.worker")
_STOPPING = (signal.SIGTERM, signal.SIGINT)


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
        site = extension()
        site.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sealing.write_fresh(site.sealer.path):
            say(f"made {site.sealer.path}; keep a copy of it apart from the backups")
        if migrations.upgrade(site.database.engine):
            say("brought the database to the newest form")
        with site.database.writing() as session:
            reference_data.load(session)
            session.commit()
        sync(site)
        with suppress(OSError):  # where it can't be written, they are compressed when they are asked for
            static_files.compress_ahead(Path(site.settings.runtime_dir) / "static")


def _load_or_configure(info: ScriptInfo, instance: Path) -> Flask:
    """The app. Alone it can't be made before it has a configuration; in a host the host's will do."""
    try:
        return info.load_app()
    except SettingsError as error:
        if error.where != FILE_NAME or not write_fresh(instance):
            raise  # something else is wrong than that there is no configuration
    say(f"made {instance / 'lms.toml'} with a fresh secret")
    return info.load_app()


@lms.command()
@click.option("--no-worker", is_flag=True, help="the web server alone; start `flask lms worker` elsewhere")
@in_site
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
    counts = {metrics.FOLDER_VARIABLE: str(metrics.fresh_folder(site.instance))}
    supervisor.become(site.settings, site.instance, counts, with_worker=not no_worker, setup_code=code)


@lms.command()
@in_site
def worker(site: LMS) -> None:
    """Grade what learners hand in, until told to stop. May run on several machines over one PostgreSQL."""
    offered = isolation()
    if (note := isolation_note(offered, site.settings.grading_isolation)) is not None:
        log.log(*note)
    made = Worker(
        site.database,
        work.handlers_of(site),
        slots=site.settings.grading_slots,
        urgent=work.GRADING,
        lease_seconds=site.settings.job_lease_seconds,
        isolation=offered.level,
        observe=metrics.observe_job,
        coming_round=work.chores_of(site),
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
