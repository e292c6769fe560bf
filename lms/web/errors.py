"""The table that gives each error of the domain a status, a title and what to do next, in the reader's language."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, g, make_response, redirect, request
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge, default_exceptions

from lms import migrations
from lms.credentials.batches import BatchError
from lms.credentials.issuing import CertificateError
from lms.credentials.papers import PaperError
from lms.credentials.tracks import TrackError
from lms.credentials.verifying import VerifyError
from lms.documents.pictures import PictureError
from lms.errors import ForbiddenError, GradingUnavailableError, LMSError, NotANotebookError, NotFoundError
from lms.files import StorageError
from lms.learning.bulk import BulkError
from lms.learning.enrolments import EnrolmentError, RunNotOpenError
from lms.learning.ledger import DecisionError, RunClosedError
from lms.learning.reminders import bulletins
from lms.learning.reminders.bulletins import BulletinError
from lms.learning.runs import RunError
from lms.learning.runs.editing import RunFieldsError
from lms.learning.runs.states import RunStateError
from lms.learning.sittings import SittingError
from lms.people.accounts import AccountError, SignInRefusedError
from lms.people.api_tokens import ApiTokenError
from lms.people.codes import CodeError
from lms.people.consents import ConsentError
from lms.people.organisations.centres import CentreError
from lms.people.organisations.companies import CompanyError
from lms.people.organisations.employments import EmploymentError
from lms.people.others import RevealError
from lms.people.passwords import MINIMUM_LENGTH, WeakPasswordError
from lms.people.privacy.personal import PersonalDataError
from lms.people.privacy.resident_numbers import ResidentNumberError
from lms.people.privacy.retention import RetentionError
from lms.people.privacy.sealing import SealError
from lms.people.recovery import TooManyError
from lms.people.roles import RoleError
from lms.people.slips import SlipError
from lms.people.undo import UndoRefusedError
from lms.reports.downloads import SHORTEST_REASON, ReasonMissingError
from lms.reports.exports.asking import ExportError
from lms.reports.goals import GoalError
from lms.reports.question import ReportError
from lms.reports.schedules.errors import ScheduleError
from lms.reports.statements.cells import FileError
from lms.reports.statements.errors import StatementError
from lms.reports.statements.reading import VerifyError as StatementVerifyError
from lms.reports.tables import TooLongError
from lms.rosters.reading import UnreadableError
from lms.rosters.storage import RosterStateError
from lms.submissions.regrade import RegradeError
from lms.workspace.typed import DraftError

from . import (
    access,
    application_words,
    certificate_words,
    flashes,
    observation,
    reminder_words,
    roster_words,
    run_words,
    schedule_words,
    sitting_words,
    statement_words,
)
from .csrf import FormExpiredError
from .i18n import format_day, format_number, ngettext
from .i18n import gettext as _
from .redirects import safe_target
from .templating import here, render, url

log = logging.getLogger("lms.web")


@dataclass(frozen=True)
class Page:
    """What an error shows. `remedy` is the next step, `retry` offers to load the page again."""

    status: int
    title: str
    remedy: str
    retry: bool = False


def explain(error: LMSError) -> str:
    """One or two sentences for a form's field or a flash: what is wrong, and what to do."""
    for kind, says in _SENTENCES.items():
        if isinstance(error, kind):
            return says(error)
    return _("This did not work. Nothing was changed.")


def _not_a_notebook(error: LMSError) -> str:
    sentences = {
        "empty": _("The file is empty. Save your notebook and choose it again."),
        "too_large": _(
            "The file is too large. Clear the outputs in your notebook program (menu Edit, Clear all outputs), save, and "
            "hand it in again."
        ),
        "not_json": _(
            "This is not a notebook file. Choose the file whose name ends in .ipynb; if it does, download it again, "
            "because it is damaged."
        ),
        "not_a_notebook": _("This is not a notebook file. Choose the file whose name ends in .ipynb."),
        "too_old": _("This notebook is in an old form. Open it in Jupyter, save it, and hand in the saved file."),
        "too_new": _(
            "This notebook is in a form that is newer than we know. Save it as nbformat 4 and hand it in again."
        ),
        "invalid": _("The notebook is damaged. Open it in your notebook program, save it, and hand it in again."),
        "other_exercise": _(
            "This is the notebook of another exercise, or its answer cells are gone. Download this exercise's notebook and "
            "copy your answers into it."
        ),
        "no_answers": _(
            "None of the answer cells of this exercise is in the notebook. Download this exercise's notebook and copy your "
            "answers into it."
        ),
    }
    return sentences.get(error.reason, sentences["invalid"])


