"""Put the steps of a roster into the tables, by one statement for each kind of deed, however many rows.

All of it is one transaction, for which everything slow was done before: the steps lie in a table of their own, sealed and
with their ids, so that 50,000 people take a second. Whoever looks sees all of it or nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, text, update
from sqlalchemy.orm import Session

from lms.clock import seoul_day
from lms.learning import bulk
from lms.models import (
    Company,
    CompanyStatus,
    Employment,
    Enrolment,
    Person,
    Roster,
    RosterCompany,
    RosterEnrolment,
    RosterStep,
)
from lms.models.database import insert_into
from lms.people import changes
from lms.people.changes import Recorder
from lms.people.organisations.companies import current_status

from .known import version_of
from .storage import RosterStateError

KIND = "roster_applied"


class OvertakenError(Exception):
    """Something was changed since the plan was made; it has to be made anew."""


def shut_others_out(session: Session, version: tuple[int, int]) -> None:
    """From here on nobody else changes organisations and people until the transaction ends.

    SQLite has one writer; on PostgreSQL the table that every such deed writes is locked, which keeps no learner waiting.

    Raises:
        OvertakenError: something was changed since `version`.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE lms_change_set IN SHARE ROW EXCLUSIVE MODE"))
    if version_of(session) != version:
        raise OvertakenError


def write(session: Session, roster: Roster, *, now: datetime) -> Recorder:
    """Do all steps of a roster. Raises bulk.BulkError where a run has no seats left or was closed."""
    day = seoul_day(now)
    record = changes.begin(session, KIND, actor_id=roster.actor_id, subject=f"roster:{roster.id}", now=now)
    writer = _Writer(session, roster.id, record, now, day)
    for deed in (
        writer.add_companies,
        writer.add_people,
        writer.change_people,
        writer.change_employments,
        writer.employ,
    ):
        deed()
    writer.enrol()
    return record


