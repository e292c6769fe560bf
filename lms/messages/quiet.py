"""The hours in which nobody is woken by a mail.

The law on networks (정보통신망법 제50조 제3항) forbids advertising between 21:00 and 08:00 without a consent of its own. Ours
is none, but a phone beside a bed rings alike, so it keeps to the same hours. What concerns the safety of an account goes at
once; and in the site everything stands at once, where it wakes nobody and the night shift reads it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from lms.clock import SEOUL

BEGIN, END = time(21), time(8)


def quiet_until(now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in, None by day."""
    here = now.astimezone(SEOUL)
    if END <= here.time() < BEGIN:
        return None
    day = here.date() + timedelta(days=here.time() >= BEGIN)
    return datetime.combine(day, END, SEOUL).astimezone(now.tzinfo)


def earliest(now: datetime) -> datetime:
    """When a mail that may wait leaves at the earliest."""
    return quiet_until(now) or now
