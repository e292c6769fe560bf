"""The words of messages, by kind: how each reads in the site and in a mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask

from lms.messages import way_out
from lms.messages.letters import Letter
from lms.people import codes

from . import application_words, reminder_words, schedule_words
from .i18n import format_day, ngettext, speaking
from .i18n import gettext as _

Facts = Mapping[str, Any]
FIRST = "/first"  # the page that takes a code


def write(kind: str, facts: Facts) -> Letter:
    """A message in the language that is spoken. A button's address lies below the site's, as /account.

    A kind that an earlier version of the program knew reads as what it was called.
    """
    words = WORDS.get(kind)
    return words(facts) if words else Letter(kind, (_("This message was written by an earlier version of the site."),))


def composer(app: Flask, site_url: str) -> Callable[[str, Facts, str], Letter]:
    """The same for the worker's mails, with whole addresses. A code stands behind the #, which browsers send to nobody."""

    def compose(kind: str, facts: Facts, language: str) -> Letter:
        with app.app_context(), speaking(language):
            letter = write(kind, facts)
            if letter.button is None:
                return letter
            label, path = letter.button
            fragment = f"#{facts['code']}" if "code" in facts else ""
            button = (label, f"{site_url.rstrip('/')}{path}{fragment}")
            code = codes.shown(facts["code"]) if "code" in facts else ""
            return Letter(letter.subject, letter.paragraphs, button, code)

    return compose


def footer(app: Flask, site_url: str) -> Callable[[str, str], str]:
    """What stands below each mail; the second argument is where its topic is refused, or ""."""

    def told(language: str, off: str) -> str:
        with app.app_context(), speaking(language):
            first = _("This mail was sent by Baeum at %(site)s. Nobody reads answers to it.", site=site_url)
            return " ".join([first, _("No more mails of this kind: %(address)s", address=off)]) if off else first

    return told


def ways_out(secret: str, site_url: str) -> Callable[[UUID, str], str]:
    """The address where a person refuses a topic's mails, by her uid; "" where the site doesn't know its own."""
    key = way_out.key_of(secret)

    def address(person: UUID, topic: str) -> str:
        return f"{site_url.rstrip('/')}/messages/off/{way_out.token_of(person, topic, key)}" if site_url else ""

    return address


def _moment(facts: Facts, name: str) -> str:
    return format_day(datetime.fromisoformat(facts[name]), "moment")


def _invitation(facts: Facts) -> Letter:
    until = format_day(datetime.fromisoformat(facts["until"]))
    return Letter(
        _("Your courses are ready"),
        (
            _("Your company and your centre have prepared courses for you. Choose a password of your own to begin."),
            _("The button and the code work once, until %(day)s.", day=until),
        ),
        (_("Choose a password"), FIRST),
    )


def _password_reset(facts: Facts) -> Letter:
    return Letter(
        _("A new password"),
        (
            _("Somebody, probably you, wants a new password for your account."),
            ngettext(
                "The button and the code work once, for %(num)s minute. Whoever did not ask for it has nothing to do; the "
                "old password stays.",
                "The button and the code work once, for %(num)s minutes. Whoever did not ask for it has nothing to do; "
                "the old password stays.",
                facts["minutes"],
            ),
        ),
        (_("Choose a new password"), FIRST),
    )


def _password_chosen(facts: Facts) -> Letter:
    return Letter(
        _("Your password was changed"),
        (
            _(
                "A new password was chosen for your account on %(moment)s with a one-time code.",
                moment=_moment(facts, "at"),
            ),
            _("All devices were signed out. If this wasn't you, tell your centre at once."),
        ),
        (_("My account"), "/account"),
    )


def _code_given(facts: Facts) -> Letter:
    return Letter(
        _("A code for your account was given out"),
        (
            _(
                "%(name)s made a one-time code for your account, with which a new password can be chosen (%(company)s).",
                name=facts["by"],
                company=facts["company"],
            ),
            _("If you did not ask for it, tell your centre at once."),
        ),
        (_("My account"), "/account"),
    )


def _slips_made(facts: Facts) -> Letter:
    more = facts["companies"] - 1
    title = (
        facts["title"]
        if not more
        else ngettext(
            "%(title)s and %(num)s more company", "%(title)s and %(num)s more companies", more, title=facts["title"]
        )
    )
    return Letter(
        _("Your slips are ready to print"),
        (
            ngettext(
                "%(title)s: %(num)s slip. Print it within a day; after that it is deleted here.",
                "%(title)s: %(num)s slips. Print them within a day; after that they are deleted here.",
                facts["people"],
                title=title,
            ),
        ),
        (_("To the slips"), f"/slips/batches/{facts['batch']}"),
    )


def _export_made(facts: Facts) -> Letter:
    rows = ngettext("%(num)s row. It is kept for a week.", "%(num)s rows. It is kept for a week.", facts["rows"])
    return Letter(_("Your file is ready"), (rows,), (_("To the file"), f"/desk/exports/{facts['export']}"))


WORDS: Mapping[str, Callable[[Facts], Letter]] = {
    "invitation": _invitation,
    "password_reset": _password_reset,
    "password_chosen": _password_chosen,
    "code_given": _code_given,
    "slips_made": _slips_made,
    "export_made": _export_made,
    **reminder_words.WORDS,
    **application_words.WORDS,
    **schedule_words.WORDS,
}


def topics() -> dict[str, str]:
    """The names of the topics that people choose by."""
    return {
        "learning": _("My courses: enrolments, completions, certificates"),
        "reminders": _("Reminders: what begins, what is due"),
        "letters": _("What my centre, instructors or company write to me"),
        "desk": _("My work: files and lists that are ready, what waits for me"),
        "digest": _("Once a week: where my people or my runs stand"),
        "news": _("New courses and news of the programme"),
    }
