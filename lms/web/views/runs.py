"""Runs on the officer's desk: the list, a run's overview, making, changing and opening it, its rule, its closing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.clock import today, utcnow
from lms.errors import LMSError, NotFoundError
from lms.learning import decisions
from lms.learning.runs import closing as closings
from lms.learning.runs import editing, readiness, reading, rules, states
from lms.learning.runs.editing import Problem, RunFieldsError
from lms.learning.runs.opening import RunError
from lms.models import Centre, Company, Course, CourseVersion, Programme, Region, Run
from lms.people import changes
from lms.people.organisations import centres
from lms.people.organisations.business_numbers import normalise
from lms.reports.downloads import ReasonMissingError

from .. import access, deeds, flashes, run_files, run_pages, run_words, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..run_forms import QuotaForm, RuleForm, RunForm
from ..templating import render, url

bp = Blueprint("runs", __name__, url_prefix="/desk/runs")

Answer = str | Response | tuple[str, int]


# The list


@bp.get("/")
@access.class_reader
def home() -> str:
    viewer = access.viewer()
    rows = reading.list_runs(session, viewer)
    chosen = {"state": request.args.get("state", ""), "course": request.args.get("course", "")}
    return render(
        "lms/runs/home.html",
        all_rows=rows,
        rows=[row for row in rows if _fits(row, chosen)],
        courses=sorted(
            {row.run.course_id: row.run.course_version.title for row in rows}.items(), key=lambda one: one[1]
        ),
        chosen=chosen,
        words=run_pages.STATES,
        may_make=bool(viewer.officer_centres),
    )


def _fits(row: reading.RunLine, chosen: dict[str, str]) -> bool:
    if chosen["course"] and chosen["course"] != str(row.run.course_id):
        return False
    return chosen["state"] in ("", row.state) or (chosen["state"] == "needs" and row.needs)


# Making


@bp.get("/new")
@access.officer
def new() -> str:
    return _show_choice()


def _show_choice(problem: str = "") -> str:
    """Which course, or which run to copy."""
    mine = reading.list_runs(session, access.viewer())
    courses = session.execute(
        select(Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.current_version_id)
        .order_by(CourseVersion.title)
    ).all()
    return render(
        "lms/runs/new.html",
        courses=courses,
        mine=mine[:20],
        problem=problem,
        here=url("runs.new"),
        centres=_centres(),
        centre=_centre(),
        name_of=deeds.name_of,
    )


def _centres() -> list[Centre]:
    """Those that the viewer is an officer of, where there are several to choose from."""
    mine = access.viewer().officer_centres
    if len(mine) < 2:
        return []
    return list(session.scalars(select(Centre).where(Centre.id.in_(mine)).order_by(Centre.id)))


def _centre() -> Centre | None:
    """The one that was chosen of several, or the first of them."""
    several, asked = _centres(), request.args.get("centre", "")
    return next((one for one in several if one.slug == asked), several[0] if several else None)


@bp.get("/new/<slug>")
@access.officer
def new_of(slug: str) -> str:
    course, title = _course(slug)
    fields = editing.proposed(session, course)
    return _show_new(course, title, _form(None, fields))


def _course(slug: str) -> tuple[Course, str]:
    found = session.execute(
        select(Course, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.current_version_id)
        .where(Course.slug == slug)
    ).one_or_none()
    if found is None:
        raise NotFoundError()
    return found[0], found[1]


def _show_new(course: Course, title: str, form: RunForm) -> str:
    centre = _centre()
    return render(
        "lms/runs/form.html",
        run=None,
        title=title,
        form=form,
        centre=deeds.name_of(centre) if centre else "",
        here=url("runs.new_of", slug=course.slug, centre=centre.slug if centre else None),
    )


@bp.post("/new/<slug>")
@access.officer
def make(slug: str) -> Answer:
    course, title = _course(slug)
    form = _form(None)
    try:
        if form.validate():
            with transaction() as writing:
                made = editing.create(
                    writing, access.viewer(), writing.get_one(Course, course.id), _centre_id(), form.to_fields()
                )
                uid = made.uid
            flashes.add(_("The draft is made. Look below at what it still lacks."), "success")
            return to("runs.page", uid=uid)
    except (RunFieldsError, RunError) as error:
        _put(form, error)
    return _show_new(course, title, form), 422


def _centre_id() -> int:
    """The centre that the officer works for; of several the chosen one."""
    chosen = _centre()
    return chosen.id if chosen else min(access.viewer().officer_centres)


@bp.post("/copy")
@access.officer
def copy() -> Answer:
    try:
        uid = UUID(request.form.get("run", ""))
    except ValueError:
        raise NotFoundError() from None
    viewer = access.viewer()
    try:
        with transaction() as writing:
            made = editing.copy(writing, viewer, reading.load_to_edit(writing, viewer, uid))
            copied = made.uid
    except RunError as error:
        return _show_choice(explain(error)), 422
    flashes.add(_("The draft is made, with the periods moved. Look through it before you open it."), "success")
    return to("runs.page", uid=copied)


# Overview


@bp.get("/<uuid:uid>/")
@access.class_reader
def page(uid: UUID) -> str:
    return _show(reading.load_run(session, access.viewer(), uid))


def _show(run: Run, quota: QuotaForm | None = None) -> str:
    may_edit = run.centre_id in access.viewer().officer_centres
    is_draft = states.state_of(run) == "draft"
    teachers = {person.id: person.name for person in editing.list_teachers(session, run.centre_id, today())}
    quota = quota or _quota_form(None)
    return run_pages.show(
        "lms/runs/page.html",
        "overview",
        run,
        findings=readiness.list_findings(session, run) if may_edit and is_draft else [],
        questioned=decisions.count_questioned(session, access.viewer(), run) if may_edit and not is_draft else 0,
        finding_text=run_words.finding,
        finding_url=run_words.where,
        centre=deeds.name_of(session.get_one(Centre, run.centre_id)),
        programme=session.get(Programme, run.programme_id) if run.programme_id else None,
        instructors=[teachers.get(id_, _("(left)")) for id_ in editing.instructors_of(session, run.id)],
        quotas=editing.list_quotas(session, run.id),
        quota_form=quota,
        name_of=deeds.name_of,
        is_used=editing.is_used(session, run),
        is_newest=readiness.latest_version(session, run) == run.course_version_id,
        history=deeds.tell(session, changes.history_of(session, editing.subject_of(run))) if may_edit else [],
        here=url("runs.page", uid=run.uid),
    )


def _quota_form(sent: Any) -> QuotaForm:
    form = QuotaForm(sent)
    form.region.choices = [
        ("", "–"),
        *((region.slug, deeds.name_of(region)) for region in centres.list_regions_on(session, today())),
    ]
    return form


@bp.post("/<uuid:uid>/limits")
@access.officer
def set_quota(uid: UUID) -> Answer:
    run = reading.load_to_edit(session, access.viewer(), uid)
    form = _quota_form(request.form)
    if not form.validate():
        return _show(run, form), 422
    try:
        with transaction() as writing:
            locked = reading.load_to_edit(writing, access.viewer(), uid, lock=True)
            company = _company(writing, form.company.data or "")
            region = (
                writing.scalars(select(Region).where(Region.slug == form.region.data)).one()
                if form.region.data
                else None
            )
            editing.set_quota(writing, access.viewer(), locked, form.seats.data or 0, company=company, region=region)
    except RunFieldsError as error:
        for found in error.problems:
            field = form.seats if found.field == "seats" else form.company
            field.errors = [*field.errors, run_words.problem(found)]
        return _show(reading.load_to_edit(session, access.viewer(), uid), form), 422
    except LMSError as error:
        flashes.add(explain(error), "error")
        return to("runs.page", uid=uid)
    flashes.add(_("The limit is set."), "success")
    return to("runs.page", uid=uid)


def _company(writing: Any, typed: str) -> Company | None:
    if not typed.strip():
        return None
    found = writing.scalar(
        select(Company).where(Company.business_number == normalise(typed), Company.merged_into_id.is_(None))
    )
    if found is None:
        raise RunFieldsError([Problem("whose", "no_company")])
    return found


@bp.post("/<uuid:uid>/limits/<int:quota>/remove")
@access.officer
def remove_quota(uid: UUID, quota: int) -> Response:
    return _do(
        uid, lambda writing, run: editing.remove_quota(writing, access.viewer(), run, quota), _("The limit is gone.")
    )


# Changing


def _not_now(run: Run, deed: states.Deed) -> Response:
    """To the run's page with the sentence that says why its state does not allow it."""
    flashes.add(explain(states.RunStateError(states.state_of(run), deed=deed)), "error")
    return to("runs.page", uid=run.uid)


