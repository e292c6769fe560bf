"""The learner's pages: home, a course's outline, its units, what was handed in."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Blueprint, Response, g, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from lms import content
from lms.clock import seoul_day, today, utcnow
from lms.errors import NotANotebookError, NotFoundError
from lms.files import StorageError
from lms.learning import enrolments, units
from lms.learning.completion import Standing
from lms.learning.enrolments import RunNotOpenError
from lms.learning.sittings import reading as sittings
from lms.models import Submission
from lms.people.privacy.resident_numbers import ResidentNumberError
from lms.submissions import hand_in
from lms.workspace import drafts

from .. import access, courseware, flashes, notebooks, places, seen, sitting_words
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..results import result_of
from ..templating import render
from . import workspace

bp = Blueprint("learn", __name__)

MEDIA_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@bp.get("/")
@access.signed_in
def home() -> str | AnyResponse:
    """The learner's home. Staff without a course of their own come to what they answer for, unless they ask for `own`."""
    viewer = access.viewer()
    attendances = enrolments.list_own(session, viewer)
    desk = access.desk_of(viewer)
    if desk and not attendances and "own" not in request.args:
        return to(desk)
    day = today()
    now = [item for item in attendances if item.enrolment.is_open_on(day)]
    later = [item for item in attendances if item not in now and day < item.enrolment.run.learn_from]
    past = [item for item in attendances if item not in now and item not in later]
    moment = utcnow()
    return render(
        "lms/home.html",
        now=now,
        later=later,
        past=past,
        day=day,
        moment=moment,
        sittings={item.enrolment.run_id: sittings.list_of_day(session, item.enrolment, moment) for item in now},
        marks=sitting_words.marks(),
        tones=sitting_words.MARK_TONES,
    )


@bp.get("/runs/<uuid:run>")
@access.signed_in
def outline(run: UUID) -> str:
    attendance = places.load_attendance(run)
    found, now = attendance.enrolment.run, utcnow()
    return render(
        "lms/run.html",
        sittings=sittings.list_own(session, attendance.enrolment, found.sittings, now),
        marks=sitting_words.marks(),
        tones=sitting_words.MARK_TONES,
        now=now,
        attendance=attendance,
        run=found,
        standing=attendance.standing,
        is_open=attendance.enrolment.is_open_on(today()),
        day=today(),
    )


@bp.get("/runs/<uuid:run>/units/<key>")
@access.signed_in
def unit(run: UUID, key: str) -> str | AnyResponse:
    place = places.load_place(run, key)
    if place.unit.kind == "exercise":
        return workspace.show(place)
    return {"page": _show_page, "quiz": _show_quiz}[place.unit.kind](place)


def _show_page(place: places.Place) -> str:
    html, has_math = courseware.render_text(place.run, courseware.content_of(place.run, place.unit).text)
    return render("lms/units/page.html", place=place, html=html, has_math=has_math)


@bp.post("/runs/<uuid:run>/units/<key>/done")
@access.signed_in
def done(run: UUID, key: str) -> AnyResponse:
    """다음: the end of the page was reached. In a run that is over one may still read on, and nothing is recorded."""
    place = places.load_place(run, key)
    if place.unit.kind != "page":
        raise NotFoundError()
    if place.is_open:
        with transaction() as writing:
            standing = units.finish_page(writing, place.enrolment, place.unit)
        _tell_completion(place.standing, standing)
    if place.following is None:
        return to("learn.outline", run=run)
    return to("learn.unit", run=run, key=place.following.key)


def _tell_completion(before: Standing, after: Standing) -> None:
    if after.is_completed and not before.is_completed:
        flashes.add(_("You have completed the course. Well done!"), "success")


# Quizzes


def _show_quiz(place: places.Place, problem: str = "") -> str:
    quiz = courseware.content_of(place.run, place.unit).quiz
    attempts = units.quiz_attempts(session, place.enrolment, place.unit)
    wanted = request.args.get("attempt", "")
    shown = next((attempt for attempt in attempts if str(attempt.number) == wanted), None)
    questions = content.public_view(quiz, seed=str(place.enrolment.uid)).questions
    return render(
        "lms/units/quiz.html",
        place=place,
        intro=courseware.render_text(place.run, quiz.intro)[0] if quiz.intro else "",
        questions=questions,
        attempts=attempts,
        shown=shown,
        result=content.grade_quiz(quiz, shown.answers) if shown else None,
        answers=shown.answers if shown else {},
        has_math=courseware.quiz_has_math(place.run, quiz),
        text=lambda source, prefix="s-", label="": courseware.render_text(
            place.run, source, prefix=prefix, label=label
        )[0],
        inline=lambda source: courseware.render_text(place.run, source, is_inline=True)[0],
        keep=_keep_key(place),
        problem=problem,
    )


def _keep_key(place: places.Place) -> str:
    """The name under which a browser keeps what is typed on this page, beside the person's own: the same after signing in
    again."""
    return f"{place.run.uid}:{place.unit.key}"


