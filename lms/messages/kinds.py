"""What kinds of messages there are, where each is told, and who may do without.

A new kind is a line here and its words in `lms/web/letters.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# What people choose by: whether a topic's messages come by mail too. Of `security` there is no choice.
TOPICS = ("security", "learning", "reminders", "letters", "desk", "digest", "news")
CHOSEN_TOPICS = TOPICS[1:]


@dataclass(frozen=True)
class Kind:
    """`lifetime`: a mail that could not go out within it tells nothing any more and is dropped."""

    name: str
    topic: str
    in_site: bool = True
    by_mail: bool = True
    lifetime: timedelta = timedelta(days=14)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # Their mails hold a code that is made while they are sent, so there is nothing to show in the site.
        Kind("invitation", "security", in_site=False),
        Kind("password_reset", "security", in_site=False, lifetime=timedelta(hours=1)),
        # What happened to one's account: who didn't do it herself has to hear of it.
        Kind("password_chosen", "security"),
        Kind("code_given", "security"),
        Kind("slips_made", "desk", by_mail=False),
        Kind("export_made", "desk", by_mail=False),
        Kind("statement_scheduled", "desk"),
        Kind("schedule_failed", "desk"),
        Kind("schedule_stopped", "desk"),
        # Of a course. A reminder of yesterday's day is none any more.
        Kind("enrolled", "learning", lifetime=timedelta(days=3)),
        Kind("completed", "learning"),
        Kind("certificate_ready", "learning"),
        Kind("moved_up", "learning"),
        Kind("application_waiting", "learning"),
        Kind("application_refused", "learning"),
        Kind("withdrawn", "learning"),
        Kind("transferred", "learning"),
        Kind("extended", "learning"),
        Kind("run_starts", "reminders", lifetime=timedelta(days=1)),
        Kind("not_begun", "reminders", lifetime=timedelta(days=3)),
        Kind("deadline", "reminders", lifetime=timedelta(days=1)),
        Kind("sitting_tomorrow", "reminders", lifetime=timedelta(days=1)),
        Kind("bulletin", "letters"),
        # For those who answer for others.
        Kind("digest_company", "digest", lifetime=timedelta(days=4)),
        Kind("digest_officer", "digest", lifetime=timedelta(days=4)),
    )
}

# What leaves at any hour: somebody waits for it, or has to know of it at once.
LOUD = tuple(kind.name for kind in KINDS.values() if kind.topic == "security")
