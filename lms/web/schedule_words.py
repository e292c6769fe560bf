"""The words of statements that are issued by themselves: when, how they fare, why not, on paper and in messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask import Flask

from lms.errors import LMSError
from lms.messages.letters import Letter
from lms.models import Schedule, ScheduleTurn
from lms.reports.schedules.editing import TRIES
from lms.reports.schedules.times import Rhythm, rhythm_of
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Draft, Press

from . import statement_words
from .i18n import format_day, format_number, ngettext, speaking
from .i18n import gettext as _


def weekdays() -> Mapping[int, str]:
    """1 is Monday."""
    return {
        1: _("Monday"),
        2: _("Tuesday"),
        3: _("Wednesday"),
        4: _("Thursday"),
        5: _("Friday"),
        6: _("Saturday"),
        7: _("Sunday"),
    }


def monthdays() -> Mapping[int, str]:
    days = {day: _("Day %(day)s", day=day) for day in range(1, 31)}
    return days | {31: _("The last day")}


def when(rhythm: Rhythm) -> str:
    """every Monday at 07:00"""
    hour = f"{rhythm.hour:02}:00"
    if rhythm.every == "week":
        return _("every %(day)s at %(hour)s", day=weekdays()[rhythm.on_day], hour=hour)
    if rhythm.on_day == 31:
        return _("on the last day of each month at %(hour)s", hour=hour)
    return _("on day %(day)s of each month at %(hour)s", day=rhythm.on_day, hour=hour)


def states() -> Mapping[str, tuple[str, str, str]]:
    """Of schedules: word, tone and icon."""
    return {
        "active": (_("Goes on"), "good", "passed"),
        "late": (_("Behind time"), "warn", "warning"),
        "failed": (_("The last one failed"), "bad", "alert"),
        "paused": (_("Is paused"), "", "clock"),
    }


def turn_states() -> Mapping[str, tuple[str, str, str]]:
    return {
        "issued": (_("Is issued"), "good", "passed"),
        "waiting": (_("Waits"), "calm", "clock"),
        "failed": (_("Could not be issued"), "bad", "alert"),
        "left_out": (_("Left out"), "warn", "warning"),
    }


def why(turn: ScheduleTurn) -> str:
    """Why a time came to nothing, or not yet; "" where there is nothing to say."""
    if turn.state != "waiting" or not turn.tries:
        return _reason(turn.reason, turn.facts)
    said = _("It met a fault on our side.") if turn.reason == "fault" else _reason(turn.reason, turn.facts)
    return " ".join(
        part
        for part in (
            said,
            _(
                "Try %(number)s of %(most)s; the next, if this one fails, at %(moment)s.",
                number=(turn.tries - 1) % TRIES + 1,
                most=TRIES,
                moment=format_day(turn.next_try_at, "moment"),
            ),
        )
        if part
    )


def _reason(reason: str, facts: Mapping[str, Any]) -> str:
    if not reason:
        return ""
    own = {
        "begun": _("It is being made."),
        "missed": _("The site was off for too long; older ones are not made by themselves."),
        "maker": _("In whose name it was issued may not issue these figures any more. Somebody has to take it over."),
        "question": _("What it asks for can't be asked any more. Make a new schedule from the page of results."),
        "fault": _("This is our fault. Tell the operator of the site, or try again."),
    }
    if reason in own:
        return own[reason]
    if reason == "not_ended":
        return _("The day has not ended yet, so its figures may still change. Choose yesterday or before.")
    return statement_words.refused(StatementError(reason, **facts))


def refused(error: LMSError) -> str:
    return {
        "name": lambda: _("Give it a name of at most %(most)s letters.", most=error.most),
        "rhythm": lambda: _("Choose a day and an hour."),
        "nobody": lambda: _("Choose at least one person who is told."),
        "many": lambda: _("Choose at most %(most)s people.", most=error.most),
        "not_allowed": lambda: _("Not everybody may see these figures. Look at the list again."),
        "not_maker": lambda: _("It is issued in somebody else's name. Take it over first."),
        "paused": lambda: _("It is paused. Let it go on first."),
        "issued": lambda: _("Today's is issued already: statement %(number)s.", number=error.number),
        "no_failure": lambda: _("There is nothing to try again."),
    }[error.reason]()


# On paper


class ScheduledPress:
    """For the worker: the paper says that it was issued by itself."""

    def __init__(self, app: Flask, site_url: str) -> None:
        self.app = app
        self.site_url = site_url

    def __call__(self, schedule: Schedule) -> Press:
        rhythm = rhythm_of(schedule)

        def words(draft: Draft, number: str, moment: datetime) -> Mapping[str, Any]:
            with self.app.app_context():
                printed = statement_words.on_paper(draft, number, moment)
                with speaking(draft.language):
                    said = when(rhythm)
                    return {**printed, "facts": [*printed["facts"], [_("Issued by itself"), said]], "scheduled": said}

        site = self.site_url.rstrip("/")
        return Press(words, f"{site}/verify/statements" if site else schedule.address)


# Messages. No figures: a page asks who looks, a mail doesn't.


def _issued(facts: Mapping[str, Any]) -> Letter:
    day = format_day(date.fromisoformat(facts["as_of"]))
    return Letter(
        _("%(name)s: statement %(number)s", name=facts["name"], number=facts["number"]),
        (
            _("The report “%(name)s” as of %(day)s is issued.", name=facts["name"], day=day),
            _("You see it, and take it as PDF, CSV or XLSX, after you have signed in."),
        ),
        (_("To the statement"), f"/desk/statements/{facts['statement']}"),
    )


def _failed(facts: Mapping[str, Any]) -> Letter:
    day = format_day(date.fromisoformat(facts["as_of"]))
    return Letter(
        _("%(name)s was not issued", name=facts["name"]),
        (
            _("The report “%(name)s” as of %(day)s could not be issued.", name=facts["name"], day=day),
            _reason(facts["reason"], facts["facts"]),
        ),
        (_("To the schedule"), f"/desk/schedules/{facts['schedule']}"),
    )


def _stopped(facts: Mapping[str, Any]) -> Letter:
    return Letter(
        _("%(name)s is paused", name=facts["name"]),
        (
            _(
                "The report “%(name)s” was issued in the name of %(maker)s, who may not issue these figures any more.",
                name=facts["name"],
                maker=facts["maker"],
            ),
            _("It goes on as soon as somebody who answers for them takes it over."),
        ),
        (_("To the schedule"), f"/desk/schedules/{facts['schedule']}"),
    )


WORDS: Mapping[str, Callable[[Mapping[str, Any]], Letter]] = {
    "statement_scheduled": _issued,
    "schedule_failed": _failed,
    "schedule_stopped": _stopped,
}


def late_by(turn: ScheduleTurn) -> str:
    """Of one that was issued: how long after its time, in whole hours or days."""
    assert turn.finished_at is not None
    hours = int((turn.finished_at - turn.due_at).total_seconds() // 3600)
    if hours < 48:
        return ngettext("%(num)s hour late", "%(num)s hours late", hours)
    days = hours // 24
    return ngettext("%(shown)s day late", "%(shown)s days late", days, shown=format_number(days))
