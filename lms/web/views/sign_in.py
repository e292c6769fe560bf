"""Sign in and out, where Baeum does it by itself."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from lms.people import accounts, roles, sign_ins
from lms.people.accounts import Credentials, SignInRefusedError

from .. import access, forms, sign_in
from ..database import session, transaction
from ..errors import explain
from ..redirects import safe_target, to
from ..templating import render

bp = Blueprint("sign_in", __name__)


@bp.get("/sign-in")
@access.anyone
def page() -> str | Response:
    if access.current_viewer() is not None:
        return redirect(safe_target(request.args.get("next")), code=303)
    if not roles.any_operator(session):
        return to("setup.page")
    return _render(forms.SignInByEmail(), forms.SignInByNumber())


@bp.post("/sign-in")
@access.anyone
def begin() -> str | Response | tuple[str, int]:
    is_by_number = request.form.get("by") == "number"
    by_number = forms.SignInByNumber(request.form if is_by_number else None)
    by_email = forms.SignInByEmail(None if is_by_number else request.form)
    form = by_number if is_by_number else by_email
    if not form.validate():
        return _render(by_email, by_number), 422
    credentials = Credentials(**{name: field.data or "" for name, field in form._fields.items()})
    address = sign_in.address()
    try:
        person = accounts.authenticate(session, credentials, address=address, tries=g.lms.settings.sign_in_tries)
    except SignInRefusedError as error:
        if error.reason == "wrong":
            with transaction() as writing:
                accounts.note_failure(writing, credentials, address=address)
        return _render(by_email, by_number, explain(error)), 429 if error.reason == "throttled" else 422
    with transaction() as writing:
        accounts.note_success(writing, person.id, credentials)
        sign_in.begin(writing, person)
    if person.must_change_password:
        return to("account.password")
    return redirect(safe_target(request.args.get("next")), code=303)


def _render(by_email: forms.SignInByEmail, by_number: forms.SignInByNumber, problem: str = "") -> str:
    return render(
        "lms/sign_in.html",
        by_email=by_email,
        by_number=by_number,
        by=request.form.get("by", request.args.get("by", "email")),
        next=request.args.get("next", ""),
        problem=problem,
        was_idle=request.args.get("idle") == "1",
    )


@bp.post("/sign-out")
@access.account
def end() -> Response:
    viewer = access.viewer()
    with transaction() as writing:
        sign_ins.end_here(writing, viewer.id, viewer.sign_in_id)
    sign_in.end()
    return to("sign_in.page", idle="1" if request.form.get("idle") else None)
