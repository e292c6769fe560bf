"""People who have not signed in yet: slips for companies, invitations by mail, a code for one person."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from uuid import UUID

from flask import Blueprint, g, request, send_file
from werkzeug.wrappers import Response

from lms import documents
from lms.clock import seoul_day
from lms.models import Company, SlipBatch
from lms.people import codes, invitations, slip_jobs, slips
from lms.people.slips import GivenCode, SlipError
from lms.reports import downloads

from .. import access, flashes, seen, sign_in
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..i18n import ngettext
from ..redirects import to
from ..templating import render, url

bp = Blueprint("slips", __name__, url_prefix="/slips")
COMPANIES, MEMBERS = 20, 50


def _site_address() -> str:
    """The address that stands on paper: the site's own, or the one that was asked for."""
    return g.lms.settings.site_url or f"{request.host_url.rstrip('/')}{request.script_root}{g.lms.url_prefix}"


def _page_number() -> int:
    return max(1, min(request.args.get("page", 1, type=int), 100_000))


@bp.get("/")
@access.slips
def home() -> str:
    return _home()


def _home(problem: str = "", reason: str = "", chosen: tuple[str, ...] = ()) -> str:
    viewer, page = access.viewer(), _page_number()
    rows, total = slips.list_waiting(session, viewer, offset=(page - 1) * COMPANIES, limit=COMPANIES)
    pages = max(1, -(-total // COMPANIES))
    return render(
        "lms/slips/home.html",
        rows=rows,
        total=total,
        page=page,
        pages=pages,
        previous=url("slips.home", page=page - 1) if page > 1 else "",
        next=url("slips.home", page=page + 1) if page < pages else "",
        batches=slips.list_batches(session, viewer),
        has_mail=bool(g.lms.settings.mail_host),
        problem=problem,
        reason=reason,
        chosen=chosen,
    )


@bp.post("/")
@access.slips
def ask() -> Response | tuple[str, int]:
    """Have slips made for the chosen companies."""
    chosen, reason = request.form.getlist("company"), request.form.get("reason", "")
    try:
        with transaction() as writing:
            batch = slips.ask_for_slips(
                writing,
                access.viewer(),
                _uids(chosen),
                reason=reason,
                site=_site_address(),
                address=sign_in.address(),
            )
    except SlipError as error:
        return _home(explain(error), reason, tuple(chosen)), 422
    return to("slips.batch", uid=batch.uid)


def _uids(texts: list[str]) -> list[UUID]:
    """Raises SlipError for none, or for what is no id."""
    try:
        found = [UUID(text) for text in dict.fromkeys(texts)]
    except ValueError:
        found = []
    if not found:
        raise SlipError("nobody")
    return found


@bp.get("/batches/<uuid:uid>")
@access.slips
def batch(uid: UUID) -> str:
    return _batch(slips.load_batch(session, access.viewer(), uid))


def _batch(found: SlipBatch) -> str:
    return render(
        "lms/slips/batch.html",
        batch=found,
        sheets=slips.list_sheets(session, found),
        has_failed=found.state == "waiting" and slips.has_failed(session, found),
    )


@bp.post("/batches/<uuid:uid>/sheets/<int:part>")
@access.slips
def sheet(uid: UUID, part: int) -> Response:
    """The PDF. Why it is taken was said when it was asked for; each taking is noted with it."""
    viewer = access.viewer()
    found = slips.load_batch(session, viewer, uid)
    loaded = slips.load_sheet(session, found, part)
    pdf = slip_jobs.open_sheet(g.lms.sealer, loaded)
    with transaction() as writing:
        downloads.record(
            writing,
            viewer.id,
            report="slips",
            question={"batch": str(found.uid), "part": part},
            form="pdf",
            rows=loaded.people,
            reason=found.reason,
            has_persons=True,
            address=sign_in.address(),
        )
        slips.note_taken(writing, loaded.id)
    name = f"slips-{seoul_day(found.created_at):%Y%m%d}-{part}.pdf"
    answer = send_file(BytesIO(pdf), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


@bp.post("/batches/<uuid:uid>/discard")
@access.slips
def discard(uid: UUID) -> Response:
    viewer = access.viewer()
    found = slips.load_batch(session, viewer, uid)
    with transaction() as writing:
        slips.discard(writing, viewer, found)
    flashes.add(_("The files are deleted here. The slips on paper work until they are used."), "success")
    return to("slips.batch", uid=uid)


@bp.get("/companies/<uuid:uid>")
@access.slips
def company(uid: UUID) -> str:
    return _company(slips.load_company(session, access.viewer(), uid))


def _company(
    found: Company, *, problem: str = "", given: GivenCode | None = None, wrong: UUID | None = None, reason: str = ""
) -> str:
    """`wrong` is of whom a code was asked for in vain."""
    page, text = _page_number(), request.args.get("text", "")
    waiting = request.args.get("all") != "1"
    members, total = slips.list_members(
        session, found, waiting=waiting, text=text, offset=(page - 1) * MEMBERS, limit=MEMBERS
    )
    seen.people("company_people", total, subject=f"company:{found.uid}")
    pages = max(1, -(-total // MEMBERS))

    def address(number: int) -> str:
        return url("slips.company", uid=found.uid, page=number, text=text or None, all=None if waiting else 1)

    where = f"{_site_address()}{slip_jobs.PATH}"
    return render(
        "lms/slips/company.html",
        company=found,
        members=members,
        total=total,
        waiting=waiting,
        text=text,
        page=page,
        pages=pages,
        previous=address(page - 1) if page > 1 else "",
        next=address(page + 1) if page < pages else "",
        has_mail=bool(g.lms.settings.mail_host),
        problem=problem,
        given=given,
        code=codes.shown(given.code) if given else "",
        where=where,
        qr=documents.qr_svg(f"{where}#{given.code}") if given else "",
        wrong=wrong,
        reason=reason,
    )


@bp.post("/companies/<uuid:uid>/people/<uuid:person>/code")
@access.slips
def give_code(uid: UUID, person: UUID) -> str | tuple[str, int]:
    """The code is on this answer alone: whoever loads the page again makes another."""
    viewer, reason = access.viewer(), request.form.get("reason", "")
    found = slips.load_company(session, viewer, uid)
    member = slips.load_member(session, found, person)
    try:
        with transaction() as writing:
            given = slips.give_code(
                writing,
                viewer,
                found,
                member,
                key=g.lms.code_key,
                lifetime=g.lms.code_lifetime,
                reason=reason,
                address=sign_in.address(),
            )
    except SlipError as error:
        return _company(found, problem=explain(error), wrong=person, reason=reason), 422
    return _company(found, given=given)


@bp.post("/invitations")
@access.slips
def invite_companies() -> Response | tuple[str, int]:
    """By mail, those of the chosen companies who have an e-mail and have not signed in."""
    chosen = request.form.getlist("company")
    try:
        _invite(slips.load_companies(session, access.viewer(), _uids(chosen)))
    except SlipError as error:
        return _home(explain(error), chosen=tuple(chosen)), 422
    return to("slips.home")


@bp.post("/companies/<uuid:uid>/invite")
@access.slips
def invite(uid: UUID) -> Response:
    """The same for one company."""
    _invite([slips.load_company(session, access.viewer(), uid)])
    return to("slips.company", uid=uid)


def _invite(found: Sequence[Company]) -> None:
    viewer, address = access.viewer(), sign_in.address()
    people = {company.id: slips.list_invitable(session, company) for company in found}
    count = 0
    with transaction() as writing:
        for company, ids in people.items():
            count += invitations.invite(writing, ids, actor_id=viewer.id, subject=f"company:{company}", address=address)
    flashes.add(
        ngettext("%(num)s person is invited by mail.", "%(num)s people are invited by mail.", count)
        if count
        else _("Nobody was invited: who has an e-mail has signed in or was invited today."),
        "success" if count else "note",
    )
