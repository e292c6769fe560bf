"""A sitting as a file that calendars read (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from lms.models import Sitting

_LONGEST_LINE = 75  # bytes, RFC 5545 3.1


def calendar_of(sittings: Sequence[Sitting], *, name: str, host: str, now: datetime) -> bytes:
    """One event for each sitting; a cancelled one says so. Times are in UTC, which each calendar shows in its own zone."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Baeum//Sittings//KO", f"X-WR-CALNAME:{_text(name)}"]
    for sitting in sittings:
        lines += _event(sitting, name, host, now)
    return "".join(f"{line}\r\n" for each in (*lines, "END:VCALENDAR") for line in _folded(each)).encode()


def _event(sitting: Sitting, name: str, host: str, now: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{sitting.uid}@{host}",
        f"DTSTAMP:{_moment(now)}",
        f"DTSTART:{_moment(sitting.begins_at)}",
        f"DTEND:{_moment(sitting.ends_at)}",
        f"SUMMARY:{_text(f'{name}: {sitting.title}')}",
        f"LOCATION:{_text(sitting.place)}",
        f"STATUS:{'CANCELLED' if sitting.is_cancelled else 'CONFIRMED'}",
    ]
    if sitting.directions:
        lines.append(f"DESCRIPTION:{_text(sitting.directions)}")
    return [*lines, "END:VEVENT"]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        words = words.replace(plain, escaped)
    return words


def _folded(line: str) -> Iterator[str]:
    """A long line in several, cut between characters; each but the first begins with a space."""
    part, room = "", _LONGEST_LINE
    for character in line:
        size = len(character.encode())
        if size > room:
            yield part
            part, room = " ", _LONGEST_LINE - 1
        part, room = part + character, room - size
    yield part
