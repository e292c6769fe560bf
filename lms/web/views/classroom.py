"""A class as those who teach it see it: runs, learners, submissions, and the regrade of an exercise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.learning import classes, classroom, units
from lms.learning.classroom import STATES, CheckRow, Class, Member
from lms.learning.sittings import reading as sittings
from lms.models import Enrolment, ExerciseVersion, Grade, QuizAttempt, Run, RunUnit, Submission
from lms.submissions import hand_in, inspect, regrade, regrade_preview
from lms.submissions.regrade import RegradeError

from .. import access, courseware, flashes, notebooks, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("classroom", __name__, url_prefix="/classes")

PAGE_SIZE = 50
SHOW = (*STATES, "flagged")
_SORTS: dict[str, Callable[[Member], Any]] = {
    "need": lambda member: (STATES.index(member.state), member.standing.progress, member.enrolment.person.name),
    "name": lambda member: (member.enrolment.person.name, member.enrolment.id),
    "progress": lambda member: (-member.standing.progress, member.enrolment.person.name),
    "score": lambda member: (-member.standing.score, member.enrolment.person.name),
    "last": lambda member: (member.last_on or date.min, member.enrolment.person.name),
}


@bp.get("/")
@access.class_reader
def home() -> str:
    day = today()
    rows = classes.list_runs(session, access.viewer(), day)
    over = [row for row in rows if row.run.closed_at is not None or row.run.learn_to < day]
    now = [row for row in rows if row not in over and row.run.learn_from <= day]
    coming = [row for row in rows if row not in over and row not in now]
    return render(
        "lms/classroom/home.html",
        now=now,
        coming=coming,
        over=over,
        sittings=sittings.list_on(session, access.viewer(), day),
    )


# A class


@dataclass(frozen=True)
class Listing:
    """What the address asks for of a class, and the learners of one page of it."""

    run: Run
    show: str
    sort: str
    check: CheckRow | None
    members: Sequence[Member]
    found: int
    page: int
    pages: int

    def url(self, **changes: Any) -> str:
        """The address of this list with something else asked for; the rest stays."""
        asked: dict[str, Any] = {"show": self.show, "sort": self.sort, "check": self.check_word, "page": 1} | changes
        defaults = {"show": "", "sort": "need", "check": "", "page": 1}
        kept = {name: value for name, value in asked.items() if value != defaults[name]}
        return url("classroom.run", run=self.run.uid, **kept, _anchor="learners" if changes else None)

    @property
    def check_word(self) -> str:
        return f"{self.check.unit.key}/{self.check.name}" if self.check else ""


@bp.get("/<uuid:run>")
@access.class_reader
def run(run: UUID) -> str:
    viewer = access.viewer()
    found = classroom.load_run(session, viewer, run)
    shown = classroom.class_of(session, viewer, found, today())
    listing = _listing(shown)
    seen.people("class_list", len(listing.members), subject=f"run:{run}")
    return render(
        "lms/classroom/run.html",
        run=found,
        shown=shown,
        listing=listing,
        newer=[unit for unit in found.units if _is_newer(unit)],
        may_regrade=found.centre_id in viewer.instructor_centres,
        language=courseware.course_of(found).language,
    )


def _is_newer(unit: RunUnit) -> bool:
    """Whether a newer version of the unit's exercise was published than the one that the run grades by."""
    version = unit.exercise_version
    return version is not None and version.exercise.current_version_id not in (None, version.id)