@bp.get("/<uuid:uid>/edit")
@access.officer
def edit(uid: UUID) -> str | Response:
    run = reading.load_to_edit(session, access.viewer(), uid)
    if not states.allows(run, "edit"):
        return _not_now(run, "edit")
    return _show_edit(run, _form(run, editing.fields_of(session, run)))


def _show_edit(run: Run, form: RunForm) -> str:
    return render(
        "lms/runs/form.html",
        run=run,
        title=run.course_version.title,
        form=form,
        centre="",  # a run keeps its own
        here=url("runs.edit", uid=run.uid),
    )


@bp.post("/<uuid:uid>/edit")
@access.officer
def change(uid: UUID) -> Answer:
    run = reading.load_to_edit(session, access.viewer(), uid)
    form = _form(run)
    try:
        if form.validate():
            with transaction() as writing:
                locked = reading.load_to_edit(writing, access.viewer(), uid, lock=True)
                changed = editing.edit(writing, access.viewer(), locked, form.to_fields())
            flashes.add(_("The run is changed.") if changed else _("It is so already. Nothing was changed."), "success")
            return to("runs.page", uid=uid)
    except (RunFieldsError, RunError) as error:
        _put(form, error)
        run = reading.load_to_edit(session, access.viewer(), uid)
    return _show_edit(run, form), 422


