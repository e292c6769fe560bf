"""A person's tokens for programs: made here, shown once, taken back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.clock import utcnow
from lms.people import api_tokens
from lms.people.api_tokens import ApiTokenError

from .. import access, flashes
from ..api_document import PREFIX
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("tokens", __name__, url_prefix="/account/tokens")


@bp.get("/")
@access.figures
def page() -> str:
    return _show()


def _show(made: str = "", problem: tuple[str, str] | None = None) -> str:
    return render(
        "lms/tokens.html",
        tokens=api_tokens.list_own(session, access.viewer().id),
        now=utcnow(),
        made=made,
        problem=problem,
        name="" if made else request.form.get("name", ""),
        lifetimes=api_tokens.LIFETIMES,
        example=url("api.report", name="completions", _external=True),
        document_url=url("api.openapi"),
        prefix=PREFIX,
        here=url("tokens.page"),
    )


@bp.post("/")
@access.figures
def make() -> str | tuple[str, int]:
    """The token stands on this answer alone."""
    given = request.form.get("days", "")
    try:
        with transaction() as writing:
            made = api_tokens.issue(
                writing,
                access.viewer().id,
                request.form.get("name", ""),
                int(given) if given.isascii() and given.isdigit() and len(given) < 5 else 0,
            )
    except ApiTokenError as error:
        return _show(problem=("days" if error.reason == "days" else "name", explain(error))), 422
    return _show(made)


@bp.post("/<uuid:uid>/revoke")
@access.figures
def revoke(uid: UUID) -> Response:
    with transaction() as writing:
        api_tokens.revoke(writing, access.viewer().id, uid)
    flashes.add(_("The token is taken back. Programs that had it are refused from now on."), "success")
    return to("tokens.page")
