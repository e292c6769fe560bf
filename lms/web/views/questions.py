"""Questions beyond the completions: where people are lost, how long it takes, month by month, year on year. Each as a page with
a plot, as a file, and with the people behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Select
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import NotFoundError
from lms.reports import catalogue, regions
from lms.reports.checks import failed_checks
from lms.reports.choices import list_choices
from lms.reports.durations import DurationReport, durations
from lms.reports.funnel import STEPS, Funnel, funnel
from lms.reports.question import CURRENT, Question, ReportError
from lms.reports.regions import Regions
from lms.reports.steps import REACHED, Reached, stayed_at
from lms.reports.stops import ALL_DONE, StopReport, stopped_at, stops
from lms.reports.years import MonthReport, by_month, year_on_year

from .. import access, asked, downloads, growth, people, question_tabs, report_pdf, seen, words
from ..asked import Asked
from ..database import session
from ..errors import explain
from ..i18n import current_language, format_day, format_number
from ..i18n import gettext as _
from ..redirects import onwards
from ..templating import render, url
from .desk import ways

bp = Blueprint("questions", __name__, url_prefix="/desk/questions")

NAMES = "funnel, stops, durations, months, years"
CHECKS_SHOWN = 20


def _asked(name: str) -> Asked:
    by = catalogue.REPORTS[name].by
    # What came to an end says how long it took; what is under way says where people are now.
    filters: dict[str, tuple[str, ...]] = {"run": (CURRENT,)} if name in ("funnel", "stops", "checks") else {}
    default = Question(as_of=today(), by=by, filters=filters)
    cuts = [way for way, _word in ways()] if by else []
    return asked.read("questions.page", default, {"": False}, dimensions=cuts, name=name)


@bp.get(f"/<any({NAMES}):name>")
@access.desk
def page(name: str) -> str:
    viewer, language = access.viewer(), current_language()
    what = _asked(name)
    known = regions.load(session, viewer, what.question)
    try:
        template, shown = name, _PAGES[name](what, known)
    except ReportError as error:  # about too many people
        template, shown = "wide", {"title": _titles()[name], "name": name, "problem": explain(error)}
    return render(
        f"lms/questions/{template}.html",
        asked=what,
        today=today(),
        tabs=question_tabs.tabs(name),
        choices=list_choices(session, viewer, language),
        ways=[(",".join(by), word) for by, word in ways()] if what.default.by else [],
        words=words,
        may_issue=access.statements.test(viewer),
        people_url=lambda **more: _people_url(what, **more),
        **shown,
    )


def _titles() -> dict[str, str]:
    return {
        "funnel": _("From application to completion"),
        "stops": _("Where learners stop"),
        "durations": _("Days to complete"),
    }


def _people_url(what: Asked, *, row: Any = None, **more: Any) -> str:
    """The people behind a figure: all that the question leaves, or those of a row."""
    filters: Mapping[str, Any] = {}
    if row is not None:
        filters = {name: (group.key,) for name, group in zip(what.question.by, row.groups, strict=True)}
    narrowed = Asked(what.endpoint, what.question.but(by=(), **filters), _people_default())
    return narrowed.url("questions.people_behind", is_sorted=False, **more)


def _funnel(what: Asked, known: Regions) -> dict[str, Any]:
    report = funnel(session, access.viewer(), what.question, language=current_language(), known=known)
    return {
        "report": report,
        "page": asked.page_of(what, len(report.rows), report.rows.__getitem__),
        "plot": _steps_plot(report),
        "steps": STEPS,
        "step_words": step_words(),
    }


def step_words() -> dict[str, str]:
    return {
        "applied": _("Applied"),
        "enrolled": _("Enrolled"),
        "begun": _("Begun"),
        "half_way": _("Half-way"),
        "completed": _("Completed"),
    }


def _steps_plot(report: Funnel) -> dict[str, Any]:
    counts = [getattr(report.total, step) for step in STEPS]
    applied, enrolled, *_between, completed = counts
    summary = _(
        "Of %(applied)s who applied %(enrolled)s were enrolled and %(completed)s completed.",
        applied=format_number(applied),
        enrolled=format_number(enrolled),
        completed=format_number(completed),
    )
    return _bars(list(step_words().values()), [(_("people"), counts, "main")], summary)


def _bars(labels: list[str], series: list[tuple[str, list[Any], str]], summary: str) -> dict[str, Any]:
    return {
        "kind": "bar",
        "unit": _("people"),
        "labels": labels,
        "series": [{"name": name, "values": values, "style": style} for name, values, style in series],
        "summary": summary,
    }


def _stops(what: Asked, known: Regions) -> dict[str, Any]:
    viewer = access.viewer()
    report = stops(session, viewer, what.question, known=known)
    checks = failed_checks(session, viewer, what.question, known=known)
    courses = list(dict.fromkeys(row.course for row in report.rows))
    return {
        "report": report,
        "checks": checks[:CHECKS_SHOWN],
        "more_checks": max(0, len(checks) - CHECKS_SHOWN),
        "courses": courses,
        "plot": _stops_plot(report) if len(courses) == 1 else None,
        "unit_url": lambda row, **more: _people_url(what, unit=row.unit or "-", course=row.course, **more),
    }


def _stops_plot(report: StopReport) -> dict[str, Any]:
    labels = [row.title if row.unit != ALL_DONE else _("All steps done") for row in report.rows]
    most = max(report.rows, key=lambda row: row.stopped)
    summary = _(
        "Most stop at “%(unit)s”: %(count)s.",
        unit=labels[report.rows.index(most)],
        count=format_number(most.stopped),
    )
    return _bars(
        labels,
        [
            (_("stopped here"), [row.stopped for row in report.rows], "main"),
            (_("quiet for 14 days"), [row.quiet for row in report.rows], "soft"),
        ],
        summary,
    )


def _durations(what: Asked, known: Regions) -> dict[str, Any]:
    report = durations(session, access.viewer(), what.question, language=current_language(), known=known)
    return {
        "report": report,
        "page": asked.page_of(what, len(report.rows), report.rows.__getitem__),
        "plot": _weeks_plot(report) if report.weeks else None,
    }


def _weeks_plot(report: DurationReport) -> dict[str, Any]:
    total = report.total
    assert total.median is not None
    summary = _(
        "Half of %(count)s who completed took at most %(median)s days, three quarters at most %(third)s.",
        count=format_number(total.completed),
        median=total.median,
        third=total.third,
    )
    labels = [_("Week %(number)s", number=number) for number in range(1, len(report.weeks) + 1)]
    return _bars(labels, [(_("completions"), list(report.weeks), "main")], summary)


def _months(what: Asked, known: Regions) -> dict[str, Any]:
    report = by_month(session, access.viewer(), what.question, language=current_language(), known=known)
    return {
        "report": report,
        "page": asked.page_of(what, len(report.rows), report.rows.__getitem__),
        "plot": _months_plot(report) if any(report.total) else None,
        "month_words": [format_day(month, "month") for month in report.months],
    }


def _months_plot(report: MonthReport) -> dict[str, Any]:
    most = max(report.total)
    summary = _(
        "%(count)s completions in twelve months; the most, %(most)s, in %(month)s.",
        count=format_number(sum(report.total)),
        most=format_number(most),
        month=format_day(report.months[report.total.index(most)], "month"),
    )
    labels = [format_day(month, "month") for month in report.months]
    return _bars(labels, [(_("completions"), list(report.total), "main")], summary)


def _years(what: Asked, known: Regions) -> dict[str, Any]:
    viewer = access.viewer()
    return {
        "rows": year_on_year(session, viewer, what.question, language=current_language(), known=known),
        "growth": growth.of_year(session, viewer, what.question, known, years_back=2),
    }


_PAGES: Mapping[str, Callable[[Asked, Regions], dict[str, Any]]] = {
    "funnel": _funnel,
    "stops": _stops,
    "durations": _durations,
    "months": _months,
    "years": _years,
}


@bp.get(f"/<any(checks, {NAMES}):name>.<any(csv, xlsx, pdf):kind>")
@access.desk
def export(name: str, kind: str) -> Response:
    """All rows of a question. Nobody's name is in it."""
    # Who is sent back to the page comes, from checks, to that of stops.
    what = replace(_asked(name), values={"name": "stops" if name == "checks" else name})
    if what.problem:
        return onwards(what.url_as_sent())
    sheet = catalogue.REPORTS[name].answer(session, access.viewer(), what.question, current_language())
    send = partial(report_pdf.send, sheet, what) if kind == "pdf" else partial(downloads.send, sheet, kind)
    return send(report=name, question=what.question, name=name)


