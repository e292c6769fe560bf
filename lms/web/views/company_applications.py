"""A company's applications: its manager agrees or not, sees who waits, and puts people down for a run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import groupby
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.learning.applications import deciding, lists, people
from lms.learning.applications.seats import Admitted
from lms.models import Application, ChangeSet, Company, Run
from lms.models.applications import APPLICATION_STATES

from .. import access, application_words, flashes, putting_in, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..i18n import ngettext
from ..putting_in import Answer, ticked
from ..redirects import to
from ..templating import render, url

bp = Blueprint("company_applications", __name__, url_prefix="/company/applications")


def _companies() -> list[Company]:
    managed = access.viewer().managed_companies
    return list(session.scalars(select(Company).where(Company.id.in_(managed)).order_by(Company.name, Company.id)))


@bp.get("/")
@access.company_manager
def home() -> str:
    rows = lists.list_of_companies(session, access.viewer(), APPLICATION_STATES)
    seen.people("company_applications", len(rows))
    live = [row for row in rows if row.application.is_live]
    mine = _companies()
    return render(
        "lms/applications/company.html",
        to_decide=[row for row in live if row.waits_for == "company"],
        waiting=[row for row in live if row.waits_for != "company"],
        decided=sorted((row for row in rows if not row.application.is_live), key=lambda row: -row.application.id)[:100],
        offered=[(company, lists.list_offered(session, company, today())) for company in mine],
        says_company=len(mine) > 1,
        sets=_sets(),
        words=application_words,
    )


def _sets() -> list[tuple[ChangeSet, Run, int]]:
    """What the viewer put down within a day, and may take back."""
    return people.list_own_sets(session, access.viewer().id)


def _do(deed: Callable[[Session], str]) -> Response:
    try:
        with transaction() as writing:
            said = deed(writing)
    except NotFoundError:
        raise
    except LMSError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(said, "success")
    return to("company_applications.home")


def _chosen(writing: Session) -> list[tuple[int, list[UUID]]]:
    """The ticked applications that are the viewer's to decide on, by run."""
    wanted: Collection[UUID] = ticked("application")
    rows = writing.execute(
        select(Application.run_id, Application.uid)
        .where(Application.uid.in_(wanted), deciding.of_companies(access.viewer()))
        .order_by(Application.run_id, Application.id)
    ).all()
    if not rows:
        raise deciding.ApplicationError("nothing")
    return [(run_id, [uid for _run, uid in some]) for run_id, some in groupby(rows, key=lambda row: row.run_id)]


@bp.post("/decide")
@access.company_manager
def decide() -> Response:
    viewer = access.viewer()

    def approve(writing: Session) -> str:
        results: list[Admitted] = []
        for run_id, uids in _chosen(writing):
            results += deciding.approve(writing, viewer, run_id, uids)
        return application_words.sum_up(results)

    def refuse(writing: Session) -> str:
        done = 0
        for run_id, uids in _chosen(writing):
            done += len(
                deciding.refuse(
                    writing,
                    run_id,
                    uids,
                    actor_id=viewer.id,
                    reason=request.form.get("reason", ""),
                    of=deciding.of_companies(viewer),
                )
            )
        return ngettext("%(num)s application was refused.", "%(num)s applications were refused.", done)

    return _do(refuse if request.form.get("do") == "refuse" else approve)


# Put down for a run


def _offered(of: Session, company_uid: UUID, run_uid: UUID) -> tuple[Company, Run]:
    """A company that the viewer manages, and a run that is offered to it. Raises NotFoundError."""
    managed = access.viewer().managed_companies
    company = of.scalar(select(Company).where(Company.uid == company_uid, Company.id.in_(managed)))
    runs = lists.list_offered(of, company, today()) if company is not None else []
    run = next((one for one in runs if one.uid == run_uid), None)
    if company is None or run is None:
        raise NotFoundError()
    return company, run


@bp.get("/<uuid:company>/<uuid:run>")
@access.company_manager
def choose(company: UUID, run: UUID) -> str:
    return _show_choice(*_offered(session, company, run))


def _show_choice(company: Company, run: Run, problem: str = "") -> str:
    q = request.args.get("q", "")[:80]
    employees = people.find(people.list_employees(session, run, company, today()), q)
    seen.people("company_people", len(employees), subject=f"company:{company.uid}")
    return render(
        "lms/applications/company_choose.html",
        company=company,
        run=run,
        employees=employees,
        q=q,
        problem=problem,
        words=application_words,
        action=url("company_applications.enrol", company=company.uid, run=run.uid),
        here=url("company_applications.choose", company=company.uid, run=run.uid),
    )


@bp.post("/<uuid:company>/<uuid:run>")
@access.company_manager
def enrol(company: UUID, run: UUID) -> Answer:
    """What would come of those who were ticked; then it is done."""
    found, offered = _offered(session, company, run)
    return putting_in.enrol(
        offered,
        found,
        way="company",
        asks_officer=people.asks_officer(session, offered),
        show_choice=lambda problem: _show_choice(found, offered, problem),
        show_preview=lambda expected: render(
            "lms/applications/company_preview.html",
            company=found,
            run=offered,
            expected=expected,
            words=application_words,
            action=url("company_applications.enrol", company=company, run=run),
            back=url("company_applications.choose", company=company, run=run),
        ),
        do=_do,
    )


@bp.post("/sets/<uuid:set_uid>/undo")
@access.company_manager
def undo(set_uid: UUID) -> Response:
    def take_back(writing: Session) -> str:
        set_ = people.load_own_set(writing, set_uid, access.viewer().id)
        people.take_back(writing, set_, actor_id=access.viewer().id)
        return _("It is taken back. Whoever came in by it is out again.")

    return _do(take_back)
