"""Statements that are issued by themselves: make a schedule from a question, see how it fares, change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms.clock import today, utcnow
from lms.errors import LMSError, NotFoundError
from lms.messages import box
from lms.models import Schedule
from lms.people.viewers import Viewer
from lms.reports.exports import scopes
from lms.reports.question import Question, ReportError
from lms.reports.schedules import editing, people, reading, times
from lms.reports.schedules.editing import Plan
from lms.reports.schedules.errors import ScheduleError
from lms.reports.schedules.times import Rhythm
from lms.reports.statements import issuing
from lms.reports.statements.cells import Cells
from lms.reports.statements.errors import StatementError

from .. import access, flashes, schedule_words, statement_words
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language, languages
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render
from . import statements

bp = Blueprint("schedules", __name__)

A_PAGE = 50
MORNING = Rhythm("month", 1, 7)  # as the form begins


@dataclass(frozen=True)
class Typed:
    """The form as it stands."""

    name: str
    every: str
    weekday: int
    monthday: int
    hour: int
    language: str
    recipients: frozenset[int]

    @property
    def plan(self) -> Plan:
        """Raises ScheduleError."""
        on_day = self.weekday if self.every == "week" else self.monthday
        return Plan(self.name, Rhythm(self.every, on_day, self.hour), self.language, self.recipients)


@bp.get("/desk/schedules/")
@access.statements
def home() -> str:
    found = reading.list_schedules(session, access.viewer())
    return render(
        "lms/schedules/home.html",
        found=found,
        words=schedule_words.states(),
        turn_words=schedule_words.turn_states(),
        when=lambda one: schedule_words.when(times.rhythm_of(one)),
        as_of=times.as_of,
        title_of=statement_words.title_of,
    )


@bp.get("/desk/schedules/new")
@access.statements
def new() -> str:
    """From the question of the address, as the page of results gives it."""
    name = statements.report_name()
    viewer = access.viewer()
    begin = Typed(
        statement_words.title_of(name),
        MORNING.every,
        1,
        MORNING.on_day,
        MORNING.hour,
        current_language(),
        frozenset({viewer.id}),
    )
    return _new(begin)


@bp.post("/desk/schedules/")
@access.statements
def add() -> Response | str | tuple[str, int]:
    typed, name, viewer = _typed(), statements.report_name(), access.viewer()
    try:
        plan = typed.plan
        if request.form.get("do") == "look":
            return _new(typed)
        asked = statements.question_asked(name)
        if asked.problem:  # without the conditions that mean nothing it would count something else
            return _new(typed), 422
        issuing.draft(session, people.reach(viewer), name, asked.question, typed.language)
        with transaction() as writing:
            uid = editing.add(writing, viewer, name, asked.question, plan, address=statements.press().address).uid
    except (ScheduleError, StatementError, ReportError) as error:
        return _new(typed, error), 422
    flashes.add(_("From now on it is issued by itself."), "success")
    return to("schedules.page", uid=uid)


def _new(typed: Typed, refusal: LMSError | None = None) -> str:
    name, viewer = statements.report_name(), people.reach(access.viewer())
    asked = statements.question_asked(name)
    scope = editing.scope_of(access.viewer())
    return render(
        "lms/schedules/new.html",
        asked=asked,
        name=name,
        title=statement_words.title_of(name),
        facts=_facts(viewer, name, asked.question, typed.language),
        problem=explain(refusal) if refusal else asked.problem,
        **_form(typed, scope, refusal),
    )


@bp.get("/desk/schedules/<uuid:uid>")
@access.statements
def page(uid: UUID) -> str:
    viewer = access.viewer()
    found = reading.load(session, viewer, uid)
    number = max(1, min(request.args.get("page", 1, type=int), 100_000))
    turns, total = reading.list_turns(session, found, offset=(number - 1) * A_PAGE, limit=A_PAGE)
    pages = max(1, -(-total // A_PAGE))
    wanted = reading.recipients_of(session, found)
    fares = reading.fares(session, found)
    allowed = people.who_may_see(session, found.scope, {*wanted, found.maker_id}, today())
    return render(
        "lms/schedules/page.html",
        schedule=found,
        fares=fares,
        title=statement_words.title_of(found.report),
        words=schedule_words.states(),
        turn_words=schedule_words.turn_states(),
        when=schedule_words.when(times.rhythm_of(found)),
        facts=_facts_of(found),
        as_of=times.as_of,
        turns=turns,
        total=total,
        number=number,
        pages=pages,
        why=schedule_words.why,
        is_late=reading.is_late,
        late_by=schedule_words.late_by,
        names=reading.names_of(session, [*wanted, *(person for turn in turns for person in turn.left_out)]),
        recipients=wanted,
        allowed=allowed,
        by_mail=box.reached_by_mail(session, wanted, "desk"),
        is_own=found.maker_id == viewer.id,
        answers=people.answers_for(found.scope, viewer),
        maker_answers=found.maker_id in allowed,
        is_made=any(turn.state == "waiting" and turn.next_try_at <= utcnow() for turn in turns)
        and found.state == "active",
    )


@bp.get("/desk/schedules/<uuid:uid>/edit")
@access.statements
def edit(uid: UUID) -> str:
    found = _own(uid)
    is_weekly = found.every == "week"
    wanted = reading.recipients_of(session, found)
    typed = Typed(
        found.name,
        found.every,
        found.on_day if is_weekly else 1,
        1 if is_weekly else found.on_day,
        found.hour,
        found.language,
        frozenset(wanted),
    )
    return _edit(found, typed)


@bp.post("/desk/schedules/<uuid:uid>/edit")
@access.statements
def change(uid: UUID) -> Response | str | tuple[str, int]:
    found, typed = _own(uid), _typed()
    try:
        plan = typed.plan
        if request.form.get("do") == "look":
            return _edit(found, typed)
        with transaction() as writing:
            editing.change(writing, access.viewer(), uid, plan)
    except ScheduleError as error:
        return _edit(found, typed, error), 422
    flashes.add(_("The change is kept."), "success")
    return to("schedules.page", uid=uid)


def _own(uid: UUID) -> Schedule:
    """Raises NotFoundError also for another's, whose page says that it can be taken over."""
    found = reading.load(session, access.viewer(), uid)
    if found.maker_id != access.viewer().id:
        raise NotFoundError()
    return found


