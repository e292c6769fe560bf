"""Statements: issue a report, take it as a file again, ask it again, and the page that compares a paper with what was issued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.models import Statement
from lms.reports.catalogue import REPORTS
from lms.reports.question import Question, ReportError
from lms.reports.statements import answering, issuing, outsiders, printing, reading
from lms.reports.statements.cells import FileError
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Press
from lms.reports.statements.outsiders import Mask
from lms.reports.statements.reading import VerifyError

from .. import access, asked, downloads, flashes, statement_words
from ..asked import Asked
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language, languages
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url
from .desk import ways

bp = Blueprint("statements", __name__)

A_PAGE = 50
DIFFERENCES_SHOWN = 200
ROWS_SHOWN = 200
OUTSIDERS = "outsiders"  # of the field `for`


def press() -> Press:
    settings = g.lms.settings
    site = settings.site_url or f"{request.host_url.rstrip('/')}{request.script_root}{g.lms.url_prefix}"
    return Press(statement_words.on_paper, f"{site.rstrip('/')}/verify/statements")


def report_name() -> str:
    name = request.values.get("report", "completions")
    if name not in answering.DEFINITIONS:
        raise NotFoundError()
    return name


def question_asked(name: str) -> Asked:
    """The question of the address, as of yesterday at the latest, by what was recorded."""
    by = REPORTS[name].by
    yesterday = today() - timedelta(days=1)
    cuts = [way for way, _word in ways()] if by else []
    default = Question(as_of=yesterday, by=by)
    what = asked.read("statements.new", default, {"": False}, dimensions=[*cuts, outsiders.BY])
    question = what.question.but(as_of=min(what.question.as_of, yesterday), reading="recorded")
    return Asked(what.endpoint, question, default, {"report": name}, problem=what.problem)


def _mask() -> Mask | None:
    """Of a statement for outsiders."""
    settings = g.lms.settings
    return (
        (settings.public_smallest_count, settings.public_rate_from) if request.values.get("for") == OUTSIDERS else None
    )


def _language() -> str:
    given = request.values.get("language", "")
    return given if given in languages() else current_language()


@bp.get("/desk/statements/")
@access.statements
def home() -> str:
    page = max(1, min(request.args.get("page", 1, type=int), 100_000))
    found, total = reading.list_statements(session, access.viewer(), offset=(page - 1) * A_PAGE, limit=A_PAGE)
    pages = max(1, -(-total // A_PAGE))
    return render(
        "lms/statements/home.html",
        statements=found,
        total=total,
        page=page,
        pages=pages,
        title_of=statement_words.title_of,
        counted_of=statement_words.counted_of,
        reports=[(name, statement_words.title_of(name)) for name in answering.DEFINITIONS],
        may_mask=access.viewer().is_programme_office,
        year=today().year,
        yesterday=today() - timedelta(days=1),
    )


@bp.get("/desk/statements/new")
@access.statements
def new() -> str | tuple[str, int]:
    """What would be issued, to be looked at first."""
    return _new()


def _new(refusal: StatementError | ReportError | None = None) -> str | tuple[str, int]:
    name = report_name()
    what, language, mask = question_asked(name), _language(), _mask()
    made = None
    try:
        made = issuing.draft(session, access.viewer(), name, what.question, language, mask=mask)
    except (StatementError, ReportError) as error:
        refusal = refusal or error
    page = render(
        "lms/statements/new.html",
        asked=what,
        name=name,
        title=statement_words.title_of(name),
        draft=made,
        facts=statement_words.facts(made) if made else [],
        headings=[column.heading(language) for column in made.cells.columns] if made else [],
        rows=[printing.shown_row(made.cells, row) for row in made.cells.rows[:A_PAGE]] if made else [],
        total=printing.shown_row(made.cells, made.cells.total) if made and made.cells.total else [],
        numeric=[column.is_number for column in made.cells.columns] if made else [],
        problem=explain(refusal) if refusal else what.problem,
        choose=what.url("questions.page", is_sorted=False, name="stops") if _is_wide(refusal) else "",
        was_effective=request.values.get("reading") == "effective",
        was_today=request.values.get("as_of", "") >= today().isoformat(),
        yesterday=today() - timedelta(days=1),
        language=language,
        all_languages=languages(),
        audience=OUTSIDERS if mask else "",
    )
    return (page, 422) if request.method == "POST" else page


def _is_wide(refusal: LMSError | None) -> bool:
    return isinstance(refusal, ReportError) and refusal.reason == "wide"


@bp.post("/desk/statements/")
@access.statements
def issue() -> AnyResponse | str | tuple[str, int]:
    name, viewer = report_name(), access.viewer()
    what = question_asked(name)
    if what.problem:  # without the conditions that were left aside it is another question, signed for ever
        return _new()
    try:
        made = issuing.draft(session, viewer, name, what.question, _language(), mask=_mask())
        with transaction() as writing:
            uid = issuing.issue_once(writing, viewer, made, press()).uid
    except (StatementError, ReportError) as error:
        return _new(error)
    flashes.add(_("The statement is issued. It never changes, and can be taken again at any time."), "success")
    return to("statements.page", uid=uid)


@bp.get("/desk/statements/<uuid:uid>")
@access.statements
def page(uid: UUID) -> str:
    found = reading.load(session, access.viewer(), uid)
    return render("lms/statements/page.html", **_said(found), issuer=reading.issuer_of(session, found))


def _said(found: Statement) -> dict[str, object]:
    kept = reading.cells_of(found)
    return {
        "statement": found,
        "printed": found.printed,
        "rows": [printing.shown_row(kept, row) for row in kept.rows[:ROWS_SHOWN]],
        "row_count": len(kept.rows),
        "total": printing.shown_row(kept, kept.total) if kept.total else [],
        "headings": [column.heading(found.language) for column in kept.columns],
        "numeric": [column.is_number for column in kept.columns],
        "is_intact": reading.is_intact(found),
        "verify": url("statements.shown", code=found.printed["code"]),
    }


@bp.get("/desk/statements/<uuid:uid>/file.<any(pdf, csv, xlsx):kind>")
@access.statements
def file(uid: UUID, kind: str) -> Response:
    """The same as on the first day. Each taking is noted."""
    found = reading.load(session, access.viewer(), uid)
    return downloads.send_file_of(
        printing.to_xlsx(found) if kind == "xlsx" else BytesIO(_bytes(found, kind)),
        kind,
        report="statement",
        question=found.question | {"statement": found.number},
        name=f"statement-{found.number}",
        rows=len(reading.cells_of(found).rows),
    )


def _bytes(found: Statement, kind: str) -> bytes:
    return printing.to_pdf(found) if kind == "pdf" else printing.to_csv(found)


@bp.get("/desk/statements/<uuid:uid>/again")
@access.statements
def again(uid: UUID) -> str:
    found = reading.load(session, access.viewer(), uid)
    outcome = reading.again(session, found)

    def shown(row: tuple[str, ...] | None) -> str:
        return " · ".join(cell for cell in printing.shown_row(outcome.before, row) if cell) if row else "–"

    return render(
        "lms/statements/again.html",
        **_said(found),
        again=outcome,
        renamed_shown=ROWS_SHOWN,
        differences=[(shown(each.before), shown(each.after)) for each in outcome.differences[:DIFFERENCES_SHOWN]],
        totals=(shown(outcome.before.total), shown(outcome.after.total)),
    )


# For whoever holds the paper


@bp.get("/verify/statements/")
@access.anyone
def verify() -> AnyResponse:
    return _unlisted(render("lms/statements/verify.html", problem="", typed=""))


@bp.post("/verify/statements/")
@access.anyone
def find() -> AnyResponse:
    """By the code on the paper, or by the CSV."""
    file = request.files.get("file")
    if not file or not file.filename:
        return _shown(lambda: reading.by_code(session, request.form.get("code", ""), _asker()), is_typed=True)
    content = file.stream.read(reading.LARGEST_CSV + 1)
    return _shown(lambda: reading.by_csv(session, content, _asker()))


@bp.get("/verify/statements/<code>")
@access.anyone
def shown(code: str) -> AnyResponse:
    return _shown(lambda: reading.by_code(session, code, _asker()))


def _asker() -> str:
    return request.remote_addr or ""


def _shown(look: Callable[[], Statement], *, is_typed: bool = False) -> AnyResponse:
    try:
        found = look()
    except FileError as error:
        _note_failure()
        return _unlisted(render("lms/statements/verify.html", problem=explain(error), typed=""), 422)
    except VerifyError as error:
        if error.reason == "unknown":
            _note_failure()
        status = 429 if error.reason == "throttled" else 404
        typed = request.form.get("code", "")[:40]
        return _unlisted(render("lms/statements/verify.html", problem=explain(error), typed=typed), status)
    if is_typed:
        return to("statements.shown", code=found.printed["code"])
    return _unlisted(render("lms/statements/shown.html", **_said(found)))


def _note_failure() -> None:
    """Files that are none are counted too: reading them takes time."""
    with transaction() as writing:
        reading.note_failure(writing, _asker())


def _unlisted(page: str, status: int = 200) -> Response:
    """For no search engine."""
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
