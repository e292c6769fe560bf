"""What each state of a run allows. Where a run stands on a day says `Run.state_on`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from lms.clock import today
from lms.errors import LMSError
from lms.models import Run
from lms.models.runs import RunState

Deed = Literal[
    "edit",  # programme, periods to come, seats, quotas, instructors, hours
    "pin",  # to a newer version of the course
    "open",
    "discard",
    "withdraw_opening",  # while nobody is in it
    "apply",  # by learners, within the period of applications
    "enrol",  # by officers, companies and rosters
    "withdraw",
    "extend",
    "work",
    "attend",  # presence is kept or corrected
    "rule",  # the completion rule is changed
    "issue",  # certificates, of completions that stand
    "close",
    "reopen",
]

ALLOWS: Mapping[RunState, frozenset[Deed]] = {
    "draft": frozenset({"edit", "pin", "open", "discard", "rule"}),
    "open": frozenset({"edit", "withdraw_opening", "apply", "enrol", "withdraw", "extend", "rule"}),
    "running": frozenset(
        {"edit", "withdraw_opening", "apply", "enrol", "withdraw", "extend", "work", "attend", "rule", "issue"}
    ),
    "review": frozenset({"edit", "withdraw", "extend", "attend", "rule", "issue", "close"}),
    "closed": frozenset({"issue", "reopen"}),
}


class RunStateError(LMSError):
    """A run's state does not allow what was asked for. `reason` is the state, `deed` what was asked for."""

    sentence = "A run that is '{reason}' does not allow: {deed}."


def allows(run: Run, deed: Deed, day: date | None = None) -> bool:
    """Whether the run's state on that day (today) allows it. A run that was closed today is closed."""
    return deed in ALLOWS[state_of(run, day)]


def state_of(run: Run, day: date | None = None) -> RunState:
    """As `Run.state_on`, but closed from the moment of closing on."""
    return "closed" if run.closed_at is not None else run.state_on(day or today())


def refuse(run: Run, deed: Deed, day: date | None = None) -> None:
    """Raises RunStateError where the run's state does not allow it."""
    if not allows(run, deed, day):
        raise RunStateError(state_of(run, day), deed=deed)
