"""The desk of those who answer for the figures: completions by company and other groups, a company's people, one learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import NotFoundError
from lms.learning import decisions, enrolments, history, ledger
from lms.learning.ledger import DecisionError
from lms.people import others
from lms.people.viewers import Viewer
from lms.reports import completions, regions, targets
from lms.reports.choices import list_choices
from lms.reports.completions import CompletionReport, CompletionRow
from lms.reports.downloads import ReasonMissingError
from lms.reports.question import CURRENT, Question
from lms.reports.regions import Regions
from lms.reports.tables import completion_sheet
from lms.reports.weekly import weekly
from lms.submissions import ungraded

from .. import access, asked, downloads, flashes, forms, growth, people, question_tabs, report_pdf, seen, sheets, words
from ..asked import Asked
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language
from ..i18n import gettext as _
from ..redirects import onwards, to
from ..templating import render, url

bp = Blueprint("desk", __name__, url_prefix="/desk")

# The orders of the rows, the first by default, and whether each begins with the most.
SORTS = {"behind": False, "name": False, "applied": True, "enrolled": True, "active": True, "completed": True}


def ways() -> list[tuple[tuple[str, ...], str]]:
    """How the desk's first page may be cut, and what that is called."""
    return [
        (("region", "company"), _("By company")),
        (("region",), _("By region")),
        (("zone",), _("By zone")),
        (("centre",), _("By centre")),
        (("course",), _("By course")),
        (("course", "run"), _("By run")),
        (("year",), _("By year")),
        (("size",), _("By size")),
        (("industry",), _("By industry")),
        (("level",), _("By factory level")),
        (("cluster",), _("By cluster")),
    ]


def _asked() -> Asked:
    default = Question(as_of=today(), by=("region", "company"), filters={"run": (CURRENT,)})
    return asked.read("desk.home", default, SORTS, dimensions=[by for by, _word in ways()])


def _report(what: Asked, known: Regions | None = None) -> tuple[CompletionReport, list[CompletionRow]]:
    """The report and its rows in the order asked for."""
    report = completions.count_completions(
        session, access.viewer(), what.question, language=current_language(), known=known
    )
    return report, sorted(report.rows, key=lambda row: _order(row, what.sort), reverse=what.down)


def _order(row: CompletionRow, sort: str) -> tuple:
    """`behind`: the lowest rate first, then the fewest active, then the most people; nobody enrolled comes last."""
    if sort == "behind":
        if row.rate is None:
            return (1, 0.0, 0.0, 0, row.group)
        return (0, row.rate, row.active / row.enrolled, -row.enrolled, row.group)
    return row.group[::-1] if sort == "name" else (getattr(row, sort), row.group)


@bp.get("/")
@access.staff
def home() -> str | Response:
    viewer = access.viewer()
    if not access.desk.test(viewer) and viewer.managed_companies:
        return to("company.home")
    what = _asked()
    known = regions.load(session, viewer, what.question)
    report, rows = _report(what, known)
    page = asked.page_of(what, len(rows), rows.__getitem__)
    return render(
        "lms/desk/home.html",
        asked=what,
        today=today(),
        choices=list_choices(session, viewer, current_language()),
        ways=[(",".join(by), word) for by, word in ways()],
        words=words,
        report=report,
        page=page,
        weekly=weekly(session, viewer, _of_page(what.question, page.rows), known=known),
        growth=growth.of_year(session, viewer, what.question, known, target=_target(what.question, known)),
        questioned=decisions.count_questioned(session, viewer),
        ungraded=ungraded.count_ungraded(session, viewer),
        narrowed=lambda row: _narrowed(what, row),
        may_export=access.desk.test(viewer),
        may_issue=access.statements.test(viewer),
        tabs=question_tabs.tabs("overview"),
        company_url=lambda row: _between(what).url("desk.company", is_sorted=False, uid=row.keys[-1]),
        notes=_notes_of(report),
    )


def _of_page(question: Question, rows: Sequence[CompletionRow]) -> Question:
    """The question of the companies on the page alone, where rows are companies; a region may have ten thousand."""
    if "company" not in question.by or question.filter("company") or not rows:
        return question
    place = question.by.index("company")
    return question.but(company=tuple({row.keys[place] for row in rows}))


