"""A mail server of the tests' own, on this machine, that behaves as it is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from lms.messages.smtp import MailServer


@dataclass
class Sink:
    """`says` gives the answer to a recipient, `answers` that to a whole mail; None hangs up instead of answering."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    answers: str | None = "250 OK"
    signed_in: list[str] = field(default_factory=list)

    @property
    def server(self) -> MailServer:
        return MailServer("127.0.0.1", self.port, "none", "Baeum <learn@site.example>")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.says.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        if self.answers is None:
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        if self.answers.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append(mail)
            self.recipients += envelope.rcpt_tos
        return self.answers

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        login, password = data.login.decode(), data.password.decode()  # type: ignore[attr-defined]
        self.signed_in.append(login)
        return AuthResult(success=password == "right", handled=False)


@contextmanager
def listening(port: int | None = None, *, with_login: bool = False) -> Iterator[Sink]:
    sink = Sink(port or free_port())
    options = (
        {"authenticator": sink.authenticate, "auth_require_tls": False, "auth_exclude_mechanism": ["LOGIN"]}
        if with_login
        else {}
    )
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port, **options)  # type: ignore[arg-type]
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