def _run_not_open(error: LMSError) -> str:
    if error.reason == "not_begun":
        return _("The course begins on %(day)s. Nothing was handed in.", day=format_day(error.learn_from))
    if error.reason == "closed":
        return _(
            "The course is closed, so nothing can be handed in any more. Ask your centre if you think it should be."
        )
    return _(
        "The course ended on %(day)s, so nothing was handed in. Ask your centre for more time.",
        day=format_day(error.learn_to),
    )


def _weak_password(error: LMSError) -> str:
    return {
        "too_short": _("Use at least %(n)s characters; three or four words are easy to remember.", n=MINIMUM_LENGTH),
        "too_long": _("This is longer than we can keep. Use at most 200 characters."),
        "common": _("Many people use this password. Choose one that nobody would guess."),
        "personal": _("Your name or address is easy to guess. Choose something else."),
        "same": _("This is the password that you have now. Choose another one."),
    }[error.reason]


def _sign_in_refused(error: LMSError) -> str:
    return {
        "wrong": _(
            "This is not right. Check what you typed and the password, and whether Caps Lock or Hangul input is on."
        ),
        "throttled": _("There were too many wrong tries. Wait fifteen minutes and try again."),
        "several_companies": _("Several companies have this name. Type your company's business number instead."),
    }[error.reason]


def _account(error: LMSError) -> str:
    return {
        "email_taken": _("There is an account with this e-mail already."),
        "email_malformed": _("This is not an e-mail address. It looks like name@company.kr."),
        "name_missing": _("Type the name."),
    }[error.reason]


def _bulletin(error: LMSError) -> str:
    if error.reason == "place":
        return _(
            "“%(what)s” stands for nothing. You may write %(places)s; each reader sees the own.",
            what=f"{{{error.what}}}",
            places=", ".join(reminder_words.places()),
        )
    if error.reason == "too_many":
        return ngettext(
            "You wrote to many people %(num)s time in the last 24 hours. Try again tomorrow.",
            "You wrote to many people %(num)s times in the last 24 hours. Try again tomorrow.",
            error.most,
        )
    return {
        "subject": _("Write a subject of up to %(num)s characters.", num=bulletins.LONGEST_SUBJECT),
        "body": _("Write a text of up to %(num)s characters.", num=bulletins.LONGEST_BODY),
        "nobody": _("There is nobody to write to. Choose others."),
        "late": _("It was sent already and can't be taken back any more."),
    }[error.reason]


def _code(error: LMSError) -> str:
    return {
        "unknown": _(
            "This code does not work: it was typed otherwise, used already, replaced by a newer one, or is too old. Look at "
            "it again, or ask for a new one."
        ),
        "throttled": _("There were too many wrong tries. Wait fifteen minutes and try again."),
    }[error.reason]


def _slip(error: LMSError) -> str:
    return {
        "reason_missing": _("Say why in at least %(n)s letters; it is kept.", n=SHORTEST_REASON),
        "nobody": _(
            "Nobody there can be given a slip: all have signed in, or have neither e-mail nor employee number."
        ),
        "many": _("Choose fewer companies at once."),
        "no_way": _(
            "This person has neither an e-mail nor an employee number, and could not sign in afterwards. Add one of them first."
        ),
        "staff": _("This person answers for others here. The operator of the site gives such people a new password."),
        "elsewhere": _(
            "This person also works for a company that you do not look after. She gets a new password by e-mail, or from "
            "the operator of the site."
        ),
        "not_ready": _("The slips are not ready yet."),
        "gone": _(
            "These slips were deleted here after a day or when they were printed. Make new ones; the old are void then."
        ),
    }[error.reason]


