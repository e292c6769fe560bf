"""A company manager's page: where the company's own people stand, who needs time, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint
from sqlalchemy import select

from lms.clock import today
from lms.models import Company
from lms.reports.learners import list_learners
from lms.reports.question import CURRENT, Question

from .. import access, asked, people
from ..database import session
from ..i18n import current_language
from ..templating import render

bp = Blueprint("company", __name__, url_prefix="/company")

MOST = 5_000  # more people than a company sends to the runs of a year


@dataclass(frozen=True)
class Counts:
    needs_time: int
    completed: int


@bp.get("/")
@access.company_manager
def home() -> str:
    viewer = access.viewer()
    companies = session.scalars(
        select(Company).where(Company.id.in_(viewer.managed_companies)).order_by(Company.name)
    ).all()
    own = tuple(str(company.uid) for company in companies)
    default = Question(as_of=today(), by=("company",), filters={"company": own, "run": (CURRENT,)})
    what = asked.read("company.home", default, people.SORTS, fixed={"company": own})
    found = list_learners(
        session, viewer, what.question, sort=what.sort, down=what.down, limit=MOST, language=current_language()
    )
    rows = people.with_pace(found.rows, what.question.as_of)
    return render(
        "lms/company/home.html",
        asked=what,
        companies=[company.name for company in companies],
        page=asked.page_of(what, len(rows), rows.__getitem__),
        total=len(rows),
        counts=_count(rows),
    )


def _count(rows: Sequence[people.Row]) -> Counts:
    return Counts(
        needs_time=sum(row.pace.needs_time for row in rows),
        completed=sum(row.learner.standing.is_completed for row in rows),
    )
