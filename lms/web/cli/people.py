"""Accounts."""

from __future__ import annotations

import click
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.errors import NotFoundError
from lms.models import Centre, Company, Person
from lms.models.people import ROLES
from lms.people import accounts, passwords, roles, sign_ins
from lms.people.organisations import business_numbers, employments
from lms.people.organisations.companies import CompanyError

from ..extension import LMS
from .group import console, in_site, lms, say


@lms.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.option("--name", required=True)
@click.option("--email")
@click.option("--role", type=click.Choice(ROLES), help="none for a learner")
@click.option("--centre", help="slug of the centre of an officer or instructor")
@click.option("--company", help="business number: of the company that a manager manages, or where a learner works")
@click.option("--employee-number", help="with --company, where the person works there")
@in_site
def user_add(
    site: LMS,
    name: str,
    email: str | None,
    role: str | None,
    centre: str | None,
    company: str | None,
    employee_number: str | None,
) -> None:
    """Add a person and print the first password, which has to be changed at the first sign-in."""
    password = passwords.new_password()
    with site.database.writing() as session:
        centre_id = (
            _found(session.scalar(select(Centre.id).where(Centre.slug == centre)), "centre", centre) if centre else None
        )
        company_id = None
        if company:
            number = business_numbers.normalise(company)
            company_id = _found(
                session.scalar(select(Company.id).where(Company.business_number == number)), "company", company
            )
        person = accounts.create_person(session, name=name, email=email, password=password, must_change_password=True)
        if employee_number:
            if company_id is None:
                raise click.ClickException("--employee-number needs --company, the business number of where she works.")
            _employ(session, person, company_id, employee_number)
        elif email is None:
            raise click.ClickException(
                "Give --email, or --company with --employee-number: one of them is needed to sign in."
            )
        if role:
            roles.grant(
                session,
                person,
                role,
                centre_id=centre_id,
                company_id=company_id if role == "company_manager" else None,
            )
        session.commit()
    say(f"{person.name}: first password {password}")


def _employ(session: Session, person: Person, company_id: int, employee_number: str) -> None:
    company = session.get_one(Company, company_id)
    try:
        employments.employ(session, None, company, person.id, place=employments.Place(employee_number), from_on=today())
    except employments.EmploymentError:
        raise click.ClickException(f"Employee number '{employee_number}' of that company is somebody else's.") from None
    except CompanyError:
        into = session.get_one(Company, company.merged_into_id)
        raise click.ClickException(
            f"That company was merged into another one: {into.name}, {business_numbers.display(into.business_number)}."
        ) from None


def _found(row: int | None, kind: str, given: str) -> int:
    if row is None:
        raise click.ClickException(f"There is no {kind} '{given}'.")
    return row


@user.command("password")
@click.argument("email", required=False)
@click.option("--company", help="business number of who has no e-mail, with --employee-number")
@click.option("--employee-number")
@in_site
def user_password(site: LMS, email: str | None, company: str | None, employee_number: str | None) -> None:
    """Set a new first password for EMAIL or an employee, sign the person out everywhere, and print it."""
    password = passwords.new_password()
    with site.database.writing() as session:
        person = _account(session, email, company, employee_number)
        accounts.change_password(session, person, None, password)
        person.must_change_password = True
        sign_ins.end_others(session, person.id, None)
        session.commit()
    say(f"{person.name}: first password {password}")


def _account(session: Session, email: str | None, company: str | None, employee_number: str | None) -> Person:
    try:
        if email and not company and not employee_number:
            return accounts.load_person(session, email)
        if company and employee_number and not email:
            return accounts.load_employee(session, company, employee_number)
    except NotFoundError:
        given = f"the e-mail '{email}'" if email else f"employee number '{employee_number}' at '{company}'"
        raise click.ClickException(f"There is no account with {given}.") from None
    raise click.UsageError("Give EMAIL, or --company with --employee-number.")


@user.command("list")
@in_site
def user_list(site: LMS) -> None:
    """List the accounts that have a role."""
    table = Table()
    for heading in ("name", "e-mail", "roles"):
        table.add_column(heading)
    with site.database.reading() as session:
        people: dict[str, list[str]] = {}
        for person, kind in session.execute(
            select(Person, roles.Role.kind).join(roles.Role, roles.Role.person_id == Person.id).order_by(Person.id)
        ):
            people.setdefault(f"{person.name}\t{person.email or ''}", []).append(kind)
    for who, kinds in people.items():
        table.add_row(*who.split("\t"), ", ".join(kinds))
    console.print(table)
