"""The words of applications: what became of somebody, why not, and what is told to her."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from lms.errors import LMSError
from lms.learning.applications.admission import AdmissionError
from lms.learning.applications.deciding import ApplicationError
from lms.learning.applications.extensions import ExtensionError
from lms.learning.applications.leaving import LeavingError
from lms.learning.applications.links import LinkError
from lms.learning.applications.people import PeopleError
from lms.learning.applications.seats import Admitted
from lms.learning.applications.transfers import TransferError
from lms.messages.letters import Letter

from .i18n import format_day, lazy_gettext, ngettext
from .i18n import gettext as _

Facts = Mapping[str, Any]

STATES: Mapping[str, Any] = {
    "applied": lazy_gettext("Applied"),
    "approved": lazy_gettext("The company agreed"),
    "waiting": lazy_gettext("Waiting for a seat"),
    "accepted": lazy_gettext("Accepted"),
    "refused": lazy_gettext("Refused"),
    "withdrawn": lazy_gettext("Withdrawn"),
    "enrolled": lazy_gettext("Enrolled"),
}
WAYS: Mapping[str, Any] = {
    "self": lazy_gettext("by herself or himself"),
    "link": lazy_gettext("by a link"),
    "company": lazy_gettext("by the company"),
    "officer": lazy_gettext("by the centre"),
    "roster": lazy_gettext("by a roster"),
    "transfer": lazy_gettext("from another run"),
}
APPROVALS: Mapping[str, Any] = {
    "none": lazy_gettext("Nobody: who applies has a seat at once"),
    "company": lazy_gettext("The company's manager"),
    "officer": lazy_gettext("The centre's officer"),
    "both": lazy_gettext("The company's manager, then the centre's officer"),
}


def why(reason: str) -> str:
    """Why somebody got no seat."""
    return {
        "draft": _("The run is not open yet."),
        "closed": _("The run is closed."),
        "over": _("The run is over."),
        "already": _("She or he is in the run already."),
        "no_employment": _("Works at no company today."),
        "no_region": _("No region is declared for the company."),
        "overlaps": _("Is in another run of this course at the time."),
        "full": _("There is no seat left, and the waiting list moves no more."),
    }.get(reason, reason)


def _why_not(error: LMSError) -> str:
    """To the learner herself."""
    return {
        "draft": _("This course is not open yet."),
        "closed": _("This course is closed."),
        "over": _("This course is over."),
        "already": _("You are in this course already."),
        "no_employment": _(
            "We don't know of a company where you work today. Tell the person who looks after training at your company."
        ),
        "no_region": _("No region is declared for your company. Tell your centre."),
        "overlaps": _("You are in another run of this course at the time. Finish or leave that one first."),
        "full": _("There is no seat left, and the waiting list moves no more. Look for the next run."),
        "reason_missing": _("Say in a few words why; it is kept and told."),
        "nothing": _("Nothing was chosen that can still be decided on. Load the page again."),
        "too_late": _("It was decided meanwhile. Load the page again."),
        "not_now": _("Applications are not taken today. Look at the period of applications."),
    }[error.reason]


def _leaving(error: LMSError) -> str:
    return {
        "reason_missing": _("Say in a few words why; it is kept and told."),
        "closed": _("The run is closed, so nothing is changed in it any more."),
        "begun": _("The course has begun. Ask your centre if you can't take part."),
        "completed": _("A completion stands. Revoke it first, with a reason."),
        "nobody": _("None of these is in the run now. Load the page again."),
        "too_late": _("It is more than a day ago. Enrol the person anew."),
        "not_withdrawn": _("The person is in the run already."),
        "transferred": _("The person was transferred. Transfer from the other run, if it was a mistake."),
        "overlaps": why("overlaps"),
        "full": _("The seat has gone to somebody else meanwhile. Enrol the person anew; there is a waiting list."),
    }[error.reason]


def _extension(error: LMSError) -> str:
    if error.reason == "day":
        return _(
            "Choose a day after the run's last, %(day)s, that is not over; or that very day to take an extension back.",
            day=format_day(error.run_ends),
        )
    return {
        "reason_missing": _("Say in a few words why; it is kept and told."),
        "too_long": _("That is more than a year after the run's last day."),
        "nobody": _("None of these is in the run now. Load the page again."),
        "closed": _("The run is closed, so nothing is changed in it any more."),
    }[error.reason]


def _transfer(error: LMSError) -> str:
    return {
        "reason_missing": _("Say in a few words why; it is kept and told."),
        "closed": _("The run is closed, so nothing is changed in it any more."),
        "completed": _("A completion stands. Revoke it first, with a reason."),
        "nobody": _("None of these is in the run now. Load the page again."),
        "another_course": _("That is a run of another course. Enrol the person there instead."),
        "earlier": _("That run doesn't begin later than this one. Choose a later run."),
        "full": _(
            "That run has no seat left for everybody who was chosen. Give it more seats, or choose fewer people."
        ),
        "already": _("Somebody of those chosen is in that run already."),
    }.get(error.reason, why(error.reason))


def _link(error: LMSError) -> str:
    return {
        "day": _("Choose a last day from today on, and not after the run's last."),
        "uses": _("Write a number from 1 to 10,000."),
        "closed": _("The run is closed, so nothing is changed in it any more."),
    }[error.reason]


def _people(error: LMSError) -> str:
    return {
        "nobody": _("Tick those who are to come."),
        "too_many": _("These are too many at once. Upload a roster instead."),
        "not_now": _("Applications are not taken today. Ask your centre to enrol your people."),
        "too_late": _("It is more than a day ago. Withdraw the people one by one."),
    }[error.reason]


def _admission(error: LMSError) -> str:
    return {
        "approval": _("There is no such choice. Load the page again."),
        "days": _("Write a number of days from 0 to 366."),
    }[error.reason]


SENTENCES: Mapping[type[LMSError], Callable[[LMSError], str]] = {
    ApplicationError: _why_not,
    LeavingError: _leaving,
    ExtensionError: _extension,
    TransferError: _transfer,
    LinkError: _link,
    PeopleError: _people,
    AdmissionError: _admission,
}


def told_of(admitted: Admitted) -> tuple[str, str]:
    """What a learner is told right after she applied, as a kind of flash and a sentence."""
    if admitted.outcome == "enrolled":
        return "success", _("You are enrolled. The course is on your home page.")
    if admitted.place is not None:
        return "note", _(
            "There is no seat at the moment. You are number %(place)s on the waiting list; we write to you when a seat comes "
            "free.",
            place=admitted.place,
        )
    return "success", _("Your application is in. You hear from us when it is decided.")


def sum_up(results: list[Admitted]) -> str:
    """What came of several, in a sentence."""
    said = [
        ngettext("%(num)s person is enrolled.", "%(num)s people are enrolled.", number)
        for number in [sum(one.outcome == "enrolled" for one in results)]
        if number
    ]
    waiting = [one for one in results if one.outcome == "waiting"]
    if number := sum(one.place is not None for one in waiting):
        said.append(ngettext("%(num)s person waits for a seat.", "%(num)s people wait for a seat.", number))
    if number := sum(one.place is None for one in waiting):
        said.append(
            ngettext("%(num)s application goes to the centre.", "%(num)s applications go to the centre.", number)
        )
    if number := sum(one.outcome == "refused" for one in results):
        said.append(ngettext("%(num)s person got no seat.", "%(num)s people got no seat.", number))
        said.append(why(next(one.reason for one in results if one.outcome == "refused")))
    return " ".join(said)


# Letters


def _day(facts: Facts, name: str) -> str:
    return format_day(date.fromisoformat(facts[name]), "weekday")


def _to_run(facts: Facts) -> tuple[str, str]:
    return _("To the course"), f"/runs/{facts['run']}"


def _to_catalogue() -> tuple[str, str]:
    return _("To my applications"), "/courses/"


def _moved_up(facts: Facts) -> Letter:
    return Letter(
        _("A seat is yours: %(course)s", course=facts["course"]),
        (
            _("A seat came free, and you were the next on the waiting list. You are enrolled now."),
            _("The course begins on %(day)s.", day=_day(facts, "learn_from")),
            _("If you can't take part, give the seat back before that day, so that somebody else may have it."),
        ),
        _to_run(facts),
    )


def _application_waiting(facts: Facts) -> Letter:
    return Letter(
        _("You are on the waiting list: %(course)s", course=facts["course"]),
        (
            _("Your application was accepted, but all seats are taken at the moment."),
            _(
                "You are number %(place)s on the waiting list. When a seat comes free it is yours without doing anything, and "
                "we write to you.",
                place=facts["place"],
            ),
        ),
        _to_catalogue(),
    )


def _application_refused(facts: Facts) -> Letter:
    return Letter(
        _("Your application was not accepted: %(course)s", course=facts["course"]),
        (
            _("The reason: %(reason)s", reason=facts["reason"]),
            whom_to_ask(facts.get("decider", ""), facts.get("decided_at", "")),
        ),
        _to_catalogue(),
    )


def whom_to_ask(decider: str, decided_at: str) -> str:
    """Who refused, and what one may do. `decided_at` is centre or company; "" where nobody is known."""
    if decided_at == "company" and decider:
        return _("%(name)s decided for your company. Ask there, or apply for another run.", name=decider)
    if decided_at == "centre" and decider:
        return _("%(name)s decided for your centre. Ask there, or apply for another run.", name=decider)
    return _("You may ask your centre, or apply for another run.")


def _withdrawn(facts: Facts) -> Letter:
    return Letter(
        _("You are no longer in the course: %(course)s", course=facts["course"]),
        (
            _("Your enrolment was withdrawn. The reason: %(reason)s", reason=facts["reason"]),
            _("If this is a mistake, tell your centre at once."),
        ),
        _to_catalogue(),
    )


def _transferred(facts: Facts) -> Letter:
    return Letter(
        _("You were moved to a later run: %(course)s", course=facts["course"]),
        (
            _(
                "You are in run %(number)s now, from %(first)s to %(last)s, and no longer in run %(former)s.",
                number=facts["number"],
                first=_day(facts, "learn_from"),
                last=_day(facts, "learn_to"),
                former=facts["from_number"],
            ),
            _("The reason: %(reason)s", reason=facts["reason"]),
            _("There you begin anew; what you did stays in the earlier run."),
        ),
        _to_run(facts),
    )


def _extended(facts: Facts) -> Letter:
    return Letter(
        _("You have until %(day)s: %(course)s", day=_day(facts, "last_day"), course=facts["course"]),
        (
            _("Your last day in this course is %(day)s.", day=_day(facts, "last_day")),
            _("The reason: %(reason)s", reason=facts["reason"]),
        ),
        _to_run(facts),
    )


WORDS: Mapping[str, Callable[[Facts], Letter]] = {
    "moved_up": _moved_up,
    "application_waiting": _application_waiting,
    "application_refused": _application_refused,
    "withdrawn": _withdrawn,
    "transferred": _transferred,
    "extended": _extended,
}
