"""People as a roster: the file that goes out is the file that may come in, and brings no change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lms.clock import today
from lms.models import Company, CompanyStatus, Course, CourseVersion, Employment, Enrolment, Person, Region, Run
from lms.people.organisations import business_numbers, companies, places
from lms.people.privacy import personal
from lms.people.privacy.sealing import Sealer
from lms.people.viewers import Viewer

from . import columns

# As the columns stand in domain documents and in the files that companies get from their centres.
HEADINGS = tuple(columns.names()[field][0] for field in columns.FIELDS)


def export(
    session: Session, viewer: Viewer | None, sealer: Sealer, *, company_id: int | None = None, run_id: int | None = None
) -> Iterator[Sequence[str]]:
    """The cells of everybody who works today at the companies that the viewer edits, or at one of them, or who is in a run.

    Birth dates and telephone numbers are open in it: whoever takes it says why.
    """
    day = today()
    status = aliased(CompanyStatus)
    statement = (
        select(Employment, Person, Company, Region.short_ko)
        .join(Person, Person.id == Employment.person_id)
        .join(Company, Company.id == Employment.company_id)
        .outerjoin(status, status.id == companies.current_status(day))
        .outerjoin(Region, Region.id == status.region_id)
        .where(places.covers(Employment.from_on, Employment.to_on, day), companies.editable_by(session, viewer, day))
        .order_by(Company.search_key, Company.id, Employment.department, Person.name, Employment.id)
    )
    if company_id is not None:
        statement = statement.where(Company.id == company_id)
    course, number = _run(session, run_id)
    if run_id is not None:
        in_run = select(Enrolment.id).where(
            Enrolment.run_id == run_id, Enrolment.person_id == Person.id, Enrolment.company_id == Company.id,
            Enrolment.state == "enrolled",
        )  # fmt: skip
        statement = statement.where(in_run.exists())
    for employment, person, company, region in session.execute(statement.execution_options(yield_per=500)):
        yield _cells(employment, person, company, region or "", sealer, course, number)


def company_with_number(session: Session, viewer: Viewer | None, number: str) -> Company:
    """Raises NotFoundError."""
    return companies.load_by_number(session, viewer, number)


def _run(session: Session, run_id: int | None) -> tuple[str, str]:
    if run_id is None:
        return "", ""
    title, _slug, number = session.execute(
        select(CourseVersion.title, Course.slug, Run.number)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .join(Course, Course.id == Run.course_id)
        .where(Run.id == run_id)
    ).one()
    return title, str(number)


def _cells(
    employment: Employment, person: Person, company: Company, region: str, sealer: Sealer, course: str, number: str
) -> Sequence[str]:
    birth_date, phone = personal.birth_date_of(sealer, person), personal.phone_of(sealer, person)
    return (
        business_numbers.display(company.business_number),
        company.name,
        region,
        person.name,
        employment.employee_number or "",
        birth_date.isoformat() if birth_date else "",
        f"{phone[:3]}-{phone[3:-4]}-{phone[-4:]}" if phone.startswith("01") else phone,
        person.email or "",
        employment.department,
        employment.job,
        course,
        number,
    )
