"""What a run's people are told by themselves, and messages to "those who …": composed, looked at, sent, taken back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.clock import today, utcnow
from lms.errors import NotFoundError
from lms.learning.reminders import audience, bulletins, finding, sent
from lms.learning.reminders.audience import WHO, Recipient, Scope
from lms.learning.reminders.bulletins import BulletinError, Text
from lms.learning.runs import reading
from lms.messages import box, unreachable
from lms.messages.letters import Letter
from lms.messages.quiet import quiet_until

from .. import access, flashes, letters, reminder_words, run_pages, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("reminders", __name__)
PREVIEWED = 3


@bp.get("/desk/runs/<uuid:uid>/notices")
@access.class_reader
def run_page(uid: UUID) -> str:
    viewer = access.viewer()
    run = reading.load_run(session, viewer, uid)
    scope = Scope(run=run)
    people = audience.list_people(session, viewer, scope, today())
    refusing = unreachable.list_of(session, {one.person.id for one in people})
    names = sorted(one.person.name for one in people if one.person.id in refusing)
    if names:
        seen.people("class_list", len(names), subject=f"run:{uid}")
    return run_pages.show(
        "lms/reminders/run.html",
        "notices",
        run,
        told=finding.count_told(session, run),
        plan=reminder_words.plan(run),
        counts=audience.counts_of(people),
        who_words=reminder_words.who(),
        refusing=names,
        bulletins=sent.list_bulletins(session, viewer, scope),
        state_of=reminder_words.bulletin_states(),
        title_of=reminder_words.title_of,
        compose_url=lambda who: url("reminders.compose", run=uid, who=who),
    )


@dataclass(frozen=True)
class Composing:
    """A message before it is sent: what was typed, and whom it would reach as things stand."""

    scope: Scope
    who: str
    subject: str
    body: str
    people: Sequence[Recipient]
    chosen: Sequence[Recipient]
    key: str

    @property
    def seen(self) -> str:
        """What the preview showed: text and people. Another one is looked at before it is sent."""
        made = hashlib.sha256()
        for part in (self.who, self.subject, self.body, *(str(one.person.id) for one in self.chosen)):
            made.update(part.encode() + b"\0")
        return made.hexdigest()[:32]


def _scope() -> Scope:
    """Raises NotFoundError."""
    asked = {name: request.values.get(name, "") for name in ("run", "company")}
    try:
        run, company = (UUID(value) if value else None for value in asked.values())
    except ValueError:
        raise NotFoundError() from None
    return audience.load_scope(session, access.viewer(), run, company)


def _compose(subject: str | None = None, body: str | None = None) -> Composing:
    scope = _scope()
    who = request.values.get("who", "")
    who = who if who in WHO else WHO[0]
    default = reminder_words.template(who)
    text = bulletins.tidy(default.subject if subject is None else subject, default.body if body is None else body)
    people = audience.list_people(session, access.viewer(), scope, today())
    return Composing(
        scope,
        who,
        text.subject,
        text.body,
        people,
        audience.choose(people, who),
        request.form.get("key") or uuid.uuid4().hex,
    )


@bp.get("/notices/new")
@access.writers
def compose() -> str:
    return _show(_compose())


@bp.post("/notices/new")
@access.writers
def send() -> Response | tuple[str, int] | str:
    """Looks at it once more where it isn't what the page showed."""
    made = _compose(request.form.get("subject", ""), request.form.get("body", ""))
    try:
        text = bulletins.read_text(made.subject, made.body)
    except BulletinError as error:
        return _show(made, error), 422
    if request.form.get("do") != "send":
        return _show(made)
    if request.form.get("seen") != made.seen:
        return _show(made, has_changed=True)
    viewer = access.viewer()
    try:
        with transaction() as writing:
            found = bulletins.write(
                writing,
                viewer,
                made.scope,
                made.who,
                text,
                made.chosen,
                key=made.key,
                address=request.remote_addr or "",
            )
    except BulletinError as error:
        return _show(made, error), 422
    return to("reminders.bulletin", uid=found.uid)


