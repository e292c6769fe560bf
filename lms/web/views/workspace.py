"""The workspace: an exercise as a page to work on, and what its scripts ask for. Code of learners never runs here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from lms.errors import NotFoundError
from lms.submissions import hand_in as submissions
from lms.workspace import drafts, sheets
from lms.workspace.cells import Cell, Sheet, fill
from lms.workspace.notebooks import take_apart
from lms.workspace.typed import BODY_BYTES, DraftError, as_document, refuse_resident_numbers

from .. import access, courseware, csrf, notebooks, places, seen, workspace_data
from ..compression import compress
from ..database import session, transaction
from ..isolation import isolate, keep_offline
from ..places import Place
from ..redirects import to
from ..results import result_of
from ..templating import render
from .kernel import options
from .runtime import manifest_for_page

bp = Blueprint("workspace", __name__)


@dataclass(frozen=True)
class ShownCell:
    """A cell with what is written in it, and its text or given code as safe HTML."""

    cell: Cell
    source: str
    html: Markup
    hints: tuple[Markup, ...]
    problem: dict[str, Any] | None


def show(place: Place, problem: str = "") -> Response:
    """The page of an exercise unit. `problem` is why an upload from it was refused."""
    version = place.unit.exercise_version
    assert version is not None
    sheet = sheets.sheet_of(g.lms.files, version)
    kept = drafts.load(session, place.enrolment, place.unit, sheet)
    tried = submissions.list_submissions(session, place.enrolment, place.unit)
    island = workspace_data.island(place, version, sheet, kept)
    runtime = _runtime(sheet)
    cells, has_math = _shown(place, sheet, island["draft"])
    card = version.facts["data_card"]
    data_card, math_in_card = courseware.render_text(place.run, card, prefix="data-") if card else ("", False)
    page = render(
        "lms/workspace/exercise.html",
        place=place,
        version=version,
        facts=version.facts,
        cells=cells,
        own_cells=kept.typed.own,
        revision=kept.revision,
        files=island["files"],
        has_math=has_math or math_in_card,
        has_runtime=runtime is not None,
        submissions=tried,
        data_card=data_card,
        max_mb=g.lms.settings.notebook_mb,
        problem=problem,
        closed=island["closed"],
        island=_as_script({**island, "kernel": options(), "runtime": runtime}),
    )
    return compress(keep_offline(isolate(make_response(page)), access.viewer()))


def _runtime(sheet: Sheet) -> dict[str, Any] | None:
    """Without the files' hashes, which the page doesn't look at: its addresses name the content."""
    manifest = manifest_for_page(sheet.imports)
    if manifest is None:
        return None
    files = {name: {key: fact[key] for key in fact if key != "sha256"} for name, fact in manifest["files"].items()}
    return manifest | {"files": files}


def _as_script(data: dict[str, Any]) -> Markup:
    """JSON that may stand inside a script element: nothing in it ends the element or begins a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _shown(place: Place, sheet: Sheet, draft: dict[str, Any]) -> tuple[list[ShownCell], bool]:
    problems = {problem["cell"]: problem for problem in draft["problems"]}
    shown, has_math = [], False
    for cell in sheet.cells:
        html, math = "", False
        if cell.kind == "text":
            html, math = courseware.render_text(place.run, cell.source, prefix=f"c{cell.number}-")
        elif not cell.is_editable:
            html = sheets.coloured(cell.source)
        hints = [
            courseware.render_text(place.run, hint, prefix=f"c{cell.number}-h{number}-")
            for number, hint in enumerate(cell.hints)
        ]
        has_math = has_math or math or any(found for _, found in hints)
        shown.append(
            ShownCell(
                cell=cell,
                source=draft["answers"].get(cell.key, cell.source),
                html=Markup(html),  # noqa: S704 (rendered safe)
                hints=tuple(Markup(text) for text, _ in hints),  # noqa: S704 (rendered safe)
                problem=problems.get(cell.key),
            )
        )
    return shown, has_math


# What is typed


@bp.get("/runs/<uuid:run>/units/<key>/draft")
@access.signed_in
def draft(run: UUID, key: str) -> Response:
    """What is kept now, with a form token of this sign-in: for a page that was open through another."""
    place, sheet = _place(run, key)
    kept = drafts.load(session, place.enrolment, place.unit, sheet)
    told = workspace_data.draft(kept, sheet, place.version.facts["language"])
    return make_response(
        told | {"version": place.version.digest, "person": str(access.viewer().uid), "csrf": csrf.token()}
    )


@bp.put("/runs/<uuid:run>/units/<key>/draft")
@access.signed_in
def save(run: UUID, key: str) -> Response:
    place, sheet = _place(run, key)
    body = _body()
    with transaction() as writing:
        kept = drafts.save(writing, place, sheet, body)
    told = workspace_data.draft(kept, sheet, place.version.facts["language"])
    return make_response({name: told[name] for name in ("revision", "saved_at", "other", "is_conflict", "problems")})


