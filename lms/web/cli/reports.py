"""Questions to the ledger."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import click
from rich.table import Table

from lms.clock import today
from lms.reports import completions, tables
from lms.reports.question import Question

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


@report.command("completion")
@click.option(
    "--by", default="region", show_default=True, help=f"dimensions, with commas: {', '.join(completions.DIMENSIONS)}"
)
@click.option("--as-of", type=_Day(), default=today, help="as it was known at the end of that day in Seoul")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@in_site
def report_completion(site: LMS, by: str, as_of: date, form: str) -> None:
    """Enrolled and completed, by region, company, course or run."""
    dimensions = [name.strip() for name in by.split(",") if name.strip()]
    with site.database.reading() as session:
        counted = completions.count_completions(session, None, Question(as_of=as_of, by=tuple(dimensions)))
    if form == "csv":
        for line in tables.to_csv(tables.completion_sheet(counted)):
            sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()
    elif form == "json":
        say(tables.to_json(tables.completion_sheet(counted), **counted.question.to_document()))
    else:
        console.print(_as_table(counted))


def _as_table(counted: completions.CompletionReport) -> Table:
    table = Table(title=f"수료 현황 · 기준일 {counted.as_of}", title_justify="left", show_footer=True)
    total = counted.total
    for place, heading in enumerate(counted.dimensions):
        table.add_column(tables.HEADERS[heading], footer="합계" if place == 0 else "")
    table.add_column("수강", footer=str(total.enrolled), justify="right")
    table.add_column("수료", footer=str(total.completed), justify="right")
    table.add_column("수료율", footer=_per_cent(total.rate), justify="right")
    for row in counted.rows:
        table.add_row(*row.group, str(row.enrolled), str(row.completed), _per_cent(row.rate))
    return table


def _per_cent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.1f} %"
