"""Files of any length: every enrolment behind a figure. Short ones at once; of long ones, how far they are."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from lms.clock import today
from lms.reports import downloads as log
from lms.reports.downloads import ReasonMissingError
from lms.reports.exports import asking, lists, making
from lms.reports.exports.asking import ExportError
from lms.reports.question import CURRENT, Question
from lms.reports.tables import TooLongError

from .. import access, asked, downloads, flashes
from ..asked import Asked
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render

bp = Blueprint("exports", __name__, url_prefix="/desk/exports")


def _asked() -> Asked:
    default = Question(as_of=today(), by=("region", "company"), filters={"run": (CURRENT,)})
    return asked.read("exports.home", default, {"": False}, dimensions=[()])


def _list(what: Asked, report: str) -> lists.Asked:
    return lists.Asked(report, what.question.but(by=()), access.viewer(), today(), current_language())


@bp.get("/")
@access.desk
def home() -> str:
    return _home()


def _home(problem: str = "", reason: str = "", report: str = lists.LISTS[0]) -> str:
    what = _asked()
    return render(
        "lms/exports/home.html",
        asked=what,
        total=lists.count(session, _list(what, report)),
        at_once=asking.AT_ONCE,
        exports=asking.list_own(session, access.viewer()),
        kept_days=g.lms.settings.keep_exports_days,
        problem=problem,
        reason=reason,
        report=report,
    )


@bp.post("/")
@access.desk
def ask() -> AnyResponse | tuple[str, int]:
    """A short file is the answer; of a long one the page that says how far it is."""
    form = request.form
    report, kind, reason = form.get("report", lists.LISTS[0]), form.get("form", ""), form.get("reason", "")
    what = _asked()
    wanted = _list(what, report)
    try:
        asking.check(wanted, kind, reason, 0)
        total = lists.count(session, wanted)
        if total <= asking.AT_ONCE:
            return _send(what, wanted, kind, reason)
        with transaction() as writing:
            export = asking.ask(writing, access.viewer(), wanted, kind, reason, total)
    except (ReasonMissingError, TooLongError, ExportError) as error:
        return _home(explain(error), reason, report), 422
    return to("exports.page", uid=export.uid)


def _send(what: Asked, wanted: lists.Asked, form: str, reason: str) -> Response:
    name = f"{wanted.report}-{what.question.as_of}"
    sheet = lists.at_once(session, wanted)
    return downloads.send_rows(
        sheet, form, report=wanted.report, question=wanted.question, name=name, reason=reason, has_persons=True
    )


@bp.get("/<uuid:uid>")
@access.desk
def page(uid: UUID) -> str:
    return _page(uid)


def _page(uid: UUID, problem: str = "") -> str:
    found = asking.load(session, access.viewer(), uid)
    question = asking.question_of(found.export)
    return render(
        "lms/exports/page.html",
        progress=found,
        export=found.export,
        asked=Asked("exports.home", question, question),
        kept_days=g.lms.settings.keep_exports_days,
        problem=problem,
    )


@bp.post("/<uuid:uid>/file")
@access.desk
def take(uid: UUID) -> Response | tuple[str, int]:
    """Why it is taken was said when it was asked for; each taking is noted with it."""
    viewer = access.viewer()
    export = asking.load(session, viewer, uid).export
    try:
        file = asking.take(viewer, export, making.folder_of(g.lms.files))
    except ExportError as error:
        return _page(uid, explain(error)), 409
    with transaction() as writing:
        log.record(
            writing,
            viewer.id,
            report=export.report,
            question=export.question,
            form=export.form,
            rows=export.rows,
            reason=export.reason,
            has_persons=True,
            address=request.remote_addr or "",
        )
    name = f"{export.report}-{export.question['as_of']}.{export.form}"
    answer = send_file(file, mimetype=downloads.FORMS[export.form], as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


@bp.post("/<uuid:uid>/drop")
@access.desk
def drop(uid: UUID) -> AnyResponse:
    viewer = access.viewer()
    found = asking.load(session, viewer, uid)
    with transaction() as writing:
        asking.drop(writing, found.export)
    told = _("The file is not made.") if found.export.state == "waiting" else _("The file is deleted here.")
    flashes.add(told, "success")
    return to("exports.home")
