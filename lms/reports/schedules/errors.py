"""Why something about a schedule was not done."""

from __future__ import annotations

from lms.errors import LMSError


class ScheduleError(LMSError):
    """`reason`: name (none, or too long: `most`), rhythm, nobody (is to be told), many (`most` people), not_allowed (somebody
    may not see these figures), not_maker (another's: take it over first), paused, issued (`number` of today's statement),
    no_failure (there is nothing to try again)."""

    sentence = "The schedule was not changed: {reason}."
