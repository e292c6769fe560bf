"""Forms of runs. What may be chosen is filled in by the view."""

from __future__ import annotations

from typing import Any

from wtforms import FloatField, Form, IntegerField, SelectField, SelectMultipleField, StringField, widgets
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from lms.learning.runs.editing import RunFields
from lms.learning.runs.rules import RuleFields

from .i18n import lazy_gettext as _
from .organisation_forms import DayField, _is_near

_A_NUMBER = _("Write a number.")


class _Number(FloatField):
    """A number, said to be none in the reader's language, and shown without a needless ".0"."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:g}"

    def process_formdata(self, valuelist: Any) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_A_NUMBER) from None
        if self.data is not None and not abs(self.data) < 1e9:  # nan and inf are none
            self.data = None
            raise ValueError(_A_NUMBER)


class _Whole(IntegerField):
    def process_formdata(self, valuelist: Any) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_A_NUMBER) from None
        if self.data is not None and abs(self.data) > 1_000_000_000:
            self.data = None
            raise ValueError(_A_NUMBER)


def _day(label: Any, *, needed: bool = False) -> DayField:
    first = DataRequired(_("Choose a day.")) if needed else Optional()
    return DayField(label, validators=[first, _is_near])


class RunForm(Form):
    """Its fields are named as those of `RunFields`."""

    number = _Whole(_("Run number"), validators=[InputRequired(_A_NUMBER)])
    programme_id = SelectField(_("Programme"), validators=[Optional()])
    apply_from = _day(_("Applications from"))
    apply_to = _day(_("Applications until"))
    learn_from = _day(_("First day of learning"), needed=True)
    learn_to = _day(_("Last day of learning"), needed=True)
    review_to = _day(_("May be read until"))
    seats = _Whole(_("Seats"), validators=[Optional()], description=_("Without a number the seats are not limited."))
    hours = _Number(_("Recognised hours"), validators=[InputRequired(_A_NUMBER)])
    instructors = SelectMultipleField(
        _("Instructors"),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        description=_("They see this run and keep the attendance of its sittings."),
    )

    def to_fields(self) -> RunFields:
        """Of a form that is valid."""
        assert self.number.data is not None
        assert self.learn_from.data is not None
        assert self.learn_to.data is not None
        assert self.hours.data is not None
        return RunFields(
            number=self.number.data,
            learn_from=self.learn_from.data,
            learn_to=self.learn_to.data,
            hours=self.hours.data,
            programme_id=int(self.programme_id.data) if self.programme_id.data else None,
            apply_from=self.apply_from.data,
            apply_to=self.apply_to.data,
            review_to=self.review_to.data,
            seats=self.seats.data,
            instructors=frozenset(int(one) for one in self.instructors.data or ()),
        )


class QuotaForm(Form):
    """A company by its number, or a region."""

    company = StringField(_("Business number"), validators=[Optional(), Length(max=20, message=_("This is too long."))])
    region = SelectField(_("Region"), validators=[Optional()])
    seats = _Whole(_("At most"), validators=[InputRequired(_A_NUMBER)])


class RuleForm(Form):
    progress = _Number(_("Progress, per cent of the units"), validators=[InputRequired(_A_NUMBER)])
    score = _Number(_("Score, of 100"), validators=[InputRequired(_A_NUMBER)])
    attendance = _Number(_("Attendance, per cent of the hours"), validators=[InputRequired(_A_NUMBER)])
    reason = StringField(
        _("Reason"),
        validators=[Optional(), Length(max=200, message=_("This is too long."))],
        description=_("It is kept with the change. Once the run is open, it is needed."),
    )

    def to_fields(self) -> RuleFields:
        """Of a form that is valid."""
        assert self.progress.data is not None
        assert self.score.data is not None
        assert self.attendance.data is not None
        return RuleFields(self.progress.data, self.score.data, self.attendance.data)
