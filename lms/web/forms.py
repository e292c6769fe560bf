"""Forms. WTForms reads and checks what was typed; the token is checked for all routes at once in `csrf`."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, EmailField, FileField, Form, HiddenField, PasswordField, StringField, TelField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from .i18n import lazy_gettext as _

_LONGEST = 200


def _required(message: Any) -> list:
    return [DataRequired(message), Length(max=_LONGEST, message=_("This is too long."))]


class SignInByEmail(Form):
    email = EmailField(validators=_required(_("Type your e-mail.")))
    password = PasswordField(validators=_required(_("Type your password.")))


class SignInByNumber(Form):
    company = StringField(validators=_required(_("Type your company's name or business number.")))
    employee_number = StringField(validators=_required(_("Type your employee number.")))
    password = PasswordField(validators=_required(_("Type your password.")))


class ChangePassword(Form):
    old = PasswordField(validators=_required(_("Type the password that you have now.")))
    new = PasswordField(validators=[DataRequired(_("Type a new password."))])
    again = PasswordField(validators=[DataRequired(_("Type the new password once more."))])

    def validate_again(self, field: PasswordField) -> None:
        if field.data != self.new.data:
            raise ValidationError(_("The two new passwords differ."))


class OneTimeCode(Form):
    code = StringField(validators=_required(_("Type the code that is on your slip or in your mail.")))


class FirstPassword(Form):
    code = HiddenField()
    new = PasswordField(validators=[DataRequired(_("Type a new password."))])
    again = PasswordField(validators=[DataRequired(_("Type the new password once more."))])

    def validate_again(self, field: PasswordField) -> None:
        if field.data != self.new.data:
            raise ValidationError(_("The two new passwords differ."))


class ForgottenPassword(Form):
    email = EmailField(validators=_required(_("Type your e-mail.")))


class FirstOperator(Form):
    code = StringField(validators=_required(_("Type the code that the server printed when it started.")))
    name = StringField(validators=_required(_("Type your name.")))
    email = EmailField(validators=_required(_("Type your e-mail.")))
    new = PasswordField(validators=[DataRequired(_("Type a new password."))])
    again = PasswordField(validators=[DataRequired(_("Type the new password once more."))])

    def validate_again(self, field: PasswordField) -> None:
        if field.data != self.new.data:
            raise ValidationError(_("The two new passwords differ."))


class ContactData(Form):
    birth_date = DateField(validators=[Optional()])
    phone = TelField(validators=[Optional(), Length(max=40, message=_("This is too long."))])

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        if self.birth_date.process_errors:  # WTForms' own sentence is in English alone
            self.birth_date.process_errors = [_("Write the day like 1990-01-31.")]


class HandIn(Form):
    notebook = FileField()


class Decision(Form):
    reason = StringField(validators=_required(_("Write the reason; it is kept with the decision.")))