# The people behind a figure


@bp.get("/people")
@access.desk
def people_behind() -> str:
    """Those who came to a step and no further (`reached`), who stop at a unit (`unit`, "-" where all are done), or all."""
    viewer, language = access.viewer(), current_language()
    values: dict[str, Any] = _behind()
    what = asked.read("questions.people_behind", _people_default(), people.SORTS, **values)
    known = regions.load(session, viewer, what.question)
    problem, shown = "", None
    try:
        shown = people.list_page(session, viewer, what, language, known, _among(what.question, known))
    except ReportError as error:  # about too many people
        problem = explain(error)
    seen.people("company_people", len(shown.rows) if shown else 0, words=what.question.to_document() | _behind())
    return render(
        "lms/questions/people.html",
        asked=what,
        title=_title(),
        page=shown,
        problem=problem,
        link=lambda row: url("desk.learner", enrolment=row.learner.enrolment_uid),
    )


def _people_default() -> Question:
    return Question(as_of=today(), by=(), filters={"run": (CURRENT,)})


def _behind() -> dict[str, str]:
    """The words of the address that say which people. Raises NotFoundError for words that mean nothing."""
    given = {name: request.args.get(name, "") for name in ("reached", "unit", "quiet")}
    if given["reached"] and given["reached"] not in REACHED:
        raise NotFoundError()
    return {name: value for name, value in given.items() if value}


def _among(question: Question, known: Regions) -> Select | None:
    behind, viewer = _behind(), access.viewer()
    if "unit" in behind:
        unit = ALL_DONE if behind["unit"] == "-" else behind["unit"]
        return stopped_at(question, viewer, known, unit, quiet="quiet" in behind)
    if "reached" in behind:
        reached: Reached = behind["reached"]  # type: ignore[assignment]
        return stayed_at(question, viewer, known, reached)
    return None


def _title() -> str:
    behind = _behind()
    if "unit" in behind:
        return _("Quiet for 14 days at one step") if "quiet" in behind else _("Stopped at one step")
    return {
        "": _("The people behind the figures"),
        "not_begun": _("Enrolled, nothing done yet"),
        "begun": _("Begun, not half-way yet"),
        "half_way": _("Past half-way, not completed"),
        "completed": _("Completed"),
    }[behind.get("reached", "")]
