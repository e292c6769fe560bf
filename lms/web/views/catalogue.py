"""What a learner may apply for, what became of what she applied for, and links that lead to a run."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.learning import enrolments
from lms.learning.applications import admission, catalogue, deciding, leaving, links
from lms.learning.sittings import planning
from lms.models import Run

from .. import access, application_words, deeds, flashes
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render

bp = Blueprint("catalogue", __name__)


@bp.get("/courses/")
@access.signed_in
def home() -> str:
    found = catalogue.load(session, access.viewer())
    return render(
        "lms/applications/catalogue.html", found=found, words=application_words, day=today(), name_of=deeds.name_of
    )


def _do(deed: Callable[[Session], tuple[str, str]]) -> Response:
    try:
        with transaction() as writing:
            kind, said = deed(writing)
    except NotFoundError:
        raise
    except LMSError as error:
        kind, said = "error", explain(error)
    flashes.add(said, kind)
    return to("catalogue.home")


@bp.post("/courses/<uuid:run>/apply")
@access.signed_in
def apply(run: UUID) -> Response:
    viewer = access.viewer()

    def ask(writing: Session) -> tuple[str, str]:
        found = catalogue.load_run(writing, viewer, run)
        return application_words.told_of(deciding.apply(writing, found.id, viewer.id))

    return _do(ask)


@bp.post("/applications/<uuid:uid>/withdraw")
@access.signed_in
def withdraw(uid: UUID) -> Response:
    def take_back(writing: Session) -> tuple[str, str]:
        deciding.withdraw(writing, access.viewer(), uid)
        return "success", _("Your application is taken back.")

    return _do(take_back)


@bp.post("/runs/<uuid:run>/leave")
@access.signed_in
def leave(run: UUID) -> Response:
    def give_back(writing: Session) -> tuple[str, str]:
        leaving.withdraw_oneself(writing, enrolments.load_own(writing, access.viewer(), run))
        return "success", _("You have given your seat back. Somebody who waits may have it now.")

    return _do(give_back)


# Links


@bp.get("/join/<uuid:uid>")
@access.signed_in
def join(uid: UUID) -> str | Response:
    link, run = links.load(session, access.viewer().id, uid)
    if _is_in(run):
        return to("learn.outline", run=run.uid)
    asks = "none" if link.is_direct else admission.of_run(session, run.id).approval
    live = deciding.live_of(session, run.id, access.viewer().id)
    return render(
        "lms/applications/join.html",
        link=link,
        run=run,
        asks=asks,
        live=live,
        sittings=planning.list_announced(session, [run.id]).get(run.id, ()),
        words=application_words,
    )


def _is_in(run: Run) -> bool:
    try:
        enrolments.load_own(session, access.viewer(), run.uid)
    except NotFoundError:
        return False
    return True


@bp.post("/join/<uuid:uid>")
@access.signed_in
def follow(uid: UUID) -> Response:
    def come(writing: Session) -> tuple[str, str]:
        return application_words.told_of(links.follow(writing, access.viewer().id, uid))

    return _do(come)
