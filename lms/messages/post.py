"""Send what waits to be mailed, each mail once.

A delivery is marked `sending`, and committed so, after the server took the recipient and before it is given the mail; `sent`
after it answered. So two workers can't send the same one, and a worker that dies in between leaves one `sending` of which
nobody knows whether it arrived: it becomes `unsure`, is not sent again by itself, and an operator sees it. Everything that
fails before that moment is tried again, for as long as it takes. SMTP allows no better than to choose between twice and
perhaps not; a reminder less is the smaller harm, and codes can be asked for again.
"""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, and_, select, update
from sqlalchemy.orm import Session, joinedload

from lms.clock import utcnow
from lms.jobs import queue
from lms.jobs.queue import Claim, NotNowError
from lms.models import Database, Delivery, Job, Message, Person

from . import unreachable
from .box import POST, POST_PRIORITY
from .kinds import KINDS, LOUD
from .letters import Letter, as_html, as_text
from .quiet import earliest, quiet_until
from .smtp import MailError, MailServer, hand_over, offer

log = logging.getLogger("lms.messages")

# The words of a message: of a kind, from its facts, in a language. The web knows them.
Compose = Callable[[str, Mapping[str, Any], str], Letter]
# What a kind's mail needs and no row may keep, made in the transaction that begins the sending. None: drop the mail.
Prepare = Callable[[Session, Message, datetime], Mapping[str, Any] | None]

# What stands below a mail in a language, with the address where its topic is refused, or "".
Footer = Callable[[str, str], str]
# The address where a person refuses a topic's mails without signing in, by her uid; "" where there is none.
WayOut = Callable[[UUID, str], str]

# A worker's slot grades too: after so many mails or seconds another job may go first.
_AT_ONCE, _SECONDS = 20, 3.0
_MOST_TRIES = 12
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=2)
_GIVEN_UP_AFTER = timedelta(minutes=10)


@dataclass
class Postman:
    """The handler of `post` jobs. Without a server what waits is dropped: it is in the site, and old mails help nobody."""

    server: MailServer | None
    compose: Compose
    footer: Footer
    prepare: Mapping[str, Prepare]
    language: str = "ko"
    way_out: WayOut = lambda person, topic: ""

    def __call__(self, database: Database, claim: Claim) -> str | None:
        _settle(database)
        _hold_until_morning(database)
        if self.server is None:
            _drop_all(database)
        else:
            self._empty(database, self.server)
        with database.writing() as session:
            if queue.finish(session, claim):
                again_if_needed(session)
                session.commit()
        return None

    def _empty(self, database: Database, server: MailServer) -> None:
        """Raises NotNowError where the server is away."""
        with database.reading() as session:
            if _next(session, utcnow()) is None:
                return
        until = time.monotonic() + _SECONDS
        try:
            with server.connected() as connection:
                for _ in range(_AT_ONCE):
                    if time.monotonic() > until or not self._one(database, server, connection):
                        return
        except MailError as error:
            raise NotNowError(f"no mail leaves: {error}") from error

    def _one(self, database: Database, server: MailServer, connection: smtplib.SMTP) -> bool:
        """Send one that waits. False if there is none. Raises MailError `away`."""
        with database.reading() as session:
            found = _next(session, utcnow())
            if found is None:
                return False
            person = session.get_one(Person, found.message.person_id)
            is_refused = person.id in unreachable.list_of(session, [person.id])
        if not _is_wanted(found, person, is_refused):
            _mark(database, found, "waiting", "dropped")
            return True
        assert person.email is not None
        try:
            offer(connection, server.sender_address, person.email, str(found.uid))
            extra = self._begin(database, found)
            if extra is None:
                return True
            hand_over(connection, self._mail(server, found, person, extra))
        except MailError as error:
            if error.reason == "away":
                _mark(database, found, "sending", "waiting")
                raise
            _note(database, found, error, person)
        else:
            _mark(database, found, "sending", "sent")
        return True

    def _begin(self, database: Database, found: Delivery) -> Mapping[str, Any] | None:
        """Take the delivery for this worker, and make what its words need. None: it is another's, or nobody's any more."""
        now = utcnow()
        with database.writing() as session:
            if not _change(session, found.id, "waiting", "sending", now):
                return None
            prepare = self.prepare.get(found.message.kind)
            extra = prepare(session, found.message, now) if prepare else {}
            if extra is None:
                _change(session, found.id, "sending", "dropped", now)
            session.commit()
        return extra

    def _mail(self, server: MailServer, found: Delivery, person: Person, extra: Mapping[str, Any]) -> EmailMessage:
        """The same number each time, by which a mail program tells one that came twice."""
        language = person.language or self.language
        letter = self.compose(found.message.kind, {**found.message.facts, **extra}, language)
        mail = EmailMessage()
        mail["Subject"] = letter.subject
        mail["From"] = server.sender
        _address(mail, person.email or "")
        mail["Date"] = format_datetime(utcnow())
        mail["Message-ID"] = f"<{found.uid}@{server.sender_address.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = language
        topic = KINDS[found.message.kind].topic
        way_out = "" if topic == "security" else self.way_out(person.uid, topic)
        if way_out:
            mail["List-Unsubscribe"] = f"<{way_out}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        footer = self.footer(language, way_out)
        mail.set_content(as_text(letter, footer))
        mail.add_alternative(as_html(letter, footer, language), subtype="html")
        return mail


