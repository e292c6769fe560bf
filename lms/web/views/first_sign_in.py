"""The first sign-in, and a forgotten password: a one-time code is taken and a password chosen.

A code travels in the body of a form alone: on paper it stands behind the # of the QR code's address, which browsers send to
nobody, and a script puts it into the field.
"""

from __future__ import annotations

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from lms.errors import NotFoundError
from lms.people import codes, passwords, recovery
from lms.people.codes import CodeError, Holder
from lms.people.recovery import TooManyError

from .. import access, flashes, forms, sign_in
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render

bp = Blueprint("first", __name__)


@bp.get("/first")
@access.anyone
def page() -> str:
    return render("lms/first/code.html", form=forms.OneTimeCode(), problem="")


@bp.post("/first")
@access.anyone
def look_up() -> str | tuple[str, int]:
    """Whose the code is, so that she sees her name before she chooses a password. Nothing is used up yet."""
    form = forms.OneTimeCode(request.form)
    if not form.validate():
        return render("lms/first/code.html", form=form, problem=""), 422
    try:
        holder = _holder(form.code.data or "")
    except CodeError as error:
        return _refused(error)
    return _choose(holder, forms.FirstPassword(code=form.code.data))


@bp.post("/first/password")
@access.anyone
def choose() -> str | Response | tuple[str, int]:
    form = forms.FirstPassword(request.form)
    try:
        holder = _holder(form.code.data or "")
        if not form.validate():
            return _choose(holder, form), 422
        hashed = codes.hash_chosen(holder, form.new.data or "")
        with transaction() as writing:
            person = codes.redeem(writing, form.code.data or "", hashed, key=g.lms.code_key, address=sign_in.address())
            sign_in.begin(writing, person)
    except CodeError as error:
        return _refused(error)
    except passwords.WeakPasswordError as error:
        form.new.errors = [*form.new.errors, explain(error)]
        return _choose(holder, form), 422
    flashes.add(_("You have chosen your password and are signed in."), "success")
    return to("learn.home")


def _holder(typed: str) -> Holder:
    """Raises CodeError; a wrong code is counted against the address that it came from."""
    address = sign_in.address()
    try:
        return codes.look_up(session, typed, key=g.lms.code_key, address=address)
    except CodeError as error:
        if error.reason == "unknown":
            with transaction() as writing:
                codes.note_wrong(writing, address=address)
        raise


def _choose(holder: Holder, form: forms.FirstPassword) -> str:
    return render("lms/first/password.html", holder=holder, form=form, is_new=holder.person.password_hash is None)


def _refused(error: CodeError) -> tuple[str, int]:
    status = 429 if error.reason == "throttled" else 422
    return render("lms/first/code.html", form=forms.OneTimeCode(), problem=explain(error)), status


# A forgotten password


@bp.get("/forgotten")
@access.anyone
def forgotten() -> str:
    return render("lms/first/forgotten.html", form=forms.ForgottenPassword(), problem="", is_sent=False)


@bp.post("/forgotten")
@access.anyone
def ask() -> str | tuple[str, int]:
    """The answer is the same whether or not there is such an account."""
    if not g.lms.settings.mail_host:
        raise NotFoundError()
    form = forms.ForgottenPassword(request.form)
    if not form.validate():
        return render("lms/first/forgotten.html", form=form, problem="", is_sent=False), 422
    try:
        with transaction() as writing:
            recovery.ask(writing, form.email.data or "", address=sign_in.address())
    except TooManyError as error:
        return render("lms/first/forgotten.html", form=form, problem=explain(error), is_sent=False), 429
    return render("lms/first/forgotten.html", form=form, problem="", is_sent=True)
