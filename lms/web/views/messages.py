"""One's messages, which of them come by mail too, and what an operator sees of the mail."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from lms.messages import box, choices, troubles
from lms.models import Person

from .. import access, flashes, letters
from ..database import session, transaction
from ..i18n import gettext as _
from ..i18n import ngettext
from ..redirects import to
from ..templating import render, url

bp = Blueprint("messages", __name__, url_prefix="/messages")
mail_bp = Blueprint("mail", __name__, url_prefix="/operations/mail")
PAGE_SIZE = 20


@bp.get("/")
@access.signed_in
def page() -> str:
    viewer = access.viewer()
    number = max(1, request.args.get("page", 1, type=int))
    rows, total = box.list_messages(session, viewer.id, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    pages = max(1, -(-total // PAGE_SIZE))
    person = session.get_one(Person, viewer.id)
    return render(
        "lms/messages/list.html",
        rows=[(row, letters.write(row.kind, row.facts)) for row in rows],
        total=total,
        page=number,
        pages=pages,
        previous=url("messages.page", page=number - 1) if number > 1 else "",
        next=url("messages.page", page=number + 1) if number < pages else "",
        has_mail=bool(person.email) and bool(g.lms.settings.mail_host),
        topics=letters.topics(),
        wanted=choices.mail_topics(session, viewer.id),
    )


@bp.get("/<uuid:uid>")
@access.signed_in
def show(uid: UUID) -> str:
    """Opening it is reading it."""
    viewer = access.viewer()
    found = box.load_message(session, viewer.id, uid)
    if found.read_at is None:
        with transaction() as writing:
            box.mark_read(writing, viewer.id, uid)
        g.lms_viewer = replace(viewer, unread=max(0, viewer.unread - 1))
    letter = letters.write(found.kind, found.facts)
    site = request.script_root + g.lms.url_prefix
    return render("lms/messages/show.html", message=found, letter=letter, site=site)


@bp.post("/read")
@access.signed_in
def mark_read() -> Response:
    with transaction() as writing:
        box.mark_read(writing, access.viewer().id)
    return to("messages.page")


@bp.post("/choices")
@access.signed_in
def choose() -> Response:
    with transaction() as writing:
        choices.choose_mail(writing, access.viewer().id, request.form.getlist("mail"))
    flashes.add(_("Your choice is kept."), "success")
    return to("messages.page")


# For operators


@mail_bp.get("/")
@access.operator
def state() -> str:
    return render(
        "lms/messages/mail.html",
        waiting=troubles.count_waiting(session),
        troubles=troubles.list_troubles(session),
    )


@mail_bp.post("/")
@access.operator
def send_again() -> Response:
    with transaction() as writing:
        count = troubles.send_again(writing, also_unsure=request.form.get("unsure") == "1")
    flashes.add(ngettext("%(num)s mail is sent again.", "%(num)s mails are sent again.", count), "success")
    return to("mail.state")
