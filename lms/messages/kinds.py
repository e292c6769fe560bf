"""What kinds of messages there are, where each is told, and who may do without.

A new kind is a line here and its words in `lms/web/letters.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# What people choose by: whether a topic's messages come by mail too. Of `security` there is no choice.
TOPICS = ("security", "learning", "desk", "news")
CHOSEN_TOPICS = TOPICS[1:]


@dataclass(frozen=True)
class Kind:
    """`lifetime`: a mail that could not go out within it tells nothing any more and is dropped."""

    name: str
    topic: str
    in_site: bool = True
    by_mail: bool = True
    lifetime: timedelta = timedelta(days=14)


KINDS = {
    kind.name: kind
    for kind in (
        # Their mails hold a code that is made while they are sent, so there is nothing to show in the site.
        Kind("invitation", "security", in_site=False),
        Kind("password_reset", "security", in_site=False, lifetime=timedelta(hours=1)),
        # What happened to one's account: who didn't do it herself has to hear of it.
        Kind("password_chosen", "security"),
        Kind("code_given", "security"),
        Kind("slips_made", "desk", by_mail=False),
    )
}