@bp.post("/runs/<uuid:run>/units/<key>/quiz")
@access.signed_in
def take_quiz(run: UUID, key: str) -> AnyResponse | tuple[str, int]:
    place = places.load_place(run, key)
    if place.unit.kind != "quiz":
        raise NotFoundError()
    quiz = courseware.content_of(place.run, place.unit).quiz
    # A question's fields as a list: one choice, several, an order, or a number as it was typed.
    answers = {question.key: request.form.getlist(question.key) for question in quiz.questions}
    try:
        with transaction() as writing:
            attempt, _result, standing = units.take_quiz(writing, place.enrolment, place.unit, quiz, answers)
    except RunNotOpenError as error:
        return _show_quiz(place, explain(error)), 409
    _tell_completion(place.standing, standing)
    return to("learn.unit", run=run, key=key, attempt=attempt.number, _anchor="result")


# Exercises


@bp.post("/runs/<uuid:run>/units/<key>/submissions")
@access.signed_in
def submit(run: UUID, key: str) -> AnyResponse | tuple[AnyResponse, int]:
    """제출. «받았습니다» is only said once the notebook, its row and its job are committed."""
    place = places.load_place(run, key)
    limit = g.lms.settings.notebook_mb * 1_000_000
    upload = request.files.get("notebook")
    # One byte more than the limit is enough to know; a huge file is not read into memory.
    notebook = upload.stream.read(limit + 1) if upload else b""
    try:
        with transaction() as writing:
            handed_in = hand_in.submit(
                writing,
                g.lms.files,
                g.lms.exercises,
                place.enrolment,
                place.unit,
                notebook,
                file_name=(upload.filename if upload else "") or "",
                max_bytes=limit,
            )
    except (NotANotebookError, ResidentNumberError) as error:
        return workspace.show(place, explain(error)), 422
    except RunNotOpenError as error:
        return workspace.show(place, explain(error)), 409
    except StorageError as error:
        return workspace.show(place, explain(error)), 507
    return to("learn.submission", uid=handed_in.submission.uid)


@bp.get("/runs/<uuid:run>/units/<key>/starter.ipynb")
@access.signed_in
def starter(run: UUID, key: str) -> Response:
    place = places.load_place(run, key)
    version = place.unit.exercise_version
    if version is None:
        raise NotFoundError()
    return notebooks.download(
        g.lms.files.read(version.starter), f"{version.facts['slug']}.ipynb", "application/x-ipynb+json"
    )


@bp.get("/runs/<uuid:run>/units/<key>/<path:name>")
@access.signed_in
def data_file(run: UUID, key: str, name: str) -> Response:
    """A data file of the exercise, under the same relative path that the notebook opens it by. It is nobody's secret within
    the course, so the browser keeps it: for good where the address names the content (`v`)."""
    place = drafts.load_place(session, access.viewer(), run, key)
    digest = place.version.facts["data"].get(name)
    if digest is None:
        raise NotFoundError()
    response = notebooks.download(g.lms.files.read(digest), name.rpartition("/")[2], "text/csv")
    response.set_etag(digest)
    is_named = request.args.get("v") == digest[:16]
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if is_named else "private, no-cache"
    return cast(Response, response.make_conditional(request))


@bp.get("/runs/<uuid:run>/media/<path:name>")
@access.signed_in
def media(run: UUID, name: str) -> Response:
    """A figure of the course version; it never changes, so the browser may keep it."""
    enrolment = enrolments.load_own(session, access.viewer(), run)
    file = courseware.course_of(enrolment.run).media_file(f"media/{name}")
    if file is None:
        raise NotFoundError()
    response = make_response(g.lms.files.read(file.sha256))
    response.content_type = file.content_type
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


# What was handed in


def _load_submission(uid: UUID) -> Submission:
    found = hand_in.load_submission(session, access.viewer(), uid)
    seen.person(found.enrolment.person_id, "submission")
    return found


@bp.get("/submissions/<uuid:uid>")
@access.signed_in
def submission(uid: UUID) -> str:
    found = _load_submission(uid)
    is_own = found.enrolment.person_id == access.viewer().id
    attendance = places.load_attendance(found.enrolment.run.uid) if is_own else None
    place = (
        places.Place(attendance, enrolments.load_unit(attendance.enrolment, found.run_unit.key)) if attendance else None
    )
    return render(
        "lms/submission.html",
        result=result_of(found),
        place=place,
        is_own=is_own,
        handed_in_on=seoul_day(found.submitted_at),
    )


@bp.get("/submissions/<uuid:uid>/feedback")
@access.signed_in
def feedback(uid: UUID) -> Response:
    """The graded notebook. Outputs are the learner's, so it gets none of our origin's rights."""
    return notebooks.feedback(_load_submission(uid))


@bp.get("/submissions/<uuid:uid>/notebook")
@access.signed_in
def notebook(uid: UUID) -> Response:
    """What was handed in, byte by byte."""
    found = _load_submission(uid)
    return notebooks.handed_in(found)
