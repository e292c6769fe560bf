"""Accounts: made, signed in to, given another password."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import Company, Employment, ExternalIdentity, Person

from . import api_tokens, passwords, throttle
from .organisations import business_numbers

# One mailbox and nothing beside it: a comma, colon or bracket would make a list, a group or a comment of it in a mail's header.
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_EMAIL = re.compile(rf"[\w.!#$%&'*+/=^`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")


class SignInRefusedError(LMSError):
    """`reason`: wrong (nothing more is said), throttled, or several_companies (give the business number)."""

    sentence = "Sign-in was refused: {reason}."


class AccountError(LMSError):
    """`reason`: email_taken, email_malformed, name_missing."""

    sentence = "The account was not made: {reason}."


@dataclass(frozen=True)
class Credentials:
    """What a person typed: an e-mail, or company (name or business number) and employee number."""

    password: str
    email: str = ""
    company: str = ""
    employee_number: str = ""

    def key(self) -> str:
        """What the throttle counts by where no account has these; an account is counted by its own id."""
        typed = normalise_email(self.email) if self.email else f"{self.company.strip()}/{self.employee_number.strip()}"
        return f"account:{typed}"[:120]


def normalise_email(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_email(email: str) -> bool:
    """Whether a normalised text can be the address of a mail."""
    return len(email) <= 254 and _EMAIL.fullmatch(email) is not None


def create_person(
    session: Session,
    *,
    name: str,
    email: str | None = None,
    password: str | None = None,
    must_change_password: bool = False,
    language: str | None = None,
    now: datetime | None = None,
) -> Person:
    """Add an account; without a password nobody can sign in to it until one is set.

    Raises:
        AccountError
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    email = normalise_email(email) if email else None
    if not name:
        raise AccountError("name_missing")
    if email is not None:
        if not is_email(email):
            raise AccountError("email_malformed")
        if session.scalar(select(Person.id).where(Person.email == email)) is not None:
            raise AccountError("email_taken")
    person = Person(
        name=name,
        email=email,
        password_hash=passwords.hash_password(password) if password else None,
        must_change_password=must_change_password,
        is_active=True,
        language=language,
        created_at=now or utcnow(),
    )
    session.add(person)
    session.flush()
    return person


def authenticate(
    session: Session, credentials: Credentials, *, address: str, tries: int, now: datetime | None = None
) -> Person:
    """The person whose credentials these are. It only reads: hashing is slow on purpose, so no lock is held meanwhile.

    The caller notes what came of it, by `note_failure` or `note_success`. `tries` wrong ones are let through for an
    account, and ten times as many from one address.

    Raises:
        SignInRefusedError
    """
    now = now or utcnow()
    person = _find(session, credentials, now)
    keys = ((_account_key(person, credentials), tries), (_address_key(address), tries * 10))
    if any(throttle.failures(session, key, now) >= limit for key, limit in keys):
        raise SignInRefusedError("throttled")
    right = passwords.verify(person.password_hash if person else None, credentials.password)
    if person is None or not right or not person.is_active:
        raise SignInRefusedError("wrong")
    return person


def note_failure(session: Session, credentials: Credentials, *, address: str, now: datetime | None = None) -> None:
    """Count a wrong try against the account and the address."""
    now = now or utcnow()
    person = _find(session, credentials, now)
    for key in (_account_key(person, credentials), _address_key(address)):
        throttle.add_failure(session, key, now)


def note_success(session: Session, person_id: int, credentials: Credentials) -> None:
    """Forget the account's wrong tries, and hash the password anew where the cost has been raised since."""
    person = session.get_one(Person, person_id)
    throttle.forget(session, _account_key(person, credentials))
    if passwords.needs_rehash(person.password_hash or ""):
        person.password_hash = passwords.hash_password(credentials.password)


def _account_key(person: Person | None, credentials: Credentials) -> str:
    """One account is counted once, however its company or address was written."""
    return f"person:{person.id}" if person else credentials.key()


def _address_key(address: str) -> str:
    return f"address:{address}"


def _find(session: Session, credentials: Credentials, now: datetime) -> Person | None:
    if credentials.email:
        return session.scalar(select(Person).where(Person.email == normalise_email(credentials.email)))
    company = " ".join(credentials.company.split())
    if not company or not credentials.employee_number.strip():
        return None
    # Companies share names; the employee number usually tells which, and where it doesn't we ask for the business number.
    # The people of a company that was entered twice are at the entry that it was merged into.
    meant = select(func.coalesce(Company.merged_into_id, Company.id)).where(
        or_(Company.business_number == business_numbers.normalise(company), Company.name == company)
    )
    found = session.scalars(
        select(Person)
        .join(Employment, Employment.person_id == Person.id)
        .where(
            Employment.company_id.in_(meant),
            Employment.employee_number == credentials.employee_number.strip(),
            or_(Employment.to_on.is_(None), Employment.to_on >= (now - timedelta(days=1)).date()),
        )
        .limit(2)
    ).all()
    if len(found) > 1:
        raise SignInRefusedError("several_companies")
    return found[0] if found else None


def change_password(session: Session, person: Person, old: str | None, new: str) -> None:
    """Set another password; tokens for programs end with the old one. `old` is asked for except where the operator sets it
    (None).

    Raises:
        SignInRefusedError: the old one is wrong.
        passwords.WeakPasswordError: the new one is not taken.
    """
    if old is not None and not passwords.verify(person.password_hash, old):
        raise SignInRefusedError("wrong")
    passwords.check_strength(new, person.name, person.email)
    if passwords.verify(person.password_hash, new):
        raise passwords.WeakPasswordError("same")
    person.password_hash = passwords.hash_password(new)
    person.must_change_password = False
    api_tokens.revoke_all(session, person.id)
    audit.record(session, "password_changed", actor_id=person.id, subject=f"person:{person.id}")


def person_of_identity(
    session: Session, *, issuer: str, subject: str, name: str, email: str | None, now: datetime | None = None
) -> Person:
    """The person whom a host site knows as `subject`, made at her first visit.

    An e-mail that the host vouches for finds the account that she has here already.
    """
    known = _known_as(session, issuer, subject)
    if known is not None:
        return known
    try:
        with session.begin_nested():
            return _make_known(session, issuer, subject, name, email, now or utcnow())
    except (IntegrityError, AccountError):  # another request of her first visit came before this one
        known = _known_as(session, issuer, subject)
        if known is None:
            raise
        return known


def _known_as(session: Session, issuer: str, subject: str) -> Person | None:
    return session.scalar(
        select(Person)
        .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
        .where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    )


def _make_known(session: Session, issuer: str, subject: str, name: str, email: str | None, now: datetime) -> Person:
    email = normalise_email(email) if email else None
    person = session.scalar(select(Person).where(Person.email == email)) if email else None
    if person is None:
        person = create_person(session, name=name, email=email, now=now)
    session.add(ExternalIdentity(issuer=issuer, subject=subject, person_id=person.id, created_at=now))
    session.flush()
    return person


def load_person(session: Session, email: str) -> Person:
    """Raises NotFoundError."""
    person = session.scalar(select(Person).where(Person.email == normalise_email(email)))
    if person is None:
        raise NotFoundError()
    return person


def load_employee(session: Session, company: str, employee_number: str, now: datetime | None = None) -> Person:
    """Who signs in by a company (name or business number) and an employee number.

    Raises:
        NotFoundError
        SignInRefusedError: several companies have the name.
    """
    credentials = Credentials("", company=company, employee_number=employee_number)
    person = _find(session, credentials, now or utcnow())
    if person is None:
        raise NotFoundError()
    return person
