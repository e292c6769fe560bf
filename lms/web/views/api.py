"""The read-only API: the table of questions as JSON, for programs that have a token. No cookie counts here, and pages of other
sites can't read it: nothing says that they may."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, default_exceptions

from lms.clock import today
from lms.errors import ForbiddenError, LMSError
from lms.people import api_tokens, throttle
from lms.people.privacy.resident_numbers import ResidentNumberError
from lms.people.viewers import Viewer, viewer_of
from lms.reports import downloads
from lms.reports.catalogue import REPORTS, Report
from lms.reports.downloads import ReasonMissingError
from lms.reports.question import DIMENSIONS, Question, ReportError

from .. import access, observation
from ..api_document import MOST_ROWS, PREFIX, PROBLEM_TYPE, USUAL_ROWS, document
from ..database import session, transaction
from ..templating import url

bp = Blueprint("api", __name__, url_prefix=PREFIX)
log = logging.getLogger("lms.web")

# In a quarter of an hour and the one before: of a token, and wrong ones from an address.
MOST_CALLS, MOST_WRONG = 900, 60
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")  # that programs may try
RETRY_SECONDS = int(throttle.WINDOW.total_seconds())


class ApiError(LMSError):
    """`status` is that of the answer; `reason`: token, throttled, page, missing, method."""

    sentence = "{detail}"


@bp.get("/openapi.json")
@access.anyone
def openapi() -> Response:
    base = url("api.openapi", _external=True).removesuffix(f"{PREFIX}/openapi.json")
    return _json(document(base, "Baeum", calls=MOST_CALLS))


@bp.get("/reports")
@access.anyone
def reports() -> Response:
    _caller()
    place = _place()
    return _json(
        {
            "reports": [
                {"name": report.name, "title": report.title[place], "url": url("api.report", name=report.name)}
                for report in REPORTS.values()
            ]
        }
    )


@bp.get("/reports/<name>")
@access.anyone
def report(name: str) -> Response:
    viewer = _caller()
    if name not in REPORTS:
        raise ApiError("missing", status=404, detail=f"There is no question '{name[:40]}'. See {PREFIX}/reports.")
    asked = REPORTS[name]
    question, offset, limit = _question(asked), _number("offset", 0, 0), _number("limit", USUAL_ROWS, 1, MOST_ROWS)
    reason = " ".join(request.args.get("reason", "").split())
    if asked.has_persons and len(reason) < downloads.SHORTEST_REASON:
        raise ReasonMissingError()
    sheet, total = asked.page(session, viewer, question, "ko" if _place() == 0 else "en", offset, limit)
    names = [column.name for column in sheet.columns]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    if asked.has_persons:
        _note(viewer, asked, question, len(rows), reason)
    following = offset + limit
    return _json(
        {
            "report": asked.name,
            "title": asked.title[_place()],
            "question": question.to_document(),
            "columns": [{"name": one.name, "header": one.header, "kind": one.kind} for one in sheet.columns],
            "rows": rows,
            "total": total,
            "offset": offset,
            "limit": limit,
            "next": _next_url(asked, following) if following < total else None,
        }
    )


@bp.route("", methods=METHODS)
@bp.route("/", methods=METHODS)
@bp.route("/<path:_anything>", methods=METHODS)
@access.anyone
def missing(_anything: str = "") -> Response:
    """Whatever else is asked below our prefix, by whatever method: a program reads no page of errors."""
    if request.method != "GET":
        raise ApiError("method", status=405, detail="This API only reads: ask by GET.")
    raise ApiError("missing", status=404, detail=f"Nothing lies here. See {PREFIX}/openapi.json.")


# Who calls


def _caller() -> Viewer:
    """The person of the token, with her roles of now. Raises ApiError, ForbiddenError."""
    given = request.headers.get("Authorization", "")
    scheme, _, text = given.partition(" ")
    token = api_tokens.load(session, text.strip()) if scheme.lower() == "bearer" else None
    key = f"api_token:{token.id}" if token else f"api_address:{request.remote_addr or ''}"
    if throttle.failures(session, key) >= (MOST_CALLS if token else MOST_WRONG):
        raise ApiError("throttled", status=429, detail="There were too many calls. Come again in a quarter of an hour.")
    viewer = viewer_of(token.person) if token else None
    with transaction() as writing:
        throttle.add_failure(writing, key)
        if token:
            api_tokens.touch(writing, token)
    if viewer is None:
        said = "Send a living token: 'Authorization: Bearer baeum_…'. They are made on the account page."
        raise ApiError("token", status=401, detail=said)
    if viewer.must_change_password or not access.figures.test(viewer):
        raise ForbiddenError()
    return viewer


def _note(viewer: Viewer, asked: Report, question: Question, rows: int, reason: str) -> None:
    with transaction() as writing:
        downloads.record(
            writing,
            viewer.id,
            report=asked.name,
            question=question,
            form="json",
            rows=rows,
            has_persons=True,
            reason=reason,
            address=request.remote_addr or "",
        )


# What is asked


def _place() -> int:
    """Of a pair of Korean and English."""
    given = request.args.get("language", "ko")
    if given not in ("ko", "en"):
        raise ApiError("page", status=400, detail="language: choose from ko, en.")
    return ("ko", "en").index(given)


def _question(asked: Report) -> Question:
    """Raises ReportError, also for words that mean nothing: a misspelt filter would give figures of something else."""
    known = {"by", "as_of", "reading", "regions", "offset", "limit", "language", "reason", *DIMENSIONS}
    if unknown := sorted(set(request.args) - known):
        raise ApiError("page", status=400, detail=f"'{unknown[0][:40]}' means nothing here. See {PREFIX}/openapi.json.")
    default = Question(as_of=today(), by=asked.by)
    question = Question.from_words(request.args.to_dict(flat=False), default=default, today=today())
    return question if asked.by else question.but(by=())


def _number(name: str, usual: int, least: int, most: int = 10**9) -> int:
    given = request.args.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 10 and least <= int(given) <= most):
        raise ApiError("page", status=400, detail=f"{name}: a number from {least} to {most}.")
    return int(given)


def _next_url(asked: Report, offset: int) -> str:
    words: dict[str, Any] = {**request.args.to_dict(flat=False), "offset": offset}
    return url("api.report", name=asked.name, **words)


# What is answered


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, default=_as_text), mimetype="application/json")


def _as_text(value: Any) -> str:
    return value.isoformat()


def _problem(status: int, title: str, detail: str) -> Response:
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    answer = Response(json.dumps(said, ensure_ascii=False), status, mimetype=PROBLEM_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == 405:
        answer.headers["Allow"] = "GET, HEAD, OPTIONS"
    if status == 429:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _refused(error: LMSError) -> Response:
    if isinstance(error, ApiError):
        titles = {400: "Bad request", 401: "No token", 404: "Not found", 405: "Reads only", 429: "Too many calls"}
        return _problem(error.status, titles[error.status], str(error))
    if isinstance(error, ReportError | ReasonMissingError):
        return _problem(400, "Bad request", str(error))
    if isinstance(error, ForbiddenError):
        return _problem(
            403, "Not allowed", "The person of the token answers for no figures, or has a password to change."
        )
    if isinstance(error, ResidentNumberError):
        return _problem(422, "Not taken", "There is a resident registration number in it. Take it out.")
    return _problem(400, "Bad request", str(error))


def _failed(error: Exception) -> Response:
    reference = observation.reference()
    log.error("fault %s at %s %s", reference, request.method, request.path, exc_info=error)
    if isinstance(error, SQLAlchemyError):
        return _problem(503, "Busy", "Nothing was changed. Try again in a minute.")
    return _problem(500, "Our fault", f"Tell the operator of the site the number {reference}.")


def _http(error: HTTPException) -> Response:
    return _problem(error.code or 500, error.name, error.description or "")


bp.register_error_handler(LMSError, _refused)
bp.register_error_handler(HTTPException, _http)
for _code in default_exceptions:  # the handlers of the site's pages for single codes would go before that of all
    bp.register_error_handler(_code, _http)
bp.register_error_handler(SQLAlchemyError, _failed)
bp.register_error_handler(Exception, _failed)
