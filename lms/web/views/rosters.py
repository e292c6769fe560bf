"""Rosters: upload a spreadsheet of people, see what it would do, apply it, undo it, take the people out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, g, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms import clock
from lms.errors import LMSError, NotFoundError
from lms.models import Roster, RosterRow
from lms.people.organisations import companies
from lms.reports.downloads import ReasonMissingError
from lms.reports.tables import Column, Sheet
from lms.rosters import applying, columns, exporting, reading, storage, undoing
from lms.rosters.findings import from_documents
from lms.rosters.reading import UnreadableError
from lms.rosters.storage import RosterStateError

from .. import access, downloads, flashes, roster_words, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import format_number
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("rosters", __name__, url_prefix="/rosters")

ROWS_A_PAGE = 50
ACCEPTED = ".xlsx,.xls,.csv,.txt"
_LONGEST_NUMBER = 6  # digits of a column's place
_SHOWN = ("company", "name", "employee_number")


@bp.get("/")
@access.organisers
def home() -> str:
    return _show_home()


def _show_home(problem: str = "", take_problem: str = "") -> str:
    return render(
        "lms/rosters/home.html",
        rosters=storage.list_rosters(session, access.viewer()),
        states=roster_words.STATES,
        fields=[roster_words.of_field(name) for name in columns.FIELDS],
        headings=exporting.HEADINGS,
        problem=problem,
        take_problem=take_problem,
        typed=request.form,
        accepted=ACCEPTED,
    )


@bp.post("/")
@access.organisers
def upload() -> Response | tuple[str, int]:
    file = request.files.get("file")
    content = file.stream.read(reading.MOST_BYTES + 1) if file else b""
    try:
        read = storage.read_upload(content, (file.filename if file else "") or "", g.lms.sealer)
    except UnreadableError as error:
        return _show_home(problem=explain(error)), 422
    with transaction() as writing:
        kept = storage.keep(writing, read, actor_id=access.viewer().id)
    return to("rosters.roster", uid=kept.uid)


@bp.get("/<uuid:uid>")
@access.organisers
def roster(uid: UUID) -> str:
    return _show(uid)


@dataclass(frozen=True)
class ShownRow:
    """A row with what it holds of the person, for the officer to find it again, and what is said of it."""

    row: int
    outcome: str
    cells: Sequence[str]
    reasons: Sequence[str]


def _show(uid: UUID, problem: str = "") -> str:
    found = storage.load(session, access.viewer(), uid)
    outcome, page = _asked(found)
    # Who comes without a choice sees what wants a person's eye.
    count = found.size if outcome == "all" else found.counts.get(outcome, 0)
    chosen = "" if outcome == "all" else outcome
    rows = storage.list_rows(session, found, chosen, limit=ROWS_A_PAGE, offset=(page - 1) * ROWS_A_PAGE)
    if found.actor_id != access.viewer().id:  # whoever brought the file knows what is in it
        seen.people("roster_rows", len(rows), subject=f"roster:{found.uid}")
    pages = max(1, -(-count // ROWS_A_PAGE))

    def at(number: int) -> str:
        return url("rosters.roster", uid=uid, show=outcome, page=number) if 1 <= number <= pages else ""

    return render(
        "lms/rosters/roster.html",
        roster=found,
        counts=found.result or found.counts,
        is_busy=found.state in ("waiting", "checking", "applying"),
        may_undo=undoing.may_undo(found),
        states=roster_words.STATES,
        outcomes=roster_words.OUTCOMES,
        outcome=outcome,
        tabs_of=lambda counts: _tabs(uid, counts, outcome),
        rows=_shown(found, rows),
        page=page,
        pages=pages,
        previous=at(page - 1),
        next=at(page + 1),
        mapping=_mapping(found),
        notes=[roster_words.tell(finding) for finding in from_documents(found.notes)],
        stopped=roster_words.refused_for(found.problem) if found.problem else "",
        problem=problem,
        here=url("rosters.roster", uid=uid),
    )


def _tabs(uid: UUID, counts: dict[str, int], outcome: str) -> list[tuple[str, str, bool]]:
    """Outcomes that rows have, with how many."""
    return [
        (f"{word} {format_number(counts[name])}", url("rosters.roster", uid=uid, show=name), outcome == name)
        for name, word in roster_words.OUTCOMES.items()
        if counts.get(name)
    ]


def _asked(found: Roster) -> tuple[str, int]:
    default = "wrong" if found.counts.get("wrong") else "all"
    outcome = request.args.get("show", default)
    page = request.args.get("page", 1, type=int)
    return (outcome if outcome in roster_words.OUTCOMES or outcome == "all" else default), max(1, min(page, 100_000))


def _shown(found: Roster, rows: Sequence[RosterRow]) -> list[ShownRow]:
    lines = storage.lines_of(session, found, {row.row for row in rows}, g.lms.sealer)
    places = [found.columns[field] for field in _SHOWN if field in found.columns]

    def cells(number: int) -> list[str]:
        line = lines.get(number)
        texts = [line.cells[place] for place in places if place < len(line.cells)] if line else []
        return [reading.shown(text) for text in texts if text]

    return [
        ShownRow(row.row, row.outcome, cells(row.row), [roster_words.tell(one) for one in from_documents(row.reasons)])
        for row in rows
    ]


@dataclass(frozen=True)
class MappedField:
    name: str
    label: str
    column: int | None


def _mapping(found: Roster) -> list[MappedField]:
    return [MappedField(field, roster_words.of_field(field), found.columns.get(field)) for field in columns.FIELDS]


@bp.post("/<uuid:uid>/columns")
@access.organisers
def map_columns(uid: UUID) -> Response:
    chosen = {
        field: int(text)
        for field in columns.FIELDS
        if (text := request.form.get(field, "")).isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER
    }
    return _do(
        uid, lambda writing, found: storage.map_columns(writing, found, chosen), _("The rows are looked at again.")
    )


@bp.post("/<uuid:uid>/apply")
@access.organisers
def apply(uid: UUID) -> Response:
    return _do(uid, applying.ask_to_apply)


@bp.post("/<uuid:uid>/undo")
@access.organisers
def undo(uid: UUID) -> Response:
    viewer, reason = access.viewer(), request.form.get("reason", "")

    def take_back(writing: Session, found: Roster) -> None:
        undoing.take_back(writing, found, actor_id=viewer.id, reason=reason, address=request.remote_addr or "")

    return _do(uid, take_back, _("The roster is undone. The history keeps both."))


def _do(uid: UUID, deed: Callable[[Session, Roster], None], done: str = "") -> Response:
    """Do it to one's own roster, and say what came of it on its page."""
    storage.load(session, access.viewer(), uid)
    try:
        with transaction() as writing:
            deed(writing, storage.load(writing, access.viewer(), uid))
    except LMSError as error:
        flashes.add(explain(error), "error")
    else:
        if done:
            flashes.add(done, "success")
    return to("rosters.roster", uid=uid)


