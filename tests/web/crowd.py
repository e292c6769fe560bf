"""Many companies with people in a run, for the pages of those who answer for them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.learning import enrolments, ledger
from lms.models import Company, CompanyStatus, Person, Region, Run
from tests.world import LONG_AGO, at, employ

from .site import Site


def add_company(session: Session, name: str, number: str, region: Region) -> Company:
    company = Company(business_number=number, name=name, created_at=at("2020-03-02"))
    session.add(company)
    session.flush()
    session.add(
        CompanyStatus(
            company_id=company.id,
            from_on=LONG_AGO,
            region_id=region.id,
            size_class="small",
            factory_level="basic",
            recorded_at=at("2020-03-02"),
        )
    )
    session.flush()
    return company


def add_learner(
    session: Session, name: str, company: Company, run: Run, number: str, *, completes: bool = False
) -> int:
    """The id of her enrolment. Who completes has done all of it yesterday."""
    person = Person(name=name, created_at=at("2026-01-02"))
    session.add(person)
    session.flush()
    employ(session, person, company, number)
    enrolment = enrolments.enrol(session, run, person.id, now=utcnow() - timedelta(days=3))
    if completes:
        session.refresh(run, ["units"])  # enrolling read the run anew
        yesterday = today() - timedelta(days=1)
        for unit in run.units:
            ledger.record_unit_done(session, enrolment, unit.key, effective_on=yesterday)
        ledger.append(session, enrolment, "completed", effective_on=yesterday)
    return enrolment.id


def fill(site: Site, companies: int, *, people: int = 2) -> None:
    """So many companies of Busan with so many people each in the site's run; every third company has one who completed."""
    with site.lms.database.writing() as session:
        run = session.get_one(Run, site.run.id)
        for place in range(companies):
            company = add_company(session, f"기업 {place:03}", f"90{place:08}", site.world.busan)
            for turn in range(people):
                number = f"{place}-{turn}"
                completes = place % 3 == 0 and not turn
                add_learner(session, f"수강생 {number}", company, run, number, completes=completes)
        session.commit()
