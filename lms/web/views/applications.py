"""Who applies for a run, who waits and who is in: the officer's tab, and what she does there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.learning.applications import (
    admission,
    deciding,
    extensions,
    leaving,
    links,
    lists,
    people,
    seats,
    transfers,
)
from lms.learning.runs import reading
from lms.models import Company, Enrolment, Run
from lms.people.organisations import companies

from .. import access, application_words, flashes, putting_in, run_pages, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..i18n import ngettext
from ..putting_in import Answer, ticked
from ..redirects import to
from ..templating import url

bp = Blueprint("applications", __name__, url_prefix="/desk/runs")

STATES = ("enrolled", "extended", "withdrawn")
PENDING = ("applied", "approved", "waiting")


def _load(uid: UUID, of: Session | None = None) -> Run:
    return reading.load_to_edit(of or session, access.viewer(), uid)


def _day(name: str) -> date:
    """What was typed into a field for a day; one that is none is long past, which no deed takes."""
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return date.min


def _number(name: str) -> int:
    given = request.form.get(name, "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else -1


# The tab


@bp.get("/<uuid:uid>/people")
@access.officer
def tab(uid: UUID) -> str:
    run = _load(uid)
    state = request.args.get("state", STATES[0])
    state = state if state in STATES else STATES[0]
    company = next(iter(ticked("company")), None)
    q = request.args.get("q", "")[:80]
    page = request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    found = lists.list_learners(session, run, state=state, company=company, q=q, page=number)
    pending = lists.list_applications(session, run, PENDING)
    seen.people("run_people", len(found.rows) + len(pending), subject=f"run:{run.uid}")
    asked = {"state": state, "company": company, "q": q}
    return run_pages.show(
        "lms/applications/tab.html",
        "people",
        run,
        found=found,
        asked=asked,
        page_url=lambda page: url("applications.tab", uid=run.uid, page=page, **asked),
        to_decide=[row for row in pending if row.waits_for != "seat"],
        waiting=[row for row in pending if row.waits_for == "seat"],
        counts=lists.count_states(session, run),
        companies=lists.list_companies(session, run),
        book=seats.book_of(session, run),
        admits=admission.of_run(session, run.id),
        moves_up_to=admission.last_day_to_move_up(session, run),
        links=links.list_links(session, run),
        is_open=lambda link: links.is_open(link, today()),
        link_url=lambda link: url("catalogue.join", uid=link.uid, _external=True),
        given=extensions.list_given(session, run),
        sets=people.list_sets(session, run),
        words=application_words,
    )


def _back(uid: UUID) -> Response:
    return to("applications.tab", uid=uid)


def _do(uid: UUID, deed: Callable[[Session, Run], str]) -> Response:
    """One deed on a run in a transaction; what it says, or what stands against it, is told on the tab."""
    try:
        with transaction() as writing:
            said = deed(writing, _load(uid, writing))
    except NotFoundError:
        raise
    except LMSError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(said, "success")
    return _back(uid)


# Applications


@bp.post("/<uuid:uid>/people/decide")
@access.officer
def decide(uid: UUID) -> Response:
    chosen, reason = ticked("application"), request.form.get("reason", "")
    actor = access.viewer().id

    def accept(writing: Session, run: Run) -> str:
        return application_words.sum_up(deciding.accept(writing, run.id, chosen, actor_id=actor))

    def refuse(writing: Session, run: Run) -> str:
        done = deciding.refuse(writing, run.id, chosen, actor_id=actor, reason=reason)
        return ngettext("%(num)s application was refused.", "%(num)s applications were refused.", len(done))

    return _do(uid, refuse if request.form.get("do") == "refuse" else accept)


@bp.post("/<uuid:uid>/people/admission")
@access.officer
def change_admission(uid: UUID) -> Response:
    approval, days = request.form.get("approval", ""), _number("moves_up_days")

    def change(writing: Session, run: Run) -> str:
        admission.change(writing, run, approval=approval, moves_up_days=days, actor_id=access.viewer().id)
        return _("It is set so from now on.")

    return _do(uid, change)


# A company's people


@bp.get("/<uuid:uid>/people/enrol")
@access.officer
def enrol(uid: UUID) -> str | Response:
    """The companies that begin so, and of one the people."""
    run = _load(uid)
    q = request.args.get("q", "")[:120]
    company = next(iter(ticked("company")), None)
    if company is None:
        found = companies.find_companies(session, access.viewer(), q) if q.strip() else []
        found = [one for one in found if one.merged_into is None]
        if len(found) == 1:
            return to("applications.enrol", uid=uid, company=found[0].company.uid)
        return run_pages.show("lms/applications/companies.html", "people", run, rows=found, q=q)
    return _show_choice(run, companies.load_company(session, access.viewer(), company))


def _show_choice(run: Run, company: Company, problem: str = "") -> str:
    """The company's people by department."""
    q = request.args.get("q", "")[:80]
    employees = people.find(people.list_employees(session, run, company, today()), q)
    seen.people("company_people", len(employees), subject=f"company:{company.uid}")
    return run_pages.show(
        "lms/applications/choose.html",
        "people",
        run,
        company=company,
        employees=employees,
        q=q,
        problem=problem,
        words=application_words,
        action=url("applications.enrol_people", uid=run.uid),
        here=url("applications.enrol", uid=run.uid, company=company.uid),
    )


