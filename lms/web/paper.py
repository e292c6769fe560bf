"""The words on paper, for the worker that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask

from lms.people.slips import SlipOf

from .i18n import format_day, speaking
from .i18n import gettext as _


class SlipWords:
    """What stands on a slip. A line is in English where the others are not, for workers who read no Korean."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def on_slip(self, language: str, until: datetime) -> Mapping[str, Any]:
        with self.app.app_context(), speaking(language):
            return {
                "title": _("Slips for the first sign-in"),
                "number": _("Employee number"),
                "code": _("One-time code"),
                "address": _("Address"),
                "qr": _("QR code of the address with the one-time code"),
                "steps": [
                    "① " + _("Scan the QR code or open the address."),
                    "② " + _("Type the code and choose a password that only you know."),
                    "③ " + _("The code works once, until %(day)s.", day=format_day(until)),
                ],
                "afterwards": _("From then on you sign in with:"),
                "other": self._in_other_words(language, until),
            }

    def of_sign_in(self, language: str, slip: SlipOf) -> str:
        with self.app.app_context(), speaking(language):
            if slip.email:
                return slip.email
            return _("%(company)s, employee number %(number)s", company=slip.company, number=slip.employee_number)

    def _in_other_words(self, language: str, until: datetime) -> str:
        if language == "en":
            return ""
        with speaking("en"):
            return (
                "Scan the QR code or open the address, type the code, choose your own password. "
                f"The code works once, until {format_day(until)}."
            )