# What a target has nothing to do with: it is set by region alone.
_NO_TARGET = ("company", "cluster", "size", "industry", "level", "course", "programme", "year", "centre")


def _target(question: Question, known: Regions) -> int | None:
    """What the regions of the page owe in the year of its day; None where the page is of something smaller."""
    runs = [key for key in question.filter("run") if key != CURRENT]
    if runs or any(question.filter(name) for name in _NO_TARGET):
        return None
    return targets.owed_together(session, question, known)


def _notes_of(report: CompletionReport) -> Callable[[CompletionRow], str]:
    """What stands below a row's name: the groups that it lies in, where there are several of them. A run's
    name begins with its course's."""
    *outer, last = report.dimensions
    told = [
        place
        for place, dimension in enumerate(outer)
        if (dimension, last) != ("course", "run") and len({row.keys[place] for row in report.rows}) > 1
    ]
    return lambda row: " · ".join(row.group[place] for place in told)


# What a company's page has no field for. It says of one company what the day, the runs and the reading leave.
_OF_PLACES = ("region", "zone", "centre", "company", "cluster", "size", "industry", "level", "programme", "year")


def _between(what: Asked) -> Asked:
    """What the first page and a company's page have in common."""
    nothing: dict[str, Any] = dict.fromkeys(_OF_PLACES, ())
    shared = what.question.but(by=("company",), **nothing)
    default = Question(as_of=today(), by=("company",), filters={"run": (CURRENT,)})
    return Asked(what.endpoint, shared, default)


def _narrowed(what: Asked, row: CompletionRow) -> str:
    """The companies of a row that isn't one."""
    filters: dict[str, Any] = {name: (group.key,) for name, group in zip(what.question.by, row.groups, strict=True)}
    return Asked(what.endpoint, what.question.but(by=what.default.by, **filters), what.default).url()


@bp.get("/completions.<any(csv, xlsx, pdf):kind>")
@access.desk
def export(kind: str) -> Response:
    """The rows of the desk's first page, all of them, in its order. Nobody's name is in it."""
    what = _asked()
    if what.problem:
        return onwards(what.url_as_sent())
    report, rows = _report(what)
    sheet = completion_sheet(replace(report, rows=tuple(rows)))
    if kind == "pdf":
        return report_pdf.send(sheet, what, report="completions", question=what.question, name="completions")
    return downloads.send(sheet, kind, report="completion", question=what.question, name="completions")


# A company


@bp.get("/companies/<uuid:uid>")
@access.desk
def company(uid: UUID) -> str:
    return _show_company(uid)


def _asked_of_company(uid: UUID) -> Asked:
    only = (str(uid),)
    default = Question(as_of=today(), by=("company",), filters={"company": only, "run": (CURRENT,)})
    return asked.read("desk.company", default, people.SORTS, fixed={"company": only}, uid=uid)


def _answers_for(uid: UUID) -> bool:
    """Whether the viewer sees the company today; on the day that is asked for it may not have been known."""
    question = Question(as_of=today(), by=("company",), filters={"company": (str(uid),)})
    return bool(completions.count_completions(session, access.viewer(), question).rows)


def _load_company(uid: UUID, what: Asked, known: Regions | None = None) -> tuple[people.CompanyFacts, CompletionRow]:
    """The company as far as the viewer answers for it, and its figures. Raises NotFoundError."""
    viewer, language = access.viewer(), current_language()
    report = completions.count_completions(session, viewer, what.question, language=language, known=known)
    if not report.rows and not _answers_for(uid):
        raise NotFoundError()
    return people.load_company(session, uid, what.question.as_of, language), report.total