def _company(error: LMSError) -> str:
    return {
        "number_malformed": _("This is no business number: its digits don't agree with one another. Look at it again."),
        "number_taken": _("There is a company with this business number already. Find it by the number."),
        "no_such_number": _("There is no company with this business number in your regions."),
        "name_missing": _("Type the name."),
        "name_too_long": _("This is too long."),
        "name_taken": _("There is one of this name already."),
        "region_ended": _("The region had become another one by that day. Choose the one that it became."),
        "elsewhere": _("Your centre doesn't look after this region. Ask the centre that does."),
        "future": _("This day is still to come. A new name or company is entered when it is so."),
        "too_early": _("There is something later already. Choose a later day, or correct what is there."),
        "same_day": _("There is a declaration of that day already. Correct it, or choose another day."),
        "same": _("It is so already. Nothing was changed."),
        "reason_missing": _("Write the reason; it is kept with the change."),
        "merged": _("This entry was merged into another one. Change that one."),
        "itself": _("This is the same company."),
    }.get(error.reason) or _clashes(error)


def _clashes(error: LMSError) -> str:
    if error.reason != "clashes":
        return _("There is no such choice. Load the page again.")
    told = ", ".join(f"{clash.employee_number} ({clash.name}, {clash.other_name})" for clash in error.clashes[:10])
    return _(
        "Different people have the same employee number in the two entries. Correct one of each first: %(numbers)s",
        numbers=told,
    )


def _employment(error: LMSError) -> str:
    return {
        "number_taken": _("Somebody else at this company has this employee number."),
        "already": _("She works at this company at that time already."),
        "ends_before": _("It would end before it began. Choose a later day."),
        "ended": _("It has ended by that day already."),
        "same": _("It is so already. Nothing was changed."),
        "reason_missing": _("Write the reason; it is kept with the change."),
        "number_too_long": _("The employee number is too long."),
        "department_too_long": _("This is too long."),
        "number_missing": _("Give an employee number or an e-mail; without both she could never sign in."),
    }[error.reason]


def _role(error: LMSError) -> str:
    return {
        "needs_email": _("Type the e-mail."),
        "name_differs": _("This e-mail is somebody's of another name. Look at both again."),
        "already": _("This person has the role already."),
    }.get(error.reason, _("This did not work. Nothing was changed."))


def _centre(error: LMSError) -> str:
    return {
        "already": _("The centre serves this region at that time already."),
        "ended": _("The centre doesn't serve this region any more by that day."),
        "ends_before": _("It would end before it began. Choose a later day."),
        "region_ended": _("The region had become another one by that day. Choose the one that it became."),
    }[error.reason]


def _undo_refused(error: LMSError) -> str:
    return {
        "undone": _("It was undone already."),
        "is_undo": _("What undid something is not undone itself. Do it anew."),
        "changed": _("Something of it was changed again since. Undo the later change first."),
        "conflict": _("What it would bring back has been given to another since, such as an employee number."),
    }.get(error.reason) or _("It can't be undone: %(what)s.", what=_built_on(error.table))


def _built_on(table: str) -> str:
    return {
        "lms_enrolment": _("somebody was enrolled with it"),
        "lms_ledger_entry": _("it stands in what was counted"),
        "lms_sign_in": _("somebody has signed in since"),
        "lms_submission": _("somebody has handed in work since"),
        "lms_employment": _("people work there by now"),
        "lms_role": _("somebody has a role there by now"),
        "lms_company_status": _("something was declared since"),
        "lms_consent": _("somebody has agreed to a text since"),
    }.get(table, _("something was built on it since"))


def _decision(error: LMSError) -> str:
    return {
        "not_completed": _("There is no completion to decide on here any more; somebody may have decided already."),
        "reason_missing": _("Write the reason; it is kept with the decision."),
        "nobody": _("Nobody whom you chose is in question any more, or nobody was ticked. Look at the list again."),
    }[error.reason]


