"""What leaves the house of a closed run: the sheet that an officer signs, and the rows for a system of learning records. Who
took it and why is kept before it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from itertools import groupby
from typing import Any

from flask import Response, g, request, send_file

from lms import documents
from lms.clock import seoul_day
from lms.credentials import reading as certificates
from lms.learning.runs.closing import ClosedRun, Line
from lms.models import Run
from lms.reports import downloads as kept
from lms.reports import tables
from lms.reports.run_records import records_sheet

from . import access, downloads, run_words
from .database import session, transaction
from .i18n import format_day, format_number, speaking
from .i18n import gettext as _

SHEET = "run-sheet"  # the template


def sheet(run: Run, closed: ClosedRun, reason: str, _form: str) -> Response:
    """The PDF, in the site's language whoever asks, and the same at each print.

    Raises:
        ReasonMissingError, DocumentError
    """
    with transaction() as writing:
        kept.record(
            writing,
            access.viewer().id,
            report="run_sheet",
            question={"run": [str(run.uid)]},
            form="pdf",
            rows=len(closed.lines),
            has_persons=True,
            reason=reason,
            address=request.remote_addr or "",
        )
    with speaking(g.lms.settings.language):
        pdf = documents.render(SHEET, sheet_data(closed, g.lms.settings.language))
    answer = send_file(
        BytesIO(pdf), mimetype="application/pdf", as_attachment=True, download_name=f"{_name(closed)}-sheet.pdf"
    )
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


def records(run: Run, closed: ClosedRun, reason: str, form: str) -> Response:
    """Raises ReasonMissingError, NotFoundError (there is no such form), SealError."""
    rows = records_sheet(session, run, closed, certificates.numbers_of(session, run.id), g.lms.sealer)
    if form == "json":
        return downloads.send_file_of(
            BytesIO(tables.to_json(rows, run=str(run.uid)).encode()),
            form,
            report="run_records",
            question={"run": [str(run.uid)]},
            name=f"{_name(closed)}-records",
            rows=len(closed.lines),
            reason=reason,
            has_persons=True,
        )
    return downloads.send_rows(
        rows,
        form,
        report="run_records",
        question={"run": [str(run.uid)]},
        name=f"{_name(closed)}-records",
        reason=reason,
    )


def _name(closed: ClosedRun) -> str:
    return f"run-{closed.closing.facts['number']}-{seoul_day(closed.closing.closed_at):%Y%m%d}"


def sheet_data(closed: ClosedRun, language: str) -> dict[str, Any]:
    """What the template prints: as it was closed, whatever was decided since."""
    facts, closing = closed.closing.facts, closed.closing
    counts, rule = facts["counts"], facts["rule"]
    asked = [
        _("progress %(count)s %%", count=format_number(rule["progress"])),
        _("score %(count)s", count=format_number(rule["score"])),
        *([_("attendance %(count)s %%", count=format_number(rule["attendance"]))] if rule["attendance"] else ()),
    ]
    period = (
        f"{format_day(date.fromisoformat(facts['learn_from']))} ~ {format_day(date.fromisoformat(facts['learn_to']))}"
    )
    return {
        "language": language,
        "title": _("Result of the run"),
        "course": _("%(course)s, run %(number)s", course=facts["course"], number=facts["number"]),
        "facts": [
            [_("Centre"), facts["centre"]],
            [_("Programme"), facts["programme"] or "–"],
            [_("Period"), period],
            [_("Recognised hours"), format_number(facts["hours"])],
            [_("Completion rule"), ", ".join(asked)],
            [_("Closed on"), format_day(closing.closed_at)],
            *([run_words.outcome(name), format_number(counts[name])] for name in run_words.OUTCOMES),
        ],
        "headings": [_("Name"), _("Result"), _("Progress"), _("Score"), _("Attendance"), _("Completed on, or why not")],
        "companies": [
            {"name": company, "rows": [_cells(line) for line in lines]}
            for company, lines in groupby(_by_company(closed.lines), key=lambda line: line.row.company_name)
        ],
        "signature": [_("Date"), _("Officer"), _("Head of the centre")],
        "seal": _("(signature or seal)"),
        "digest": _("SHA-256 of the rows: %(digest)s", digest=closing.digest),
        "page": _("Page"),
    }


def _by_company(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.row.company_name, line.row.person_name, line.row.id))


def _cells(line: Line) -> list[str]:
    row = line.row
    return [
        row.person_name,
        run_words.outcome(row.outcome),
        f"{int(row.progress + 1e-9)} %",
        f"{int(row.score + 1e-9)}",
        _("%(hours)s h", hours=format_number(row.attended_hours)),
        format_day(row.completed_on) if row.completed_on else run_words.reasons(row.reasons),
    ]
