"""Questions to the ledger."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy.orm import Session

from lms.clock import today
from lms.models import Statement
from lms.reports import completions, downloads, keys, tables
from lms.reports.columns import HEADERS
from lms.reports.question import DIMENSIONS, Question
from lms.reports.rollups import rebuilding
from lms.reports.rollups.rebuilding import Difference
from lms.reports.schedules import reading as schedules
from lms.reports.schedules.reading import Fares
from lms.reports.schedules.times import rhythm_of
from lms.reports.statements import comparing
from lms.reports.statements import reading as statements
from lms.reports.statements.cells import Cells, FileError, read_csv

from .. import schedule_words
from ..extension import LMS
from ..i18n import speaking
from .group import console, in_site, lms, say


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


def _filters(command: Callable) -> Callable:
    """An option for each dimension, which may be given several times."""
    for name in reversed(DIMENSIONS):
        command = click.option(f"--{name}", multiple=True, metavar="KEY", help=f"only of this {name}")(command)
    return command


@report.command("completion")
@click.option("--by", default="region", show_default=True, help=f"dimensions, with commas: {', '.join(DIMENSIONS)}")
@click.option("--as-of", type=_Day(), default=today, help="by the end of that day in Seoul")
@click.option(
    "--reading",
    type=click.Choice(["recorded", "effective"]),
    default="recorded",
    show_default=True,
    help="what was known by then, or what had happened by then as known now",
)
@click.option(
    "--regions",
    type=click.Choice(["then", "today"]),
    default="then",
    show_default=True,
    help="regions of the enrolment's day, or those that followed them",
)
@_filters
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "xlsx"]),
    help="a table on the screen; in a file what its name says, or CSV",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="a file instead of the screen")
@in_site
def report_completion(
    site: LMS,
    by: str,
    as_of: date,
    reading: str,
    regions: str,
    form: str,
    output: Path | None,
    **given: tuple[str, ...],
) -> None:
    """Applied, enrolled, active and completed, by any dimensions and of any part.

    Filters take what the lists show: slugs, business numbers, of a run the course and number (oee-2) or `current`.
    """
    if form is None:
        form = "table" if output is None else {".xlsx": "xlsx", ".json": "json"}.get(output.suffix.lower(), "csv")
    if form == "table" and output is not None:
        raise click.UsageError("A table is for the screen; give --format csv, json or xlsx with --output.")
    if form == "xlsx" and output is None:
        raise click.UsageError("A spreadsheet needs --output FILE.xlsx.")
    words = {"by": [by], "reading": [reading], "regions": [regions], **{name: given[name] for name in DIMENSIONS}}
    question = Question.from_words(words, default=Question(as_of=as_of), today=today())
    with site.database.reading() as session:
        keys.refuse_unknown(session, question)
        counted = completions.count_completions(session, None, question)
    if form == "table":
        console.print(_as_table(counted))
        return
    _write(tables.completion_sheet(counted), question, form, output)
    if output is not None:
        with site.database.writing() as session:
            downloads.record(
                session,
                None,
                report="completion",
                question=question,
                form=form,
                rows=len(counted.rows),
                has_persons=False,
            )
            session.commit()
        say(f"{len(counted.rows)} rows in {output}")


_WORDS = {"run": "runs", "month": "months"}


@report.command("rebuild")
@click.option("--verify", is_flag=True, help="change nothing; say what differs, and end with status 1 if anything does")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="on PostgreSQL")
@in_site
def report_rebuild(site: LMS, verify: bool, workers: int) -> None:
    """Make the sums that reports read again from the ledger, while the site runs.

    Stopped in the middle and begun again it loses nothing; until it is done, reports read the ledger itself where anything
    was wrong.
    """
    with site.database.reading() as session:
        was_built = rebuilding.is_built(session)
    if verify and not was_built:
        say("The sums aren't made, and reports read the ledger. `flask lms report rebuild` makes them.")
        raise SystemExit(1)
    with Progress(console=Console(stderr=True), transient=True) as shown:
        tasks = {what: shown.add_task(word, total=None) for what, word in _WORDS.items()}

        def tell(what: str, done: int, of: int) -> None:
            shown.update(tasks[what], completed=done, total=of)

        found = rebuilding.rebuild(site.database, workers=workers, is_kept=not verify, progress=tell)
    if not was_built:
        say("The sums of the reports are made.")
        return
    for difference in found:
        say(_told(difference))
    if not found:
        say("The sums of the reports are what the ledger says.")
    elif verify:
        say("`flask lms report rebuild` mends them.")
        raise SystemExit(1)
    else:
        say("They are mended.")


def _told(difference: Difference) -> str:
    where = f"run {difference.run}" if difference.month is None else f"before {difference.month}"
    lacks = ", ".join(f"{name} {lack:+d}" for name, lack in difference.lacks.items() if lack) or "0 in all"
    return f"{difference.table}, {where}: {difference.groups} sums differ from the ledger, which says {lacks}"


@report.command("verify")
@click.argument("what", metavar="STATEMENT|FILE.csv")
@click.option("--of", "of", metavar="STATEMENT", help="the statement that the file should hold; says which rows differ")
@in_site
def report_verify(site: LMS, what: str, of: str | None) -> None:
    """Hold a statement, by its number or code, or a CSV of one against what was issued, and ask its question again.

    Ends with status 1 if anything differs, or there is no such statement.
    """
    file = Path(what)
    with site.database.reading() as session:
        found = _load_statement(session, of) if of else None
        if file.suffix.lower() == ".csv" or file.exists():
            found = _hold_file(session, file, found)
        else:
            found = _load_statement(session, what)
        say(f"Statement {found.number}, issued at {found.issued_at:%Y-%m-%d %H:%M} UTC, as of {found.as_of}.")
        say(f"SHA-256 {found.digest}")
        is_right = _tell_kept(found) & _tell_again(statements.again(session, found), found)
    if not is_right:
        raise SystemExit(1)


@report.command("schedules")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@in_site
def report_schedules(site: LMS, as_json: bool) -> None:
    """Reports that are issued by themselves: when next, what came of the last, and why."""
    with site.database.reading() as session:
        rows = [_schedule_row(site, fares) for fares in schedules.list_all(session)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        say("No report is issued by itself.")
        return
    table = Table("name", "state", "when", "next", "last", "why", "maker", title_justify="left")
    for row in rows:
        last = row["last"] or {}
        outcome = " ".join(filter(None, (last.get("as_of"), last.get("statement") or last.get("state"))))
        table.add_row(
            row["name"], row["state"], row["when"], row["next"] or "", outcome, last.get("why", ""), row["maker"]
        )
    console.print(table)


def _schedule_row(site: LMS, fares: Fares) -> dict[str, Any]:
    schedule, last = fares.schedule, fares.last
    with site.app.app_context(), speaking(site.settings.language):
        when, why = schedule_words.when(rhythm_of(schedule)), schedule_words.why(last) if last else ""
    return {
        "name": schedule.name,
        "id": str(schedule.uid),
        "state": fares.state,
        "when": when,
        "report": schedule.report,
        "question": schedule.question,
        "maker": schedule.maker.name,
        "next": schedule.next_at.isoformat(timespec="minutes") if schedule.next_at else None,
        "last": {
            "as_of": last.as_of.isoformat(),
            "due": last.due_at.isoformat(timespec="minutes"),
            "state": last.state,
            "tries": last.tries,
            "statement": last.statement.number if last.statement else None,
            "why": why,
        }
        if last
        else None,
    }


def _load_statement(session: Session, name: str) -> Statement:
    found = statements.find_by_number(session, name) or statements.find(session, name)
    if found is None:
        raise click.ClickException(
            f"There is no statement '{name}'. Give the number or the code that is printed on it."
        )
    return found


def _hold_file(session: Session, file: Path, statement: Statement | None) -> Statement:
    """The statement whose rows the file has; if it isn't the one that was named, its rows that differ are told."""
    try:
        content = file.read_bytes()
        same = statements.find_by_csv(session, content)
        headings, *rows = read_csv(content)
    except (OSError, FileError) as error:
        raise click.ClickException(str(error)) from None
    if statement is None and not same:
        raise click.ClickException(
            "No statement has these rows. Name the statement by --of NUMBER to see which rows differ."
        )
    if statement is None or statement.digest in {one.digest for one in same}:
        say("The file holds the rows of the statement.")
        return statement or same[0]
    kept = statements.cells_of(statement)
    if headings != tuple(column.header for column in kept.columns):
        raise click.ClickException(f"The file has other columns than statement {statement.number}.")
    say(f"The file differs from statement {statement.number}:")
    _tell_rows(comparing.differences(kept, Cells(kept.columns, tuple(rows))))
    raise SystemExit(1)