def _address(mail: EmailMessage, recipient: str) -> None:
    """Raises MailError for what the header takes for something else than this one mailbox."""
    try:
        mail["To"] = recipient
        written = [one.addr_spec for one in mail["To"].addresses]
    except (AttributeError, IndexError, ValueError):  # the standard library stumbles over some addresses
        written = []
    if written != [recipient]:
        raise MailError("refused", why="it is no address of one mailbox")


def _next(session: Session, now: datetime) -> Delivery | None:
    return session.scalar(
        select(Delivery)
        .where(Delivery.state == "waiting", Delivery.not_before <= now)
        .order_by(Delivery.not_before, Delivery.id)
        .limit(1)
        .options(joinedload(Delivery.message))
    )


def _is_wanted(found: Delivery, person: Person, is_refused: bool) -> bool:
    """A night is no part of a mail's lifetime."""
    kind = KINDS.get(found.message.kind)
    if kind is None or not person.is_active or not person.email or (is_refused and kind.topic != "security"):
        return False
    now, created = utcnow(), found.message.created_at
    begins = created if kind.name in LOUD else earliest(created)
    return now - begins <= kind.lifetime


def _note(database: Database, found: Delivery, error: MailError, person: Person) -> None:
    """What the server had against one mail. Where the mail was begun it waits again only if it surely wasn't taken."""
    log.warning("mail %d: %s", found.id, error)
    now = utcnow()
    states = {"refused": "failed", "unsure": "unsure"}
    to = states.get(error.reason, "waiting" if found.tries + 1 < _MOST_TRIES else "failed")
    pause = min(_FIRST_PAUSE * 2 ** min(found.tries, 10), _LONGEST_PAUSE)
    with database.writing() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id == found.id, Delivery.state.in_(("waiting", "sending")))
            .values(state=to, tries=Delivery.tries + 1, not_before=now + pause, changed_at=now, error=error.why[:300])
        )
        if error.is_for_good and person.email:
            unreachable.mark(session, person.id, person.email, error.why, now)
        session.commit()


def _mark(database: Database, found: Delivery, before: str, after: str) -> None:
    with database.writing() as session:
        _change(session, found.id, before, after, utcnow())
        session.commit()


def _change(session: Session, delivery: int, before: str, after: str, now: datetime) -> bool:
    done = session.execute(
        update(Delivery).where(Delivery.id == delivery, Delivery.state == before).values(state=after, changed_at=now)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _settle(database: Database) -> None:
    """What a worker began and nobody finished."""
    begun = and_(Delivery.state == "sending", Delivery.changed_at < utcnow() - _GIVEN_UP_AFTER)
    with database.reading() as session:
        if session.scalar(select(Delivery.id).where(begun).limit(1)) is None:
            return
    with database.writing() as session:
        values = {"state": "unsure", "changed_at": utcnow(), "error": "the worker ended before the server answered"}
        session.execute(update(Delivery).where(begun).values(values))
        session.commit()


def _hold_until_morning(database: Database) -> None:
    """What was due by day and could not leave then, because the server was away, waits on for the end of the night."""
    now = utcnow()
    morning = quiet_until(now)
    if morning is None:
        return
    held = select(Message.id).where(Message.id == Delivery.message_id, Message.kind.not_in(LOUD)).exists()
    due = and_(Delivery.state == "waiting", Delivery.not_before < morning, held)
    with database.reading() as session:
        if session.scalar(select(Delivery.id).where(due).limit(1)) is None:
            return
    with database.writing() as session:
        session.execute(
            update(Delivery).where(due).values(not_before=morning).execution_options(synchronize_session=False)
        )
        session.commit()


def _drop_all(database: Database) -> None:
    with database.writing() as session:
        values = {"state": "dropped", "changed_at": utcnow(), "error": "no mail server is set"}
        session.execute(update(Delivery).where(Delivery.state == "waiting").values(values))
        session.commit()


def again_if_needed(session: Session) -> None:
    """Another job for what still waits, unless one is ready that will see it."""
    first = session.scalar(
        select(Delivery.not_before).where(Delivery.state == "waiting").order_by(Delivery.not_before).limit(1)
    )
    if first is None:
        return
    at = max(first, utcnow())
    ready = select(Job.id).where(Job.kind == POST, Job.state == "ready", Job.run_at <= at).limit(1)
    if session.scalar(ready) is None:
        queue.enqueue(session, POST, {}, priority=POST_PRIORITY).run_at = at