class _Writer:
    def __init__(self, session: Session, roster_id: int, record: Recorder, now: datetime, day: date) -> None:
        self.session, self.roster_id, self.record, self.now, self.day = session, roster_id, record, now, day

    def steps(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(RosterStep.roster_id == self.roster_id, *conditions)

    def any(self, *conditions: ColumnElement[bool]) -> bool:
        return self.session.scalar(select(RosterStep.number).where(self.steps(*conditions)).limit(1)) is not None

    def insert(self, model: type, columns: dict[str, Any], source: Select, *, defaults: bool = False) -> None:
        rows = source.with_only_columns(*columns.values())
        statement = insert_into(self.session, model).from_select(list(columns), rows, include_defaults=defaults)
        self.session.execute(statement)

    def add_companies(self) -> None:
        of_roster = RosterCompany.roster_id == self.roster_id
        if self.session.scalar(select(RosterCompany.uid).where(of_roster).limit(1)) is None:
            return
        columns: dict[str, Any] = {
            "uid": RosterCompany.uid,
            "business_number": RosterCompany.business_number,
            "name": RosterCompany.name,
            "search_key": RosterCompany.search_key,
            "created_at": literal(self.now, Company.created_at.type),
        }
        self.insert(Company, columns, select(RosterCompany).where(of_roster).order_by(RosterCompany.business_number))
        ids = select(Company.id).join(RosterCompany, and_(RosterCompany.uid == Company.uid, of_roster))
        self.record.note_added(Company, Company.id.in_(ids))
        columns = {
            "company_id": Company.id,
            "from_on": literal(self.day, CompanyStatus.from_on.type),
            "region_id": RosterCompany.region_id,
            "recorded_at": literal(self.now, CompanyStatus.recorded_at.type),
        }
        joined = (
            select(Company).join(RosterCompany, and_(RosterCompany.uid == Company.uid, of_roster)).order_by(Company.id)
        )
        self.insert(CompanyStatus, columns, joined)
        self.record.note_added(CompanyStatus, CompanyStatus.company_id.in_(ids))

    def add_people(self) -> None:
        added = self.steps(RosterStep.person_deed == "add")
        if not self.any(RosterStep.person_deed == "add"):
            return
        columns: dict[str, Any] = {
            "uid": RosterStep.person_uid,
            "name": RosterStep.name,
            "email": RosterStep.email,
            "birth_date_sealed": RosterStep.birth_date_sealed,
            "birth_date_index": RosterStep.birth_date_index,
            "phone_sealed": RosterStep.phone_sealed,
            "created_at": literal(self.now, Person.created_at.type),
        }
        self.insert(Person, columns, select(RosterStep).where(added).order_by(RosterStep.number), defaults=True)
        ids = select(Person.id).join(RosterStep, and_(RosterStep.person_uid == Person.uid, added))
        self.record.note_added(Person, Person.id.in_(ids))

    def change_people(self) -> None:
        if not self.any(RosterStep.person_deed == "change"):
            return
        changed = self.steps(RosterStep.person_deed == "change")
        self.record.note_before(Person, Person.uid.in_(select(RosterStep.person_uid).where(changed)))
        names = ("name", "email", "birth_date_sealed", "birth_date_index", "phone_sealed")
        self._update(Person, and_(RosterStep.person_uid == Person.uid, changed), names)
        self.record.note_after(Person)

    def change_employments(self) -> None:
        """Those that give their number away first, so that it is free."""
        changed = self.steps(RosterStep.employment_deed == "change")
        freed = select(RosterStep.freed_id).where(self.steps(RosterStep.freed_id.is_not(None)))
        ids = select(RosterStep.employment_id).where(changed)
        if not self.any(or_(RosterStep.freed_id.is_not(None), RosterStep.employment_deed == "change")):
            return
        self.record.note_before(Employment, or_(Employment.id.in_(freed), Employment.id.in_(ids)))
        self._run(update(Employment).where(Employment.id.in_(freed)).values(employee_number=None))
        names = ("employee_number", "department", "job")
        self._update(Employment, and_(RosterStep.employment_id == Employment.id, changed), names)
        self.record.note_after(Employment)

    def employ(self) -> None:
        if not self.any(RosterStep.employment_deed == "add"):
            return
        columns: dict[str, Any] = {
            "person_id": Person.id,
            "company_id": Company.id,
            "employee_number": RosterStep.employee_number,
            "department": RosterStep.department,
            "job": RosterStep.job,
            "from_on": literal(self.day, Employment.from_on.type),
        }
        joined = self._joined(RosterStep.employment_deed == "add")
        self.insert(Employment, columns, joined.order_by(RosterStep.number))
        ids = joined.join(
            Employment,
            and_(
                Employment.person_id == Person.id,
                Employment.company_id == Company.id,
                Employment.from_on == self.day,
                Employment.to_on.is_(None),
            ),
        ).with_only_columns(Employment.id)
        self.record.note_added(Employment, Employment.id.in_(ids))

    def enrol(self) -> None:
        deeds = RosterStep.enrolment_deed.is_not(None)
        if not self.any(deeds):
            return
        wanted = (
            self._joined(RosterStep.enrolment_deed == "add")
            .join(CompanyStatus, CompanyStatus.id == current_status(self.day))
            .with_only_columns(
                RosterStep.enrolment_uid.label("uid"),
                RosterStep.run_id,
                Person.id.label("person_id"),
                Company.id.label("company_id"),
                CompanyStatus.region_id,
                CompanyStatus.id.label("company_status_id"),
            )
        )
        if self.any(RosterStep.enrolment_deed == "add"):
            bulk.enrol_many(self.session, wanted, now=self.now)
        again = select(RosterStep.enrolment_id).where(self.steps(RosterStep.enrolment_deed == "again"))
        if self.any(RosterStep.enrolment_deed == "again"):
            bulk.take_up_again(self.session, again, now=self.now)
        made = select(Enrolment).where(
            or_(
                Enrolment.uid.in_(
                    select(RosterStep.enrolment_uid).where(self.steps(RosterStep.enrolment_deed == "add"))
                ),
                Enrolment.id.in_(again),
            )
        )
        runs = select(RosterStep.run_id).where(self.steps(deeds))
        bulk.refuse_overfull(self.session, runs, made.with_only_columns(Enrolment.id))
        columns: dict[str, Any] = {"roster_id": literal(self.roster_id), "enrolment_id": Enrolment.id}
        self.insert(RosterEnrolment, columns, made)

    def _joined(self, *conditions: ColumnElement[bool]) -> Select:
        """Steps with the rows of their people and companies."""
        return (
            select(RosterStep)
            .join(Person, Person.uid == RosterStep.person_uid)
            .join(Company, Company.business_number == RosterStep.business_number)
            .where(self.steps(*conditions))
        )

    def _update(self, model: type, condition: ColumnElement[bool], names: tuple[str, ...]) -> None:
        values = {name: getattr(RosterStep, name) for name in names}
        self._run(update(model).where(condition).values(values))

    def _run(self, statement: Any) -> None:
        self.session.execute(statement.execution_options(synchronize_session=False))


def refuse_empty(record: Recorder, session: Session, roster_id: int) -> None:
    """Raises RosterStateError where nothing was written."""
    enrolled = select(func.count()).where(RosterEnrolment.roster_id == roster_id)
    if record.is_empty() and not session.scalar(enrolled):
        raise RosterStateError("nothing")
