"""What a closed run came to, as the rows that a national system of learning records takes: one row an enrolment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.learning.runs.closing import ClosedRun, Line
from lms.models import Company, Course, Enrolment, Person, Run
from lms.people.organisations.business_numbers import display
from lms.people.privacy import personal
from lms.people.privacy.sealing import Sealer

from .tables import Column, Sheet

# Documented in docs/officer.md.
COLUMNS = (
    Column("course_key", "과정 코드"),
    Column("course", "과정"),
    Column("run", "차수", "count"),
    Column("hours", "인정 시간", "score"),
    Column("learn_from", "학습 시작일", "day"),
    Column("learn_to", "학습 종료일", "day"),
    Column("name", "이름"),
    Column("birth_date", "생년월일", "day"),
    Column("company", "기업"),
    Column("business_number", "사업자등록번호"),
    Column("progress", "진도", "score"),
    Column("score", "점수", "score"),
    Column("attended_hours", "출석 시간", "score"),
    Column("outcome", "결과"),
    Column("completed_on", "수료일", "day"),
    Column("certificate", "수료증 번호"),
    Column("decided_since", "마감 후 결정"),
)
_OUTCOMES = {"completed": "수료", "not_completed": "미수료", "withdrawn": "취소"}
_DECIDED = {"questioned": "확인 중", "upheld": "수료 유지", "restored": "다시 충족", "revoked": "수료 취소"}


def records_sheet(session: Session, run: Run, closed: ClosedRun, numbers: Mapping[int, str], sealer: Sealer) -> Sheet:
    """`numbers`: enrolment → number of its certificate. Birth dates are open in it, where there are any; a column is empty
    for whom we know none.

    Raises:
        SealError
    """
    course = session.get_one(Course, run.course_id)
    people = {
        enrolment: (person, business_number)
        for enrolment, person, business_number in session.execute(
            select(Enrolment.id, Person, Company.business_number)
            .join(Person, Person.id == Enrolment.person_id)
            .join(Company, Company.id == Enrolment.company_id)
            .where(Enrolment.run_id == run.id)
        )
    }
    facts = closed.closing.facts
    shared = (
        course.slug,
        facts["course"],
        facts["number"],
        facts["hours"],
        date.fromisoformat(facts["learn_from"]),
        date.fromisoformat(facts["learn_to"]),
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for line in closed.lines:
            person, business_number = people[line.row.enrolment_id]
            yield (*shared, *_cells(line, person, business_number, numbers, sealer))

    return Sheet(f"{facts['course']} {facts['number']}차수 학습 이력", COLUMNS, rows())


def _cells(
    line: Line, person: Person, business_number: str, numbers: Mapping[int, str], sealer: Sealer
) -> tuple[Any, ...]:
    row = line.row
    return (
        row.person_name,
        personal.birth_date_of(sealer, person),
        row.company_name,
        display(business_number),
        row.progress,
        row.score,
        row.attended_hours,
        _OUTCOMES[row.outcome],
        row.completed_on,
        numbers.get(row.enrolment_id, ""),
        _DECIDED[line.since.kind] if line.since else "",
    )
