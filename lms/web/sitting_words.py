"""Sittings in words: what was noted, why something was refused, what stands on the list for signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.errors import LMSError
from lms.learning.sittings.codes import TRIES_OF_PERSON
from lms.learning.sittings.reading import Roll

from .i18n import current_language, format_day, format_number
from .i18n import gettext as _


def marks() -> dict[str, str]:
    """The words of the list."""
    return {
        "present": _("Present"),
        "late": _("Late"),
        "left_early": _("Left early"),
        "absent": _("Absent"),
        "excused": _("Excused"),
    }


MARK_TONES = {"present": "good", "late": "warn", "left_early": "warn", "absent": "bad", "excused": "calm"}


def refused(error: LMSError) -> str:
    """Why, and what to do."""
    facts = error.facts
    if "first" in facts:
        return _(
            "A run meets within its days, from %(first)s to %(last)s.",
            first=format_day(facts["first"]),
            last=format_day(facts["last"]),
        )
    if error.reason == "early":
        return _(
            "The sitting begins on %(moment)s. The code is taken from half an hour before.",
            moment=format_day(facts["begins_at"], "moment"),
        )
    if error.reason == "not_begun":
        return _(
            "The sitting begins on %(moment)s. Presence is noted from half an hour before.",
            moment=format_day(facts["begins_at"], "moment"),
        )
    if error.reason == "over":
        return _(
            "The sitting ended at %(time)s, so the code is no longer taken. Tell the instructor that you were there.",
            time=format_day(facts["ends_at"], "time"),
        )
    if error.reason == "seats_taken":
        return _("%(taken)s people have a seat already. Give at least as many.", taken=facts["taken"])
    if error.reason == "hours_differ" and "hours" in facts:
        return _(
            "Dates of one thing have the same hours: %(hours)s. Learners attend one of them.",
            hours=format_number(facts["hours"]),
        )
    return _sentences().get(error.reason) or _("This did not work. Nothing was changed.")


def _sentences() -> dict[str, str]:
    return {
        "title_missing": _("Say what is done there."),
        "place_missing": _("Say where it is."),
        "times": _("The times don't fit: it begins before it ends, and everything lies within the sitting."),
        "hours": _("The hours are above 0 and no more than the time allows (an hour may be of 45 minutes)."),
        "hours_frozen": _(
            "The run has begun, so its hours stay: a change would alter the percentages that people have reached. Add "
            "another sitting instead."
        ),
        "seats": _("Write a whole number, or nothing."),
        "taken_place": _("Presence was noted at it, so its times and hours stay. Its place may be changed."),
        "attended": _("Somebody was there, so it can't be cancelled. Correct the list first if that is wrong."),
        "cancelled": _("This sitting was cancelled. Nothing was changed."),
        "reason_missing": _("Write the reason; it is kept with the change."),
        "too_long": _("This is too long."),
        "full": _("All seats are taken. Choose another date."),
        "too_late": _("A date may be chosen and changed until the day before. Ask your centre."),
        "no_choice": _("There is nothing to choose here."),
        "closed": _("The run is closed. Nothing was changed."),
        "seat_missing": _(
            "You have no seat at this sitting. Ask the instructor on the spot: a seat can be given there."
        ),
        "changed": _("Somebody else noted this meanwhile. Look at it, and choose again if it is wrong."),
        "time_missing": _("The sitting isn't on now. Type the time and save."),
        "digits": _("The code has six digits. Type those that the screen shows now."),
        "wrong": _(
            "This is not the code that the screen of this sitting shows now. It changes every half minute; type the one "
            "that stands there."
        ),
        "throttled": _(
            "There were too many wrong codes (%(n)s). Wait half an hour, or tell the instructor, who keeps the list too.",
            n=TRIES_OF_PERSON,
        ),
        "noted": _("Your presence at this sitting is noted already. You need not do anything."),
        "already": _("Your arrival and leaving are noted already. You need not do anything."),
        "too_early_to_leave": _("The sitting is still on. Leaving is confirmed for all when it has ended."),
    }


def signatures(roll: Roll) -> Mapping[str, Any]:
    """What stands on the list for signatures, in the reader's language; rows without a name are for whoever comes unannounced."""
    sitting = roll.sitting
    columns = [_("No."), _("Company"), _("Name"), _("Employee number"), _("Arrival"), _("Leaving"), _("Note")]
    rows = [
        [str(number), one.enrolment.company.name, one.enrolment.person.name, one.employee_number or ""]
        for number, one in enumerate(roll.people, 1)
    ]
    return {
        "language": current_language(),
        "title": _("Attendance list"),
        "course": _("%(course)s · run %(number)s", course=sitting.run.course_version.title, number=sitting.run.number),
        "facts": [
            [_("Sitting"), sitting.title],
            [
                _("Date and time"),
                f"{format_day(sitting.begins_at, 'weekday')} {format_day(sitting.begins_at, 'time')}"
                f"–{format_day(sitting.ends_at, 'time')}",
            ],
            [_("Where"), sitting.place],
            [_("Hours"), format_number(sitting.hours)],
        ],
        "columns": columns,
        "rows": rows,
        "spare": 3,
        "signature": _("Instructor (signature)"),
        "pages": _("Page"),
    }