@bp.post("/runs/<uuid:run>/units/<key>/hand-in")
@access.signed_in
def hand_in(run: UUID, key: str) -> AnyResponse:
    """제출 of what is in the cells: by the page's script as JSON, or, without one, by its form."""
    place, sheet = _place(run, key)
    body = _body() if request.is_json else _form_body()
    limit = g.lms.settings.notebook_mb * 1_000_000
    with transaction() as writing:
        kept, handed_in = drafts.submit(writing, g.lms.files, g.lms.exercises, place, sheet, body, max_bytes=limit)
    if not request.is_json:
        return to("learn.submission", uid=handed_in.submission.uid)
    told = workspace_data.draft(kept, sheet, place.version.facts["language"])
    data = {name: told[name] for name in ("revision", "saved_at", "other", "is_conflict", "problems")}
    submission = handed_in.submission
    return make_response(data | {"submission": str(submission.uid), "number": submission.number, "poll_ms": 250}, 201)


@bp.get("/runs/<uuid:run>/units/<key>/work.ipynb")
@access.signed_in
def work(run: UUID, key: str) -> Response:
    """The exercise's notebook with what is kept in it."""
    place, sheet = _place(run, key)
    kept = drafts.load(session, place.enrolment, place.unit, sheet)
    return notebooks.download(fill(sheet, kept.typed), f"{place.version.facts['slug']}.ipynb", notebooks.NOTEBOOK_TYPE)


@bp.post("/runs/<uuid:run>/units/<key>/read-notebook")
@access.signed_in
def read_notebook(run: UUID, key: str) -> Response:
    """What a notebook that she worked on elsewhere has in its cells. Nothing is kept: the page shows it, and saves."""
    place, sheet = _place(run, key)
    limit = g.lms.settings.notebook_mb * 1_000_000
    upload = request.files.get("notebook")
    content = upload.stream.read(limit + 1) if upload else b""
    typed, notes = take_apart(content, g.lms.exercises, place.version, sheet, max_bytes=limit)
    refuse_resident_numbers(typed)
    problems = workspace_data.problems(typed, sheet, place.version.facts["language"])
    return make_response(as_document(typed) | {"repairs": list(notes), "problems": problems})


def _place(run: UUID, key: str) -> tuple[drafts.Place, Sheet]:
    place = drafts.load_place(session, access.viewer(), run, key)
    return place, sheets.sheet_of(g.lms.files, place.version)


def _body() -> Any:
    """The JSON that was sent. Raises DraftError where it is none."""
    request.max_content_length = BODY_BYTES
    try:
        return request.get_json(silent=True)
    except RecursionError:
        raise DraftError("malformed") from None


def _form_body() -> dict[str, Any]:
    """A form's fields `cell:<key>` and `base`, as the script would send them."""
    fields = request.form.items()
    answers = {name.removeprefix("cell:"): text for name, text in fields if name.startswith("cell:")}
    return {"answers": answers, "base": request.form.get("base", 0, int)}


# What was handed in


@bp.get("/runs/<uuid:run>/units/<key>/attempts")
@access.signed_in
def attempts(run: UUID, key: str) -> Response:
    place, _ = _place(run, key)
    tried = submissions.list_submissions(session, place.enrolment, place.unit)
    return make_response(workspace_data.attempts(tried, place.version))


@bp.get("/submissions/<uuid:uid>/result")
@access.signed_in
def result(uid: UUID) -> Response:
    found = result_of(submissions.load_submission(session, access.viewer(), uid))
    seen.person(found.submission.enrolment.person_id, "submission")
    place = None
    if found.grade is not None and found.submission.enrolment.person_id == access.viewer().id:
        place = places.load_place(found.submission.enrolment.run.uid, found.submission.run_unit.key)
    return make_response(workspace_data.result(found, place))


@bp.get("/submissions/<uuid:uid>/cells")
@access.signed_in
def cells(uid: UUID) -> Response:
    """What she had written into the cells when she handed it in, for the exercise as it is now. Hers alone."""
    found = submissions.load_submission(session, access.viewer(), uid)
    if found.enrolment.person_id != access.viewer().id:
        raise NotFoundError()
    place, sheet = _place(found.enrolment.run.uid, found.run_unit.key)
    content = g.lms.files.read(found.notebook)
    typed, notes = take_apart(content, g.lms.exercises, place.version, sheet, max_bytes=len(content))
    told = workspace_data.attempts([found], place.version)[0]
    return make_response(
        as_document(typed)
        | {"submission": told["uid"], "number": told["number"], "when": told["when"], "repairs": list(notes)}
    )
