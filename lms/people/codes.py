"""One-time codes: the right to choose a password once, on paper, from an officer's screen, or by mail.

A code has twelve letters of an alphabet without look-alikes, 59 bits. The row holds its HMAC under the site's secret key, so
that the table alone opens no account; it is found by that hash, whose comparing tells nothing about the code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from lms import audit, messages
from lms.clock import utcnow
from lms.errors import LMSError
from lms.models import Code, Company, Employment, Person, new_uid

from . import api_tokens, passwords, sign_ins, throttle
from .hangul import keys_of

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH, GROUP = 12, 4
# Wrong codes that one address may send in a quarter of an hour: a company's people share one.
TRIES_OF_ADDRESS = 100
# Of these a newer code voids the older ones; one that came by mail leaves the slip in somebody's hand alone.
_BY_HAND, _BY_MAIL = ("slip", "desk"), ("invitation", "reset")


class CodeError(LMSError):
    """`reason`: unknown (never was, or is void, used or too old: which of them is not told), throttled."""

    sentence = "The code was not taken: {reason}."


def key_of(secret: str) -> bytes:
    """The key under which codes are hashed, from the site's secret key."""
    return hmac.new(secret.encode(), b"baeum one-time codes", hashlib.sha256).digest()


def shown(code: str) -> str:
    """In groups, as people read and type it: ABCD-EFGH-JKMN."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def normalise(typed: str) -> str:
    """What was meant: without hyphens, spaces and case, also where the keyboard was set to Hangul."""
    plain = keys_of(unicodedata.normalize("NFKC", typed)).upper()
    return "".join(character for character in plain if character.isascii() and character.isalnum())[:64]


def hash_of(code: str, key: bytes) -> str:
    return hmac.new(key, normalise(code).encode(), hashlib.sha256).hexdigest()


def draw(person_ids: Collection[int]) -> dict[int, str]:
    """A fresh code for each person, in clear: to be printed or mailed, and then forgotten."""
    return {person: "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for person in person_ids}


def keep(
    session: Session,
    drawn: Mapping[int, str],
    kind: str,
    *,
    key: bytes,
    until: datetime,
    issued_by: int | None = None,
    batch_id: int | None = None,
    now: datetime | None = None,
) -> None:
    """Let drawn codes work. Those that the people had before, of the same way, are void from now on."""
    now = now or utcnow()
    rows = [
        {
            "uid": new_uid(),
            "person_id": person,
            "kind": kind,
            "code_hash": hash_of(code, key),
            "issued_by": issued_by,
            "batch_id": batch_id,
            "created_at": now,
            "expires_at": until,
        }
        for person, code in drawn.items()
    ]
    void(session, list(drawn), _BY_HAND if kind in _BY_HAND else _BY_MAIL, now)
    session.execute(insert(Code), rows)


def issue(
    session: Session,
    person_id: int,
    kind: str,
    *,
    key: bytes,
    lifetime: timedelta,
    issued_by: int | None = None,
    now: datetime | None = None,
) -> str:
    """One code for one person, in clear."""
    now = now or utcnow()
    drawn = draw([person_id])
    keep(session, drawn, kind, key=key, until=now + lifetime, issued_by=issued_by, now=now)
    return drawn[person_id]


def void(session: Session, person_ids: Sequence[int], kinds: Collection[str], now: datetime | None = None) -> None:
    """End what of these kinds is open for these people."""
    session.execute(
        update(Code)
        .where(Code.person_id.in_(person_ids), Code.kind.in_(kinds), Code.used_at.is_(None), Code.voided_at.is_(None))
        .values(voided_at=now or utcnow())
        .execution_options(synchronize_session=False)
    )


def void_of_hand(session: Session, person_id: int) -> None:
    """Somebody is given a role: who printed or wrote down a code for her must not come to it."""
    void(session, [person_id], _BY_HAND)


# To whom it belongs


@dataclass(frozen=True)
class Holder:
    """Whose a code is, and how she signs in afterwards: by e-mail, else by a company and an employee number there."""

    code: Code
    person: Person
    company: str = ""
    employee_number: str = ""


def look_up(session: Session, typed: str, *, key: bytes, address: str, now: datetime | None = None) -> Holder:
    """Whose an open code is. It only reads; the caller counts a wrong one by `note_wrong`. Raises CodeError."""
    now = now or utcnow()
    if throttle.failures(session, _throttle_key(address), now) >= TRIES_OF_ADDRESS:
        raise CodeError("throttled")
    found = _find(session, typed, key, now)
    if found is None:
        raise CodeError("unknown")
    code, person = found
    employment = session.execute(
        select(Company.name, Employment.employee_number)
        .join(Company, Company.id == Employment.company_id)
        .where(Employment.person_id == person.id, Employment.to_on.is_(None))
        .order_by(Employment.employee_number.is_(None), Employment.from_on.desc())
        .limit(1)
    ).first()
    company, number = (employment[0], employment[1] or "") if employment else ("", "")
    return Holder(code, person, company, number)


def _find(session: Session, typed: str, key: bytes, now: datetime) -> tuple[Code, Person] | None:
    row = session.execute(
        select(Code, Person)
        .join(Person, Person.id == Code.person_id)
        .where(
            Code.code_hash == hash_of(typed, key),
            Code.used_at.is_(None),
            Code.voided_at.is_(None),
            Code.expires_at > now,
            Person.is_active,
        )
    ).first()
    return (row[0], row[1]) if row else None


def note_wrong(session: Session, *, address: str, now: datetime | None = None) -> None:
    throttle.add_failure(session, _throttle_key(address), now)


def _throttle_key(address: str) -> str:
    return f"code:{address}"


def hash_chosen(holder: Holder, password: str) -> str:
    """The hash of the password that she chose, made before the transaction because it takes its time.

    Raises:
        passwords.WeakPasswordError
    """
    passwords.check_strength(password, holder.person.name, holder.person.email, holder.employee_number)
    return passwords.hash_password(password)


def redeem(
    session: Session, typed: str, password_hash: str, *, key: bytes, address: str = "", now: datetime | None = None
) -> Person:
    """Give the person the password that she chose; after this no code of hers works, no device is signed in, no token is valid.

    Raises:
        CodeError: `unknown`, also where another used it meanwhile.
    """
    now = now or utcnow()
    found = _find(session, typed, key, now)
    if found is None or not _use(session, found[0], now):
        raise CodeError("unknown")
    code, person = found
    was_new = person.password_hash is None
    void(session, [person.id], (*_BY_HAND, *_BY_MAIL), now)
    person.password_hash = password_hash
    person.must_change_password = False
    sign_ins.end_others(session, person.id, None, now)
    api_tokens.revoke_all(session, person.id, now=now)
    throttle.forget(session, f"person:{person.id}")
    audit.record(
        session,
        "password_set" if was_new else "password_changed",
        actor_id=person.id,
        subject=f"person:{person.id}",
        address=address,
        reason=code.kind,
    )
    if not was_new:
        messages.send(session, person.id, "password_chosen", {"at": now.isoformat()}, now=now)
    return person


def _use(session: Session, code: Code, now: datetime) -> bool:
    """Whether this use is the only one."""
    done = session.execute(
        update(Code).where(Code.id == code.id, Code.used_at.is_(None), Code.voided_at.is_(None)).values(used_at=now)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1
