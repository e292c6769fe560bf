"""Words for what is wrong with a run's fields, what it lacks, what its rule or closing would do, and why somebody did not
complete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lms.errors import LMSError
from lms.learning.runs.closing import Obstacle
from lms.learning.runs.editing import Problem
from lms.learning.runs.readiness import Finding
from lms.models import Run

from .i18n import format_day, format_number, ngettext
from .i18n import gettext as _
from .run_pages import STATES
from .templating import floor, url


def problem(found: Problem) -> str:
    """A sentence for the field: what is wrong, and what to do."""
    about = found.about
    if isinstance(about, date):
        return _problem_of_days(found.reason, format_day(about))
    return {
        "taken": lambda: _("There is a run of this number already. %(number)s is free.", number=about),
        "opened": lambda: _("The number stays once the run is open: %(number)s.", number=about),
        "range": lambda: _("Write a number from 0 to %(most)s.", most=format_number(about)),
        "half": lambda: _("Give both the first and the last day for applications, or neither."),
        "below_enrolled": lambda: ngettext(
            "%(num)s person is in already. Write at least that many, or withdraw or transfer somebody first.",
            "%(num)s people are in already. Write at least that many, or withdraw or transfer somebody first.",
            about,
        ),
        "below_quotas": lambda: _(
            "The limits for companies or regions come to %(count)s together. Lower them first.", count=about
        ),
        "above_seats": lambda: _(
            "The limits would come to more than the run has seats. At most %(left)s are left for this one; lower "
            "another, or give the run more seats.",
            left=about,
        ),
        "quotas_need_seats": lambda: _("Say first how many seats the run has; limits are parts of them."),
        "whose": lambda: _("Choose either a company or a region."),
        "no_company": lambda: _("There is no company with this business number."),
        "asks_nothing": lambda: _("A rule has to ask for something: progress, score or attendance."),
        "unknown": lambda: _("There is no such choice. Load the page again."),
    }[found.reason]()


def _problem_of_days(reason: str, day: str) -> str:
    return {
        "ends_before": _("It would end before it begins on %(day)s. Choose a later day.", day=day),
        "apply_after_learn": _(
            "Applications would go on after the last day of learning, %(day)s. Choose an earlier day.", day=day
        ),
        "apply_begins_late": _(
            "Applications would begin after the first day of learning, %(day)s. Choose an earlier day.", day=day
        ),
        "review_before_end": _(
            "Reading would end before the last day of learning, %(day)s. Choose that day or a later one.", day=day
        ),
        "begun": _("The run began on %(day)s; its first day stays.", day=day),
        "too_soon": _("Choose a day after today, %(day)s.", day=day),
        "past": _("Choose today, %(day)s, or a later day.", day=day),
    }[reason]


def finding(found: Finding) -> str:
    """A sentence for the page before opening."""
    about = format_day(found.about) if isinstance(found.about, date) else found.about
    return {
        "over": _("The last day of learning, %(day)s, has passed.", day=about),
        "begun": _("The first day of learning, %(day)s, has passed.", day=about),
        "no_applications": _("There is no period for applications: learners come in by you and by rosters alone."),
        "applications_over": _("The period for applications ended on %(day)s.", day=about),
        "no_units": _("The course has no units."),
        "exercise_without_version": _("The exercise “%(title)s” has no published version.", title=about),
        "newer_version": _("A newer version of the course is published than the one that this run has."),
        "no_hours": _("The recognised hours are 0."),
        "no_rule": _("There is no completion rule."),
        "rule_asks_nothing": _("The completion rule asks for nothing: everybody would complete."),
        "attendance_without_sittings": _("The rule asks for attendance, but there is no sitting."),
        "sittings_without_attendance": _("There are sittings, but the rule asks for no attendance."),
        "no_seats": _("The number of seats is not limited."),
        "zero_seats": _("There is no seat."),
        "no_instructor": _("Nobody teaches it: choose at least one instructor."),
        "instructor_gone": _("One of the instructors no longer has the role at your centre."),
        "no_programme": _("It belongs to no programme, so that no target counts it."),
        "programme_year": _("The first day of learning lies outside the programme “%(name)s”.", name=about),
        "sitting_without_place": _("The sitting “%(title)s” has no place.", title=about),
        "sitting_outside": _("The sitting “%(title)s” lies outside the period of learning.", title=about),
    }[found.reason]


def where(run: Run, found: Finding) -> str:
    """The address of the page that mends it."""
    endpoints = {"edit": "runs.edit", "rule": "runs.rule", "sittings": "sittings.tab", "version": "runs.page"}
    return url(endpoints[found.where], uid=run.uid)


def obstacle(found: Obstacle) -> str:
    about, count = found.about, found.count
    if found.reason == "learning":
        return _("Learning goes on until %(day)s.", day=format_day(about))
    if found.reason in ("sitting_to_come", "sitting_unlisted"):
        if found.on is not None:  # several dates of one sitting have one title
            about = f"{about}, {format_day(found.on)}"
        return {
            "sitting_to_come": _("The sitting “%(title)s” is still to come.", title=about),
            "sitting_unlisted": _("Nobody has kept the list of the sitting “%(title)s”.", title=about),
        }[found.reason]
    return {
        "extended": ngettext(
            "%(num)s learner still has time by an extension.", "%(num)s learners still have time by extensions.", count
        ),
        "questioned": ngettext(
            "%(num)s completion is in question: decide on it first.",
            "%(num)s completions are in question: decide on them first.",
            count,
        ),
        "regraded": ngettext(
            "A regrade is being written for %(num)s learner; wait a moment.",
            "A regrade is being written for %(num)s learners; wait a moment.",
            count,
        ),
        "ungraded": ngettext("%(num)s submission is not graded.", "%(num)s submissions are not graded.", count),
    }[found.reason]


def obstacle_url(run: Run, found: Obstacle) -> str:
    """The page where it is dealt with; empty where only time helps."""
    endpoints = {
        "questioned": "decisions.page",
        "ungraded": "desk.waiting",
        "sitting_to_come": "sittings.tab",
        "sitting_unlisted": "sittings.tab",
        "extended": "applications.tab",
    }
    endpoint = endpoints.get(found.reason)
    if endpoint is None:
        return ""
    if found.reason == "extended":
        return url(endpoint, uid=run.uid, state="extended")
    return url(endpoint) if endpoint == "desk.waiting" else url(endpoint, uid=run.uid)


OUTCOMES = ("completed", "not_completed", "withdrawn")


def outcome(name: str) -> str:
    return {
        "completed": _("Completed"),
        "not_completed": _("Not completed"),
        "withdrawn": _("Withdrawn"),
    }[name]


def reason(found: Mapping[str, Any]) -> str:
    """Why somebody did not complete: one of `RunResult.reasons`."""
    what = found["what"]
    if what in ("withdrawn", "revoked"):
        day = format_day(date.fromisoformat(found["on"])) if found.get("on") else ""
        if what == "withdrawn":
            return _("withdrawn on %(day)s", day=day) if day else _("withdrawn")
        return _("completion revoked on %(day)s", day=day)
    has, asked = floor(found["has"]), format_number(found["asked"])
    return {
        "progress": _("progress %(has)s of %(asked)s %%", has=has, asked=asked),
        "score": _("score %(has)s of %(asked)s", has=has, asked=asked),
        "attendance": _("attendance %(has)s of %(asked)s %%", has=has, asked=asked),
    }[what]


def reasons(found: Any) -> str:
    return ", ".join(reason(one) for one in found)


def decided(kind: str) -> str:
    """What happened to a completion since the closing."""
    return {
        "questioned": _("put in question"),
        "upheld": _("upheld"),
        "restored": _("met again"),
        "revoked": _("revoked"),
    }[kind]


def refused(error: LMSError) -> str:
    """A sentence for RunError."""
    return {
        "no_version": _("The course has no published version. Publish it first."),
        "exercise_missing": _("An exercise of the course has no published version. Publish it first."),
        "period": _("The last day lies before the first. Choose a later day."),
        "not_ready": _("Something still stands against opening; it is listed below."),
        "in_use": _("Somebody is or was in this run, or has applied. Withdraw or transfer them, and close it instead."),
        "same": _("It is so already. Nothing was changed."),
        "reason_missing": _("Write the reason; it is kept with the change."),
        "changed": _("Something has changed since you looked. Look at what would change now, and send it again."),
        "obstacles": _("Something still stands against closing; it is listed below."),
        "late": _("A run is reopened within a day of its closing. What is wrong since is decided learner by learner."),
        "certificates": _("Certificates were issued since, so the run stays closed."),
        "decided": _("Something was decided on a completion since, so the run stays closed."),
        "no_closing": _("This run was closed before results were kept."),
    }.get(error.reason) or _("This did not work. Nothing was changed.")


def not_allowed(error: LMSError) -> str:
    """A sentence for RunStateError."""
    return _("This can't be done while the run is in this state: %(state)s.", state=STATES[error.reason])