def _show(made: Composing, error: BulletinError | None = None, *, has_changed: bool = False) -> str:
    viewer = access.viewer()
    ids = {one.person.id for one in made.chosen}
    by_mail = box.reached_by_mail(session, ids, "letters")
    unreached = [one for one in made.chosen if one.person.id not in by_mail]
    refusing = unreachable.list_of(session, {one.person.id for one in unreached})
    subject = f"run:{made.scope.run.uid}" if made.scope.run else f"company:{made.scope.company.uid}"  # type: ignore[union-attr]
    seen.people("class_list" if made.scope.run else "company_people", len(made.chosen), subject=subject)
    return render(
        "lms/reminders/compose.html",
        made=made,
        scope=_scope_words(made.scope),
        here=_address(made, made.who),
        whos=[(word, _address(made, who), who == made.who) for who, word in _words_of(made).items()],
        who_word=reminder_words.who()[made.who],
        previews=[] if error else _previews(made),
        unreached=[(one.person.name, one.person.id in refusing) for one in unreached],
        by_mail=len(by_mail),
        morning=quiet_until(utcnow()),
        error=explain(error) if error else "",
        error_at=error.reason if error else "",
        has_changed=has_changed,
        bulletins=sent.list_bulletins(session, viewer, made.scope, 10),
        state_of=reminder_words.bulletin_states(),
        title_of=reminder_words.title_of,
        longest=bulletins.LONGEST_SUBJECT,
        places=", ".join(reminder_words.places()),
    )


def _words_of(made: Composing) -> dict[str, str]:
    """Of whom there are any, with how many."""
    counts = audience.counts_of(made.people)
    return {
        who: f"{word} {counts.get(who, 0)}"
        for who, word in reminder_words.who().items()
        if counts.get(who) or who == made.who
    }


def _address(made: Composing, who: str) -> str:
    scope = {"run": made.scope.run.uid} if made.scope.run else {"company": made.scope.company.uid}  # type: ignore[union-attr]
    return url("reminders.compose", **scope, who=who)


def _scope_words(scope: Scope) -> dict[str, Any]:
    """The name, and the page from which one came."""
    if scope.run is not None:
        run = scope.run
        name = _("%(course)s, run %(number)s", course=run.course_version.title, number=run.number)
        back = url("classroom.run", run=run.uid)
        if access.viewer().officer_centres and run.centre_id in access.viewer().officer_centres:
            back = url("reminders.run_page", uid=run.uid)
        return {"name": name, "back": back, "field": "run", "uid": run.uid}
    assert scope.company is not None
    return {"name": scope.company.name, "back": url("company.home"), "field": "company", "uid": scope.company.uid}


def _previews(made: Composing) -> list[tuple[str, Letter]]:
    """The first recipients' own, by the very words that they will read."""
    text = Text(made.subject, made.body)
    sender = access.viewer().name
    return [
        (one.person.name, letters.write("bulletin", bulletins.facts_of(text, sender, one)))
        for one in made.chosen[:PREVIEWED]
    ]


@bp.get("/notices/<uuid:uid>")
@access.writers
def bulletin(uid: UUID) -> str:
    viewer = access.viewer()
    found = sent.load_bulletin(session, viewer, uid)
    recipients = sent.list_recipients(session, viewer, found)
    seen.people("class_list" if found.run_id else "company_people", len(recipients), subject=f"bulletin:{uid}")
    return render(
        "lms/reminders/bulletin.html",
        bulletin=found,
        title=reminder_words.title_of(found),
        scope=_scope_words(Scope(found.run, found.company)),
        recipients=recipients,
        counts=sent.count_by_state(session, found),
        who_word=reminder_words.who().get(found.who, found.who),
        state_of=reminder_words.bulletin_states(),
        may_undo=found.state == "waiting" and found.sender_id == viewer.id,
        is_moving=found.state in ("waiting", "sending"),
        morning=quiet_until(found.send_at),
    )


@bp.post("/notices/<uuid:uid>/undo")
@access.writers
def undo(uid: UUID) -> Response:
    try:
        with transaction() as writing:
            bulletins.undo(writing, access.viewer(), uid, address=request.remote_addr or "")
    except BulletinError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(_("The message was taken back. Nobody got it."), "success")
    return to("reminders.bulletin", uid=uid)
