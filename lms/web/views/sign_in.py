"""Sign in and out, where Baeum does it by itself."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from lms.clock import utcnow
from lms.models import Person, SignIn
from lms.people import accounts, roles
from lms.people.accounts import Credentials, SignInRefusedError

from .. import access, forms, i18n, sign_in
from ..database import session
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
    fields = {name: field.data or "" for name, field in form._fields.items()}
    try:
        person = accounts.authenticate(
            session, Credentials(**fields), address=sign_in.address(), tries=g.lms.settings.sign_in_tries
        )
    except SignInRefusedError as error:
        session.commit()  # the count of wrong tries
        return _render(by_email, by_number, explain(error)), 429 if error.reason == "throttled" else 422
    person = session.scalars(
        select(Person)
        .where(Person.id == person.id)
        .options(selectinload(Person.roles))
        .execution_options(populate_existing=True)
    ).one()
    sign_in.begin(session, person)
    session.commit()
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
    row = session.get(SignIn, access.viewer().sign_in_id)
    if row is not None:
        row.revoked_at = utcnow()
    session.commit()
    language = i18n.current_language()
    sign_in.end()
    del language
    return to("sign_in.page", idle="1" if request.form.get("idle") else None)
