"""The words of statements: on paper, in their own language, and of what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from lms.clock import today
from lms.errors import LMSError
from lms.models import Statement
from lms.reports.catalogue import REPORTS
from lms.reports.question import Question
from lms.reports.statements.issuing import PRINTED_ROWS, Draft

from . import words
from .i18n import format_day, format_number, speaking
from .i18n import gettext as _

MIDDLE_DOT = " · "


def on_paper(draft: Draft, number: str, moment: datetime) -> Mapping[str, Any]:
    """All texts that are printed and kept."""
    with speaking(draft.language):
        return {
            "title": title_of(draft.report),
            "number": _("Statement no. %(number)s", number=number),
            "facts": [*facts(draft), [_("Issued at"), format_day(moment, "moment")]],
            "meaning_word": _("What the words mean"),
            "meaning": meaning(draft.report),
            "total_word": _("Total"),
            "left_out": _left_out(draft),
            "digest_word": _("SHA-256 of the rows, as the CSV file has them"),
            "check": _(
                "Scan the code, or type the letters at this address, to compare the paper with what was issued."
            ),
            "qr_alt": _("QR code of the page that says what was issued"),
            "signature": [_("Made by"), _("Confirmed by (signature or seal)")],
        }


def _left_out(draft: Draft) -> str:
    if not draft.left_out:
        return ""
    return _(
        "The first %(printed)s of %(rows)s rows are printed. The CSV has all of them; totals and SHA-256 are of all.",
        printed=format_number(PRINTED_ROWS),
        rows=format_number(len(draft.cells.rows)),
    )


def title_of(report: str) -> str:
    names = {
        "completions": _("Enrolments and completions"),
        "funnel": _("From application to completion"),
        "stops": _("Where learners stop"),
        "checks": _("Checks that fail"),
        "durations": _("Days to complete"),
        "months": _("Completions by month"),
        "years": _("Programmes year on year"),
        "targets": _("Targets and results"),
    }
    return names[report]


def facts(draft: Draft) -> list[list[str]]:
    """The parameters, as pairs of word and value."""
    question = draft.question
    regions = (
        _("those of the day of enrolment") if question.regions == "then" else _("today's; what merged is together")
    )
    cut = [words.of_dimension(name) for name in question.by] if REPORTS[draft.report].by else []
    return [
        [_("As of"), _day_of(question)],
        [_("Counted of"), _centres(draft.centres)],
        *([[_("One row for each"), MIDDLE_DOT.join(cut)]] if cut else []),
        *([words.of_dimension(name), ", ".join(_value(each) for each in values)] for name, values in draft.filters),
        [_("Regions"), regions],
        *_masked(draft),
    ]


def counted_of(statement: Statement) -> list[str]:
    """Whose figures, by what, under which conditions: the values of `facts` between the day and the regions, as printed."""
    with speaking(statement.language):
        end = _("Regions")
    return [value for _word, value in takewhile(lambda fact: fact[0] != end, statement.printed["facts"][1:])]


def _day_of(question: Question) -> str:
    day = format_day(question.as_of)
    if question.reading == "effective":
        return _("%(day)s, by what had happened by then, as known now", day=day)
    if question.as_of == today():
        return _("%(day)s, which has not ended yet: its figures may still change", day=day)
    return _("%(day)s, by what was recorded by the end of that day", day=day)


def _masked(draft: Draft) -> list[list[str]]:
    if draft.mask is None:
        return []
    k, rate_from = draft.mask
    text = _(
        "counts of 1 to %(most)s, and what would give them away, are hidden; no rate of fewer than %(least)s people",
        most=k - 1,
        least=rate_from,
    )
    return [[_("For outsiders"), text]]


def _value(text: str) -> str:
    return {"current": _("under way on that day"), "undeclared": _("not declared")}.get(text, text)


def _centres(names: Sequence[str]) -> str:
    return _("the regions of %(centres)s", centres=", ".join(names)) if names else _("all regions")


def meaning(report: str) -> str:
    """The definitions that a reader of the paper needs, in one paragraph; docs/reports.md has all of them."""
    enrolled = _(
        "Applied: enrolled in a run, also those who withdrew. Enrolled: those without the ones who withdrew before the run "
        "began. Completed: those who met the rule of completion and whose completion stands."
    )
    of_report = {
        "completions": _(
            "Active: did a unit in the seven days that end with the day. Rate: completed ÷ enrolled, rounded down; blank "
            "where nobody is enrolled."
        ),
        "funnel": _("Begun: did at least one unit. Half-way: did at least half of the units."),
        "stops": _(
            "Stopped: the first unit that is not done yet, of those who have not completed. Quiet: for 14 days."
        ),
        "checks": _("Rate: of the last notebooks handed in, those in which the check failed."),
        "durations": _("Days: from the beginning, or the enrolment where that was later, to the day of completion."),
        "months": _("Each completion is in the month in which it was done."),
        "years": _("Each year is counted as of the same day. Achieved: completed ÷ target."),
        "targets": _(
            "Target: completions that the programmes of the year owe. Rate: completed ÷ target. At this pace: what the last "
            "weeks lead to by the end of the year."
        ),
    }
    return f"{enrolled} {of_report[report]}"


def refused(error: LMSError) -> str:
    if error.reason == "too_many":
        return _(
            "These are %(rows)s rows. A statement has at most %(most)s: choose a part, or larger groups.",
            rows=format_number(error.rows),
            most=format_number(error.most),
        )
    if error.reason == "isolates":
        return _isolates(error)
    return {
        "effective": _(
            "A statement is by what was recorded on its day: that never changes. By the day it happened, the same question "
            "gives other figures when something is recorded late."
        ),
        "not_ended": _("The day has not ended yet, so its figures may still change. Choose yesterday or before."),
        "persons": _("There are no statements of this."),
        "empty": _("There is no row to sign. Choose a larger part."),
        "shape": _(
            "A statement for outsiders has one form: all regions, a row for each region and course, of one year, with the "
            "regions of the day of enrolment. Tables of another form would tell what this one hides."
        ),
    }[error.reason]


def _isolates(error: LMSError) -> str:
    other = _("statement %(number)s", number=error.number) if error.number else _("the table that everybody sees")
    return _(
        "This was not issued. Beside what outsiders have already (%(other)s) it would tell of fewer than %(k)s people what "
        "became of them: %(where)s. Choose another day.",
        other=other,
        k=error.k,
        where=error.where or _("Total"),
    )


def not_found(error: LMSError) -> str:
    return {
        "throttled": _("There were too many wrong codes. Try again in a quarter of an hour."),
        "unknown": _("No statement has this code. Compare the letters with the paper."),
    }[error.reason]


def not_csv(_error: LMSError) -> str:
    return _("This is no CSV file of a statement. Choose the file as it was taken from here.")
