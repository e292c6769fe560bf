"""Nine hundred people: where they work, since when, and who went from one company to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from lms.models import DemoRow, Employment, Person

from .cast import first_day
from .days import morning
from .firms import Firm
from .names import person_name

_DEPARTMENTS = ("생산1팀", "생산2팀", "품질관리팀", "설비보전팀", "생산기술팀", "공정관리팀", "자재팀", "연구소")
_MOVED, _LEFT = 0.05, 0.03


@dataclass(frozen=True)
class Job:
    firm: Firm
    from_on: date
    to_on: date | None


@dataclass
class Worker:
    """`diligence` is 0..1; `jobs` the oldest first. `busy_until` says by course up to when she may not enrol in it again."""

    name: str
    diligence: float
    jobs: list[Job]
    id: int = 0
    busy_until: dict[str, date] = field(default_factory=dict)

    def firm_on(self, day: date) -> Firm | None:
        return next((job.firm for job in self.jobs if job.from_on <= day and not (job.to_on and job.to_on < day)), None)


def make_workers(session: Session, random: Random, firms: Sequence[Firm], count: int, day: date) -> list[Worker]:
    """The people and their employments. Two of the first company share a name."""
    workers = [
        worker
        for firm, share in zip(firms, _shares([firm.weight for firm in firms], count), strict=True)
        for worker in _of_firm(random, firm, share, firms, day)
    ]
    workers[1].name = workers[0].name
    created = morning(first_day(day))
    ids = session.scalars(
        insert(Person).returning(Person.id, sort_by_parameter_order=True),
        [{"name": worker.name, "created_at": created, "language": "ko"} for worker in workers],
    ).all()
    for worker, id_ in zip(workers, ids, strict=True):
        worker.id = id_
    session.execute(insert(DemoRow), [{"table_name": Person.__tablename__, "row_id": id_} for id_ in ids])
    session.execute(insert(Employment), list(_employments(random, workers)))
    return workers


def _shares(weights: Sequence[float], count: int) -> list[int]:
    """`count` in whole numbers by weight; the largest remainders get what is left."""
    exact = [count * weight / sum(weights) for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: count - sum(shares)]:
        shares[place] += 1
    return shares


def _of_firm(random: Random, firm: Firm, count: int, firms: Sequence[Firm], day: date) -> list[Worker]:
    spirit = random.uniform(0.35, 0.95)  # how much the company lets its people learn
    since = first_day(day)
    workers = []
    for _ in range(count):
        late = random.random() < 0.15
        hired = (
            day - timedelta(days=random.randint(60, 600)) if late else since - timedelta(days=random.randint(1, 3600))
        )
        workers.append(
            Worker(
                person_name(random),
                min(1.0, max(0.0, random.gauss(spirit, 0.22))),
                _jobs(random, firm, max(hired, date(2005, 1, 3)), firms, day),
            )
        )
    return workers


def _jobs(random: Random, firm: Firm, hired: date, firms: Sequence[Firm], day: date) -> list[Job]:
    chance = random.random()
    earliest = max(hired, first_day(day)) + timedelta(days=40)
    if chance >= _MOVED + _LEFT or earliest >= day - timedelta(days=20):
        return [Job(firm, hired, None)]
    moved = earliest + timedelta(days=random.randint(0, (day - earliest).days - 20))
    first = Job(firm, hired, moved - timedelta(days=1))
    if chance >= _MOVED:
        return [first]
    others = [other for other in firms if other is not firm]
    near = [other for other in others if other.statuses[0].region_id == firm.statuses[0].region_id]
    return [first, Job(random.choice(near if near and random.random() < 0.5 else others), moved, None)]


def _employments(random: Random, workers: Iterable[Worker]) -> Iterable[dict]:
    """Numbers are the year of hiring and a count within the company."""
    counts: dict[int, int] = {}
    for worker in workers:
        department = random.choice(_DEPARTMENTS)
        for job in worker.jobs:
            number = counts[job.firm.company.id] = counts.get(job.firm.company.id, 0) + 1
            yield {
                "person_id": worker.id,
                "company_id": job.firm.company.id,
                "employee_number": f"{job.from_on.year % 100:02}-{number:04}",
                "department": department,
                "from_on": job.from_on,
                "to_on": job.to_on,
            }
