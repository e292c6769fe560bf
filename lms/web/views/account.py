"""My account: password, devices, language."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g, jsonify, redirect, request
from flask import session as cookie
from werkzeug.wrappers import Response

from lms.clock import utcnow
from lms.errors import NotFoundError
from lms.models import Person, SignIn
from lms.people import accounts, api_tokens, passwords, sign_ins
from lms.people.accounts import SignInRefusedError

from .. import access, flashes, forms, i18n
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import safe_target, to
from ..templating import render

bp = Blueprint("account", __name__)


@bp.get("/account")
@access.signed_in
def page() -> str:
    viewer = access.viewer()
    devices = sign_ins.list_current(session, viewer.id, idle=g.lms.idle) if g.lms.is_standalone else ()
    person = session.get_one(Person, viewer.id)
    return render(
        "lms/account.html",
        person=person,
        devices=devices,
        has_password=person.password_hash is not None,
        has_figures=access.figures.test(viewer),
    )


@bp.get("/account/password")
@access.account
def password() -> str:
    _refuse_in_host()
    return _show_password(forms.ChangePassword())


def _show_password(form: forms.ChangePassword) -> str:
    viewer = access.viewer()
    now = utcnow()
    tokens = api_tokens.list_own(session, viewer.id) if access.figures.test(viewer) else ()
    return render(
        "lms/password.html",
        form=form,
        is_forced=viewer.must_change_password,
        has_tokens=any(row.is_live_at(now) for row in tokens),
    )


@bp.post("/account/password")
@access.account
def change_password() -> str | Response | tuple[str, int]:
    _refuse_in_host()
    form = forms.ChangePassword(request.form)
    if form.validate() and _changed(form):
        flashes.add(_("Your password is changed. You were signed out on your other devices."), "success")
        return to("learn.home")
    return _show_password(form), 422


def _changed(form: forms.ChangePassword) -> bool:
    """Whether the account took the new password; what it has against it is put to the field."""
    viewer = access.viewer()
    try:
        with transaction() as writing:
            person = writing.get_one(Person, viewer.id)
            accounts.change_password(writing, person, form.old.data or "", form.new.data or "")
            sign_ins.end_others(writing, viewer.id, viewer.sign_in_id)
    except passwords.WeakPasswordError as error:
        form.new.errors = [*form.new.errors, explain(error)]
    except SignInRefusedError:
        form.old.errors = [*form.old.errors, _("This is not the password that you have now.")]
    else:
        return True
    return False


def _refuse_in_host() -> None:
    """In a host the host keeps the passwords."""
    if not g.lms.is_standalone:
        raise NotFoundError()


@bp.post("/account/devices/<uuid:uid>/end")
@access.signed_in
def end_device(uid: UUID) -> Response:
    _refuse_in_host()
    with transaction() as writing:
        sign_ins.end(writing, access.viewer().id, uid)
    flashes.add(_("That device is signed out."), "success")
    return to("account.page")


@bp.post("/account/devices/end-others")
@access.signed_in
def end_other_devices() -> Response:
    _refuse_in_host()
    viewer = access.viewer()
    with transaction() as writing:
        sign_ins.end_others(writing, viewer.id, viewer.sign_in_id)
    flashes.add(_("All your other devices are signed out."), "success")
    return to("account.page")


@bp.post("/language")
@access.anyone
def language() -> Response:
    """Remembered by this browser, and by the account where somebody is signed in."""
    wanted = request.form.get("language", "")
    if wanted in i18n.languages():
        cookie[i18n.SESSION_KEY] = wanted
        viewer = access.current_viewer()
        if viewer is not None:
            with transaction() as writing:
                writing.get_one(Person, viewer.id).language = wanted
    return redirect(safe_target(request.form.get("next")), code=303)


@bp.get("/account/state")
@access.anyone
def state() -> Response:
    """How long this sign-in has left, for the warning before an idle sign-out. Asking does not lengthen it."""
    viewer = access.current_viewer()
    if viewer is None or viewer.sign_in_id is None:
        return jsonify(signed_in=viewer is not None, seconds=None)
    row = session.get_one(SignIn, viewer.sign_in_id)
    left = row.last_seen_at + g.lms.idle - utcnow()
    return jsonify(signed_in=True, seconds=max(0, int(left.total_seconds())))


@bp.post("/account/stay")
@access.account
def stay() -> tuple[str, int]:
    """Somebody is still here: the idle clock starts anew."""
    sign_in_id = access.viewer().sign_in_id
    if sign_in_id is not None:
        with transaction() as writing:
            sign_ins.touch(writing, sign_in_id)
    return "", 204
