"""The form of a sitting: days and times of Seoul in, a plan out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Form,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from lms.clock import SEOUL
from lms.learning.sittings import Plan
from lms.models import Sitting

from .i18n import format_day
from .i18n import gettext as _
from .i18n import lazy_gettext as lazy

_LONG = lazy("This is too long.")


class SittingForm(Form):
    """`same_as`: the uid of another sitting of which this is a further date, or empty."""

    same_as = SelectField(validators=[Optional()])
    title = StringField(validators=[InputRequired(lazy("Say what is done there.")), Length(max=120, message=_LONG)])
    kind = SelectField()
    day = DateField(validators=[InputRequired(lazy("Choose the day."))])
    begins = TimeField(validators=[InputRequired(lazy("Say when it begins."))])
    ends = TimeField(validators=[InputRequired(lazy("Say when it ends."))])
    hours = DecimalField(places=None, validators=[InputRequired(lazy("Say how many hours are recognised."))])
    place = StringField(validators=[InputRequired(lazy("Say where it is.")), Length(max=120, message=_LONG)])
    directions = TextAreaField(validators=[Optional(), Length(max=600, message=_LONG)])
    seats = IntegerField(validators=[Optional()])
    by_choice = BooleanField()
    asks_leaving = BooleanField()
    is_extra = BooleanField()

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        words = {
            "day": _("Write the day like 2026-03-20."),
            "begins": _("Write the time like 09:00."),
            "ends": _("Write the time like 09:00."),
            "hours": _("Write a number like 4 or 3.5."),
            "seats": _("Write a whole number, or nothing."),
        }
        for name, said in words.items():  # WTForms' own sentences are in English alone
            if self[name].process_errors:
                self[name].process_errors = [said]

    def offer(self, sittings: Sequence[Sitting]) -> None:
        """The choices that depend on the run and the language. `sittings` are those that it may be a further date of."""
        self.kind.choices = [("classroom", _("Classroom")), ("test_bed", _("Test bed"))]
        self.same_as.choices = [("", _("No, something of its own"))] + [
            (str(each.uid), f"{each.title} · {format_day(each.begins_at, 'weekday')}") for each in sittings
        ]

    def plan(self, sittings: Sequence[Sitting]) -> Plan:
        """What was typed, of a form that is valid."""
        day, begins, ends = self.day.data, self.begins.data, self.ends.data
        assert day is not None
        assert begins is not None
        assert ends is not None
        return Plan(
            title=self.title.data or "",
            place=self.place.data or "",
            directions=self.directions.data or "",
            begins_at=moment(day, begins),
            ends_at=moment(day, ends),
            hours=float(self.hours.data or 0),
            kind=self.kind.data or "",
            seats=self.seats.data,
            by_choice=self.by_choice.data,
            is_extra=self.is_extra.data,
            asks_leaving=self.asks_leaving.data,
            same_as=next((each for each in sittings if str(each.uid) == self.same_as.data), None),
        )


def moment(day: date, clock: time) -> datetime:
    """A time of a day in Seoul."""
    return datetime.combine(day, clock, SEOUL)


def said_of(sitting: Sitting) -> dict[str, Any]:
    """The fields of a sitting that is there."""
    begins, ends = sitting.begins_at.astimezone(SEOUL), sitting.ends_at.astimezone(SEOUL)
    return {
        "title": sitting.title,
        "kind": sitting.kind,
        "day": begins.date(),
        "begins": begins.time(),
        "ends": ends.time(),
        "hours": Decimal(f"{sitting.hours:g}"),
        "place": sitting.place,
        "directions": sitting.directions,
        "seats": sitting.seats,
        "by_choice": sitting.expects == "seated",
        "asks_leaving": sitting.asks_leaving,
        "is_extra": sitting.is_extra,
    }


def clock_on(sitting: Sitting, typed: str) -> datetime | None:
    """A time like 09:25 on the sitting's day; None where nothing was typed. Raises ValueError."""
    return moment(sitting.day, time.fromisoformat(typed.strip())) if typed.strip() else None