def _listing(shown: Class) -> Listing:
    """Words that the address can't mean are taken for none."""
    show = request.args.get("show", "")
    show = show if show in SHOW else ""
    sort = request.args.get("sort", "")
    sort = sort if sort in _SORTS else "need"
    key, _slash, name = request.args.get("check", "").partition("/")
    check = shown.find_check(key, name)
    members = sorted(_chosen(shown, show, check), key=_SORTS[sort])
    pages = max(1, -(-len(members) // PAGE_SIZE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    begin = (page - 1) * PAGE_SIZE
    return Listing(shown.run, show, sort, check, members[begin : begin + PAGE_SIZE], len(members), page, pages)


def _chosen(shown: Class, show: str, check: CheckRow | None) -> list[Member]:
    members = [member for member in shown.members if check is None or member.enrolment.id in check.failing]
    if show == "flagged":
        return [member for member in members if member.is_flagged]
    return [member for member in members if not show or member.state == show]


# A learner


@bp.get("/learners/<uuid:enrolment>")
@access.class_reader
def learner(enrolment: UUID) -> str:
    found = classroom.load_learner(session, access.viewer(), enrolment)
    seen.person(found.person_id, "learner_page")
    return render(
        "lms/classroom/learner.html",
        member=classroom.member_of(session, found, today()),
        submissions=_submissions_of(found),
        quiz_attempts=_quiz_attempts_of(found),
        language=courseware.course_of(found.run).language,
    )


def _submissions_of(enrolment: Enrolment) -> dict[int, list[Submission]]:
    """Unit id → submissions with their grades, newest first."""
    found: dict[int, list[Submission]] = {}
    for submission in hand_in.list_all(session, enrolment):
        found.setdefault(submission.run_unit_id, []).append(submission)
    return found


def _quiz_attempts_of(enrolment: Enrolment) -> dict[int, list[QuizAttempt]]:
    found: dict[int, list[QuizAttempt]] = {}
    for attempt in units.all_quiz_attempts(session, enrolment):
        found.setdefault(attempt.run_unit_id, []).append(attempt)
    return found


# A submission


def _load(uid: UUID) -> Submission:
    found = hand_in.load_submission(session, access.viewer(), uid, seen_by=classes.taught_by)
    seen.person(found.enrolment.person_id, "submission")
    return found


@bp.get("/submissions/<uuid:uid>")
@access.class_reader
def submission(uid: UUID) -> str:
    found = _load(uid)
    others = hand_in.list_submissions(session, found.enrolment, found.run_unit)
    grade = found.grades[-1] if found.grades else None
    wanted = request.args.get("with", "")
    other = next((item for item in others if str(item.number) == wanted and item.id != found.id), None)
    changes, problem = _changes(other, found) if other else ([], "")
    return render(
        "lms/classroom/submission.html",
        submission=found,
        grade=grade,
        checks=inspect.check_details(g.lms.exercises, _version_of(found, grade), grade) if grade else [],
        others=others,
        other=other,
        changes=changes,
        problem=problem,
        is_stuck=grade is None and hand_in.is_stuck(session, found),
    )


def _version_of(submission: Submission, grade: Grade) -> ExerciseVersion:
    if grade.exercise_version_id == submission.exercise_version_id:
        return submission.exercise_version
    return session.scalars(select(ExerciseVersion).where(ExerciseVersion.id == grade.exercise_version_id)).one()


def _changes(old: Submission, new: Submission) -> tuple[list[inspect.AnswerChange], str]:
    try:
        return inspect.compare(g.lms.files, g.lms.exercises, old, new), ""
    except LMSError:
        return [], _("These two can't be compared: one of the files, or the exercise, can't be read any more.")


@bp.get("/submissions/<uuid:uid>/feedback")
@access.class_reader
def feedback(uid: UUID) -> Response:
    return notebooks.feedback(_load(uid))


@bp.get("/submissions/<uuid:uid>/notebook")
@access.class_reader
def notebook(uid: UUID) -> Response:
    return notebooks.handed_in(_load(uid))


# Regrade


def _unit(run: UUID, key: str) -> tuple[Run, RunUnit]:
    """An exercise of a run that the viewer may regrade. Raises NotFoundError."""
    found = classroom.load_run_to_regrade(session, access.viewer(), run)
    unit = next((unit for unit in found.units if unit.key == key and unit.exercise_version is not None), None)
    if unit is None:
        raise NotFoundError()
    return found, unit


@bp.get("/<uuid:run>/units/<key>/regrade")
@access.instructor
def regrade_page(run: UUID, key: str) -> str:
    return _show_regrade(*_unit(run, key))


def _show_regrade(run: Run, unit: RunUnit, problem: str = "") -> str:
    version = regrade.newest_version(unit)
    old = unit.exercise_version
    assert old is not None
    return render(
        "lms/classroom/regrade.html",
        run=run,
        unit=unit,
        old=old,
        preview=regrade_preview.preview(session, run, unit, version),
        is_compatible=_is_compatible(old, version),
        changes=_changes_of_checks(old, version),
        problem=problem,
    )


@dataclass(frozen=True)
class ChecksChanged:
    """Titles of checks that only one of two versions has, and (title, points before, points after) of the others."""

    added: list[str]
    removed: list[str]
    worth: list[tuple[str, float, float]]


def _changes_of_checks(old: ExerciseVersion, new: ExerciseVersion) -> ChecksChanged:
    was, will = ({fact["name"]: fact for fact in version.facts["checks"]} for version in (old, new))

    def title(fact: dict[str, Any]) -> str:
        return fact["title"] or fact["name"]

    return ChecksChanged(
        added=[title(fact) for name, fact in will.items() if name not in was],
        removed=[title(fact) for name, fact in was.items() if name not in will],
        worth=[
            (title(fact), was[name]["points"], fact["points"])
            for name, fact in will.items()
            if name in was and was[name]["points"] != fact["points"]
        ],
    )


def _is_compatible(old: ExerciseVersion, new: ExerciseVersion) -> bool:
    return old.id == new.id or regrade.is_compatible(g.lms.exercises, old, new)


@bp.post("/<uuid:run>/units/<key>/regrade")
@access.instructor
def start_regrade(run: UUID, key: str) -> AnyResponse | tuple[str, int]:
    found, unit = _unit(run, key)
    if found.closed_at is not None:
        return _show_regrade(found, unit, explain(RegradeError("closed"))), 409
    with transaction() as writing:
        regrade.start(writing, unit, regrade.newest_version(unit).id)
    return to("classroom.regrade_page", run=run, key=key)


@bp.post("/<uuid:run>/units/<key>/regrade/apply")
@access.instructor
def apply_regrade(run: UUID, key: str) -> AnyResponse | tuple[str, int]:
    """Write what the page showed, and nothing else: a version published since, or results that came since, stop it."""
    found, unit = _unit(run, key)
    version = regrade.newest_version(unit)
    try:
        if request.form.get("version") != version.digest:
            raise RegradeError("changed")
        with transaction() as writing:
            learners = regrade.apply(
                writing,
                g.lms.exercises,
                found,
                unit,
                version,
                actor_id=access.viewer().id,
                reason=_reason(),
                shown=request.form.get("shown", type=int),
            )
    except RegradeError as error:
        return _show_regrade(found, unit, explain(error)), 409
    flashes.add(_("The new grades of %(n)s learners are being written.", n=learners), "success")
    return to("classroom.regrade_page", run=run, key=key)


def _reason() -> str:
    return " ".join(request.form.get("reason", "").split())[:200] or _("Regraded after a new version of the exercise.")
