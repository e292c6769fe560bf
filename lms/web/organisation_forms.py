"""Forms on companies, where people work, roles and centres. What may be chosen is filled in by the view."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, EmailField, Field, Form, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from .i18n import lazy_gettext as _

EARLIEST = date(1950, 1, 1)
LATEST = date(2100, 1, 1)


class DayField(DateField):
    """A day, said to be none in the reader's language."""

    def process_formdata(self, valuelist: Any) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_("Write the day like 2026-07-31.")) from None


def _is_near(_form: Form, field: Field) -> None:
    if field.data is not None and not EARLIEST <= field.data <= LATEST:
        raise ValidationError(_("Write the day like 2026-07-31."))


def _text(message: Any, most: int) -> list:
    return [DataRequired(message), Length(max=most, message=_("This is too long."))]


def _perhaps(most: int) -> list:
    return [Optional(), Length(max=most, message=_("This is too long."))]


def _from_on(label: Any) -> DayField:
    return DayField(label, validators=[DataRequired(_("Say from which day.")), _is_near])


def _reason(message: Any = None) -> StringField:
    if message is None:
        return StringField(_("Reason"), validators=_perhaps(400))
    return StringField(_("Reason"), validators=_text(message, 400), description=_("It is kept with the change."))


_WHY = _("Write why; a correction says that what we had was wrong.")
_NAME = _("Type the name.")


class NameForm(Form):
    name = StringField(_("New name"), validators=_text(_NAME, 120))
    from_on = _from_on(_("Called so from"))
    reason = _reason()


class CorrectNameForm(Form):
    name = StringField(_("Right name"), validators=_text(_NAME, 120))
    reason = _reason(_WHY)


class CorrectNumberForm(Form):
    number = StringField(
        _("Right business number"), validators=_text(_("Type the business number."), 20), description="000-00-00000"
    )
    reason = _reason(_WHY)


class FactsForm(Form):
    """`region`, `size`, `level` and `industry` get their choices from the view."""

    region = SelectField(_("Region"), validators=[DataRequired(_("Choose the region."))])
    size = SelectField(_("Size"), validators=[Optional()])
    level = SelectField(_("Factory level"), validators=[Optional()])
    industry = SelectField(_("Industry"), validators=[Optional()])


class DeclareForm(FactsForm):
    from_on = _from_on(_("So from"))
    reason = _reason()


class CorrectFactsForm(FactsForm):
    day = SelectField(_("What was declared from"), validators=[DataRequired(_("Choose which of them was wrong."))])
    reason = _reason(_WHY)


class NewCompanyForm(FactsForm):
    number = StringField(
        _("Business number"), validators=_text(_("Type the business number."), 20), description="000-00-00000"
    )
    name = StringField(_("Name"), validators=_text(_NAME, 120))
    from_on = _from_on(_("So from"))


class ClusterForm(Form):
    cluster = SelectField(_("Cluster"), validators=[DataRequired(_("Choose the cluster."))])
    day = DayField(_("From"), validators=[DataRequired(_("Say from which day.")), _is_near])


class LeaveClusterForm(Form):
    cluster = SelectField(_("Cluster"), validators=[DataRequired(_("Choose the cluster."))])
    day = DayField(_("Last day"), validators=[DataRequired(_("Say which day was the last.")), _is_near])


class PartnerForm(Form):
    number = StringField(
        _("Business number of the partner"),
        validators=_perhaps(20),
        description=_("Leave it empty where there is no partner any more."),
    )
    from_on = _from_on(_("So from"))


class MergeForm(Form):
    number = StringField(
        _("Business number of the company that it is"), validators=_text(_("Type the business number."), 20)
    )
    reason = _reason(_("Write how you know that both are one company."))


class PlaceForm(Form):
    employee_number = StringField(_("Employee number"), validators=_perhaps(40))
    department = StringField(_("Department"), validators=_perhaps(80))
    job = StringField(_("Duty"), validators=_perhaps(80))


class NewPersonForm(PlaceForm):
    name = StringField(_("Name"), validators=_text(_NAME, 80))
    email = EmailField(
        _("E-mail"),
        validators=_perhaps(254),
        description=_("Who has none signs in with company and employee number."),
    )
    from_on = _from_on(_("Works there since"))


class EndForm(Form):
    to_on = DayField(_("Last day"), validators=[DataRequired(_("Say which day was the last.")), _is_near])
    reason = _reason()


class MoveForm(PlaceForm):
    number = StringField(
        _("Business number of the other company"), validators=_text(_("Type the business number."), 20)
    )
    from_on = _from_on(_("Works there since"))
    reason = _reason()


class CorrectPlaceForm(PlaceForm):
    from_on = _from_on(_("First day"))
    to_on = DayField(_("Last day"), validators=[Optional(), _is_near])
    reason = _reason(_WHY)


class HolderForm(Form):
    name = StringField(_("Name"), validators=_text(_NAME, 80))
    email = EmailField(_("E-mail"), validators=_text(_("Type the e-mail."), 254))


class ServiceForm(Form):
    region = SelectField(_("Region"), validators=[DataRequired(_("Choose the region."))])
    day = DayField(_("From"), validators=[DataRequired(_("Say from which day.")), _is_near])


class StopForm(Form):
    region = SelectField(_("Region"), validators=[DataRequired(_("Choose the region."))])
    day = DayField(_("Last day"), validators=[DataRequired(_("Say which day was the last.")), _is_near])


class NewClusterForm(Form):
    name = StringField(_("Name of the cluster"), validators=_text(_NAME, 120))