def _tell_kept(statement: Statement) -> bool:
    if statements.is_intact(statement):
        say("The rows that are kept are those that were issued.")
        return True
    say("The rows that are kept are not those that were issued: somebody changed the database.")
    return False


def _tell_again(again: statements.Again, statement: Statement) -> bool:
    for each in again.renamed:
        say(f"Called otherwise today: {each.heading} {each.before} -> {each.after}")
    if again.is_same:
        by_names = " by the names of then" if again.renamed else ""
        say(f"Asked again today, the same question gives the same rows{by_names}.")
        return True
    say(f"Asked again today, {len(again.differences)} rows differ:")
    _tell_rows(again.differences)
    if again.before.total != again.after.total:
        _tell_rows([comparing.Difference(again.before.total, again.after.total)])
    if again.definition != statement.definition:
        say(f"The figures mean something else: definition {statement.definition} then, {again.definition} today.")
    say(f"Issued by version {statement.version}, asked again by version {again.version}.")
    return False


def _tell_rows(differences: Sequence[comparing.Difference]) -> None:
    for each in differences:
        for sign, row in (("-", each.before), ("+", each.after)):
            if row is not None:
                say(f"{sign} {' | '.join(row)}")


def _write(sheet: tables.Sheet, question: Question, form: str, output: Path | None) -> None:
    if form == "xlsx" and output is not None:
        with tables.to_xlsx(sheet) as made, open(output, "wb") as file:
            shutil.copyfileobj(made, file)
        return
    lines = [tables.to_json(sheet, **question.to_document()) + "\n"] if form == "json" else tables.to_csv(sheet)
    if output is None:
        for line in lines:
            sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()
        return
    with open(output, "w", encoding="utf-8", newline="") as text:
        text.writelines(lines)


