"""The programme's figures for everybody, in which nobody can be found; a setting switches the page off."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, g, request

from lms.clock import today
from lms.errors import NotFoundError
from lms.reports import public, tables
from lms.reports.public import PublicTable, PublicYears

from .. import access
from ..database import session
from ..i18n import current_language
from ..templating import render, url

bp = Blueprint("public", __name__, url_prefix="/figures")


def _years() -> PublicYears:
    """Raises NotFoundError where the site doesn't publish."""
    if not g.lms.settings.public_figures:
        raise NotFoundError()
    return public.list_years(session, today=today())


def _chosen(years: Sequence[int]) -> int | None:
    """The year that the address asks for, else the newest; None where there is none. Raises NotFoundError."""
    given = request.args.get("year", "")
    if not given:
        return years[0] if years else None
    found = next((year for year in years if str(year) == given), None)
    if found is None:
        raise NotFoundError()
    return found


def _table(year: int) -> PublicTable:
    settings = g.lms.settings
    return public.closed_year(
        session,
        year,
        k=settings.public_smallest_count,
        rate_from=settings.public_rate_from,
        language=current_language(),
    )


@bp.get("/")
@access.anyone
def page() -> str:
    years = _years()
    offered = sorted((*years.closed, *years.running), reverse=True)
    year = _chosen(offered)
    k = g.lms.settings.public_smallest_count
    return render(
        "lms/public/figures.html",
        year=year,
        tabs=[(str(one), url("public.page", year=one), one == year) for one in offered],
        table=_table(year) if year in years.closed else None,
        running=public.running_year(session, year, today=today(), k=k) if year in years.running else None,
        smallest=k,
        rate_from=g.lms.settings.public_rate_from,
        total=public.TOTAL,
    )


@bp.get("/<int:year>.csv")
@access.anyone
def export(year: int) -> Response:
    """The same cells as the page, hidden where they are hidden there."""
    if year not in _years().closed:
        raise NotFoundError()
    answer = Response("".join(tables.to_csv(tables.public_sheet(_table(year)))), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"figures-{year}.csv")
    return answer
