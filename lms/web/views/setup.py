"""The first visit to an empty site: whoever can read the server's output makes the operator's account."""

from __future__ import annotations

import hmac

from flask import Blueprint, g, request
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from lms.errors import NotFoundError
from lms.models import Person
from lms.people import accounts, passwords, roles
from lms.people.accounts import AccountError

from .. import access, flashes, forms, setup_code, sign_in
from ..database import session
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
    if form.validate() and _code_is_right(form) and (person := _create(form)) is not None:
        roles.grant(session, person, "operator", actor_id=person.id)
        session.flush()
        found = session.scalars(
            select(Person)
            .where(Person.id == person.id)
            .options(selectinload(Person.roles))
            .execution_options(populate_existing=True)
        ).one()
        sign_in.begin(session, found)
        session.commit()
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


def _create(form: forms.FirstOperator) -> Person | None:
    try:
        passwords.check_strength(form.new.data or "", form.name.data, form.email.data)
        return accounts.create_person(session, name=form.name.data or "", email=form.email.data, password=form.new.data)
    except passwords.WeakPasswordError as error:
        form.new.errors = [*form.new.errors, explain(error)]
    except AccountError as error:
        field = form.name if error.reason == "name_missing" else form.email
        field.errors = [*field.errors, explain(error)]
    return None
