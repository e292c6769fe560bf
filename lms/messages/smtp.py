"""A mail server spoke to: what it may answer, in four kinds that differ in what is done next."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import parseaddr
from typing import Any

from lms.errors import LMSError

_SECONDS = 10.0


class MailError(LMSError):
    """`reason`: away (no server, or it refuses us: nothing was sent), later (not this mail now), refused (never this mail),
    unsure (the answer to the whole mail was lost). `why` names no address; `is_for_good` says that the address itself takes
    none, now and later."""

    reason = "mail"
    sentence = "The mail was not sent ({reason}): {why}"
    is_for_good = False


@dataclass(frozen=True)
class MailServer:
    """How a site reaches its server. `sender` may have a name: Baeum <learn@example.kr>."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = ""

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A connection that is ready for mails. Raises MailError `away`."""
        connection = self._connect()
        try:
            yield connection
        finally:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        try:
            connection = self._open()
            try:
                self._introduce(connection)
            except BaseException:
                connection.close()
                raise
        except smtplib.SMTPResponseException as error:
            raise MailError("away", why=f"the server answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailError("away", why=f"{type(error).__name__} at {self.host}:{self.port}") from error
        return connection

    def _open(self) -> smtplib.SMTP:
        """Our own domain as the name: to find out this machine's may take longer than the mail."""
        name = self.sender_address.rpartition("@")[2]
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, name, timeout=_SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, name, timeout=_SECONDS)

    def _introduce(self, connection: smtplib.SMTP) -> None:
        if self.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if self.user:
            connection.login(self.user, self.password)


def offer(connection: smtplib.SMTP, sender: str, recipient: str, number: str = "") -> None:
    """Name sender and recipient: what the server refuses here, nobody has sent. Raises MailError.

    `number` is what a server that notifies of failures names the mail by (RFC 3461, section 4.4).
    """
    options = [] if recipient.isascii() else ["SMTPUTF8"]
    try:
        connection.rset()
        connection.ehlo_or_helo_if_needed()
        if options and not connection.has_extn("smtputf8"):
            raise MailError("refused", why="the server takes no such address")
        if number and connection.has_extn("dsn"):
            options += ["RET=HDRS", f"ENVID={number}"]
        _expect(connection.mail(sender, options), "away")
        _expect_recipient(connection.rcpt(recipient))
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise MailError("away", why=type(error).__name__) from error


def hand_over(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """Give the whole mail. From here until its answer nobody can tell whether the server took it. Raises MailError."""
    policy = _Wire(linesep=SMTP.linesep, utf8=not str(message["To"]).isascii())
    try:
        _expect(connection.data(message.as_bytes(policy=policy)), "")
    except smtplib.SMTPDataError as error:  # it would not even begin
        raise MailError(_told(error.smtp_code), why=f"the server answered {error.smtp_code}") from error
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise MailError("unsure", why=type(error).__name__) from error


class _Wire(EmailPolicy):
    """As mails travel; the standard library would break a long address in two encoded words, which mail programs don't read."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode()
        return super().fold_binary(name, value)


def _expect(answer: tuple[int, bytes], reason: str) -> None:
    """The text of an answer may name the address, so that its number alone is told."""
    code = answer[0]
    if 200 <= code < 300:
        return
    raise MailError("away" if code == 421 else reason or _told(code), why=f"the server answered {code}")


# No such mailbox or no such domain (RFC 3463: 5.1.x, and 5.2.1, a mailbox that is closed).
_GONE = re.compile(r"^5\.(1\.\d+|2\.1)\b")
_STATUS = re.compile(r"^\d\.\d+\.\d+\b")


def _expect_recipient(answer: tuple[int, bytes]) -> None:
    """A refusal may mean the address or us: the mail is refused in both cases, the address only in the first.

    Were a server that forgot who we are (5.7.1, "relay access denied") believed about addresses, all would be given up.
    """
    try:
        _expect(answer, "")
    except MailError as error:
        error.is_for_good = error.reason == "refused" and refuses_address(
            answer[0], answer[1].decode("utf-8", "replace")
        )
        raise


def refuses_address(code: int, text: str) -> bool:
    """Whether a permanent answer says that the address takes no mail for good."""
    if _STATUS.match(text):
        return _GONE.match(text) is not None
    return code in (550, 551, 553) and "relay" not in text.lower()


def _told(code: int) -> str:
    return "later" if 400 <= code < 500 else "refused"