def _draft(error: LMSError) -> str:
    return {
        "malformed": _("What was sent could not be read, so nothing was kept. Load the page again; your text is kept."),
        "unknown_cells": _("The exercise has changed meanwhile. Load the page again; your text is kept."),
        "too_large": _("There is more text in the cells than can be kept. Make it shorter."),
    }[error.reason]


def _regrade(error: LMSError) -> str:
    return {
        "no_exercise": _("There is no published version of this exercise to grade by."),
        "closed": _("The run is closed, so its grades stay as they are."),
        "unfinished": _(
            "Not everything is graded yet. Wait until it is, look at what would change, and apply it then."
        ),
        "changed": _("Something has changed since you looked. Look at what would change now, and apply it again."),
    }[error.reason]


def _goal(error: LMSError) -> str:
    return {
        "not_a_number": _("A target is a whole number, such as 120. Nothing was changed."),
        "reason_missing": _("Write the reason; it is kept with the change."),
        "not_now": _("Targets are set while the programme runs. Nothing was changed."),
    }[error.reason]


def _report(error: LMSError) -> str:
    return {
        "day": _("“%(value)s” is not a day. Write it like 2026-07-31.", value=error.value),
        "not_ended": _("%(value)s is not over yet. Choose today or a day before.", value=error.value),
        "many": _(
            "The address names %(count)s at once. The conditions were left aside; choose fewer.", count=error.value
        ),
        "wide": _(
            "More than %(count)s people are meant, too many to look at one by one. Choose a course, a run or a region.",
            count=format_number(int(error.value)) if error.reason == "wide" else "",
        ),
    }.get(error.reason) or _(
        "The address asks for “%(value)s”, which there is not. The conditions were left aside; choose them anew.",
        value=error.value,
    )


def _export(error: LMSError) -> str:
    if error.reason == "many":
        return _("Three of your files are being made. Wait until one of them is there, or stop one.")
    if error.reason == "kept":
        return _("Twelve of your files lie here already. Delete one that you have taken.")
    return _("The file is not there: it is still being made, or it was deleted.")


_SENTENCES: dict[type[LMSError], Callable[[LMSError], str]] = {
    NotANotebookError: _not_a_notebook,
    RunNotOpenError: _run_not_open,
    BulletinError: _bulletin,
    WeakPasswordError: _weak_password,
    SignInRefusedError: _sign_in_refused,
    AccountError: _account,
    CompanyError: _company,
    EmploymentError: _employment,
    RoleError: _role,
    CentreError: _centre,
    UndoRefusedError: _undo_refused,
    CodeError: _code,
    SlipError: _slip,
    TooManyError: lambda error: _("Too much was asked for from here. Wait fifteen minutes and try again."),
    ConsentError: lambda error: _("Agree to what is required, or sign out. Nothing was kept."),
    ApiTokenError: lambda error: {
        "name": _("Say what the token is for, so that you know it again."),
        "days": _("Choose for how long it is valid."),
        "many": _("You have ten tokens that are valid. Take one back first."),
    }[error.reason],
    DecisionError: _decision,
    SittingError: sitting_words.refused,
    RunClosedError: lambda error: _("The run is closed. Nothing was changed."),
    RunFieldsError: lambda error: run_words.problem(error.problems[0]),
    RunStateError: run_words.not_allowed,
    RunError: run_words.refused,
    ExportError: _export,
    TooLongError: lambda error: _("A spreadsheet holds no more than 1,048,575 rows. Choose CSV, or a part."),
    DraftError: _draft,
    RegradeError: _regrade,
    StorageError: lambda error: _(
        "We could not store the file, so nothing was handed in. Keep it and try again later."
    ),
    FormExpiredError: lambda error: _(
        "The page was open for too long or you signed in anew. Nothing was changed; send it again."
    ),
    ReportError: _report,
    GoalError: _goal,
    RevealError: lambda error: _("Say in at least %(n)s letters what it is needed for; it is kept.", n=SHORTEST_REASON),
    RetentionError: lambda error: {
        "never": _("By its settings this site keeps people's data for ever."),
        "reason_missing": _("Say why in at least %(n)s letters; it is kept with the record.", n=SHORTEST_REASON),
        "in_use": _("This person still works somewhere or answers for something. End that first."),
    }[error.reason],
    PersonalDataError: lambda error: {
        "phone": _("This is not a telephone number. It looks like 010-1234-5678."),
        "birth_date": _("This can't be the birth date. Write it like 1990-01-31."),
    }[error.reason],
    ResidentNumberError: lambda error: _(
        "There is a resident registration number in it, which may not be kept. Nothing was saved. Take it out and try again."
    ),
    UnreadableError: roster_words.unreadable,
    RosterStateError: roster_words.refused,
    BulkError: roster_words.bulk_refused,
    ReasonMissingError: lambda error: _(
        "Say in at least %(n)s letters what the file is for; it is kept.", n=SHORTEST_REASON
    ),
    EnrolmentError: lambda error: application_words.why(error.reason),
    **application_words.SENTENCES,
    CertificateError: certificate_words.refused,
    FileError: statement_words.not_csv,
    ScheduleError: schedule_words.refused,
    StatementError: statement_words.refused,
    StatementVerifyError: statement_words.not_found,
    BatchError: certificate_words.no_file,
    PaperError: certificate_words.paper_refused,
    PictureError: certificate_words.no_picture,
    TrackError: certificate_words.track_refused,
    VerifyError: certificate_words.not_found,
}