def _form(run: Run | None, fields: Any = None) -> RunForm:
    """With what was sent, or with `fields`; and with what may be chosen."""
    form = RunForm(request.form) if fields is None else RunForm(data=_as_text(fields))
    year = today().year
    programmes = session.scalars(
        select(Programme)
        .where(Programme.fiscal_year >= year - 1)
        .order_by(Programme.fiscal_year.desc(), Programme.name)
    ).all()
    chosen = session.get(Programme, run.programme_id) if run is not None and run.programme_id else None
    if chosen is not None and chosen not in programmes:
        programmes = [chosen, *programmes]
    form.programme_id.choices = [("", _("None")), *((str(one.id), one.name) for one in programmes)]
    centre = run.centre_id if run is not None else _centre_id()
    teachers = [(str(person.id), person.name) for person in editing.list_teachers(session, centre, today())]
    kept = {str(id_) for id_ in editing.instructors_of(session, run.id)} if run is not None else set()
    gone = kept - {id_ for id_, _name in teachers}
    form.instructors.choices = [*teachers, *((id_, _("(left)")) for id_ in sorted(gone))]
    return form


def _as_text(fields: Any) -> dict[str, Any]:
    data = dict(vars(fields))
    data["programme_id"] = str(fields.programme_id or "")
    data["instructors"] = [str(id_) for id_ in fields.instructors]
    return data


def _put(form: Any, error: LMSError) -> None:
    """The sentences of an error, at their fields."""
    if not isinstance(error, RunFieldsError):
        form.form_errors.append(explain(error))
        return
    for found in error.problems:
        field = form[found.field]
        field.errors = [*field.errors, run_words.problem(found)]


# Draft and open


@bp.post("/<uuid:uid>/open")
@access.officer
def open_run(uid: UUID) -> Response:
    return _do(
        uid,
        lambda writing, run: readiness.open_draft(writing, access.viewer(), run),
        _("The run is open. Learners may come in as its periods say."),
    )


@bp.post("/<uuid:uid>/withdraw")
@access.officer
def withdraw(uid: UUID) -> Response:
    return _do(
        uid,
        lambda writing, run: editing.withdraw_opening(writing, access.viewer(), run),
        _("The run is a draft again."),
    )


@bp.post("/<uuid:uid>/pin")
@access.officer
def pin(uid: UUID) -> Response:
    return _do(
        uid,
        lambda writing, run: editing.pin(writing, access.viewer(), run),
        _("The run now has the newest version of the course."),
    )


@bp.post("/<uuid:uid>/discard")
@access.officer
def discard(uid: UUID) -> Response:
    answer = _do(
        uid, lambda writing, run: editing.discard(writing, access.viewer(), run), _("The draft is thrown away.")
    )
    gone = session.scalar(select(Run.id).where(Run.uid == uid)) is None
    return to("runs.home") if gone else answer


def _do(uid: UUID, deed: Any, said: str, endpoint: str = "runs.page") -> Response:
    """One deed on a run, which is locked meanwhile; and back to its page with a sentence."""
    try:
        with transaction() as writing:
            deed(writing, reading.load_to_edit(writing, access.viewer(), uid, lock=True))
    except (RunError, states.RunStateError) as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(said, "success")
    return to(endpoint, uid=uid)


# The rule


@bp.get("/<uuid:uid>/rule")
@access.officer
def rule(uid: UUID) -> str | Response:
    run = reading.load_to_edit(session, access.viewer(), uid)
    if not states.allows(run, "rule"):
        return _not_now(run, "rule")
    now = run.rules[-1]
    form = RuleForm(data={"progress": now.progress, "score": now.score, "attendance": now.attendance})
    return _show_rule(run, form)


