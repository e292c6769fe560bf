"""Two rows of one company become one.

Whoever works there goes over, with what they are called there, and so do managers, clusters and the partner. What was
counted stays as it was counted: enrolments and the ledger keep the company that they name. The row that was one too many
stays findable by its number and points to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from lms.clock import today, utcnow
from lms.models import ClusterMember, Company, Employment, Person, Role, Sponsorship

from ..changes import Recorder
from ..viewers import Viewer
from . import companies
from .companies import CompanyError


@dataclass(frozen=True)
class Clash:
    """An employee number that two people have, one in each row."""

    employee_number: str
    name: str
    other_name: str


@dataclass(frozen=True)
class Preview:
    """What a merger would do."""

    employments: int
    managers: int
    clashes: Sequence[Clash]


def preview(session: Session, company: Company, into: Company) -> Preview:
    """Raises CompanyError where the two can't be merged whatever is in them: `itself`, `merged`."""
    _check(company, into)
    return Preview(
        len(_employments(session, company)), len(_managers(session, company)), clashes(session, company, into)
    )


def clashes(session: Session, company: Company, into: Company) -> list[Clash]:
    """Employee numbers in the way: they name different people, so that one of them has to be corrected first."""
    mine, other, me, her = aliased(Employment), aliased(Employment), aliased(Person), aliased(Person)
    rows = session.execute(
        select(mine.employee_number, me.name, her.name)
        .join(other, other.employee_number == mine.employee_number)
        .join(me, me.id == mine.person_id)
        .join(her, her.id == other.person_id)
        .where(mine.company_id == company.id, other.company_id == into.id, mine.person_id != other.person_id)
        .order_by(mine.employee_number)
    )
    return [Clash(number or "", name, other_name) for number, name, other_name in rows]


def merge(
    session: Session, viewer: Viewer | None, company: Company, into: Company, *, reason: str, address: str = ""
) -> None:
    """`company` turns out to be `into`.

    Raises:
        CompanyError: also `clashes`, with them, as preview lists them.
    """
    companies.check_reason(reason)
    _check(company, into)
    if found := clashes(session, company, into):
        raise CompanyError("clashes", clashes=found)
    record = companies.begin(session, viewer, "companies_merged", into, reason, address)
    _move_people(session, record, company, into)
    _move_managers(session, record, company, into)
    _move_memberships(session, record, company, into)
    for earlier in companies.list_merged(session, company):
        record.alter(earlier, merged_into_id=into.id)
    record.alter(company, merged_into_id=into.id, merged_at=utcnow())


def _check(company: Company, into: Company) -> None:
    companies.check_open(company)
    companies.check_open(into)
    if company.id == into.id:
        raise CompanyError("itself")


def _employments(session: Session, company: Company) -> Sequence[Employment]:
    return session.scalars(select(Employment).where(Employment.company_id == company.id).order_by(Employment.id)).all()


def _move_people(session: Session, record: Recorder, company: Company, into: Company) -> None:
    """Who was entered in both rows with one number, or twice for the same time, has been there once: from the earlier day
    to the later."""
    there: dict[int, list[Employment]] = {}
    for row in _employments(session, into):
        there.setdefault(row.person_id, []).append(row)
    for row in _employments(session, company):
        twin = next((other for other in there.get(row.person_id, ()) if _is_same(row, other)), None)
        if twin is None:
            record.alter(row, company_id=into.id)
            continue
        ends = None if row.to_on is None or twin.to_on is None else max(row.to_on, twin.to_on)
        record.remove(row)
        record.alter(
            twin,
            from_on=min(row.from_on, twin.from_on),
            to_on=ends,
            employee_number=twin.employee_number or row.employee_number,
            department=twin.department or row.department,
            job=twin.job or row.job,
        )


def _is_same(one: Employment, other: Employment) -> bool:
    if one.employee_number is not None and one.employee_number == other.employee_number:
        return True
    overlap = (one.to_on is None or other.from_on <= one.to_on) and (other.to_on is None or one.from_on <= other.to_on)
    return overlap and (one.employee_number is None or other.employee_number is None)


def _managers(session: Session, company: Company) -> Sequence[Role]:
    return session.scalars(
        select(Role).where(Role.company_id == company.id, or_(Role.to_on.is_(None), Role.to_on >= today()))
    ).all()


def _move_managers(session: Session, record: Recorder, company: Company, into: Company) -> None:
    has = {role.person_id for role in _managers(session, into)}
    for role in _managers(session, company):
        record.alter(role, to_on=today())
        if role.person_id not in has:
            record.add(Role(person_id=role.person_id, kind=role.kind, company_id=into.id, from_on=today()))


def _move_memberships(session: Session, record: Recorder, company: Company, into: Company) -> None:
    inside = {row.cluster_id for row in _memberships(session, into)}
    for row in _memberships(session, company):
        record.alter(row, to_on=max(row.from_on, today()))
        if row.cluster_id not in inside:
            record.add(ClusterMember(cluster_id=row.cluster_id, company_id=into.id, from_on=today()))
    sponsored = bool(_partners(session, into))
    for sponsorship in _partners(session, company):
        record.alter(sponsorship, to_on=max(sponsorship.from_on, today()))
        if not sponsored and sponsorship.partner_id != into.id:
            record.add(Sponsorship(company_id=into.id, partner_id=sponsorship.partner_id, from_on=today()))
            sponsored = True


def _memberships(session: Session, company: Company) -> Sequence[ClusterMember]:
    return session.scalars(
        select(ClusterMember).where(ClusterMember.company_id == company.id, ClusterMember.to_on.is_(None))
    ).all()


def _partners(session: Session, company: Company) -> Sequence[Sponsorship]:
    return session.scalars(
        select(Sponsorship).where(Sponsorship.company_id == company.id, Sponsorship.to_on.is_(None))
    ).all()