def _page_of(error: LMSError) -> Page:
    table: dict[type[LMSError], Callable[[], Page]] = {
        NotFoundError: lambda: Page(
            404,
            _("This page does not exist, or is not yours to see."),
            _("Go back to your home page and start from there."),
        ),
        ForbiddenError: lambda: Page(
            403, _("This page is not for your account."), _("If it should be, ask your centre to give you the role.")
        ),
        FormExpiredError: lambda: Page(400, _("The form had expired."), explain(error), retry=True),
        SealError: lambda: Page(
            503,
            _("Hidden data can't be opened now."),
            _("The keys of this site are missing. Tell its operator."),
            retry=True,
        ),
        ResidentNumberError: lambda: Page(422, _("Resident registration numbers are not taken."), explain(error)),
        RunNotOpenError: lambda: Page(409, _("The course is not open."), explain(error)),
        RunClosedError: lambda: Page(409, _("The run does not allow this now."), explain(error)),
        RunStateError: lambda: Page(409, _("The run does not allow this now."), explain(error)),
        DraftError: lambda: Page(
            413 if error.reason == "too_large" else 422, _("Your text was not saved."), explain(error)
        ),
        NotANotebookError: lambda: Page(422, _("This is not a notebook of the exercise."), explain(error)),
        StorageError: lambda: Page(507, _("We could not store it."), explain(error), retry=True),
        GradingUnavailableError: lambda: Page(
            503, _("Grading is down on our side."), _("Your work is kept and will be graded without you.")
        ),
    }
    for kind, make in table.items():
        if isinstance(error, kind):
            return make()
    return Page(400, _("This did not work."), explain(error))


def _http_page(error: HTTPException) -> Page:
    if isinstance(error, RequestEntityTooLarge):
        if (request.endpoint or "").startswith("lms.rosters."):
            return Page(
                413, _("The file is too large."), _("Take pictures and other sheets out of it, or divide the list.")
            )
        return Page(413, _("The file is too large."), _not_a_notebook(NotANotebookError("too_large")))
    if error.code == 404:
        return _page_of(NotFoundError())
    if error.code == 405:
        return Page(
            405, _("This address can't be used like that."), _("Go back to your home page and start from there.")
        )
    return Page(
        error.code or 500, _("This request can't be answered."), _("Go back to your home page and start from there.")
    )


def register(blueprint: Blueprint) -> None:
    """Errors of our routes get pages of ours; the host's are left to the host."""
    blueprint.register_error_handler(access.SignInNeededError, _ask_to_sign_in)
    blueprint.register_error_handler(access.PasswordChangeNeededError, _ask_for_password)
    blueprint.register_error_handler(access.ConsentNeededError, _ask_for_consent)
    blueprint.register_error_handler(LMSError, lambda error: _answer(_page_of(error), error=error))
    blueprint.register_error_handler(HTTPException, _http)
    for code in default_exceptions:  # a host's handler of a single code would go before that of all
        blueprint.register_error_handler(code, _http)
    blueprint.register_error_handler(OperationalError, database_away)
    blueprint.register_error_handler(ProgrammingError, _statement_failed)
    blueprint.register_error_handler(Exception, _fault)


