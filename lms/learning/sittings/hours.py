"""How many of a sitting's hours are recognised for the time that somebody was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.models import Sitting

# Of our own: no rule that we know says how short a delay counts as none. Both are told beside every list.
TOLERANCE = timedelta(minutes=10)  # later than this is late, earlier than this is left early
_PARTS = 10  # hours are recognised in tenths, rounded down


@dataclass(frozen=True)
class Stay:
    """What of the time somebody was there. None stands for the beginning, or for the end."""

    arrived_at: datetime | None = None
    left_at: datetime | None = None

    def is_late(self, sitting: Sitting) -> bool:
        return self.arrived_at is not None and self.arrived_at > sitting.begins_at + TOLERANCE

    def left_early(self, sitting: Sitting) -> bool:
        return self.left_at is not None and self.left_at < sitting.ends_at - TOLERANCE


def recognised(sitting: Sitting, stay: Stay) -> float:
    """The share of the sitting's hours that the minutes of the stay are of its minutes, in tenths of an hour rounded down.

    A delay within the tolerance costs nothing; a longer one costs all of its minutes. Breaks lie in the sitting's time and
    not in its hours, and cost in proportion.
    """
    begin = stay.arrived_at if stay.arrived_at and stay.is_late(sitting) else sitting.begins_at
    end = stay.left_at if stay.left_at and stay.left_early(sitting) else sitting.ends_at
    there = max((end - begin) // timedelta(minutes=1), 0)
    whole = (sitting.ends_at - sitting.begins_at) // timedelta(minutes=1)
    if there >= whole:
        return sitting.hours
    return min(int(round(sitting.hours * _PARTS * 60) * there // (whole * 60)) / _PARTS, sitting.hours)
