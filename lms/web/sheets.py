"""One company, or one learner, on paper: the figures and rows of their pages as PDF. Who took it and why is kept before it goes
out; the sheet says of which rows it is by their SHA-256."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Collection, Sequence
from io import BytesIO
from math import floor
from typing import Any

from flask import Response

from lms import documents
from lms.learning.history import Event, LearnerInRun
from lms.reports.learners import LearnerRow, list_learners
from lms.reports.question import Question

from . import access, downloads
from .asked import Asked
from .database import session
from .i18n import current_language, format_day, format_number
from .i18n import gettext as _
from .templating import environment

SHEET = "sheet"  # the template
MOST_PEOPLE = 2_000  # on paper; more is a file


def of_people(what: Asked, name: str, chosen: Collection[str], reason: str) -> Response:
    """The people of a company's list, or those that were chosen by the ids of their enrolments.

    Raises:
        ReasonMissingError, DocumentError
    """
    found = list_learners(
        session, access.viewer(), what.question, sort=what.sort, down=what.down, limit=MOST_PEOPLE,
        language=current_language(),
    )  # fmt: skip
    rows = [row for row in found.rows if not chosen or str(row.enrolment_uid) in chosen]
    data = company_data(what.question, name, rows, left_out=found.total - len(found.rows) if not chosen else 0)
    return _send(data, "company_sheet", what.question, len(rows), reason)


def company_data(question: Question, name: str, rows: Sequence[LearnerRow], *, left_out: int = 0) -> dict[str, Any]:
    completed = sum(row.standing.is_completed for row in rows)
    cells = [
        [
            row.person_name,
            row.employee_number or "",
            _("%(course)s, run %(number)s", course=row.run_title, number=row.run_number),
            _state(row),
            f"{floor(row.standing.progress)} %",
            format_number(floor(row.standing.score)),
            format_day(row.standing.completed_on) if row.standing.completed_on else "",
        ]
        for row in rows
    ]
    headings = [_("Name"), _("Employee number"), _("Course"), _("State"), _("Progress"), _("Score"), _("Completed on")]
    facts = [
        [_("As of"), format_day(question.as_of)],
        [_("People in runs"), format_number(len(rows))],
        [_("Completed"), format_number(completed)],
    ]
    if left_out:
        facts.append([_("Left out, too many for paper"), format_number(left_out)])
    table = _table(_("People"), headings, cells, [10, 9, 22, 9, 8, 7, 13], [4, 5])
    return _data(name, _("Completion sheet of a company"), facts, [table])


def _state(row: LearnerRow) -> str:
    if row.state == "withdrawn":
        return _("Withdrawn")
    return _("Completed") if row.standing.is_completed else _("Learning")


def of_learner(found: LearnerInRun, reason: str) -> Response:
    """A learner's record in a run.

    Raises:
        ReasonMissingError, DocumentError
    """
    question = {"enrolment": [str(found.enrolment.uid)]}
    return _send(learner_data(found), "learner_record", question, 1, reason)


def learner_data(found: LearnerInRun) -> dict[str, Any]:
    run, standing = found.enrolment.run, found.standing
    units = [
        [
            unit.title,
            format_day(unit.done_on) if unit.done_on else "",
            "" if unit.best is None else format_number(floor(100 * unit.best)),
        ]
        for unit in standing.units
    ]
    events = [
        [format_day(event.effective_on), _sentence(event), _points(event), event.reason] for event in found.events
    ]
    facts = [
        [_("Company"), found.company],
        [_("Course"), _("%(course)s, run %(number)s", course=run.course_version.title, number=run.number)],
        [_("Centre"), found.centre],
        [_("Period"), f"{format_day(run.learn_from)} ~ {format_day(found.enrolment.last_day)}"],
        [_("Progress"), f"{floor(standing.progress)} %"],
        [_("Score"), f"{floor(standing.score)} / 100"],
        [_("Completed on"), format_day(standing.completed_on) if standing.completed_on else "–"],
    ]
    tables = [
        _table(_("Steps of the course"), [_("Step"), _("Done on"), _("Best score")], units, [24, 10, 7], [2]),
        _table(_("What was recorded"), [_("Day"), _("What"), _("Points"), _("Reason")], events, [9, 24, 7, 12], [2]),
    ]
    return _data(found.person.name, _("Record of a learner in a run"), facts, tables)


def _sentence(event: Event) -> str:
    """As the page says it."""
    words = environment().get_template("lms/desk/_history.html").make_module().sentence(event)  # type: ignore[attr-defined]
    return html.unescape(str(words)).strip()


def _points(event: Event) -> str:
    if event.kind != "scored" or not event.max_points or event.points is None:
        return ""
    return f"{format_number(event.points)} / {format_number(event.max_points)}"


def _table(
    title: str, headings: list[str], rows: list[list[str]], widths: list[int], numbers: list[int]
) -> dict[str, Any]:
    return {"title": title, "headings": headings, "rows": rows, "widths": widths, "numbers": numbers}


def _data(title: str, told: str, facts: list[list[str]], tables: list[dict[str, Any]]) -> dict[str, Any]:
    rows = json.dumps([title, facts, [table["rows"] for table in tables]], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(rows.encode()).hexdigest()
    return {
        "language": current_language(),
        "title": title,
        "told": told,
        "facts": facts,
        "tables": [table for table in tables if table["rows"]],
        "footer": f"SHA-256 {digest}",
    }


def _send(data: dict[str, Any], report: str, question: Question | dict[str, Any], rows: int, reason: str) -> Response:
    pdf = documents.render(SHEET, data, accessible=True)
    return downloads.send_file_of(
        BytesIO(pdf), "pdf", report=report, question=question, name=report, rows=rows, reason=reason, has_persons=True
    )
