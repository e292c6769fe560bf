"""Questions to the ledger."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lms.clock import today
from lms.reports import completions, downloads, keys, tables
from lms.reports.question import DIMENSIONS, Question
from lms.reports.rollups import rebuilding
from lms.reports.rollups.rebuilding import Difference

from ..extension import LMS
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
        table.add_column(tables.HEADERS[name], footer="합계" if place == 0 else "")
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
        table.caption = f"줄이 서로 겹칩니다. 합계는 수강을 한 번씩만 셌고, 사람은 {counted.people}명입니다."
    return table


def _per_cent(row: completions.CompletionRow) -> str:
    """Rounded down, as everywhere: 79.96 % is not 80 %."""
    if not row.enrolled:
        return ""
    whole, tenth = divmod(1000 * row.completed // row.enrolled, 10)
    return f"{whole}.{tenth} %"
