"""Figures and people as files. Who took what, and for files with people why, is kept before the file goes out."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any

from flask import Response, request, send_file

from lms.errors import NotFoundError
from lms.reports import downloads, tables
from lms.reports.downloads import ReasonMissingError
from lms.reports.learners import iter_learners
from lms.reports.question import Question
from lms.reports.tables import Sheet

from . import access
from .asked import Asked
from .database import session, transaction
from .i18n import current_language

FORMS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
IN_MEMORY = 2_000_000  # bytes of a file before it is written to disk


def of_people(what: Asked, form: str, chosen: Collection[str], reason: str) -> Response:
    """The people of a list, or those of them that were chosen by the ids of their enrolments.

    Raises:
        ReasonMissingError: before anything was looked up.
        NotFoundError: there is no such form.
    """
    if not reason.strip():
        raise ReasonMissingError()
    rows = iter_learners(
        session, access.viewer(), what.question, sort=what.sort, down=what.down, language=current_language()
    )
    kept = (row for row in rows if not chosen or str(row.enrolment_uid) in chosen)
    sheet = tables.learner_sheet(what.question, kept)
    return send(sheet, form, report="learners", question=what.question, name="people", reason=reason, has_persons=True)


def send(
    sheet: Sheet,
    form: str,
    *,
    report: str,
    question: Question,
    name: str,
    reason: str = "",
    has_persons: bool = False,
) -> Response:
    """Write the file, note the download, and only then give it away.

    Raises:
        NotFoundError: there is no such form.
    """
    named = f"{name}-{question.as_of}"
    return send_rows(sheet, form, report=report, question=question, name=named, reason=reason, has_persons=has_persons)


def send_rows(
    sheet: Sheet,
    form: str,
    *,
    report: str,
    question: Question | dict[str, Any],
    name: str,
    reason: str = "",
    has_persons: bool = True,
) -> Response:
    """The same for rows that answer no report's question; `question` says in words what they are.

    Raises:
        NotFoundError: there is no such form.
        ReasonMissingError
    """
    if form not in FORMS:
        raise NotFoundError()
    counted = _Counted(sheet.rows)
    file = _write(replace(sheet, rows=counted), form)
    return send_file_of(
        file,
        form,
        report=report,
        question=question,
        name=name,
        rows=counted.count,
        reason=reason,
        has_persons=has_persons,
    )


def send_file_of(
    file: IO[bytes],
    form: str,
    *,
    report: str,
    question: Question | dict[str, Any],
    name: str,
    rows: int,
    reason: str = "",
    has_persons: bool = False,
) -> Response:
    """Note a file that is made, and give it away.

    Raises:
        ReasonMissingError
    """
    with transaction() as writing:
        downloads.record(
            writing,
            access.viewer().id,
            report=report,
            question=question,
            form=form,
            rows=rows,
            reason=reason,
            has_persons=has_persons,
            address=request.remote_addr or "",
        )
    mimetype = {**FORMS, "json": "application/json"}.get(form, "application/pdf")
    answer = send_file(file, mimetype=mimetype, as_attachment=True, download_name=f"{name}.{form}")
    answer.headers["Cache-Control"] = "no-store, private"  # send_file would let a shared computer keep it
    return answer


def _write(sheet: Sheet, form: str) -> IO[bytes]:
    """The file, at its beginning; a large one lies on disk."""
    if form == "xlsx":
        return tables.to_xlsx(sheet)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed with the answer)
    for line in tables.to_csv(sheet):
        file.write(line.encode())
    file.seek(0)
    return file


class _Counted:
    """Rows that are counted while they are read."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row
