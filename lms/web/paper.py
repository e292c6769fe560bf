"""The words on paper, for the worker that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Flask

from lms.people.slips import SlipOf

from .i18n import format_day, format_number, speaking
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


class CertificateWords:
    """All words of a certificate, from its facts. What is issued keeps them, so a change here is of new ones alone."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, language: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        with self.app.app_context(), speaking(language):
            is_track = facts["kind"] == "track"
            return {
                "title": _("Certificate %(number)s", number=facts["number"]),
                "number": _("No. %(number)s", number=facts["number"]),
                "heading": _("Certificate of completion"),
                "rows": _rows_of_track(facts) if is_track else _rows_of_run(facts),
                "sentence": [
                    _("This certifies that the person named above has met"),
                    _("what the track asks for.") if is_track else _("what the course asks for and has completed it."),
                ],
                "issued": _day(facts["issued_on"]),
                "centre": facts["centre"],
                "signer": f"{facts['signer_title']} {facts['signer_name']}".strip(),
                "seal_alt": _("Seal of %(centre)s", centre=facts["centre"]),
                "signature_alt": _("Signature of %(name)s", name=facts["signer_name"] or facts["centre"]),
                "qr_alt": _("QR code of the page that says whether this certificate holds"),
                "check": _(
                    "Scan the code, or type these letters at this address, to see whether the certificate holds."
                ),
            }


def _rows_of_run(facts: Mapping[str, Any]) -> list[list[str]]:
    period = f"{_day(facts['learn_from'])} ~ {_day(facts['learn_to'])}"
    return [
        [_("Name"), facts["name"]],
        [_("Company"), facts["company"]],
        [_("Course"), facts["course"]],
        [_("Run"), _("Run %(number)s", number=facts["run"])],
        [_("Period"), period],
        [_("Hours"), _hours(facts["hours"])],
        [_("Completed on"), _day(facts["completed_on"])],
    ]


def _rows_of_track(facts: Mapping[str, Any]) -> list[list[str]]:
    courses = "\n".join(f"{one['course']} ({_day(one['completed_on'])})" for one in facts["courses"])
    return [
        [_("Name"), facts["name"]],
        [_("Company"), facts["company"]],
        [_("Track"), facts["track"]],
        [_("Completed courses"), courses],
        [_("Hours"), _hours(facts["hours"])],
        [_("Completed on"), _day(facts["completed_on"])],
    ]


def _hours(hours: float) -> str:
    return _("%(hours)s hours", hours=format_number(hours))


def _day(text: str) -> str:
    return format_day(date.fromisoformat(text))
