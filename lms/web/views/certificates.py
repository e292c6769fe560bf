"""Certificates: one's own, a run's on the officer's desk, how a centre's look, tracks, and the page behind the QR code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request, send_file, stream_with_context
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.clock import seoul_day, today, utcnow
from lms.credentials import batches, issuing, papers, printing, reading, tracks, verifying, work
from lms.credentials.batches import BatchError
from lms.credentials.issuing import CertificateError, Press
from lms.credentials.papers import PaperError
from lms.credentials.reading import Issued
from lms.credentials.tracks import TrackError
from lms.credentials.verifying import VerifyError
from lms.documents import pictures
from lms.documents.pictures import PictureError
from lms.errors import NotFoundError
from lms.learning import enrolments
from lms.learning.runs import reading as runs
from lms.models import Centre, Certificate, Run, Track
from lms.reports import downloads
from lms.reports.downloads import ReasonMissingError

from .. import access, flashes, run_pages, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language, languages, ngettext
from ..i18n import gettext as _
from ..paper import CertificateWords
from ..redirects import to
from ..templating import render, url

bp = Blueprint("certificates", __name__)

A_PAGE = 50
MOST_PDF = 5_000_000  # bytes of a file that somebody wants to have verified


def _address() -> str:
    """Of the page that verifies, as it is printed."""
    settings = g.lms.settings
    site = settings.site_url or f"{request.host_url.rstrip('/')}{request.script_root}{g.lms.url_prefix}"
    return f"{site.rstrip('/')}/verify"


def _press() -> Press:
    return Press(CertificateWords(g.lms.app), _address(), g.lms.settings.language)


def _language() -> str:
    asked = request.form.get("language", "")
    return asked if asked in languages() else ""


def _uid(text: str) -> UUID:
    """Raises NotFoundError."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError() from None


def _pdf(row: Certificate) -> bytes:
    """As it was made first, or made now and kept. Raises NotFoundError where the person's data were destroyed."""
    if row.pdf is not None:
        return bytes(g.lms.files.read(row.pdf))
    if not row.facts:
        raise NotFoundError()
    made = next(printing.make([row], g.lms.files))
    with transaction() as writing:
        printing.keep(writing, g.lms.files, {row.id: made})
    return made


