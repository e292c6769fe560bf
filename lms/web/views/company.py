"""A company manager's page: where the company's own people stand, who needs time, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from lms.clock import today
from lms.learning.applications import lists
from lms.models import Company
from lms.reports.downloads import ReasonMissingError
from lms.reports.learners import list_learners
from lms.reports.question import CURRENT, Question

from .. import access, asked, downloads, people, seen, sheets
from ..asked import Asked
from ..database import session
from ..errors import explain
from ..i18n import current_language
from ..templating import render

bp = Blueprint("company", __name__, url_prefix="/company")

MOST = 5_000  # more people than a company sends to the runs of a year


# Whom one can still help comes first; a run that is over waits for nobody.
_FIRST = ("not_begun", "behind", "on_pace", "planned", "completed", "over", "withdrawn")


@dataclass(frozen=True)
class Counts:
    needs_time: int
    completed: int


def _asked() -> tuple[Asked, list[Company]]:
    """What is asked, always of the companies that the viewer manages; and these."""
    managed = access.viewer().managed_companies
    companies = session.scalars(
        select(Company)
        .where(or_(Company.id.in_(managed), Company.merged_into_id.in_(managed)))
        .order_by(Company.name, Company.id)
    ).all()
    own = tuple(str(company.uid) for company in companies)
    default = Question(as_of=today(), by=("company",), filters={"company": own, "run": (CURRENT,)})
    what = asked.read("company.home", default, people.SORTS, fixed={"company": own})
    return what, [company for company in companies if company.id in managed]


@bp.get("/")
@access.company_manager
def home() -> str:
    return _show()


def _show(problem: str = "", reason: str = "") -> str:
    what, companies = _asked()
    found = list_learners(
        session,
        access.viewer(),
        what.question,
        sort=what.sort,
        down=what.down,
        limit=MOST,
        language=current_language(),
    )
    rows = people.with_pace(found.rows, what.question.as_of)
    if what.sort == "behind" and what.down:
        rows.sort(key=lambda row: _FIRST.index(row.pace.state))  # the order within stays
    page = asked.page_of(what, len(rows), rows.__getitem__)
    for uid in what.question.filter("company"):
        seen.people("company_people", len(page.rows), subject=f"company:{uid}", words=what.question.to_document())
    return render(
        "lms/company/home.html",
        asked=what,
        today=today(),
        companies=[company.name for company in companies],
        own=[(company.uid, company.name) for company in companies],
        page=page,
        total=len(rows),
        counts=_count(rows),
        to_decide=lists.count_for_companies(session, access.viewer()),
        take_problem=problem,
        reason=reason,
        here=what.url(),
    )


def _count(rows: Sequence[people.Row]) -> Counts:
    return Counts(
        needs_time=sum(row.pace.needs_time for row in rows),
        completed=sum(row.learner.standing.is_completed for row in rows),
    )


@bp.post("/people")
@access.company_manager
def export_people() -> Response | tuple[str, int]:
    """The ticked, or all of the list, as a file with names: the reason is asked for and kept."""
    what, companies = _asked()
    reason, chosen = request.form.get("reason", ""), request.form.getlist("enrolment")
    try:
        if request.form.get("form") == "pdf":
            return sheets.of_people(what, ", ".join(company.name for company in companies), chosen, reason)
        return downloads.of_people(what, request.form.get("form", ""), chosen, reason)
    except ReasonMissingError as error:
        return _show(explain(error), reason), 422
