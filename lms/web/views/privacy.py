"""Personal data: what is kept about me, who looked at me; and another person's page for those who answer for her."""

from __future__ import annotations

import tempfile
from uuid import UUID

from flask import Blueprint, Response, g, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from lms import audit
from lms.audit import reading
from lms.clock import today
from lms.models import Person
from lms.people import others
from lms.people.others import RevealError
from lms.people.privacy import access_log, masks, own_data, retention
from lms.people.privacy.own_data import Contact
from lms.people.privacy.personal import PersonalDataError

from .. import access, audit_words, flashes, forms, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("privacy", __name__)

PAGE_SIZE = 50
IN_MEMORY = 2_000_000  # bytes of an export before it is written to disk


# My own


@bp.get("/account/data")
@access.signed_in
def mine() -> str:
    person = session.get_one(Person, access.viewer().id)
    contact = own_data.contact_of(g.lms.sealer, person)
    return _show_mine(person, forms.ContactData(data={"birth_date": contact.birth_date, "phone": contact.phone}))


def _show_mine(person: Person, form: forms.ContactData) -> str:
    settings = g.lms.settings
    return render(
        "lms/privacy/mine.html",
        person=person,
        form=form,
        kept=[(audit_words.kept(row.table), row.count) for row in own_data.count_kept(session, person.id)],
        looks=access_log.count_looks_at(session, person.id),
        employments=own_data.list_employments(session, person.id),
        years=settings.keep_people_years,
        days={kind: retention.days_of(session, settings, kind) for kind in ("access_log", "sign_ins", "messages")},
        here=url("privacy.mine"),
    )


@bp.post("/account/data")
@access.signed_in
def set_contact() -> AnyResponse | tuple[str, int]:
    form = forms.ContactData(request.form)
    viewer = access.viewer()
    if form.validate() and _was_set(form):
        flashes.add(_("Your details are kept, under seal."), "success")
        return to("privacy.mine")
    return _show_mine(session.get_one(Person, viewer.id), form), 422


def _was_set(form: forms.ContactData) -> bool:
    """What is wrong with it is put to the field."""
    viewer = access.viewer()
    try:
        with transaction() as writing:
            person = writing.get_one(Person, viewer.id)
            own_data.set_contact(
                writing, g.lms.sealer, person, birth_date=form.birth_date.data, phone=form.phone.data or ""
            )
            audit.record(
                writing,
                "contact_changed",
                actor_id=viewer.id,
                subject=f"person:{viewer.id}",
                address=request.remote_addr or "",
            )
    except PersonalDataError as error:
        field = form.phone if error.reason == "phone" else form.birth_date
        field.errors = [*field.errors, explain(error)]
        return False
    return True


@bp.get("/account/data/looks")
@access.signed_in
def looks() -> str:
    viewer = access.viewer()
    total = access_log.count_looks_at(session, viewer.id)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    found = access_log.list_looks_at(session, viewer.id, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return render(
        "lms/privacy/looks.html",
        looks=found,
        word=audit_words.look,
        page=page,
        pages=pages,
        days=retention.days_of(session, g.lms.settings, "access_log"),
    )


@bp.post("/account/data/export")
@access.signed_in
def export() -> Response:
    """Everything that is kept about the person who asks, as one file."""
    viewer = access.viewer()
    with transaction() as writing:
        address = request.remote_addr or ""
        audit.record(writing, "exported_own", actor_id=viewer.id, subject=f"person:{viewer.id}", address=address)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed with the answer)
    titles = {table: audit_words.kept(table) for table in audit_words.KEPT}
    titles["title"] = _("What Baeum keeps about %(name)s", name=viewer.name)
    own_data.write_export(session, g.lms.files, g.lms.sealer, viewer.id, file, titles=titles)
    file.seek(0)
    answer = send_file(
        file, mimetype="application/zip", as_attachment=True, download_name=f"baeum-my-data-{today()}.zip"
    )
    answer.headers["Cache-Control"] = "no-store, private"  # send_file would let a shared computer keep it
    return answer


# Another person


@bp.get("/people/<uuid:uid>")
@access.staff
def person(uid: UUID) -> str:
    return _show_person(others.load_person(session, access.viewer(), uid))


def _show_person(found: Person, revealed: Contact | None = None, problem: str = "", reason: str = "") -> str:
    viewer = access.viewer()
    seen.person(found.id, "person_page")
    contact = own_data.contact_of(g.lms.sealer, found)
    shown_looks = access_log.list_looks(session, person_ids=[found.id], limit=20)
    return render(
        "lms/privacy/person.html",
        person=found,
        has_contact=bool(contact.birth_date or contact.phone),
        masked_birth_date=masks.mask_birth_date(contact.birth_date),
        masked_phone=masks.mask_phone(contact.phone),
        revealed=revealed,
        may_reveal=others.may_reveal(viewer) and found.destroyed_at is None,
        employments=others.list_employments(session, viewer, found),
        looks=shown_looks,
        look_word=audit_words.look,
        deeds=reading.of_object(session, f"person:{found.id}", limit=20) if viewer.is_operator else (),
        action_word=audit_words.action,
        problem=problem,
        reason=reason,
        here=url("privacy.person", uid=found.uid),
    )


@bp.post("/people/<uuid:uid>/reveal")
@access.staff
def reveal(uid: UUID) -> str | tuple[str, int]:
    """Shown once, on this answer alone; opening the page again hides it."""
    viewer = access.viewer()
    found = others.load_person(session, viewer, uid)
    reason = request.form.get("reason", "")
    try:
        with transaction() as writing:
            contact = others.reveal(
                writing, g.lms.sealer, viewer, found, reason=reason, address=request.remote_addr or ""
            )
    except RevealError as error:
        return _show_person(found, problem=explain(error), reason=reason), 422
    return _show_person(found, contact)
