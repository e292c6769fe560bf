"""The sittings of the cast's run: one that is on when the demonstration is made, and two dates of a test bed to choose from."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.learning.sittings import Plan, planning, presence
from lms.models import Enrolment, Person, Role, Run, RunInstructor, Sitting

from .days import at
from .marks import marked


def hold_sittings(session: Session, run: Run, day: date) -> None:
    """Plan them, name the instructor, and note one learner, whose word is then corrected; the others may enter the code."""
    officer, instructor = _first(session, "officer", run), _first(session, "instructor", run)
    if session.scalar(select(RunInstructor.id).where(RunInstructor.run_id == run.id)) is None:
        session.add(RunInstructor(run_id=run.id, person_id=instructor))
    moment = utcnow() if day == today() else at(day, 10 * 60)
    on = _plan_today(session, run, moment, officer)
    _plan_test_bed(session, run, day, officer)
    learner = session.scalars(
        select(Enrolment).join(Person).where(Enrolment.run_id == run.id).order_by(Enrolment.id.desc()).limit(1)
    ).one()
    presence.mark(session, run, on, learner, "present", actor_id=instructor, now=moment)
    presence.mark(
        session,
        run,
        on,
        learner,
        "late",
        actor_id=instructor,
        arrived_at=on.begins_at + timedelta(minutes=25),
        reason="입실 서명 시각으로 고침",
        now=moment,
    )


def _first(session: Session, role: str, run: Run) -> int:
    return session.scalars(
        select(Role.person_id)
        .where(Role.kind == role, Role.centre_id == run.centre_id, Role.person_id.in_(marked(Person)))
        .order_by(Role.id)
        .limit(1)
    ).one()


def _plan_today(session: Session, run: Run, moment: datetime, officer: int) -> Sitting:
    begins_at = moment.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    plan = Plan(
        title="설비 데이터 읽기 실습",
        place="부산테크노파크 교육장 3층",
        directions="지하철 1호선에서 걸어서 10분입니다.\n노트북이 있으면 가져오십시오.",
        begins_at=begins_at,
        ends_at=begins_at + timedelta(hours=4),
        hours=4,
    )
    return planning.add(session, run, plan, actor_id=officer, now=run.created_at - timedelta(days=30))


def _plan_test_bed(session: Session, run: Run, day: date, officer: int) -> None:
    first: Sitting | None = None
    for days in (7, 9):
        plan = Plan(
            title="테스트베드 현장 실습",
            kind="test_bed",
            place="지역 테스트베드 1동",
            directions="안전화를 신고 오십시오. 없으면 빌려 드립니다.",
            begins_at=at(day + timedelta(days=days), 13 * 60),
            ends_at=at(day + timedelta(days=days), 17 * 60),
            hours=4,
            seats=12,
            by_choice=True,
            same_as=first,
        )
        first = planning.add(session, run, plan, actor_id=officer, now=run.created_at - timedelta(days=30))