def _show_company(uid: UUID, problem: str = "", reason: str = "") -> str:
    viewer, language = access.viewer(), current_language()
    what = _asked_of_company(uid)
    known = regions.load(session, viewer, what.question)
    found, total = _load_company(uid, what, known)
    page = people.list_page(session, viewer, what, language, known)
    seen.people("company_people", len(page.rows), subject=f"company:{uid}", words=what.question.to_document())
    return render(
        "lms/desk/company.html",
        asked=what,
        today=today(),
        company=found,
        total=total,
        choices=list_choices(session, viewer, language),
        page=page,
        link=lambda row: url("desk.learner", enrolment=row.learner.enrolment_uid),
        back=_between(what).url("desk.home", is_sorted=False),
        take_problem=problem,
        reason=reason,
        here=what.url(),
    )


@bp.post("/companies/<uuid:uid>/people")
@access.desk
def export_people(uid: UUID) -> Response | tuple[str, int]:
    """The ticked, or all of the list, as a file with names: the reason is asked for and kept."""
    what = _asked_of_company(uid)
    found, _total = _load_company(uid, what)
    reason, chosen = request.form.get("reason", ""), request.form.getlist("enrolment")
    try:
        if request.form.get("form") == "pdf":
            return sheets.of_people(what, found.name, chosen, reason)
        return downloads.of_people(what, request.form.get("form", ""), chosen, reason)
    except ReasonMissingError as error:
        return _show_company(uid, explain(error), reason), 422


# A learner


@bp.get("/learners/<uuid:enrolment>")
@access.desk
def learner(enrolment: UUID) -> str:
    return _show_learner(history.load_learner(session, access.viewer(), enrolment))


@bp.post("/learners/<uuid:enrolment>/record")
@access.desk
def record(enrolment: UUID) -> Response | tuple[str, int]:
    """Her record in the run on paper: the reason is asked for and kept."""
    found = history.load_learner(session, access.viewer(), enrolment)
    reason = request.form.get("reason", "")
    try:
        return sheets.of_learner(found, reason)
    except ReasonMissingError as error:
        return _show_learner(found, explain(error), reason), 422


def _show_learner(found: history.LearnerInRun, problem: str = "", reason: str = "") -> str:
    seen.person(found.person.id, "learner_page")
    return render(
        "lms/desk/learner.html",
        learner=found,
        day=today(),
        class_url=_class_url(access.viewer(), found),
        person_url=_person_url(access.viewer(), found),
        take_problem=problem,
        reason=reason,
        here=url("desk.learner", enrolment=found.enrolment.uid),
    )


def _person_url(viewer: Viewer, found: history.LearnerInRun) -> str:
    """Her personal data, for those who answer for a company where she works or worked; she may have gone elsewhere."""
    return url("privacy.person", uid=found.person.uid) if others.may_see(session, viewer, found.person.id) else ""


def _class_url(viewer: Viewer, found: history.LearnerInRun) -> str:
    """Her page in the class, where the viewer is of the centre that gives the run."""
    if found.enrolment.run.centre_id not in viewer.officer_centres | viewer.instructor_centres:
        return ""
    return url("classroom.learner", enrolment=found.enrolment.uid)


# What waits for a decision


@bp.get("/waiting")
@access.staff
def waiting() -> str:
    viewer = access.viewer()
    questioned = decisions.list_runs(session, viewer)
    waiting = ungraded.list_ungraded(session, viewer)
    seen.people("waiting_list", sum(len(found.first) for found in questioned) + len(waiting))
    return render("lms/desk/waiting.html", questioned=questioned, ungraded=waiting)


@bp.post("/completions/<uuid:enrolment>/uphold")
@access.officer
def uphold(enrolment: UUID) -> Response:
    return _decide(enrolment, "uphold")


@bp.post("/completions/<uuid:enrolment>/revoke")
@access.officer
def revoke(enrolment: UUID) -> Response:
    return _decide(enrolment, "revoke")


def _decide(uid: UUID, what: str) -> Response:
    viewer = access.viewer()
    found = enrolments.load_to_decide(session, viewer, uid)
    form = forms.Decision(request.form)
    deed = {"uphold": ledger.uphold, "revoke": ledger.revoke}[what]
    try:
        with transaction() as writing:
            deed(writing, found, actor_id=viewer.id, reason=form.reason.data or "")
    except DecisionError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(_("The decision is recorded with its reason."), "success")
    return to("desk.learner", enrolment=uid)
