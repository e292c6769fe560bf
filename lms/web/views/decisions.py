"""A run's completions in question, decided together: who they are, what would be decided, and doing it with one reason."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.learning import decisions
from lms.learning.decisions import Decision
from lms.learning.ledger import DecisionError
from lms.models import Run

from .. import access, flashes, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import ngettext
from ..redirects import to
from ..templating import render, url

bp = Blueprint("decisions", __name__, url_prefix="/desk/waiting/runs")

Answer = str | Response | tuple[str, int]
_SHOWN = 100  # names that are shown before deciding; the number tells of the rest


@bp.get("/<uuid:uid>")
@access.officer
def page(uid: UUID) -> str:
    return _show(decisions.load_run(session, access.viewer(), uid))


def _show(run: Run, problem: str = "") -> str:
    found = decisions.list_of_run(session, access.viewer(), run, page=_number(request.args.get("page", "")))
    seen.people("waiting_list", len(found.rows), subject=f"run:{run.uid}")
    return render(
        "lms/desk/questioned.html",
        run=run,
        found=found,
        problem=problem,
        here=url("decisions.page", uid=run.uid, page=found.page),
        page_url=lambda page: url("decisions.page", uid=run.uid, page=page),
    )


@bp.post("/<uuid:uid>")
@access.officer
def decide(uid: UUID) -> Answer:
    """First what would be decided of whom, then it is done."""
    viewer = access.viewer()
    run = decisions.load_run(session, viewer, uid)
    what: Decision = "revoked" if request.form.get("do") == "revoked" else "upheld"
    uids = None if request.form.get("all") == "1" else _ticked()
    up_to = _number(request.form.get("newest", ""))
    reason = request.form.get("reason", "")
    try:
        chosen = decisions.choose(session, viewer, run, uids, up_to=up_to)
    except DecisionError as error:
        return _show(run, explain(error)), 422
    if request.form.get("sure") != "1":
        return _ask(run, chosen, what, uids, up_to)
    try:
        with transaction() as writing:
            done = decisions.decide(writing, viewer, run, what, uids, up_to=up_to, reason=reason)
    except DecisionError as error:
        return _ask(run, chosen, what, uids, up_to, explain(error)), 422
    flashes.add(_said(what, done), "success")
    return to("desk.waiting")


def _ask(
    run: Run,
    chosen: list[decisions.Questioned],
    what: Decision,
    uids: list[UUID] | None,
    up_to: int,
    problem: str = "",
) -> str:
    seen.people("waiting_list", min(len(chosen), _SHOWN), subject=f"run:{run.uid}")
    return render(
        "lms/desk/decide.html",
        run=run,
        shown=chosen[:_SHOWN],
        count=len(chosen),
        what=what,
        is_all=uids is None,
        newest=up_to,
        problem=problem,
        here=url("decisions.page", uid=run.uid),
    )


def _said(what: Decision, count: int) -> str:
    if what == "revoked":
        return ngettext("%(num)s completion was revoked.", "%(num)s completions were revoked.", count)
    return ngettext("%(num)s completion was left to stand.", "%(num)s completions were left to stand.", count)


def _ticked() -> list[UUID]:
    """What is no uid is nobody's."""
    found = []
    for text in request.form.getlist("enrolment"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
