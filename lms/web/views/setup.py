"""The first visit to an empty site: whoever can read the server's output makes the operator's account."""

from __future__ import annotations

import hmac

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from lms.errors import NotFoundError
from lms.people import accounts, passwords, roles
from lms.people.accounts import AccountError

from .. import access, flashes, forms, setup_code, sign_in
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render

bp = Blueprint("setup", __name__)


@bp.get("/setup")
@access.anyone
def page() -> str:
    _refuse_if_done()
    return render("lms/setup.html", form=forms.FirstOperator())


@bp.post("/setup")
@access.anyone
def begin() -> str | Response | tuple[str, int]:
    _refuse_if_done()
    form = forms.FirstOperator(request.form)
    if form.validate() and _code_is_right(form) and _created(form):
        setup_code.forget(g.lms.instance)
        flashes.add(_("The site is yours. Make the first people with `flask lms user add`."), "success")
        return to("learn.home")
    return render("lms/setup.html", form=form), 422


def _refuse_if_done() -> None:
    if roles.any_operator(session):
        raise NotFoundError()


def _code_is_right(form: forms.FirstOperator) -> bool:
    expected = setup_code.read(g.lms.instance)
    given = (form.code.data or "").strip()
    if expected and hmac.compare_digest(expected.encode(), given.encode()):
        return True
    form.code.errors = [*form.code.errors, _("This is not the code that the server printed when it started.")]
    return False


def _created(form: forms.FirstOperator) -> bool:
    """Whether the account was made and signed in; what is against it is put to its field."""
    try:
        passwords.check_strength(form.new.data or "", form.name.data, form.email.data)
        with transaction() as writing:
            person = accounts.create_person(
                writing, name=form.name.data or "", email=form.email.data, password=form.new.data
            )
            roles.grant(writing, person, "operator", actor_id=person.id)
            sign_in.begin(writing, person)
    except passwords.WeakPasswordError as error:
        form.new.errors = [*form.new.errors, explain(error)]
    except AccountError as error:
        field = form.name if error.reason == "name_missing" else form.email
        field.errors = [*field.errors, explain(error)]
    else:
        return True
    return False