def _as_table(counted: completions.CompletionReport) -> Table:
    question = counted.question
    kind = {"recorded": "기록 기준", "effective": "수료일 기준"}[question.reading]
    regions = {"then": "그때의 지역", "today": "오늘의 지역"}[question.regions]
    table = Table(
        title=f"수료 현황 · 기준일 {counted.as_of} · {kind} · {regions}", title_justify="left", show_footer=True
    )
    total = counted.total
    for place, name in enumerate(counted.dimensions):
        table.add_column(HEADERS[name], footer="합계" if place == 0 else "")
    for heading, figure in (
        ("신청", total.applied),
        ("수강", total.enrolled),
        ("활동", total.active),
        ("수료", total.completed),
    ):
        table.add_column(heading, footer=str(figure), justify="right")
    table.add_column("수료율", footer=_per_cent(total), justify="right")
    for row in counted.rows:
        figures = (row.applied, row.enrolled, row.active, row.completed)
        table.add_row(*row.group, *map(str, figures), _per_cent(row))
    if counted.overlaps:
        table.caption = "줄이 서로 겹칩니다. 합계는 수강을 한 번씩만 셌습니다."
    return table


def _per_cent(row: completions.CompletionRow) -> str:
    """Rounded down, as everywhere: 79.96 % is not 80 %."""
    if not row.enrolled:
        return ""
    whole, tenth = divmod(1000 * row.completed // row.enrolled, 10)
    return f"{whole}.{tenth} %"
