"""The funnel: each step is what a recount in Python gives, who applied counts once, and nobody sees another's."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import product
from random import Random

import pytest
from sqlalchemy import select

from lms.clock import end_of_day
from lms.models import Application, CompanyStatus, LedgerEntry, Run
from lms.reports import regions
from lms.reports.funnel import STEPS, funnel
from lms.reports.question import Question
from lms.reports.steps import REACHED, stayed_at
from tests.world import at

from .country import UNITS, Country
from .test_properties import BEGINS, READINGS, random_history, recounted


def apply(country: Country, person: str, company: str, run: str, day: str, *, state: str = "applied") -> Application:
    """Somebody applies; whether she is enrolled is another matter."""
    if person not in country.people:
        country.people[person] = country._person(person)
        country.employ(person, company, "2020-01-01")
    status = country.companies[company]
    region = _region_of(country, status.id)
    made = Application(
        run_id=country.runs[run].id, person_id=country.people[person].id, company_id=status.id, region_id=region,
        state=state, way="self", applied_at=at(day),
    )  # fmt: skip
    country._add(made)
    return made


def _region_of(country: Country, company: int) -> int:
    newest = (
        select(CompanyStatus.region_id).where(CompanyStatus.company_id == company).order_by(CompanyStatus.id.desc())
    )
    found = country.session.scalars(newest).first()
    assert found is not None
    return found


@pytest.fixture
def small(country: Country) -> Country:
    """A run of four units in Busan, from the 2nd of March."""
    country.run("r", country.course("oee", "설비종합효율"), "busan", "2026-03-02", "2026-03-31")
    country.company("hanbit", "busan", called="한빛정밀")
    country.company("saeron", "gyeonggi", called="새론금속")
    return country


def _steps(country: Country, day: str = "2026-03-20", **asked: object) -> tuple[int, ...]:
    question = Question(as_of=date.fromisoformat(day), by=("run",), **asked)  # type: ignore[arg-type]
    total = funnel(country.session, None, question).total
    return tuple(getattr(total, step) for step in STEPS)


def test_each_step_counts_those_who_came_to_it(small: Country) -> None:
    for number, days in enumerate(([], ["2026-03-03"], ["2026-03-03"] * 2, ["2026-03-03"] * 3)):
        small.enrol(f"p{number}", "hanbit", "r", "2026-03-01")
        small.do(f"p{number}", "r", *days)
    assert _steps(small) == (4, 4, 3, 2, 1)
    assert _steps(small, "2026-03-02") == (4, 4, 0, 0, 0)


def test_who_applied_counts_once_whatever_became_of_it(small: Country) -> None:
    apply(small, "p0", "hanbit", "r", "2026-02-20", state="refused")
    apply(small, "p0", "hanbit", "r", "2026-02-21")
    apply(small, "p1", "hanbit", "r", "2026-02-20", state="accepted")
    small.enrol("p1", "hanbit", "r", "2026-02-25")
    assert _steps(small, "2026-02-19") == (0, 0, 0, 0, 0)
    assert _steps(small, "2026-02-20") == (2, 0, 0, 0, 0)
    assert _steps(small) == (2, 1, 0, 0, 0)


def test_half_of_an_odd_number_of_units_is_rounded_up(small: Country) -> None:
    run: Run = small.runs["r"]
    small.session.delete(run.units[-1])
    small.session.flush()
    for number in (1, 2):
        small.enrol(f"p{number}", "hanbit", "r", "2026-03-01")
        small.do(f"p{number}", "r", *["2026-03-03"] * number)
    assert _steps(small)[2:4] == (2, 1)


def test_an_applicant_is_counted_where_she_applied_from(small: Country) -> None:
    apply(small, "p0", "saeron", "r", "2026-02-20")
    assert _steps(small, filters={"region": ("gyeonggi",)})[0] == 1
    assert _steps(small, filters={"region": ("busan",)})[0] == 0
    assert _steps(small, filters={"company": (small.companies["saeron"].business_number,)})[0] == 1
    assert _steps(small, filters={"size": ("small",)})[0] == 0
    assert _steps(small, filters={"centre": ("gyeonggi",)})[0] == 1


def test_officers_and_managers_see_the_applicants_of_their_own(small: Country) -> None:
    apply(small, "p0", "saeron", "r", "2026-02-20")
    apply(small, "p1", "hanbit", "r", "2026-02-20")
    question = Question(as_of=date(2026, 3, 20), by=("company",))
    for viewer, companies in (
        (small.officer("busan"), {"한빛정밀"}),
        (small.manager("saeron"), {"새론금속"}),
        (small.office(), {"한빛정밀", "새론금속"}),
    ):
        found = funnel(small.session, viewer, question)
        assert {row.group[0] for row in found.rows} == companies
        assert found.total.applied == len(companies)


def test_random_histories_are_what_a_recount_gives(country: Country) -> None:
    random_history(country, 4)
    random, companies = Random(4), list(country.companies)
    for number in range(25):
        day = BEGINS + timedelta(days=random.randrange(-9, 25))
        person = f"사람 {number}" if number % 2 else f"새 사람 {number}"
        apply(country, person, random.choice(companies), random.choice("abc"), day.isoformat(), state="refused")
    for reading, days in product(READINGS, (3, 14, 40)):
        question = Question(as_of=BEGINS + timedelta(days=days), by=("region", "run"), reading=reading)
        found = funnel(country.session, None, question)
        told = Counter({step: getattr(found.total, step) for step in STEPS})
        assert told == _recounted(country, question), (reading, days)
        assert told == sum((Counter({step: getattr(row, step) for step in STEPS}) for row in found.rows), Counter())


def _recounted(country: Country, question: Question) -> Counter[str]:
    told: Counter[str] = Counter()
    known = set()
    for enrolment in country.enrolments.values():
        figures = recounted(country, question, [enrolment])
        told.update({step: figures[step] for step in ("applied", "enrolled", "completed")})
        if figures["applied"]:
            known.add((enrolment.run_id, enrolment.person_id))
        entries = country.session.scalars(select(LedgerEntry).where(LedgerEntry.enrolment_id == enrolment.id))
        done = {entry.unit_key for entry in entries if entry.kind == "unit_done" and _counts(entry, question)}
        told["begun"] += figures["enrolled"] * bool(done)
        told["half_way"] += figures["enrolled"] * (len(done) >= (len(UNITS) + 1) // 2)
    applied = country.session.scalars(select(Application).where(Application.applied_at < end_of_day(question.as_of)))
    told["applied"] += len({(one.run_id, one.person_id) for one in applied} - known)
    return told


def _counts(entry: LedgerEntry, question: Question) -> bool:
    if question.reading == "effective":
        return entry.effective_on <= question.as_of
    return entry.recorded_at < end_of_day(question.as_of)


def test_the_people_who_stayed_at_a_step_add_up_to_the_enrolled(country: Country) -> None:
    random_history(country, 6)
    question = Question(as_of=BEGINS + timedelta(days=40), by=())
    known = regions.load(country.session, None, question)
    total = funnel(country.session, None, question).total
    ids = {step: set(country.session.scalars(stayed_at(question, None, known, step))) for step in REACHED}
    assert len(set().union(*ids.values())) == sum(map(len, ids.values())) == total.enrolled
    assert len(ids["completed"]) == total.completed