def _show_rule(run: Run, form: RuleForm, preview: rules.RulePreview | None = None) -> str:
    if preview is not None:
        seen.people("class_list", len(preview.completes) + len(preview.questions), subject=f"run:{run.uid}")
    return run_pages.show(
        "lms/runs/rule.html",
        "overview",
        run,
        form=form,
        preview=preview,
        here=url("runs.rule", uid=run.uid),
    )


@bp.post("/<uuid:uid>/rule")
@access.officer
def change_rule(uid: UUID) -> Answer:
    """First what it would do, then it is done."""
    viewer = access.viewer()
    run = reading.load_to_edit(session, viewer, uid)
    form = RuleForm(request.form)
    try:
        states.refuse(run, "rule")
        if not form.validate():
            return _show_rule(run, form), 422
        if request.form.get("do") != "change":
            return _show_rule(run, form, rules.preview(session, run, form.to_fields()))
        with transaction() as writing:
            locked = reading.load_to_edit(writing, viewer, uid, lock=True)
            rules.change(writing, viewer, locked, form.to_fields(), reason=form.reason.data or "", shown=_shown())
    except LMSError as error:
        if isinstance(error, RunError) and error.reason == "reason_missing":
            form.reason.errors = [explain(error)]
        else:
            _put(form, error)
        run = reading.load_to_edit(session, viewer, uid)
        return _show_rule(run, form, _preview_again(run, form, error)), 422
    flashes.add(_("The rule is changed, and everybody in the run was judged by it."), "success")
    return to("runs.page", uid=uid)


def _preview_again(run: Run, form: RuleForm, error: LMSError) -> rules.RulePreview | None:
    wanted = isinstance(error, RunError) and error.reason in ("reason_missing", "changed")
    return rules.preview(session, run, form.to_fields()) if wanted else None


def _shown() -> tuple[int, int]:
    """How many would complete and be questioned by what the officer saw; nobody sees -1."""
    return (
        request.form.get("completes", -1, type=int),
        request.form.get("questions", -1, type=int),
    )


# Closing


@bp.get("/<uuid:uid>/closing")
@access.officer
def closing(uid: UUID) -> str:
    return _show_closing(reading.load_to_edit(session, access.viewer(), uid))


def _show_closing(run: Run, problem: str = "", reason: str = "", asked: str = "") -> str:
    closed = closings.load_closed(session, run)
    preview = closings.preview(session, run, today()) if run.closed_at is None and run.opened_at is not None else None
    seen.people(
        "class_list", len(closed.lines if closed else preview.results if preview else ()), subject=f"run:{run.uid}"
    )
    why = closings.why_not_reopened(session, run, closed.closing) if closed else ""
    return run_pages.show(
        "lms/runs/closing.html",
        "closing",
        run,
        closed=closed,
        preview=preview,
        words=run_words,
        why_not=run_words.refused(RunError(why)) if why else "",
        may_reopen=closed is not None and not why,
        problem=problem,
        reason=reason,
        asked=asked,
        here=url("runs.closing", uid=run.uid),
    )


@bp.post("/<uuid:uid>/close")
@access.officer
def close(uid: UUID) -> Response:
    return _do(
        uid,
        lambda writing, run: closings.close(writing, access.viewer(), run, now=utcnow()),
        _("The run is closed. Its sheet can be printed and signed."),
        "runs.closing",
    )


@bp.post("/<uuid:uid>/reopen")
@access.officer
def reopen(uid: UUID) -> Response:
    reason = request.form.get("reason", "")
    return _do(
        uid,
        lambda writing, run: closings.reopen(writing, access.viewer(), run, reason=reason),
        _("The run is open again. What was closed before stays kept."),
        "runs.closing",
    )


@bp.post("/<uuid:uid>/sheet")
@access.officer
def sheet(uid: UUID) -> Answer:
    """The sheet to sign, with names: who took it and why is kept."""
    return _take(uid, "sheet", run_files.sheet)


@bp.post("/<uuid:uid>/records")
@access.officer
def records(uid: UUID) -> Answer:
    """The rows for a learning-record system, as one file."""
    return _take(uid, "records", run_files.records)


def _take(uid: UUID, asked: str, make_file: Any) -> Answer:
    run = reading.load_to_edit(session, access.viewer(), uid)
    closed = closings.load_closed(session, run)
    if closed is None:
        raise NotFoundError()
    reason = request.form.get("reason", "")
    try:
        return make_file(run, closed, reason, request.form.get("form", "csv"))
    except ReasonMissingError as error:
        return _show_closing(run, explain(error), reason, asked), 422
