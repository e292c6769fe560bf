"""Why something about a sitting was refused."""

from __future__ import annotations

from lms.errors import LMSError


class SittingError(LMSError):
    """`reason`, of planning: title_missing, place_missing, times, outside (not within the run's days; `first`, `last`), hours,
    hours_frozen (the run has begun), hours_differ (dates of one thing have the same hours), seats, seats_taken (`taken`),
    taken_place (presence was noted, so its times stay), attended (hours were recognised at it), cancelled, reason_missing,
    too_long, kind.

    Of seats: full, too_late (a choice may be changed until the day before), no_choice.

    Of presence: closed (the run is), cancelled, seat_missing, times, reason_missing, changed (somebody noted something else
    meanwhile), not_begun, time_missing (after the end somebody has to say when), presence.

    Of the code: early, over (`ends_at`), digits (there are not six), wrong, throttled, cancelled, seat_missing,
    noted (there is a word of hers already), already (arrival and leaving are both noted), too_early_to_leave, closed.
    """

    sentence = "The sitting was not changed: {reason}."
