"""An address that refuses mail for good gets none any more, whether the server says so at once or by a report later."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lms import messages
from lms.messages import bounces, troubles, unreachable
from lms.messages.bounces import BounceError
from lms.messages.smtp import offer, refuses_address
from lms.models import Database, Delivery, Person
from tests.world import World

from .conftest import work, worker
from .sink import Sink
from .test_post import states, tell

HANA = "hana@hanbit.example"
NEWS = "completed"  # of a topic that is not of the account's safety


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 no such user", True),
        (550, "no such user here", True),
        (553, "mailbox name not allowed", True),
        (550, "5.2.1 mailbox disabled", True),
        (554, "5.7.1 relay access denied", False),
        (550, "5.7.26 unauthenticated mail", False),
        (550, "relay not permitted", False),
        (552, "5.2.2 mailbox full", False),
        (554, "no thanks", False),
    ],
)
def test_a_refusal_of_us_is_none_of_the_address(code: int, text: str, expected: bool) -> None:
    assert refuses_address(code, text) is expected


def reasons(database: Database, person: Person) -> list[str]:
    with database.reading() as session:
        return [row.reason for row in unreachable.list_of(session, [person.id]).values()]


def news(database: Database, person: Person) -> None:
    """Something for whom mails wait for nothing: it is no matter of the hour."""
    with database.writing() as session:
        messages.send(session, person.id, NEWS, {})
        for delivery in session.scalars(select(Delivery)):
            delivery.not_before = delivery.changed_at
        session.commit()


def test_an_address_that_is_no_more_gets_no_further_mail_until_it_changes(
    database: Database, world: World, sink: Sink
) -> None:
    sink.says[HANA] = "550 5.1.1 no such user <hana@hanbit.example>"
    tell(database, world.hana)
    work(worker(database, sink.server))
    assert reasons(database, world.hana) == ["the server answered 550"]
    sink.says.clear()
    news(database, world.hana)
    assert states(database) == ["failed"]
    tell(database, world.hana)  # of the safety of her account she hears
    work(worker(database, sink.server))
    assert sink.recipients == [HANA]
    with database.writing() as session:
        session.get_one(Person, world.hana.id).email = "hana.new@hanbit.example"
        session.commit()
    assert reasons(database, world.hana) == []
    news(database, world.hana)
    assert states(database) == ["failed", "sent", "waiting"]


def test_a_server_that_does_not_know_us_marks_nobody(database: Database, world: World, sink: Sink) -> None:
    sink.says[HANA] = "554 5.7.1 relay access denied"
    tell(database, world.hana)
    work(worker(database, sink.server))
    assert (states(database), reasons(database, world.hana)) == (["failed"], [])


def test_who_says_that_the_address_works_gets_mail_again(database: Database, world: World, sink: Sink) -> None:
    for way in ("herself", "operator"):
        sink.says[HANA] = "550 no such user"
        tell(database, world.hana)
        work(worker(database, sink.server))
        assert len(reasons(database, world.hana)) == 1
        sink.says.clear()
        with database.writing() as session:
            if way == "herself":
                unreachable.forget(session, [world.hana.id])
            else:
                troubles.send_again(session)
            session.commit()
        assert reasons(database, world.hana) == []


# Reports that come later


def report(
    mail: EmailMessage,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    recipient: str = HANA,
    envelope: str = "",
    with_mail: bool = True,
) -> bytes:
    """As a server sends it (RFC 3464)."""
    head = f"Original-Envelope-Id: {envelope}\n" if envelope else ""
    returned = f"--b\nContent-Type: message/rfc822\n\n{mail.as_string()}\n" if with_mail else ""
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI'm sorry.\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n{head}\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n\n{returned}--b--\n"
    ).encode()


@pytest.fixture
def mail(database: Database, world: World, sink: Sink) -> EmailMessage:
    tell(database, world.hana)
    work(worker(database, sink.server))
    return sink.mails[0]


def take(database: Database, raw: bytes) -> str:
    """The reason of a refusal, or "marked"."""
    with database.writing() as session:
        try:
            bounces.take(session, raw)
        except BounceError as error:
            return error.reason
        session.commit()
    return "marked"


def test_a_report_names_the_mail_by_its_own_number(database: Database, world: World, mail: EmailMessage) -> None:
    assert take(database, report(mail)) == "marked"
    assert reasons(database, world.hana) == ["the mail came back: 5.1.1"]


def test_a_report_without_the_mail_names_it_by_the_envelope(
    database: Database, world: World, mail: EmailMessage
) -> None:
    number = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    assert take(database, report(mail, with_mail=False)) == "unknown"
    assert take(database, report(mail, with_mail=False, envelope=number)) == "marked"


def test_a_mail_that_was_passed_on_is_known_by_whom_it_was_to(
    database: Database, world: World, mail: EmailMessage
) -> None:
    assert take(database, report(mail, recipient="hana@elsewhere.example")) == "marked"


def test_other_reports_mark_nobody(database: Database, world: World, mail: EmailMessage) -> None:
    stranger = EmailMessage()
    stranger["Message-ID"] = "<0190a000-0000-7000-8000-000000000000@site.example>"
    assert take(database, report(mail, status="4.4.1", action="delayed")) == "passing"
    assert take(database, report(mail, status="5.2.2")) == "passing"
    assert take(database, report(mail, action="delivered", status="2.0.0")) == "passing"
    assert take(database, report(stranger)) == "unknown"
    assert take(database, b"Subject: Hello\n\nWhen does the course begin?") == "no_report"
    with database.writing() as session:
        session.get_one(Person, world.hana.id).email = "hana.new@hanbit.example"
        session.commit()
    assert take(database, report(mail)) == "changed"
    assert reasons(database, world.hana) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 900))
def test_what_is_broken_is_refused_and_nothing_else(noise: bytes, place: int) -> None:
    mail = EmailMessage()
    mail["To"] = HANA
    mail["Message-ID"] = "<0190a000-0000-7000-8000-000000000000@site.example>"
    raw = report(mail)
    try:
        bounces.read(raw[:place] + noise + raw[place + len(noise) :])
    except BounceError as error:
        assert error.reason in ("no_report", "unknown", "passing")  # noqa: PT017


def test_the_server_is_asked_to_name_it(database: Database, world: World, sink: Sink) -> None:
    """The sink knows no notifications, so that none is asked for; the words of the command are those of RFC 3461."""
    asked: list[list[str]] = []

    class Connection:
        def rset(self) -> None: ...
        def ehlo_or_helo_if_needed(self) -> None: ...
        def has_extn(self, name: str) -> bool:
            return name == "dsn"

        def mail(self, sender: str, options: list[str]) -> tuple[int, bytes]:
            asked.append(options)
            return 250, b"ok"

        def rcpt(self, recipient: str) -> tuple[int, bytes]:
            return 250, b"ok"

    offer(Connection(), "a@x.example", "b@x.example", "number")  # type: ignore[arg-type]
    assert asked == [["RET=HDRS", "ENVID=number"]]
