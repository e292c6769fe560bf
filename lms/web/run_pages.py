"""The frame of a run's pages on the officer's desk: its head, its state, and the tabs with the pages behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from lms.clock import today
from lms.learning.runs import states
from lms.models import Run

from . import access
from .i18n import lazy_gettext
from .templating import render, url

# The key, the word and the endpoint of each tab, in their order.
RUN_TABS: Sequence[tuple[str, Any, str]] = (
    ("overview", lazy_gettext("Overview"), "runs.page"),
    ("people", lazy_gettext("Applications and learners"), "applications.tab"),
    ("sittings", lazy_gettext("Sittings"), "sittings.tab"),
    ("notices", lazy_gettext("Notices"), "reminders.run_page"),
    ("certificates", lazy_gettext("Certificates"), "certificates.tab"),
    ("closing", lazy_gettext("Closing"), "runs.closing"),
)
# What an instructor of the run sees of them.
OF_INSTRUCTORS = ("overview", "sittings")

STATES: Mapping[str, Any] = {
    "draft": lazy_gettext("Being prepared"),
    "open": lazy_gettext("Open, not begun"),
    "running": lazy_gettext("Learning is going on"),
    "review": lazy_gettext("Learning is over"),
    "closed": lazy_gettext("Closed"),
}


def show(template: str, tab: str, run: Run, **context: Any) -> str:
    """A page of a run: its template extends `lms/runs/_frame.html` and fills the block `tab`."""
    may_edit = run.centre_id in access.viewer().officer_centres
    return render(
        template,
        run=run,
        state=states.state_of(run),
        may_edit=may_edit,
        run_tabs=_tabs(run, tab, may_edit),
        allows=lambda deed: states.allows(run, deed),
        state_words=STATES,
        today=today(),
        **context,
    )


def _tabs(run: Run, current: str, may_edit: bool) -> list[tuple[str, str, bool]]:
    """Text, address and whether it is the current one."""
    return [
        (str(word), url(endpoint, uid=run.uid), key == current)
        for key, word, endpoint in RUN_TABS
        if f"lms.{endpoint}" in current_app.view_functions and (may_edit or key in OF_INSTRUCTORS)
    ]