def _answer(page: Page, reference: str = "", error: LMSError | None = None) -> Response:
    """The viewer is whoever was found before it went wrong: looking again could fail again."""
    if _asks_for_data():
        said = explain(error) if error and type(error) in _SENTENCES else f"{page.title} {page.remedy}"
        data = {"reason": error.reason if error else f"http_{page.status}", "message": said}
        return make_response(
            data | ({"cells": error.facts["cells"]} if error and "cells" in error.facts else {}), page.status
        )
    text = render("lms/error.html", page=page, reference=reference, viewer=g.get("lms_viewer"))
    return make_response(text, page.status)


def _asks_for_data() -> bool:
    """Whether a script of ours asks, which reads JSON where a person reads a page."""
    return request.accept_mimetypes["application/json"] > request.accept_mimetypes["text/html"]


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return make_response(error.get_response())
    response = _answer(_http_page(error))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def _ask_to_sign_in(_error: LMSError) -> Response:
    """Come back afterwards. What a form held is kept by the browser (data-keep) and is there again on its page."""
    if _asks_for_data():
        said = _("You were signed out. Sign in, and go on where you stopped; what you typed is kept.")
        return make_response({"reason": "sign_in_needed", "message": said}, 401)
    where = here() if request.method == "GET" else _page_of_form()
    lms = g.lms
    if lms.is_standalone:
        if request.method != "GET":
            flashes.add(
                _("You were signed out. Sign in, and go on where you stopped; what you typed is kept."), "warning"
            )
        to = url("sign_in.page", next=where)
    elif lms.sign_in_url is not None:
        to = lms.sign_in_url(where)
    else:
        return _answer(Page(401, _("You are not signed in."), _("Sign in to the site, and open this page again.")))
    if request.headers.get("HX-Request"):
        response = make_response("", 401)
        response.headers["HX-Redirect"] = to
        return response
    return make_response(redirect(to, code=303))


def _page_of_form() -> str:
    """Where the form that was sent stood: the page that it names, else home."""
    try:
        return safe_target(request.form.get("page"))
    except RequestEntityTooLarge:  # who is not signed in is not told about the size of what she sends
        return safe_target(None)


def _ask_for_consent(_error: LMSError) -> Response:
    to = url("consents.page", next=here() if request.method == "GET" else _page_of_form())
    if request.headers.get("HX-Request"):
        response = make_response("", 403)
        response.headers["HX-Redirect"] = to
        return response
    return make_response(redirect(to, code=303))


def _ask_for_password(error: LMSError) -> Response:
    if _asks_for_data():
        return make_response({"reason": error.reason, "message": str(error)}, 403)
    return make_response(redirect(url("account.password"), code=303))


def database_away(error: SQLAlchemyError) -> Response:
    log.error("the database did not answer", exc_info=error)
    if _is_unprepared():
        log.error("the database is not at this program's form; run `flask lms init`")
    page = Page(503, _("We are busy."), _("Nothing was changed. Try again in a minute."), retry=True)
    response = _answer(page)
    response.headers["Retry-After"] = "30"
    return response


def _statement_failed(error: ProgrammingError) -> Response:
    """PostgreSQL's word for a missing table, and for a fault of ours."""
    return database_away(error) if _is_unprepared() else _fault(error)


def _is_unprepared() -> bool:
    try:
        return migrations.current(g.lms.database.engine) != migrations.head()
    except SQLAlchemyError:
        return False


def _fault(error: Exception) -> Response:
    """Ours. The reference lets an operator find the log's lines."""
    reference = observation.reference()
    log.error("fault %s at %s %s", reference, request.method, request.path, exc_info=error)
    page = Page(
        500,
        _("Something went wrong on our side."),
        _("Nothing was lost that we said we have. Try again; if it stays, tell your centre the number below."),
        retry=True,
    )
    return _answer(page, reference)