@bp.post("/<uuid:uid>/people/enrol")
@access.officer
def enrol_people(uid: UUID) -> Answer:
    """What would come of those who were ticked; then it is done."""
    run = _load(uid)
    company = companies.load_company(session, access.viewer(), next(iter(ticked("company")), run.uid))
    return putting_in.enrol(
        run,
        company,
        way="officer",
        show_choice=lambda problem: _show_choice(run, company, problem),
        show_preview=lambda expected: run_pages.show(
            "lms/applications/preview.html",
            "people",
            run,
            company=company,
            expected=expected,
            words=application_words,
            action=url("applications.enrol_people", uid=run.uid),
            back=url("applications.enrol", uid=run.uid, company=company.uid),
        ),
        do=lambda deed: _do(uid, lambda writing, _run: deed(writing)),
    )


@bp.post("/<uuid:uid>/people/sets/<uuid:set_uid>/undo")
@access.officer
def undo(uid: UUID, set_uid: UUID) -> Response:
    def take_back(writing: Session, run: Run) -> str:
        people.take_back(writing, people.load_set(writing, run, set_uid), actor_id=access.viewer().id)
        return _("It is taken back. Whoever came in by it is out again.")

    return _do(uid, take_back)


# Those who are in


@bp.post("/<uuid:uid>/people/change")
@access.officer
def change(uid: UUID) -> Answer:
    """Asks for what a deed needs of those who were ticked, or does it: withdraw, extend, transfer."""
    run = _load(uid)
    chosen = lists.load_learners(session, run, ticked("enrolment"))
    deed = request.form.get("deed", "")
    if deed not in _DEEDS or not chosen:
        flashes.add(_("Tick somebody in the list, and choose what is to be done."), "error")
        return _back(uid)
    if request.form.get("do") != "1":
        return _ask(run, chosen, deed)
    try:
        with transaction() as writing:
            said = _DEEDS[deed](writing, _load(uid, writing), [row.enrolment for row in chosen])
    except NotFoundError:
        raise
    except LMSError as error:
        return _ask(run, chosen, deed, explain(error)), 422
    flashes.add(said, "success")
    return _back(uid)


def _ask(run: Run, chosen: list[lists.Learner], deed: str, problem: str = "") -> str:
    return run_pages.show(
        "lms/applications/change.html",
        "people",
        run,
        chosen=chosen,
        deed=deed,
        problem=problem,
        targets=transfers.list_targets(session, run) if deed == "transfer" else [],
        form=request.form,
    )


def _withdraw(writing: Session, run: Run, chosen: list[Enrolment]) -> str:
    ids = [row.id for row in chosen]
    reason = request.form.get("reason", "")
    left = leaving.withdraw(writing, run.id, ids, actor_id=access.viewer().id, reason=reason)
    return ngettext("%(num)s person was withdrawn.", "%(num)s people were withdrawn.", len(left))


def _extend(writing: Session, run: Run, chosen: list[Enrolment]) -> str:
    of_companies = request.form.get("whom") == "companies"
    told = extensions.extend(
        writing,
        run,
        _day("learn_to"),
        enrolment_ids=[] if of_companies else [row.id for row in chosen],
        company_ids={row.company_id for row in chosen} if of_companies else [],
        reason=request.form.get("reason", ""),
        actor_id=access.viewer().id,
    )
    return ngettext("%(num)s person has another last day.", "%(num)s people have another last day.", told)


def _transfer(writing: Session, run: Run, chosen: list[Enrolment]) -> str:
    uid = next(iter(ticked("to")), None)
    target = next((one for one in transfers.list_targets(writing, run) if one.uid == uid), None)
    if target is None:
        raise transfers.TransferError("earlier")
    for row in chosen:
        transfers.transfer(writing, row, target, reason=request.form.get("reason", ""), actor_id=access.viewer().id)
    return ngettext(
        "%(num)s person is in run %(number)s now.",
        "%(num)s people are in run %(number)s now.",
        len(chosen),
        number=target.number,
    )


_DEEDS = {"withdraw": _withdraw, "extend": _extend, "transfer": _transfer}


@bp.post("/<uuid:uid>/people/<uuid:enrolment>/back")
@access.officer
def take_back(uid: UUID, enrolment: UUID) -> Response:
    def come_back(writing: Session, run: Run) -> str:
        found = writing.scalar(select(Enrolment).where(Enrolment.uid == enrolment, Enrolment.run_id == run.id))
        if found is None:
            raise NotFoundError()
        leaving.take_back(writing, found, actor_id=access.viewer().id)
        return _("The person is in the run again.")

    return _do(uid, come_back)


# Links


@bp.post("/<uuid:uid>/people/links")
@access.officer
def make_link(uid: UUID) -> Response:
    def make(writing: Session, run: Run) -> str:
        number = request.form.get("company", "").strip()
        company = companies.load_by_number(writing, access.viewer(), number) if number else None
        links.make(
            writing,
            run,
            last_day=_day("last_day"),
            most_uses=_number("most_uses"),
            company=company,
            is_direct=request.form.get("is_direct") == "1",
            actor_id=access.viewer().id,
        )
        return _("The link is made. Copy it from the list.")

    return _do(uid, make)


@bp.post("/<uuid:uid>/people/links/<uuid:link>/revoke")
@access.officer
def revoke_link(uid: UUID, link: UUID) -> Response:
    def revoke(writing: Session, run: Run) -> str:
        links.revoke(writing, run, link, actor_id=access.viewer().id)
        return _("The link leads nowhere any more.")

    return _do(uid, revoke)
