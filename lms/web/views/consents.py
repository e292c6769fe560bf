"""What a person is asked to agree to, what she agreed to, and how she withdraws."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from lms.content import render_markdown
from lms.errors import NotFoundError
from lms.people import consents
from lms.people.consents import ConsentError, Text

from .. import access, flashes, sign_in
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language
from ..i18n import gettext as _
from ..redirects import safe_target, to
from ..templating import render

bp = Blueprint("consents", __name__, url_prefix="/consents")


@bp.get("/")
@access.newcomer
def page() -> str:
    return _show()


def _show(problem: str = "", ticked: tuple[str, ...] = ()) -> str:
    viewer = access.viewer()
    answers = consents.answers_of(session, viewer.id)
    owed = consents.owed(g.lms.texts, answers)
    return render(
        "lms/consents.html",
        owed=owed,
        texts=g.lms.texts.texts,
        answers=answers,
        history=consents.list_answers(session, viewer.id),
        wording=lambda text: text.in_language(current_language()),
        body=_body,
        is_gate=access.owes_consent(viewer),
        problem=problem,
        ticked=ticked,
        next=request.values.get("next", ""),
        here_page=to("consents.page").location,
    )


def _body(text: Text) -> str:
    wording = text.in_language(current_language())
    return render_markdown(
        wording.body,
        media_url=lambda path: path,
        language=wording.language,
        prefix=f"{text.slug}-",
        label=wording.title,
    )


@bp.post("/")
@access.newcomer
def answer() -> Response | tuple[str, int]:
    given = tuple(request.form.getlist("given"))
    try:
        with transaction() as writing:
            consents.answer(
                writing,
                g.lms.texts,
                access.viewer().id,
                given,
                language=current_language(),
                address=sign_in.address(),
            )
    except ConsentError as error:
        return _show(explain(error), given), 422
    flashes.add(_("Your answers are kept. You find them, and can change them, in My account."), "success")
    return redirect(safe_target(request.form.get("next")), code=303)


@bp.post("/<slug>")
@access.newcomer
def change(slug: str) -> Response:
    text = g.lms.texts.find(slug)
    if text is None:
        raise NotFoundError()
    agree = request.form.get("agree") == "1"
    with transaction() as writing:
        consents.change(
            writing,
            g.lms.texts,
            access.viewer().id,
            text,
            agree=agree,
            language=current_language(),
            address=sign_in.address(),
        )
    flashes.add(_("You have agreed.") if agree else _("You have withdrawn your consent."), "success")
    return to("consents.page")
