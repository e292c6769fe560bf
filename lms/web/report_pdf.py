"""The rows of a question as PDF: what the page and the files have, with what was asked in words. It says that it is
no statement."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from werkzeug.wrappers import Response

from lms import documents
from lms.clock import seoul_day, utcnow
from lms.reports.question import Question
from lms.reports.statements import issuing, printing
from lms.reports.statements.cells import of_sheet
from lms.reports.statements.issuing import Draft
from lms.reports.tables import Sheet

from . import access, downloads, flashes, statement_words
from .asked import Asked
from .database import session
from .i18n import current_language, format_day, format_number
from .i18n import gettext as _
from .redirects import onwards

MOST_ROWS = 2_000  # more is for programs and spreadsheets; a page of paper takes some forty
SECONDS = 30
TEMPLATE = "report"


def send(sheet: Sheet, what: Asked, *, report: str, question: Question, name: str) -> Response:
    """The PDF; of too many rows the page again, which says what to take instead.

    Raises:
        DocumentError
    """
    made = issuing.describe(session, access.viewer(), report, question, current_language(), of_sheet(sheet))
    rows = len(made.cells.rows)
    if rows > MOST_ROWS:
        flashes.add(_too_long(rows), "warning")
        return onwards(what.url())
    pdf = documents.render(TEMPLATE, data_of(made), seconds=SECONDS, accessible=True)
    return downloads.send_file_of(
        BytesIO(pdf), "pdf", report=report, question=question, name=f"{name}-{question.as_of}", rows=rows
    )


def _too_long(rows: int) -> str:
    return _(
        "A PDF is for reading and holds at most %(most)s rows; these are %(rows)s. Take CSV or XLSX, or choose a part.",
        most=format_number(MOST_ROWS),
        rows=format_number(rows),
    )


def data_of(made: Draft) -> dict[str, Any]:
    """What the template reads."""
    kept, now = made.cells, utcnow()
    day = seoul_day(now)
    taken = f"{format_day(now, 'moment')} · {access.viewer().name}"
    return {
        "language": made.language,
        "day": [day.year, day.month, day.day],
        "title": statement_words.title_of(made.report),
        "facts": [*statement_words.facts(made), [_("Taken at"), taken]],
        "headings": [column.heading(made.language) for column in kept.columns],
        "numeric": [column.is_number for column in kept.columns],
        "rows": [printing.shown_row(kept, row) for row in kept.rows],
        "total": printing.shown_row(kept, kept.total) if kept.total else [],
        "total_word": _("Total"),
        "meaning_word": _("What the words mean"),
        "meaning": statement_words.meaning(made.report),
        "notice": _(
            "This is no issued statement: it can't be verified, and taken again it shows what is known then. To hand figures "
            "on, issue a statement."
        ),
        "footer": _("Not an issued statement · %(moment)s", moment=format_day(now, "moment")),
    }
