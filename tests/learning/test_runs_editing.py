"""Runs as officers make, copy, change and open them; and what is refused, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.content import from_document, to_document
from lms.errors import NotFoundError
from lms.learning import enrolments
from lms.learning.runs import RunError, editing, readiness, reading, states
from lms.learning.runs.editing import RunFields, RunFieldsError
from lms.learning.runs.states import RunStateError
from lms.models import (
    AuditEntry,
    ChangeSet,
    CompletionRule,
    Course,
    CourseVersion,
    Enrolment,
    Programme,
    Run,
    RunInstructor,
    RunQuota,
    RunUnit,
)
from lms.people import changes
from lms.people.viewers import Viewer, viewer_of
from tests.classroom import Classroom
from tests.web import small_course
from tests.world import World

SOON = today() + timedelta(days=30)


def later(days: int) -> date:
    return SOON + timedelta(days=days)


FIELDS = RunFields(
    number=7,
    learn_from=SOON,
    learn_to=later(27),
    hours=8,
    apply_from=today(),
    apply_to=later(-4),
    review_to=later(40),
    seats=20,
)


class Desk:
    """이서연 at her desk, in a transaction, with the small course published."""

    def __init__(self, session: Session, world: World) -> None:
        self.session = session
        self.world = world
        self.viewer: Viewer = viewer_of(world.seoyeon)
        self.course = session.scalars(select(Course).where(Course.slug == small_course.COURSE)).one()

    def make(self, fields: RunFields = FIELDS, **more: object) -> Run:
        return editing.create(
            self.session, self.viewer, self.course, self.world.busan_centre.id, replace(fields, **more)
        )

    def opened(self, fields: RunFields = FIELDS, **more: object) -> Run:
        run = self.load(self.make(fields, **more))
        readiness.open_draft(self.session, self.viewer, run)
        return run

    def load(self, run: Run) -> Run:
        return reading.load_to_edit(self.session, self.viewer, run.uid, lock=True)

    def edit(self, run: Run, **more: object) -> bool:
        return editing.edit(self.session, self.viewer, run, replace(editing.fields_of(self.session, run), **more))

    def enrol(self, run: Run) -> Enrolment:
        return enrolments.enrol(self.session, run, self.world.hana.id, now=utcnow())

    def problems(self, deed: Callable[[], object]) -> list[tuple[str, str]]:
        with pytest.raises(RunFieldsError) as caught:
            deed()
        return [(found.field, found.reason) for found in caught.value.problems]


@pytest.fixture
def desk(classroom: Classroom, world: World, session: Session) -> Desk:
    return Desk(session, world)


def test_a_draft_has_what_was_filled_in_and_is_told_in_history_and_audit(desk: Desk) -> None:
    run = desk.make(instructors=frozenset({desk.world.jihun.id}))
    assert (run.number, run.learn_from, run.seats, run.hours) == (7, SOON, 20, 8)
    assert (run.opened_at, run.state_on(today())) == (None, "draft")
    assert editing.instructors_of(desk.session, run.id) == [desk.world.jihun.id]
    assert desk.session.scalar(select(ChangeSet.kind).where(ChangeSet.subject == f"run:{run.id}")) == "run_made"
    assert desk.session.scalar(select(AuditEntry.actor_id).where(AuditEntry.action == "run_made")) == desk.viewer.id


def test_the_history_of_a_new_run_tells_what_was_filled_in_not_what_the_course_proposes(desk: Desk) -> None:
    run = desk.make(hours=16)

    [made] = [
        change
        for deed in changes.history_of(desk.session, editing.subject_of(run))
        for change in deed.changes
        if change.table_name == "lms_run"
    ]
    assert (made.after["hours"], made.after["seats"]) == (16, 20)
    assert made.after["apply_to"] == later(-4).isoformat()


def test_a_run_is_made_at_a_centre_of_ones_own(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        editing.create(desk.session, desk.viewer, desk.course, desk.world.gyeonggi_centre.id, FIELDS)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"number": 1}, ("number", "taken")),
        ({"learn_to": later(-1)}, ("learn_to", "ends_before")),
        ({"apply_to": None}, ("apply_to", "half")),
        ({"apply_from": later(-3), "apply_to": later(-4)}, ("apply_to", "ends_before")),
        ({"apply_to": later(28)}, ("apply_to", "apply_after_learn")),
        ({"apply_from": later(1), "apply_to": later(2)}, ("apply_from", "apply_begins_late")),
        ({"review_to": later(26)}, ("review_to", "review_before_end")),
        ({"seats": -1}, ("seats", "range")),
        ({"hours": -1}, ("hours", "range")),
        ({"hours": float("nan")}, ("hours", "range")),
        ({"programme_id": 99}, ("programme_id", "unknown")),
    ],
)
def test_what_does_not_fit_is_refused(desk: Desk, more: dict, problem: tuple[str, str]) -> None:
    assert problem in desk.problems(lambda: desk.make(**more))


def test_who_does_not_teach_at_the_centre_teaches_no_run_of_it(desk: Desk) -> None:
    stranger = frozenset({desk.world.hana.id})
    assert desk.problems(lambda: desk.make(instructors=stranger)) == [("instructors", "unknown")]


def test_seats_are_not_fewer_than_people(desk: Desk) -> None:
    run = desk.opened()
    desk.enrol(run)
    assert desk.problems(lambda: desk.edit(run, seats=0)) == [("seats", "below_enrolled")]
    assert desk.edit(run, seats=1) is True
    assert desk.edit(run, seats=1) is False


def test_the_first_day_stays_once_it_has_come(desk: Desk) -> None:
    run = desk.opened()
    assert desk.problems(lambda: desk.edit(run, learn_from=today())) == [("learn_from", "too_soon")]
    assert desk.edit(run, learn_from=later(1))
    run.learn_from = today()
    assert desk.problems(lambda: desk.edit(run, learn_from=later(1))) == [("learn_from", "begun")]
    assert desk.problems(lambda: desk.edit(run, number=8)) == [("number", "opened")]
    run.learn_from = today() - timedelta(days=9)
    apart = {"apply_from": None, "apply_to": None}
    past = today() - timedelta(days=1)
    assert desk.problems(lambda: desk.edit(run, learn_to=past, **apart)) == [("learn_to", "past")]


def test_a_closed_run_is_not_changed(desk: Desk) -> None:
    run = desk.opened()
    run.closed_at = utcnow()
    with pytest.raises(RunStateError) as caught:
        desk.edit(run, seats=3)
    assert (caught.value.reason, caught.value.deed) == ("closed", "edit")


def test_limits_are_parts_of_the_seats(desk: Desk) -> None:
    world, run = desk.world, desk.opened(seats=10)

    def limit(seats: int, **whose: object) -> None:
        editing.set_quota(desk.session, desk.viewer, run, seats, **whose)

    limit(6, company=world.hanbit)
    assert desk.problems(lambda: limit(5, company=world.suwon)) == [("seats", "above_seats")]
    limit(4, company=world.suwon)
    limit(10, region=world.busan)
    limit(5, company=world.hanbit)
    rows = [(quota.company or quota.region, quota.row.seats) for quota in editing.list_quotas(desk.session, run.id)]
    assert [(row.name if hasattr(row, "name") else row.name_ko, seats) for row, seats in rows] == [
        ("수원전자", 4), ("한빛정밀", 5), ("부산광역시", 10)
    ]  # fmt: skip
    assert desk.problems(lambda: desk.edit(run, seats=9)) == [("seats", "below_quotas")]
    assert desk.problems(lambda: desk.edit(run, seats=None)) == [("seats", "quotas_need_seats")]
    assert desk.problems(lambda: limit(1)) == [("whose", "whose")]
    desk.enrol(run)
    assert desk.problems(lambda: limit(0, company=world.hanbit)) == [("seats", "below_enrolled")]


def test_a_limit_of_another_run_is_not_removed(desk: Desk) -> None:
    one, other = desk.opened(), desk.opened(number=8)
    editing.set_quota(desk.session, desk.viewer, one, 3, company=desk.world.hanbit)
    quota = desk.session.scalars(select(RunQuota.id)).one()
    with pytest.raises(NotFoundError):
        editing.remove_quota(desk.session, desk.viewer, other, quota)
    editing.remove_quota(desk.session, desk.viewer, one, quota)
    assert editing.list_quotas(desk.session, one.id) == []


def test_a_copy_moves_by_whole_weeks_and_takes_the_set_up_along(desk: Desk) -> None:
    programme = Programme(
        slug="now", name="올해", fiscal_year=2026, from_on=today(), to_on=today() + timedelta(days=400)
    )
    desk.session.add(programme)
    desk.session.flush()
    source = desk.opened(programme_id=programme.id, instructors=frozenset({desk.world.jihun.id}))
    source.rules[-1].score = 75
    editing.set_quota(desk.session, desk.viewer, source, 5, company=desk.world.hanbit)
    made = desk.load(editing.copy(desk.session, desk.viewer, desk.load(source)))
    shift = made.learn_from - source.learn_from
    assert shift.days % 7 == 0
    assert source.learn_to < made.learn_from <= source.learn_to + timedelta(days=7)
    assert made.apply_to - source.apply_to == made.review_to - source.review_to == shift
    assert (made.number, made.seats, made.programme_id, made.opened_at) == (8, 20, programme.id, None)
    assert (made.rules[-1].score, editing.instructors_of(desk.session, made.id)) == (75, [desk.world.jihun.id])
    assert [quota.row.seats for quota in editing.list_quotas(desk.session, made.id)] == [5]
    assert [unit.key for unit in made.units] == [unit.key for unit in source.units]


def test_a_copy_of_an_old_run_lies_ahead_and_leaves_what_no_longer_fits(desk: Desk) -> None:
    old = Programme(slug="old", name="옛", fiscal_year=2025, from_on=date(2025, 1, 1), to_on=date(2026, 1, 31))
    desk.session.add(old)
    desk.session.flush()
    source = desk.make(learn_from=date(2025, 3, 4), learn_to=date(2025, 4, 1), apply_from=None, apply_to=None,
                       review_to=None, programme_id=old.id)  # fmt: skip
    made = editing.copy(desk.session, desk.viewer, desk.load(source))
    assert today() + timedelta(days=14) <= made.learn_from < today() + timedelta(days=21)
    assert made.learn_from.weekday() == date(2025, 3, 4).weekday()
    assert made.programme_id is None


def reasons(desk: Desk, run: Run) -> dict[str, bool]:
    """Finding → whether it stops opening."""
    return {found.reason: found.is_error for found in readiness.list_findings(desk.session, desk.load(run))}


def test_before_opening_it_says_what_is_missing(desk: Desk) -> None:
    run = desk.make(seats=None, apply_from=None, apply_to=None, hours=0)
    assert reasons(desk, run) == {
        "no_hours": True, "no_applications": False, "no_seats": False, "no_instructor": False, "no_programme": False
    }  # fmt: skip
    with pytest.raises(RunError) as caught:
        readiness.open_draft(desk.session, desk.viewer, desk.load(run))
    assert (caught.value.reason, run.opened_at) == ("not_ready", None)


def test_days_that_have_passed_and_rules_that_ask_nothing_stop_opening(desk: Desk) -> None:
    run = desk.make(apply_from=None, apply_to=None)
    run.rules[-1].progress = run.rules[-1].score = 0
    run.learn_from = today() - timedelta(days=1)
    desk.session.flush()
    found = reasons(desk, run)
    assert (found["begun"], found["rule_asks_nothing"]) == (True, True)
    run.learn_to = today() - timedelta(days=1)
    run.review_to = None
    run.rules[-1].attendance = 50
    desk.session.flush()
    found = reasons(desk, run)
    assert (found["over"], found["attendance_without_sittings"]) == (True, True)


def test_a_draft_takes_a_newer_version_of_the_course(desk: Desk) -> None:
    run = desk.make()
    old = desk.session.get_one(CourseVersion, run.course_version_id)
    content = from_document(old.document)
    document = to_document(msgspec.structs.replace(content, units=content.units[:2]))
    newer = CourseVersion(
        course_id=desk.course.id, digest="2" * 64, title="새 판", summary="", document=document, published_at=utcnow()
    )
    desk.session.add(newer)
    desk.session.flush()
    desk.course.current_version_id = newer.id
    desk.session.flush()
    assert reasons(desk, run)["newer_version"] is False
    editing.pin(desk.session, desk.viewer, desk.load(run))
    assert desk.session.scalar(select(func.count()).where(RunUnit.run_id == run.id)) == 2
    with pytest.raises(RunError, match="same"):
        editing.pin(desk.session, desk.viewer, desk.load(run))


def test_an_opening_is_withdrawn_while_nobody_was_in_it(desk: Desk) -> None:
    run = desk.opened()
    editing.withdraw_opening(desk.session, desk.viewer, run)
    assert states.state_of(run) == "draft"
    readiness.open_draft(desk.session, desk.viewer, desk.load(run))
    desk.enrol(run).state = "withdrawn"
    with pytest.raises(RunError, match="in_use"):
        editing.withdraw_opening(desk.session, desk.viewer, run)


def test_a_draft_goes_with_all_of_it_and_an_open_run_does_not(desk: Desk) -> None:
    run = desk.make(instructors=frozenset({desk.world.jihun.id}))
    editing.set_quota(desk.session, desk.viewer, desk.load(run), 3, region=desk.world.busan)
    id_ = run.id
    editing.discard(desk.session, desk.viewer, run)
    for table in (RunUnit, CompletionRule, RunQuota, RunInstructor):
        assert desk.session.scalar(select(func.count()).select_from(table).where(table.run_id == id_)) == 0
    assert desk.session.get(Run, id_) is None
    with pytest.raises(RunStateError):
        editing.discard(desk.session, desk.viewer, desk.opened())


def test_officers_of_the_centre_and_its_instructors_see_a_run(desk: Desk) -> None:
    world = desk.world
    run = desk.make(instructors=frozenset({world.jihun.id}))

    def sees(person: object) -> bool:
        return bool(desk.session.scalar(select(Run.id).where(Run.id == run.id, reading.visible_to(viewer_of(person)))))

    seen = {name: sees(person) for name, person in world.everybody.items()}
    assert [name for name, may in seen.items() if may] == ["officer"]
    readiness.open_draft(desk.session, desk.viewer, desk.load(run))
    assert sees(world.jihun)
    editing.edit(desk.session, desk.viewer, desk.load(run), replace(FIELDS, instructors=frozenset()))
    assert not sees(world.jihun)
    with pytest.raises(NotFoundError):
        reading.load_to_edit(desk.session, viewer_of(world.minjun), run.uid)


def test_a_new_run_is_proposed_with_what_the_course_says(desk: Desk) -> None:
    found = editing.proposed(desk.session, desk.course, date(2026, 3, 4))
    assert (found.number, found.hours, found.learn_from) == (2, 1, date(2026, 3, 30))
    editing.create(desk.session, desk.viewer, desk.course, desk.world.busan_centre.id, found)


def test_the_list_counts_what_needs_somebody(desk: Desk) -> None:
    run = desk.opened()
    desk.enrol(run)
    run.learn_from, run.learn_to = today() - timedelta(days=9), today() - timedelta(days=1)
    desk.session.flush()
    lines = {line.run.id: line for line in reading.list_runs(desk.session, desk.viewer)}
    line = lines[run.id]
    assert (line.state, line.enrolled, line.completed, line.waiting, line.questioned) == ("review", 1, 0, 0, 0)
    assert line.is_to_close
    assert not lines[desk.world.run.id].needs
