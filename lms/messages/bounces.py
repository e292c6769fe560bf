"""Mails that come back later, as reports of other servers (RFC 3464), from standard input of a command.

A report names the mail by the number that we gave it, which nobody can guess; so that a made-up one marks no address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.errors import LMSError
from lms.models import Delivery, Message, Person

from . import unreachable
from .smtp import refuses_address

LARGEST = 1_000_000  # bytes of a report; its head is all that is needed
_NUMBER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class BounceError(LMSError):
    """`reason`: no_report (it is something else), unknown (of no mail of ours), passing (the address may work again: nothing
    was marked), changed (the person has another address by now)."""

    sentence = "No address was marked: {reason}."


@dataclass(frozen=True)
class Report:
    """What a report says: the mail's number, the status of the failure, and to which addresses it went, in lower case."""

    number: UUID
    status: str
    addresses: frozenset[str]


def take(session: Session, raw: bytes) -> Report:
    """Mark the address that a report is about. Raises BounceError."""
    report = read(raw)
    person = session.scalar(
        select(Person)
        .join(Message, Message.person_id == Person.id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.uid == report.number)
    )
    if person is None or person.email is None:
        raise BounceError("unknown")
    if not refuses_address(550, report.status):
        raise BounceError("passing")
    if person.email.lower() not in report.addresses:
        raise BounceError("changed")
    unreachable.mark(session, person.id, person.email, f"the mail came back: {report.status}")
    return report


def read(raw: bytes) -> Report:
    """Raises BounceError `no_report` or `unknown`."""
    try:
        mail = message_from_bytes(raw[:LARGEST], policy=policy.default)
        return _read(mail)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError) as error:
        # The standard library stumbles over some mails, and anybody may write to the address that they come to.
        raise BounceError("no_report") from error


def _read(mail: EmailMessage) -> Report:
    status_part = next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)
    if status_part is None:
        raise BounceError("no_report")
    blocks = [part for part in status_part.walk() if part is not status_part]
    failed = [block for block in blocks if str(block.get("Action", "")).strip().lower() == "failed"]
    if not failed:
        raise BounceError("passing")
    returned = _returned(mail)
    told = [str(block["Original-Envelope-Id"]) for block in blocks if block["Original-Envelope-Id"]]
    told += [str(returned["Message-ID"])] if returned is not None and returned["Message-ID"] else []
    numbers = [found[0] for text in told if (found := _NUMBER.search(text.lower()))]
    if not numbers:
        raise BounceError("unknown")
    addresses = {
        str(block[name]).partition(";")[2].strip().lower()
        for block in failed
        for name in ("Original-Recipient", "Final-Recipient")
        if block[name]
    }
    if returned is not None and returned["To"]:  # of a mail that was passed on, the address that we know
        addresses |= {one.addr_spec.lower() for one in returned["To"].addresses}
    return Report(UUID(numbers[0]), str(failed[0].get("Status", "")).strip(), frozenset(addresses))


def _returned(mail: EmailMessage) -> EmailMessage | None:
    """The mail that came back, or its head."""
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)
            return inner if isinstance(inner, EmailMessage) else None
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_content()
            return message_from_bytes(text.encode("utf-8", "replace"), policy=policy.default)
    return None
