"""What a learner does in a run: on which evenings which units, with how many tries, and whether she leaves before the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from lms.clock import seoul_day
from lms.learning.completion import Rule, Unit, evaluate

from .days import at
from .notebooks import Sample, Samples
from .sheets import Sheet

NEVER_BEGAN = 0.09
WITHDREW_BEFORE, WITHDREW_AFTER = 0.04, 0.03
_LUNCH, _EVENING = 12 * 60 + 10, 19 * 60
_GRADED_AFTER = timedelta(seconds=4)


@dataclass(frozen=True)
class Lesson:
    """A unit of a run, with what may be handed in in it."""

    id: int
    key: str
    kind: str
    title: str
    weight: float
    minutes: int
    sheets: Sequence[Sheet] = ()
    samples: Samples | None = None


@dataclass(frozen=True)
class Step:
    """Something that leaves an entry in the ledger, done at `at` and known since `known`. `tried` is what was handed in."""

    kind: str
    at: datetime
    known: datetime
    lesson: Lesson | None = None
    tried: Sheet | Sample | None = None
    number: int = 0
    reason: str = ""


@dataclass
class Entry:
    """A step as the rule of completion reads it."""

    id: int
    kind: str
    unit_key: str | None
    effective_on: date
    points: float | None
    max_points: float | None
    attempt_key: str


@dataclass
class Journey:
    """All of an enrolment, in the order in which it became known."""

    enrolled_at: datetime
    steps: list[Step] = field(default_factory=list)
    completed: bool = False

    @property
    def is_withdrawn(self) -> bool:
        return any(step.kind == "withdrawn" for step in self.steps)


def travel(
    random: Random, lessons: Sequence[Lesson], rule: Rule, begin: date, end: date, last: date, *,
    enrolled_at: datetime, diligence: float,
) -> Journey:  # fmt: skip
    """`begin` and `end` are the run's days, `last` the last day of which anything is told: it is not after yesterday."""
    journey = Journey(enrolled_at)
    fate = random.random()
    if fate < WITHDREW_BEFORE:
        left = max(enrolled_at + timedelta(hours=5), at(begin - timedelta(days=1), 11 * 60))
        if seoul_day(left) <= last:
            journey.steps = [Step("withdrawn", left, left, reason="근무 일정이 맞지 않음")]
        return journey
    if fate < WITHDREW_BEFORE + NEVER_BEGAN or begin > last:
        return journey
    leaves_on = None
    if fate > 1 - WITHDREW_AFTER:
        leaves_on = begin + timedelta(days=random.randint(3, max(4, (end - begin).days // 2)))
    until = min(last, leaves_on - timedelta(days=1)) if leaves_on else last
    steps = [step for step in _work(random, lessons, begin, end, diligence) if seoul_day(step.known) <= until]
    journey.steps = sorted(steps, key=lambda step: step.known)
    _complete(journey, lessons, rule)
    if leaves_on and leaves_on <= last and not journey.completed:
        moment = at(leaves_on, 10 * 60 + 20)
        journey.steps.append(Step("withdrawn", moment, moment, reason="퇴사"))
    return journey


def _work(random: Random, lessons: Sequence[Lesson], begin: date, end: date, diligence: float) -> Iterator[Step]:
    """Units in their order, spread over the evenings and lunch breaks in which she learns."""
    if diligence > 0.42:
        count = len(lessons) if random.random() < 0.8 else len(lessons) - random.randint(1, 2)
    else:
        count = int(len(lessons) * random.uniform(0.15, 0.7))
    days = (end - begin).days
    in_use = max(1, int(days * min(1.0, random.uniform(0.55, 1.2) * (1.25 - 0.5 * diligence))))
    sittings = sorted(random.randint(0, in_use) for _ in range(random.randint(4, 9)))
    previous, clock = -1, 0.0
    for place, lesson in enumerate(lessons[:count]):
        sitting = sittings[place * len(sittings) // count]
        if sitting != previous:
            previous, clock = sitting, random.choice((_LUNCH, _EVENING, _EVENING)) + random.randint(0, 40)
        day = begin + timedelta(days=sitting)
        clock = min(clock + lesson.minutes * random.uniform(0.4, 0.9), 23 * 60)
        for step in _learn(random, lesson, day, clock, diligence):
            clock = min(max(clock, (step.at - at(day, 0)).total_seconds() / 60), 23 * 60)
            yield step


def _learn(random: Random, lesson: Lesson, day: date, clock: float, diligence: float) -> Iterator[Step]:
    if lesson.kind == "page":
        yield _step("unit_done", day, clock, lesson)
        return
    is_exercise = lesson.samples is not None
    tries: Sequence[Sheet | Sample] = (
        _notebooks(random, lesson.samples, diligence) if lesson.samples else _sheets(random, lesson.sheets, diligence)
    )
    is_done = False
    is_late = is_exercise and random.random() < 0.012  # grading was down until the next morning
    for number, tried in enumerate(tries, 1):
        clock = min(clock + (random.uniform(4, 11) if number > 1 else 0), 23 * 60 + 50)
        known = at(day, clock) + (_GRADED_AFTER if is_exercise else timedelta())
        if is_late:
            known = at(day + timedelta(days=1), 8 * 60 + 30 + number)
        if not is_done and (tried.share > 0 or not is_exercise):
            is_done = True
            yield Step("unit_done", at(day, clock), known, lesson)
        yield Step("scored", at(day, clock), known, lesson, tried, number)


def _step(kind: str, day: date, minutes: float, lesson: Lesson) -> Step:
    return Step(kind, at(day, minutes), at(day, minutes), lesson)


def _sheets(random: Random, sheets: Sequence[Sheet], diligence: float) -> Sequence[Sheet]:
    """From worst to best; whoever is not content tries again, and seldom does worse."""
    place = min(len(sheets) - 1, max(0, int(random.gauss(0.35 + 0.5 * diligence, 0.18) * len(sheets))))
    if sheets[place].share >= 0.8 or random.random() > diligence:
        return [sheets[place]]
    return [sheets[place], sheets[random.randint(place, len(sheets) - 1)]]


def _notebooks(random: Random, samples: Samples, diligence: float) -> Sequence[Sample]:
    chance = random.random() * (0.4 + 0.6 * diligence)
    if chance > 0.42:
        return [samples.solved]
    if chance > 0.25:
        return [random.choice(samples.nearly), samples.solved]
    if chance > 0.16:
        return [random.choice(samples.weak), random.choice(samples.nearly)]
    if chance > 0.09:
        return [*random.sample(samples.weak, min(2, len(samples.weak))), samples.solved]
    return [random.choice(samples.weak) for _ in range(random.randint(3, 5))]


def entries_of(steps: Sequence[Step]) -> list[Entry]:
    return [
        Entry(
            place,
            step.kind,
            step.lesson.key if step.lesson else None,
            seoul_day(step.at),
            _points(step.tried)[0] if step.tried else None,
            _points(step.tried)[1] if step.tried else None,
            f"{step.lesson.key}:{step.number}" if step.lesson else "",
        )
        for place, step in enumerate(steps)
    ]


def _points(tried: Sheet | Sample) -> tuple[float | None, float]:
    return (
        (tried.points, tried.max_points) if isinstance(tried, Sheet) else (tried.grade.points, tried.grade.max_points)
    )


def _complete(journey: Journey, lessons: Sequence[Unit], rule: Rule) -> None:
    """Put the completion where the ledger would have: after the step by which the rule was met."""
    entries = entries_of(journey.steps)
    standing = evaluate(lessons, rule, entries)
    if not standing.is_met:
        return
    assert standing.met_on is not None
    place = _first_met(lessons, rule, entries)
    step = journey.steps[place]
    day = evaluate(lessons, rule, entries[: place + 1]).met_on
    assert day is not None
    journey.steps.insert(place + 1, Step("completed", at(day, 0), step.known))
    journey.completed = True


def _first_met(lessons: Sequence[Unit], rule: Rule, entries: Sequence[Entry]) -> int:
    """The place of the entry that met the rule. Scores only rise here, so that halving finds it."""
    low, high = 0, len(entries) - 1
    while low < high:
        middle = (low + high) // 2
        if evaluate(lessons, rule, entries[: middle + 1]).is_met:
            high = middle
        else:
            low = middle + 1
    return low


def points_of(step: Step) -> dict[str, Any]:
    """The columns of the ledger."""
    points, most = _points(step.tried) if step.tried else (None, None)
    return {"points": points, "max_points": most}
