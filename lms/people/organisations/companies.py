"""Companies: found, added, corrected, moved. What a company was on a day is never overwritten.

A change holds from a day on. A correction says that what we had was wrong all along: it asks for a reason, and counts for
what is looked up from now on; an enrolment keeps the company, region and status that it was counted with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, false, func, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from lms.clock import today, utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import Company, CompanyStatus, FormerName, Industry, Region
from lms.models.companies import FACTORY_LEVELS, SIZE_CLASSES, search_key

from .. import changes
from ..viewers import Viewer
from . import business_numbers, places

_LAST = chr(0x10FFFF)
FACTS = ("region_id", "size_class", "factory_level", "industry_id")


class CompanyError(LMSError):
    """`reason`: number_malformed, number_taken, no_such_number, name_missing, name_too_long, name_taken, unknown (a region,
    size, level or industry that there is not), region_ended, elsewhere (a region that the viewer doesn't look after), future,
    too_early, same_day (there is a row of that day: correct it), same (nothing would change), reason_missing, merged, itself,
    clashes."""

    sentence = "The company was not changed: {reason}."


# Who sees which


def visible_to(session: Session, viewer: Viewer | None, day: date | None = None) -> ColumnElement[bool]:
    """The condition on companies that a viewer may see: officers those of their regions, managers their own, operators and
    the programme office all. None is the command line. Two queries for officers."""
    if viewer is None or viewer.is_operator or viewer.is_programme_office:
        return true()
    conditions: list[ColumnElement[bool]] = []
    if viewer.officer_centres:
        conditions.append(_lies_in(places.served_regions(session, viewer.officer_centres, day or today()), day))
    if viewer.managed_companies:
        conditions.append(
            or_(Company.id.in_(viewer.managed_companies), Company.merged_into_id.in_(viewer.managed_companies))
        )
    return or_(false(), *conditions)


def editable_by(session: Session, viewer: Viewer | None, day: date | None = None) -> ColumnElement[bool]:
    """Officers, in their regions, and operators."""
    if viewer is None or viewer.is_operator:
        return true()
    if not viewer.officer_centres:
        return false()
    return _lies_in(places.served_regions(session, viewer.officer_centres, day or today()), day)


def current_status(day: date) -> ScalarSelect[int]:
    """The id of a company's status on a day; of rows of one day the newest counts."""
    return (
        select(CompanyStatus.id)
        .where(CompanyStatus.company_id == Company.id, CompanyStatus.from_on <= day)
        .order_by(CompanyStatus.from_on.desc(), CompanyStatus.id.desc())
        .limit(1)
        .correlate(Company)
        .scalar_subquery()
    )


def _lies_in(regions: frozenset[int], day: date | None) -> ColumnElement[bool]:
    status = aliased(CompanyStatus)
    return (
        select(status.id)
        .where(status.id == current_status(day or today()), status.region_id.in_(regions))
        .correlate(Company)
        .exists()
    )


def load_company(session: Session, viewer: Viewer | None, uid: UUID) -> Company:
    """Raises NotFoundError."""
    return _load(session, uid, visible_to(session, viewer))


def load_to_edit(session: Session, viewer: Viewer | None, uid: UUID) -> Company:
    """Raises NotFoundError."""
    return _load(session, uid, editable_by(session, viewer))


def _load(session: Session, uid: UUID, condition: ColumnElement[bool]) -> Company:
    found = session.scalar(select(Company).where(Company.uid == uid, condition))
    if found is None:
        raise NotFoundError()
    return found


def may_edit(session: Session, viewer: Viewer | None, company: Company) -> bool:
    return session.scalar(select(Company.id).where(Company.id == company.id, editable_by(session, viewer))) is not None


def resolve(session: Session, number: str) -> Company | None:
    """The company with that business number, however it is written; of one that was merged the one that it is now."""
    company = session.scalar(select(Company).where(Company.business_number == business_numbers.normalise(number)))
    if company is None or company.merged_into_id is None:
        return company
    return session.get(Company, company.merged_into_id)


def load_by_number(session: Session, viewer: Viewer | None, number: str) -> Company:
    """One that the viewer may edit, by its business number. Raises NotFoundError."""
    found = resolve(session, number)
    if found is None or not may_edit(session, viewer, found):
        raise NotFoundError()
    return found


# Finding


@dataclass(frozen=True)
class Found:
    """A company with where it lies today. `former` is the name that it was found by, `merged_into` what it is now."""

    company: Company
    region: Region | None
    status: CompanyStatus | None
    merged_into: Company | None
    former: str | None


def find_companies(
    session: Session, viewer: Viewer | None, text: str = "", *, region: str = "", limit: int = 50, offset: int = 0
) -> list[Found]:
    """Companies whose name, former name or business number begins so, by name. One query, by an index."""
    status, now = aliased(CompanyStatus), aliased(Company)
    statement = (
        select(Company, Region, status, now)
        .select_from(Company)
        .outerjoin(status, status.id == current_status(today()))
        .outerjoin(Region, Region.id == status.region_id)
        .outerjoin(now, now.id == Company.merged_into_id)
        .where(visible_to(session, viewer))
        .order_by(Company.search_key, Company.id)
        .limit(limit)
        .offset(offset)
    )
    if region:
        statement = statement.where(Region.slug == region)
    begins = _begins(text)
    if begins is not None:
        statement = statement.where(begins)
    rows = session.execute(statement).all()
    formers = _formers(session, [company.id for company, *_rest in rows], text)
    return [
        Found(company, place, held, into, None if company.search_key.startswith(search_key(text)) else formers.get(company.id))
        for company, place, held, into in rows
    ]  # fmt: skip


def _begins(text: str) -> ColumnElement[bool] | None:
    """The condition that a name or number begins with the text; None for an empty one."""
    text = unicodedata.normalize("NFKC", text).strip()
    digits = business_numbers.normalise(text)
    if digits and all(character.isdigit() or character in "- " for character in text):
        return Company.business_number.between(digits[:10].ljust(10, "0"), digits[:10].ljust(10, "9"))
    key = search_key(text) if text else ""
    if not key:
        return None
    named = select(Company.id).where(Company.search_key >= key, Company.search_key < key + _LAST)
    formerly = select(FormerName.company_id).where(FormerName.search_key >= key, FormerName.search_key < key + _LAST)
    return Company.id.in_(named.union(formerly))


def _formers(session: Session, ids: Sequence[int], text: str) -> dict[int, str]:
    key = search_key(text) if text.strip() else ""
    if not key or not ids:
        return {}
    return dict(
        session.execute(
            select(FormerName.company_id, FormerName.name).where(
                FormerName.company_id.in_(ids), FormerName.search_key >= key, FormerName.search_key < key + _LAST
            )
        ).all()
    )


def list_statuses(session: Session, company: Company) -> list[tuple[CompanyStatus, Region, Industry | None]]:
    """What the company declared, the newest day first; of rows of one day the one that counts comes first."""
    rows = session.execute(
        select(CompanyStatus, Region, Industry)
        .join(Region, Region.id == CompanyStatus.region_id)
        .outerjoin(Industry, Industry.id == CompanyStatus.industry_id)
        .where(CompanyStatus.company_id == company.id)
        .order_by(CompanyStatus.from_on.desc(), CompanyStatus.id.desc())
    )
    return [(status, region, industry) for status, region, industry in rows]


def list_former_names(session: Session, company: Company) -> Sequence[FormerName]:
    return session.scalars(
        select(FormerName).where(FormerName.company_id == company.id).order_by(FormerName.to_on.desc())
    ).all()


def list_merged(session: Session, company: Company) -> Sequence[Company]:
    """Those that turned out to be this one."""
    return session.scalars(select(Company).where(Company.merged_into_id == company.id).order_by(Company.id)).all()


def status_on(session: Session, company: Company, day: date) -> CompanyStatus | None:
    return session.scalar(
        select(CompanyStatus)
        .join(Company, Company.id == CompanyStatus.company_id)
        .where(Company.id == company.id, CompanyStatus.id == current_status(day))
    )


def list_regions(session: Session, viewer: Viewer | None, day: date | None = None) -> Sequence[Region]:
    """The regions of a day in which the viewer may enter companies."""
    day = day or today()
    statement = select(Region).where(places.covers(Region.from_on, Region.to_on, day)).order_by(Region.position)
    if viewer is not None and not viewer.is_operator:
        statement = statement.where(Region.id.in_(places.served_regions(session, viewer.officer_centres, day)))
    return session.scalars(statement).all()


def list_industries(session: Session) -> Sequence[Industry]:
    """Of the newest revision of the classification."""
    newest = select(func.max(Industry.revision)).scalar_subquery()
    return session.scalars(select(Industry).where(Industry.revision == newest).order_by(Industry.code)).all()


def region_with_slug(session: Session, slug: str) -> Region:
    """Raises CompanyError: unknown."""
    region = session.scalar(select(Region).where(Region.slug == slug))
    if region is None:
        raise CompanyError("unknown")
    return region


def merged_into(session: Session, company: Company) -> Company | None:
    return session.get(Company, company.merged_into_id) if company.merged_into_id is not None else None


# Changing


@dataclass(frozen=True)
class Facts:
    """What a company declares to be."""

    region_id: int
    size_class: str | None = None
    factory_level: str | None = None
    industry_id: int | None = None


def add_company(
    session: Session,
    viewer: Viewer | None,
    *,
    business_number: str,
    name: str,
    facts: Facts,
    from_on: date | None = None,
    address: str = "",
) -> Company:
    """Enter a company in a region that the viewer looks after.

    Raises:
        CompanyError: `number_taken` carries the company that has it, if the viewer may see it, as `company`.
    """
    number = _checked_number(session, viewer, business_number, None)
    name, from_on = checked_name(name), from_on or today()
    if from_on > today():
        raise CompanyError("future")
    _check_facts(session, facts, from_on)
    if facts.region_id not in {region.id for region in list_regions(session, viewer, from_on)}:
        raise CompanyError("elsewhere")
    record = changes.begin(session, "company_added", actor_id=viewer.id if viewer else None, address=address)
    company = Company(business_number=number, name=name, created_at=utcnow())
    try:
        with session.begin_nested():
            session.add(company)
            session.flush()
    except IntegrityError:  # somebody else entered it at the same moment
        raise CompanyError("number_taken", company=None) from None
    record.about(f"company:{company.id}")
    record.add(company, CompanyStatus(company_id=company.id, from_on=from_on, **vars(facts)))
    return company


def rename(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    name: str,
    *,
    from_on: date,
    reason: str = "",
    address: str = "",
) -> None:
    """The company is called otherwise from a day on; the name until then stays as a former one. Raises CompanyError."""
    name = checked_name(name)
    check_open(company)
    if name == company.name:
        raise CompanyError("same")
    if from_on > today():
        raise CompanyError("future")
    last = session.scalar(select(func.max(FormerName.to_on)).where(FormerName.company_id == company.id))
    if last is not None and from_on <= last + timedelta(days=1):
        raise CompanyError("too_early")
    record = begin(session, viewer, "company_renamed", company, reason, address)
    record.add(FormerName(company_id=company.id, name=company.name, to_on=from_on - timedelta(days=1)))
    record.alter(company, name=name)


def correct(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    *,
    reason: str,
    name: str | None = None,
    business_number: str | None = None,
    address: str = "",
) -> None:
    """The name or number was written wrongly; no former name is kept. Raises CompanyError."""
    values: dict[str, Any] = {}
    check_open(company)
    check_reason(reason)
    if name is not None:
        values["name"] = checked_name(name)
    if business_number is not None:
        values["business_number"] = _checked_number(session, viewer, business_number, company)
    record = begin(session, viewer, "company_corrected", company, reason, address)
    if not record.alter(company, **values):
        raise CompanyError("same")


def declare(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    facts: Facts,
    *,
    from_on: date,
    reason: str = "",
    address: str = "",
) -> CompanyStatus:
    """The company is another size, level or industry, or lies in another region, from a day on. Raises CompanyError."""
    check_open(company)
    _check_facts(session, facts, from_on)
    before = status_on(session, company, from_on)
    if before is not None and before.from_on == from_on:
        raise CompanyError("same_day")
    if before is not None and _facts_of(before) == facts:
        raise CompanyError("same")
    moved = before is not None and before.region_id != facts.region_id
    record = begin(session, viewer, "company_moved" if moved else "company_declared", company, reason, address)
    status = CompanyStatus(company_id=company.id, from_on=from_on, **vars(facts))
    record.add(status)
    return status


def correct_status(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    facts: Facts,
    *,
    from_on: date,
    reason: str,
    address: str = "",
) -> CompanyStatus:
    """What we had of that day was wrong: a newer row of the same day takes its place. Raises CompanyError."""
    check_open(company)
    check_reason(reason)
    _check_facts(session, facts, from_on)
    before = status_on(session, company, from_on)
    if before is None or before.from_on != from_on:
        raise NotFoundError()
    if _facts_of(before) == facts:
        raise CompanyError("same")
    record = begin(session, viewer, "company_status_corrected", company, reason, address)
    status = CompanyStatus(company_id=company.id, from_on=from_on, **vars(facts))
    record.add(status)
    return status


def _facts_of(status: CompanyStatus) -> Facts:
    return Facts(**{name: getattr(status, name) for name in FACTS})


def begin(
    session: Session, viewer: Viewer | None, kind: str, company: Company, reason: str, address: str
) -> changes.Recorder:
    """A deed on a company."""
    return changes.begin(
        session,
        kind,
        actor_id=viewer.id if viewer else None,
        subject=f"company:{company.id}",
        reason=reason,
        address=address,
    )


def checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise CompanyError("name_missing")
    if len(name) > 120:
        raise CompanyError("name_too_long")
    return name


def _checked_number(session: Session, viewer: Viewer | None, text: str, own: Company | None) -> str:
    number = business_numbers.normalise(unicodedata.normalize("NFKC", text))
    if not business_numbers.is_well_formed(number):
        raise CompanyError("number_malformed")
    holder = session.scalar(select(Company).where(Company.business_number == number))
    if holder is not None and (own is None or holder.id != own.id):
        seen = session.scalar(select(Company).where(Company.id == holder.id, visible_to(session, viewer)))
        raise CompanyError("number_taken", company=seen)
    return number


def _check_facts(session: Session, facts: Facts, day: date) -> None:
    region = session.get(Region, facts.region_id)
    is_known = (
        region is not None
        and (facts.size_class is None or facts.size_class in SIZE_CLASSES)
        and (facts.factory_level is None or facts.factory_level in FACTORY_LEVELS)
        and (facts.industry_id is None or session.get(Industry, facts.industry_id) is not None)
    )
    if not is_known:
        raise CompanyError("unknown")
    if region is not None and region.to_on is not None and region.to_on < day:
        raise CompanyError("region_ended")


def check_open(company: Company) -> None:
    if company.merged_into_id is not None:
        raise CompanyError("merged")


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise CompanyError("reason_missing")