# Files


@bp.post("/<uuid:uid>/findings")
@access.organisers
def findings(uid: UUID) -> Response | tuple[str, int]:
    """The same rows back, each with what was found. It came from whoever takes it, so the reason is known."""
    found = storage.load(session, access.viewer(), uid)
    if found.forget_at is None:
        return _show(uid, problem=explain(RosterStateError("forgotten"))), 409
    only = request.form.get("only", "")
    heads = [*found.headings, _("Row"), _("Result"), _("Findings")]
    rows = _returned(found, only)
    sheet = Sheet("roster", [Column(f"column_{place}", head) for place, head in enumerate(heads)], rows)
    reason = _("One's own roster back, with findings")
    return _send(sheet, {"roster": str(found.uid), "only": only}, reason, f"roster-findings-{clock.today()}")


def _returned(found: Roster, only: str) -> Iterator[Sequence[Any]]:
    lines = {line.row: line for line in storage.list_lines(session, found.id, g.lms.sealer)}
    width = len(found.headings)
    for row in storage.iter_rows(session, found):
        if only and row.outcome != only:
            continue
        cells = [reading.shown(text) for text in lines[row.row].cells[:width]]
        said = " ".join(roster_words.tell(one) for one in from_documents(row.reasons))
        yield (*cells, *[""] * (width - len(cells)), str(row.row), str(roster_words.OUTCOMES[row.outcome]), said)


@bp.post("/people")
@access.organisers
def export() -> Response | tuple[str, int]:
    """The people as a roster, of one company or of all that the viewer looks after. The reason is asked for and kept."""
    reason, number = request.form.get("reason", ""), request.form.get("company", "").strip()
    viewer = access.viewer()
    try:
        if not reason.strip():
            raise ReasonMissingError()
        company_id = companies.load_by_number(session, viewer, number).id if number else None
        rows = exporting.export(session, viewer, g.lms.sealer, company_id=company_id)
        sheet = Sheet("roster", [Column(name, name) for name in exporting.HEADINGS], rows)
        return _send(sheet, {"company": number}, reason, f"roster-{clock.today()}")
    except NotFoundError:
        return _show_home(take_problem=_("You look after no company with this business number.")), 422
    except ReasonMissingError as error:
        return _show_home(take_problem=explain(error)), 422


def _send(sheet: Sheet, question: dict[str, Any], reason: str, name: str) -> Response:
    """Write the file, note who took it and why, and only then give it away."""
    form = request.form.get("form", "xlsx")
    return downloads.send_rows(sheet, form, report="roster", question=question, name=name, reason=reason)
