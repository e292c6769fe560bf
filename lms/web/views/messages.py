"""One's messages, which of them come by mail too, and what an operator sees of the mail."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, g, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.errors import NotFoundError
from lms.messages import box, choices, troubles, unreachable, way_out
from lms.models import Person
from lms.people.viewers import Viewer

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
    number = max(1, min(request.args.get("page", 1, type=int), 100_000))
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
        topics=_topics_of(viewer),
        wanted=choices.mail_topics(session, viewer.id),
        refused=unreachable.list_of(session, [viewer.id]).get(viewer.id),
    )


def _topics_of(viewer: Viewer) -> dict[str, str]:
    """What only those get who answer for others isn't offered to learners."""
    for_staff = () if viewer.is_staff else ("desk", "digest")
    return {topic: word for topic, word in letters.topics().items() if topic not in for_staff}


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
    viewer = access.viewer()
    with transaction() as writing:
        choices.choose_mail(writing, viewer.id, request.form.getlist("mail"), _topics_of(viewer))
    flashes.add(_("Your choice is kept."), "success")
    return to("messages.page")


@bp.post("/address")
@access.signed_in
def address_works() -> Response:
    """Mail came back from her address, and she says that it works."""
    with transaction() as writing:
        unreachable.forget(writing, [access.viewer().id])
    flashes.add(_("Mails are sent to your address again."), "success")
    return to("messages.page")


# From a mail, without signing in


@bp.get("/off/<token>")
@access.anyone
def leave(token: str) -> str:
    """It only asks: mail programs open links by themselves."""
    person, topic = _by_token(token)
    return _choice(token, topic, is_on=topic in choices.mail_topics(session, person.id))


@bp.post("/off/<token>")
@access.anyone
def turn(token: str) -> str:
    """By the button of the page, or by the mail program's own (RFC 8058), which says nothing but that it was pressed."""
    person, topic = _by_token(token)
    is_on = request.form.get("on") == "1"
    with transaction() as writing:
        choices.choose_topic(writing, person.id, topic, is_on)
    return _choice(token, topic, is_on=is_on)


def _by_token(token: str) -> tuple[Person, str]:
    """Raises NotFoundError."""
    uid, topic = way_out.read(token, way_out.key_of(g.lms.settings.secret_key))
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None:
        raise NotFoundError()
    return person, topic


def _choice(token: str, topic: str, *, is_on: bool) -> str:
    return render("lms/messages/off.html", token=token, topic=letters.topics()[topic], is_on=is_on)


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