def _send(pdf: bytes, name: str) -> Response:
    answer = send_file(BytesIO(pdf), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


# One's own


@bp.get("/certificates/")
@access.signed_in
def own() -> str:
    viewer = access.viewer()
    mine = reading.list_own(session, viewer)
    certified = {one.certificate.enrolment_id for one in mine if one.state == "valid"}
    waiting = [
        attendance
        for attendance in enrolments.list_own(session, viewer)
        if attendance.standing.is_completed and attendance.enrolment.id not in certified
    ]
    return render("lms/certificates/own.html", mine=mine, waiting=waiting, ways=tracks.list_ways(session, viewer.id))


@bp.post("/certificates/runs/<uuid:run>")
@access.signed_in
def take(run: UUID) -> AnyResponse:
    """One's own, without waiting for the worker."""
    viewer = access.viewer()
    found = enrolments.load_own(session, viewer, run)
    try:
        with transaction() as writing:
            made = issuing.issue_own(writing, viewer, writing.get_one(Run, found.run_id), _press())
            tracks.issue_due(writing, viewer.id, _press())
            uid = made.uid
    except CertificateError as error:
        flashes.add(explain(error), "error" if error.reason != "not_yet" else "note")
        return to("certificates.own")
    return to("certificates.mine", uid=uid)


@bp.get("/certificates/runs/<uuid:run>.pdf")
@access.signed_in
def pdf_of_run(run: UUID) -> AnyResponse:
    """One's own of a run. Where it isn't made yet, to the page that says so and makes it."""
    viewer = access.viewer()
    found = enrolments.load_own(session, viewer, run)
    mine = (one for one in reading.list_own(session, viewer) if one.certificate.enrolment_id == found.id)
    given = next((one for one in mine if one.state == "valid"), None)
    return to("certificates.own") if given is None else to("certificates.my_pdf", uid=given.certificate.uid)


@bp.get("/certificates/<uuid:uid>")
@access.signed_in
def mine(uid: UUID) -> str:
    given = reading.load_own(session, access.viewer(), uid)
    return render("lms/certificates/mine.html", given=given, verify=_public_url(given))


@bp.get("/certificates/<uuid:uid>.pdf")
@access.signed_in
def my_pdf(uid: UUID) -> Response:
    given = reading.load_own(session, access.viewer(), uid)
    if given.state != "valid":
        raise NotFoundError()
    return _send(_pdf(given.certificate), f"{given.certificate.number}.pdf")


def _public_url(given: Issued) -> str:
    return url("certificates.shown", code=printing.shown(given.certificate.token))


# A run's


@bp.get("/desk/runs/<uuid:uid>/certificates")
@access.officer
def tab(uid: UUID) -> str:
    return _tab(runs.load_to_edit(session, access.viewer(), uid))


def _tab(run: Run, problem: str = "", file_problem: str = "", reason: str = "") -> str:
    viewer, page = access.viewer(), max(1, min(request.args.get("page", 1, type=int), 100_000))
    holders, total = reading.list_holders(session, run, offset=(page - 1) * A_PAGE, limit=A_PAGE)
    waiting, valid = reading.count_of_run(session, run)
    pages = max(1, -(-total // A_PAGE))
    seen.people("certificate_list", len(holders), subject=f"run:{run.uid}")

    def at(number: int) -> str:
        return url("certificates.tab", uid=run.uid, page=number) if 1 <= number <= pages else ""

    return run_pages.show(
        "lms/certificates/tab.html",
        "certificates",
        run,
        holders=holders,
        total=total,
        waiting=waiting,
        valid=valid,
        paper=papers.paper_on(session, run.centre_id, today()),
        has_address=bool(g.lms.settings.site_url),
        is_issuing=work.is_issuing(session, run),
        batches=batches.list_own(session, viewer, run),
        is_over=batches.is_over,
        page=page,
        pages=pages,
        previous=at(page - 1),
        next=at(page + 1),
        problem=problem,
        file_problem=file_problem,
        reason=reason,
        all_languages=languages(),
    )


@bp.post("/desk/runs/<uuid:uid>/certificates")
@access.officer
def issue(uid: UUID) -> AnyResponse:
    """To those who were ticked, or (by a worker) to all who completed and have none."""
    viewer = access.viewer()
    run = runs.load_to_edit(session, viewer, uid)
    if request.form.get("who") == "all":
        with transaction() as writing:
            work.ask_for_run(writing, viewer, run, language=_language(), address=_address())
        flashes.add(_("The certificates are being issued. Load this page again in a moment."), "success")
        return to("certificates.tab", uid=uid)
    chosen = [_uid(text) for text in request.form.getlist("enrolment")[:A_PAGE]]
    with transaction() as writing:
        outcome = issuing.issue_chosen(writing, viewer, run, chosen, _press(), language=_language())
    if outcome.issued:
        flashes.add(
            ngettext("%(num)s certificate was issued.", "%(num)s certificates were issued.", outcome.issued), "success"
        )
    for name, error in outcome.refused:
        flashes.add(f"{name}: {explain(error)}", "error")
    if not chosen:
        flashes.add(_("Nobody was ticked, so nothing was issued."), "warning")
    return to("certificates.tab", uid=uid)


@bp.get("/desk/runs/<uuid:uid>/certificates/<uuid:certificate>")
@access.officer
def one(uid: UUID, certificate: UUID) -> str:
    return _one(*_load(uid, certificate))


def _load(uid: UUID, certificate: UUID) -> tuple[Run, Issued]:
    run = runs.load_to_edit(session, access.viewer(), uid)
    return run, reading.load_of_run(session, run, certificate)


def _one(run: Run, given: Issued, problem: str = "", wrong: str = "", reason: str = "") -> str:
    """`wrong`: the form that was refused."""
    seen.person(given.certificate.person_id, "certificate")
    return run_pages.show(
        "lms/certificates/one.html",
        "certificates",
        run,
        given=given,
        verify=_public_url(given),
        problem=problem,
        wrong=wrong,
        reason=reason,
        all_languages=languages(),
    )


@bp.post("/desk/runs/<uuid:uid>/certificates/<uuid:certificate>/pdf")
@access.officer
def pdf(uid: UUID, certificate: UUID) -> AnyResponse | tuple[str, int]:
    run, given = _load(uid, certificate)
    reason = request.form.get("reason", "")
    row = given.certificate
    try:
        made = _pdf(row)
        with transaction() as writing:
            _note(writing, run, {"run": [str(run.uid)], "certificate": row.number}, "pdf", 1, reason)
    except ReasonMissingError as error:
        return _one(run, given, explain(error), "pdf"), 422
    return _send(made, printing.file_name(row))


def _note(writing: Session, run: Run, question: dict[str, Any], form: str, rows: int, reason: str) -> None:
    downloads.record(
        writing,
        access.viewer().id,
        report="certificates",
        question=question,
        form=form,
        rows=rows,
        reason=reason,
        has_persons=True,
        address=request.remote_addr or "",
    )


@bp.post("/desk/runs/<uuid:uid>/certificates/<uuid:certificate>/replace")
@access.officer
def replace(uid: UUID, certificate: UUID) -> AnyResponse | tuple[str, int]:
    run, given = _load(uid, certificate)
    viewer, reason = access.viewer(), request.form.get("reason", "")
    try:
        with transaction() as writing:
            made = issuing.replace(writing, viewer, given, _press(), reason=reason, language=_language())
            uid_of_new = made.uid
    except CertificateError as error:
        return _one(run, given, explain(error), "replace", reason), 422
    flashes.add(_("A new certificate was issued. The page of the old one says by which it was replaced."), "success")
    return to("certificates.one", uid=uid, certificate=uid_of_new)


@bp.post("/desk/runs/<uuid:uid>/certificates/<uuid:certificate>/revoke")
@access.officer
def revoke(uid: UUID, certificate: UUID) -> AnyResponse | tuple[str, int]:
    run, given = _load(uid, certificate)
    viewer, reason = access.viewer(), request.form.get("reason", "")
    try:
        with transaction() as writing:
            issuing.revoke(writing, viewer, given, reason=reason)
    except CertificateError as error:
        return _one(run, given, explain(error), "revoke", reason), 422
    flashes.add(_("The certificate is revoked; its public page says so from now on."), "success")
    return to("certificates.one", uid=uid, certificate=certificate)


# A run's as one file


@bp.post("/desk/runs/<uuid:uid>/certificates/files")
@access.officer
def ask_file(uid: UUID) -> AnyResponse | tuple[str, int]:
    viewer, reason = access.viewer(), request.form.get("reason", "")
    run = runs.load_to_edit(session, viewer, uid)
    try:
        with transaction() as writing:
            made = batches.ask(writing, viewer, run, reason=reason).uid
    except BatchError as error:
        return _tab(run, file_problem=explain(error), reason=reason), 422
    return to("certificates.batch", uid=uid, batch=made)


@bp.get("/desk/runs/<uuid:uid>/certificates/files/<uuid:batch>")
@access.officer
def batch(uid: UUID, batch: UUID) -> str:
    run = runs.load_to_edit(session, access.viewer(), uid)
    found = batches.load(session, access.viewer(), batch)
    return run_pages.show(
        "lms/certificates/batch.html",
        "certificates",
        run,
        batch=found,
        has_failed=batches.has_failed(session, found),
        is_over=batches.is_over(found),
        until=found.created_at + batches.KEPT,
    )


@bp.post("/desk/runs/<uuid:uid>/certificates/files/<uuid:batch>/take")
@access.officer
def take_file(uid: UUID, batch: UUID) -> AnyResponse:
    """Why was said when it was asked for; each taking is noted with it. The file is made while it goes out."""
    run = runs.load_to_edit(session, access.viewer(), uid)
    found = batches.load(session, access.viewer(), batch)
    try:
        count, pieces = batches.pieces(session, g.lms.files, found)
    except BatchError as error:
        flashes.add(explain(error), "error")
        return to("certificates.batch", uid=uid, batch=batch)
    with transaction() as writing:
        _note(writing, run, {"run": [str(run.uid)], "batch": str(found.uid)}, "zip", count, found.reason)
    answer = Response(stream_with_context(pieces), mimetype="application/zip")
    answer.headers.set(
        "Content-Disposition", "attachment", filename=f"certificates-{seoul_day(found.created_at):%Y%m%d}.zip"
    )
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


@bp.post("/desk/runs/<uuid:uid>/certificates/files/<uuid:batch>/cancel")
@access.officer
def cancel_file(uid: UUID, batch: UUID) -> AnyResponse:
    viewer = access.viewer()
    runs.load_to_edit(session, viewer, uid)
    with transaction() as writing:
        batches.cancel(writing, viewer, batch)
    return to("certificates.batch", uid=uid, batch=batch)


# How a centre's look


@bp.get("/desk/paper")
@access.organisers
def paper_home() -> str | AnyResponse:
    found = papers.list_centres(session, access.viewer())
    if len(found) == 1:
        return to("certificates.paper", uid=found[0].uid)
    return render("lms/certificates/papers.html", centres=found)


@bp.get("/desk/paper/<uuid:uid>")
@access.organisers
def paper(uid: UUID) -> str:
    return _paper(papers.load_centre(session, access.viewer(), uid))


def _paper(centre: Centre, problem: str = "") -> str:
    now = papers.paper_on(session, centre.id, today())

    def drawn(digest: str | None) -> str:
        return pictures.as_data(g.lms.files.read(digest)) if digest else ""

    return render(
        "lms/certificates/paper.html",
        centre=centre,
        now=now,
        seal=drawn(now.seal),
        signature=drawn(now.signature),
        history=papers.list_papers(session, centre.id),
        today=today(),
        problem=problem,
        typed=request.form,
        has_address=bool(g.lms.settings.site_url),
    )


@bp.post("/desk/paper/<uuid:uid>")
@access.organisers
def set_paper(uid: UUID) -> AnyResponse | tuple[str, int]:
    viewer, form = access.viewer(), request.form
    centre = papers.load_centre(session, viewer, uid)
    try:
        with transaction() as writing:
            papers.set_paper(
                writing,
                g.lms.files,
                centre,
                actor_id=viewer.id,
                from_on=_day(form.get("from_on", "")) or today(),
                policy=form.get("policy", ""),
                signer_title=form.get("signer_title", ""),
                signer_name=form.get("signer_name", ""),
                seal=_uploaded("seal"),
                signature=_uploaded("signature"),
                without_seal="without_seal" in form,
                without_signature="without_signature" in form,
            )
    except (PaperError, PictureError) as error:
        return _paper(centre, explain(error)), 422
    flashes.add(_("Kept. Certificates that are issued already stay as they are."), "success")
    return to("certificates.paper", uid=uid)


def _uploaded(name: str) -> bytes | None:
    file = request.files.get(name)
    return file.stream.read(pictures.MOST_BYTES + 1) if file and file.filename else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@bp.get("/desk/paper/<uuid:uid>/specimen.pdf")
@access.organisers
def specimen(uid: UUID) -> Response:
    """How a certificate of the centre would look today; its code leads nowhere."""
    centre = papers.load_centre(session, access.viewer(), uid)
    facts = {
        "name": _("Hong Gildong"),
        "company": _("Company"),
        "course": _("Specimen"),
        "run": 1,
        "hours": 16,
        "learn_from": today().isoformat(),
        "learn_to": today().isoformat(),
        "completed_on": today().isoformat(),
    }
    row = issuing.draw(
        session,
        _press(),
        facts,
        kind="run",
        number=_("Specimen"),
        language=current_language(),
        centre_id=centre.id,
        now=utcnow(),
    )
    return _send(next(printing.make([row], g.lms.files)), "specimen.pdf")


# Tracks


@bp.get("/desk/tracks")
@access.officer
def track_list() -> str:
    return _tracks()


def _tracks(problem: str = "") -> str:
    viewer = access.viewer()
    found = tracks.list_tracks(session, viewer)
    return render(
        "lms/certificates/tracks.html",
        tracks=[(track, tracks.version_on(track, today()) or track.versions[-1]) for track in found],
        courses=tracks.list_courses(session),
        centres=[centre for centre in papers.list_centres(session, viewer) if centre.id in viewer.officer_centres],
        problem=problem,
        typed=request.form,
        today=today(),
    )


@bp.post("/desk/tracks")
@access.officer
def add_track() -> AnyResponse | tuple[str, int]:
    viewer, form = access.viewer(), request.form
    try:
        with transaction() as writing:
            centre = papers.load_centre(writing, viewer, _uid(form.get("centre", "")))
            made = tracks.add(writing, viewer, centre, slug=form.get("slug", "").strip(), **_track_fields()).uid
    except TrackError as error:
        return _tracks(explain(error)), 422
    return to("certificates.track", uid=made)


def _track_fields() -> dict[str, Any]:
    form = request.form
    return {
        "title": form.get("title", ""),
        "courses": [
            int(text) for text in form.getlist("course") if text.isascii() and text.isdigit() and len(text) < 10
        ],
        "needs": form.get("needs", 0, type=int),
        "from_on": _day(form.get("from_on", "")) or today(),
    }


@bp.get("/desk/tracks/<uuid:uid>")
@access.officer
def track(uid: UUID) -> str:
    return _track(tracks.load(session, access.viewer(), uid))


def _track(found: Track, problem: str = "") -> str:
    return render(
        "lms/certificates/track.html",
        track=found,
        version=tracks.version_on(found, today()) or found.versions[-1],
        courses=tracks.list_courses(session),
        counts=tracks.count_of(session, found),
        problem=problem,
        typed=request.form,
        today=today(),
    )


@bp.post("/desk/tracks/<uuid:uid>")
@access.officer
def change_track(uid: UUID) -> AnyResponse | tuple[str, int]:
    viewer = access.viewer()
    found = tracks.load(session, viewer, uid)
    try:
        with transaction() as writing:
            tracks.change(writing, viewer, found, is_open="closed" not in request.form, **_track_fields())
    except TrackError as error:
        return _track(found, explain(error)), 422
    flashes.add(_("Kept. Who has a certificate of the track keeps it."), "success")
    return to("certificates.track", uid=uid)


# For everybody


@bp.get("/verify/")
@access.anyone
def verify() -> AnyResponse:
    return _unlisted(render("lms/certificates/verify.html", problem="", typed=""))


@bp.post("/verify/")
@access.anyone
def find() -> AnyResponse:
    """By the code that stands on the paper, or by the file itself."""
    file = request.files.get("file")
    if file and file.filename:
        digest = hashlib.sha256(file.stream.read(MOST_PDF)).hexdigest()
        return _shown(lambda: verifying.by_file(session, digest, _asker()), "")
    typed = request.form.get("code", "")
    return _shown(lambda: verifying.by_code(session, typed, _asker()), typed, is_typed=True)


@bp.get("/verify/<code>")
@access.anyone
def shown(code: str) -> AnyResponse:
    return _shown(lambda: verifying.by_code(session, code, _asker()), code)


def _asker() -> str:
    return request.remote_addr or ""


def _shown(look: Callable[[], Issued], typed: str, *, is_typed: bool = False) -> AnyResponse:
    try:
        given = look()
    except VerifyError as error:
        if error.reason == "unknown":
            with transaction() as writing:
                verifying.note_failure(writing, _asker())
        status = 429 if error.reason == "throttled" else 404
        return _unlisted(render("lms/certificates/verify.html", problem=explain(error), typed=typed[:40]), status)
    if is_typed:
        return to("certificates.shown", code=printing.shown(given.certificate.token))
    return _unlisted(render("lms/certificates/shown.html", given=given, code=printing.shown(given.certificate.token)))


def _unlisted(page: str, status: int = 200) -> Response:
    """For no search engine."""
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
