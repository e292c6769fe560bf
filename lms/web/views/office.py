"""The programme office: targets against results by region, a map of them, year on year; and setting the targets."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from lms.clock import today
from lms.reports import goals, regions, tables
from lms.reports.goals import GoalError
from lms.reports.question import Question
from lms.reports.targets import TargetReport, TargetRow, targets

from .. import access, asked, downloads, flashes, growth, report_pdf
from ..asked import Asked
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language, format_number
from ..i18n import gettext as _
from ..redirects import onwards, to
from ..templating import floor, render, url

bp = Blueprint("office", __name__, url_prefix="/office")

SORTS = {"region": False, "target": True, "completed": True, "rate": False, "gap": True, "before": True}
# The map's steps of colour: from which share of the target on.
STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# Regions that the map draws in parts.
MERGED = {"jeonnam-gwangju": ("jeonnam", "gwangju")}


def _asked() -> tuple[Asked, int]:
    """What is asked, and of which year."""
    what = asked.read("office.home", Question(as_of=today(), regions="today"), SORTS)
    given = request.args.get("year", "")
    year = int(given) if len(given) == 4 and given.isascii() and given.isdigit() else what.question.as_of.year
    # The year is the page's own word; it would narrow a report to runs of that year.
    return replace(what, question=what.question.but(regions="today", year=())), year


def _report(what: Asked, year: int) -> TargetReport:
    """With the rows in the order asked for."""
    question = what.question
    report = targets(
        session,
        access.viewer(),
        year,
        as_of=question.as_of,
        reading=question.reading,
        language=current_language(),
    )
    if what.sort == "region":
        rows = report.rows[::-1] if what.down else report.rows
    else:
        rows = tuple(sorted(report.rows, key=lambda row: _order(row, what.sort), reverse=what.down))
    return replace(report, rows=rows)


def _order(row: TargetRow, sort: str) -> tuple[bool, float]:
    """Regions without a target come last where there is a choice."""
    value = row.earlier[0] if sort == "before" else getattr(row, sort)
    return (value is None, value or 0)


@bp.get("/")
@access.programme_office
def home() -> str:
    viewer = access.viewer()
    what, year = _asked()
    report = _report(what, year)
    return render(
        "lms/office/home.html",
        asked=what,
        today=today(),
        year=year,
        years=_years(year),
        report=report,
        bars=_bars(report),
        map=_map(report),
        steps=_steps(),
        growth=growth.of_year(
            session,
            viewer,
            what.question,
            regions.load(session, viewer, what.question),
            years_back=2,
            target=report.total.target,
        ),
    )


def _years(chosen: int) -> list[int]:
    known = {programme.fiscal_year for programme in goals.list_programmes(session)}
    return sorted(known | {chosen, today().year}, reverse=True)


def _bars(report: TargetReport) -> dict[str, Any]:
    """The plot of results against targets, in the table's order."""
    achieved = report.total.rate
    summary = _("%(count)s completions in all.", count=format_number(report.total.completed))
    if achieved is not None:
        summary += " " + _("That is %(share)s %% of the target.", share=floor(100 * achieved))
    return {
        "kind": "bar",
        "unit": _("people"),
        "labels": [row.name for row in report.rows],
        "series": [
            {"name": _("Delivered"), "values": [row.completed for row in report.rows], "style": "main"},
            {"name": _("Target"), "values": [row.target for row in report.rows], "style": "goal"},
        ],
        "summary": summary,
    }


def _map(report: TargetReport) -> dict[str, dict[str, Any]]:
    """By the slug of a shape: the step of its colour and what it says. What merged is one value over its parts."""
    shapes: dict[str, dict[str, Any]] = {}
    for row in report.rows:
        step = None if row.rate is None else max(place for place, least in enumerate(STEPS) if row.rate >= least)
        text = _("no target") if row.rate is None else f"{floor(100 * row.rate)} %"
        for slug in MERGED.get(row.key, (row.key,)):
            shapes[slug] = {"step": step, "name": row.name, "text": text}
    return shapes


def _steps() -> list[tuple[int | str, str]]:
    """The legend: each step with its words."""
    bounds = [floor(100 * least) for least in STEPS]
    words = [f"{low}–{high - 1} %" for low, high in pairwise(bounds)]
    return [*enumerate([*words, _("%(share)s %% and more", share=bounds[-1])]), ("none", _("no target"))]


@bp.get("/targets.<any(csv, xlsx, pdf):kind>")
@access.programme_office
def export(kind: str) -> AnyResponse:
    what, year = _asked()
    if what.problem:
        return onwards(what.url_as_sent())
    sheet = tables.target_sheet(_report(what, year))
    question = what.question.but(year=(str(year),))
    name = f"targets-{year}"
    if kind == "pdf":
        return report_pdf.send(sheet, what, report="targets", question=question, name=name)
    return downloads.send(sheet, kind, report="targets", question=question, name=name)


# Setting targets


@bp.get("/targets")
@access.programme_office
def set_page() -> str:
    given = request.args.get("programme", "")
    programmes = goals.list_programmes(session)
    chosen = [programme for programme in programmes if str(programme.uid) == given]
    return _show_form(chosen[0].uid if chosen else programmes[0].uid if programmes else None)


def _show_form(uid: UUID | None, typed: dict[str, str] | None = None, error: GoalError | None = None) -> str:
    programmes = goals.list_programmes(session)
    programme = next((one for one in programmes if one.uid == uid), None)
    wrong = error.region if error is not None and error.reason == "not_a_number" else ""
    return render(
        "lms/office/targets.html",
        programmes=programmes,
        programme=programme,
        tabs=[(one.name, url("office.set_page", programme=one.uid), one.uid == uid) for one in programmes],
        goals=goals.list_goals(session, programme) if programme else [],
        typed=typed or {},
        errors=[(f"target-{wrong}" if wrong else "reason", explain(error))] if error else [],
        wrong=wrong,
    )


@bp.post("/targets/<uuid:uid>")
@access.programme_office
def set_goals(uid: UUID) -> AnyResponse | tuple[str, int]:
    typed = request.form.to_dict()
    viewer = access.viewer()
    programme = goals.load_programme(session, uid)
    try:
        with transaction() as writing:
            changed = goals.set_goals(
                writing, programme, typed, day=today(), actor_id=viewer.id, reason=typed.get("reason", "")
            )
    except GoalError as error:
        return _show_form(uid, typed, error), 422
    flashes.add(
        _("%(count)s targets were changed.", count=changed) if changed else _("Nothing was changed."), "success"
    )
    return to("office.set_page", programme=uid)
