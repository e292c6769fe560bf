"""The desk of those who answer for the figures: completions by region and company, and what has to be decided."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.clock import today
from lms.learning import enrolments, ledger
from lms.learning.ledger import DecisionError
from lms.reports import completions
from lms.submissions import ungraded

from .. import access, flashes, forms
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render

bp = Blueprint("desk", __name__, url_prefix="/desk")


@bp.get("/")
@access.staff
def home() -> str:
    viewer = access.viewer()
    as_of, problem = _as_of(request.args.get("as_of", ""))
    report = completions.count_completions(session, viewer, by=("region", "company"), as_of=as_of)
    return render(
        "lms/desk/home.html",
        report=report,
        as_of=as_of,
        today=today(),
        problem=problem,
        questioned=enrolments.list_questioned(session, viewer),
        ungraded=ungraded.list_ungraded(session, viewer),
    )


def _as_of(text: str) -> tuple[date, str]:
    if not text:
        return today(), ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today(), _("This is not a day. Write it like 2026-07-31.")
    return min(day, today()), ""


@bp.post("/completions/<uuid:enrolment>/uphold")
@access.officer
def uphold(enrolment: UUID) -> Response:
    return _decide(enrolment, "uphold")


@bp.post("/completions/<uuid:enrolment>/revoke")
@access.officer
def revoke(enrolment: UUID) -> Response:
    return _decide(enrolment, "revoke")


def _decide(uid: UUID, what: str) -> Response:
    viewer = access.viewer()
    found = enrolments.load_to_decide(session, viewer, uid)
    form = forms.Decision(request.form)
    deed = {"uphold": ledger.uphold, "revoke": ledger.revoke}[what]
    try:
        with transaction() as writing:
            deed(writing, found, actor_id=viewer.id, reason=form.reason.data or "")
    except DecisionError as error:
        flashes.add(explain(error), "error")
        return to("desk.home")
    flashes.add(_("The decision is recorded with its reason."), "success")
    return to("desk.home")
