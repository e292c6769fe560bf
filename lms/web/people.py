"""People in runs, as the pages of those who answer for them list them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.learning import pace
from lms.learning.pace import Pace
from lms.models import Company, CompanyStatus, Industry, Region
from lms.people.viewers import Viewer
from lms.reports.learners import LearnerPage, LearnerRow, list_learners
from lms.reports.regions import Regions
from lms.reports.rows import vocabulary_of

from .asked import PAGE_SIZE, Asked, Page, page_of
from .i18n import gettext as _

# The orders of a list, the first by default, and whether each begins with the most.
SORTS = {
    "behind": True,
    "name": False,
    "run": False,
    "progress": True,
    "score": True,
    "last_active": False,
    "learn_to": False,
}


@dataclass(frozen=True)
class Row:
    learner: LearnerRow
    pace: Pace


def list_page(
    session: Session, viewer: Viewer, what: Asked, language: str, known: Regions, among: Select | None = None
) -> Page:
    """The page of the list that is asked for, or the last; `among` leaves the enrolments of these ids."""

    def find(offset: int) -> LearnerPage:
        return list_learners(
            session,
            viewer,
            what.question,
            sort=what.sort,
            down=what.down,
            offset=offset,
            limit=PAGE_SIZE,
            language=language,
            known=known,
            among=among,
        )

    wanted = (what.page - 1) * PAGE_SIZE
    found = find(wanted)

    def rows(part: slice) -> list[Row]:
        shown = found if part.start == wanted else find(part.start)
        return with_pace(shown.rows, what.question.as_of)

    return page_of(what, found.total, rows)


def with_pace(learners: Iterable[LearnerRow], day: date) -> list[Row]:
    return [
        Row(
            learner,
            pace.judge(
                learner.standing,
                learner.learn_from,
                learner.learn_to,
                day,
                is_withdrawn=learner.state == "withdrawn",
            ),
        )
        for learner in learners
    ]


@dataclass(frozen=True)
class CompanyFacts:
    """`facts` are pairs of an icon and what stands beside it: where it is, what it declared, its number."""

    uid: UUID
    name: str
    facts: Sequence[tuple[str, str]]


def load_company(session: Session, uid: UUID, day: date, language: str) -> CompanyFacts:
    """A company as it was on that day. Whether the viewer may see it has to be known. Raises NotFoundError."""
    status = CompanyStatus
    row = session.execute(
        select(Company, status, Region, Industry)
        .outerjoin(status, (status.company_id == Company.id) & (status.from_on <= day))
        .outerjoin(Region, Region.id == status.region_id)
        .outerjoin(Industry, Industry.id == status.industry_id)
        .where(Company.uid == uid)
        .order_by(status.from_on.desc(), status.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError()
    company, declared, region, industry = row
    name = "name_ko" if language == "ko" else "name_en"
    number = company.business_number
    facts = [("company", f"{number[:3]}-{number[3:5]}-{number[5:]}")]
    facts += [("map", getattr(region, name))] if region else []
    facts += [("info", told)] if (told := _declared(declared, industry, name)) else []
    return CompanyFacts(company.uid, company.name, facts)


def _declared(status: CompanyStatus | None, industry: Any, name: str) -> str:
    """What the company declared to be, in words."""
    if status is None:
        return ""
    place = 0 if name == "name_ko" else 1
    words = [getattr(industry, name) if industry else ""]
    if status.size_class:
        words.append(vocabulary_of("size_classes")[status.size_class][place])
    if status.factory_level:
        level = vocabulary_of("factory_levels")[status.factory_level][place]
        words.append(_("smart factory: %(level)s", level=level))
    return " · ".join(word for word in words if word)