def _edit(found: Schedule, typed: Typed, refusal: LMSError | None = None) -> str:
    return render(
        "lms/schedules/edit.html",
        schedule=found,
        facts=_facts_of(found),
        problem=explain(refusal) if refusal else "",
        **_form(typed, found.scope, refusal),
    )


@bp.post("/desk/schedules/<uuid:uid>/<any(pause, resume, take, run, remove):deed>")
@access.statements
def do(uid: UUID, deed: str) -> Response:
    deeds: dict[str, tuple[Callable[[Session, Viewer, UUID], None], str]] = {
        "pause": (editing.pause, _("It is paused. Nothing is issued until it goes on.")),
        "resume": (editing.resume, _("It goes on. What was due in the pause is not made.")),
        "take": (editing.take_over, _("From now on it is issued in your name.")),
        "run": (editing.run_now, _("It is made in a moment, as of yesterday.")),
        "remove": (editing.remove, _("The schedule is deleted. What it issued stays among the statements.")),
    }
    act, said = deeds[deed]
    if _try(lambda writing: act(writing, access.viewer(), uid)):
        flashes.add(said, "success")
        if deed == "remove":
            return to("schedules.home")
    return to("schedules.page", uid=uid)


@bp.post("/desk/schedules/<uuid:uid>/again")
@access.statements
def again(uid: UUID) -> Response:
    """A time that failed or was left out."""
    due_on = _day(request.form.get("due_on", ""))
    if _try(lambda writing: editing.retry(writing, access.viewer(), uid, due_on)):
        flashes.add(_("It is tried again in a moment, as of its own day."), "success")
    return to("schedules.page", uid=uid)


def _try(act: Callable[[Session], None]) -> bool:
    try:
        with transaction() as writing:
            act(writing)
    except ScheduleError as error:
        flashes.add(explain(error), "error")
        return False
    return True


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFoundError() from None


def _typed() -> Typed:
    form = request.form

    def number(name: str) -> int:
        text = form.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1

    people_typed = form.getlist("to")[: 2 * editing.MOST_RECIPIENTS]
    return Typed(
        form.get("name", ""),
        form.get("every", ""),
        number("weekday"),
        number("monthday"),
        number("hour"),
        form.get("language", "") if form.get("language") in languages() else current_language(),
        frozenset(int(one) for one in people_typed if one.isascii() and one.isdigit() and len(one) < 10),
    )


def _form(typed: Typed, scope: dict[str, Any], refusal: LMSError | None) -> dict[str, Any]:
    """What both forms show; when it would be issued next, as things stand."""
    try:
        next_at = times.next_due(typed.plan.rhythm, utcnow())
    except ScheduleError:
        next_at = None
    return {
        "typed": typed,
        "next_at": next_at,
        "next_as_of": times.as_of(next_at) if next_at else None,
        "weekdays": schedule_words.weekdays(),
        "monthdays": schedule_words.monthdays(),
        "addressees": people.list_addressees(session, scope, current_language(), today()),
        "all_languages": languages(),
        "longest": editing.LONGEST_NAME,
        "error_at": _field_of(refusal),
    }


def _field_of(refusal: LMSError | None) -> str:
    fields = {"name": "name", "rhythm": "every", "nobody": "to", "many": "to", "not_allowed": "to"}
    return fields.get(refusal.reason, "") if isinstance(refusal, ScheduleError) else ""


def _facts(viewer: Viewer, report: str, question: Question, language: str) -> list[list[str]]:
    """What is asked, without the day, which each has of its own."""
    described = issuing.describe(session, viewer, report, question, language, Cells((), ()))
    return statement_words.facts(described)[1:]


def _facts_of(found: Schedule) -> list[list[str]]:
    """None of a question that can't be asked any more: its page has to open, to be deleted on."""
    try:
        question = editing.question_of(found, today())
    except ReportError:
        return []
    bare = scopes.viewer_of(found.scope, replace(access.viewer(), id=0))[0]
    return _facts(bare, found.report, question, current_language())
