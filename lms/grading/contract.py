"""What the author's own solution shows about an exercise: how its checks use the learner's values, and where each must run.

The solution runs once for each exercise in a process's life. From it the checks' room learns which of the exercise's names the
solution changes, at which places it gives objects, of which class, with which operators, and which globals its functions read.
A check that the solution passes only where the learner's code runs too is run there: the old way, open to tampering, which
`check` tells the author.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from . import names
from .exercise import Exercise
from .hidden import run_steps
from .notebook import Answer, Submission
from .plan import CHECK, make_plan
from .regions import first_hidden
from .run import Ran, Rooms, Runner
from .sandbox.process import WarmParent

SPLIT, TOGETHER = "split", "together"
_MOST = 64
_lock = threading.Lock()
_known: OrderedDict[tuple[str, str, str], Contract] = OrderedDict()


@dataclass(frozen=True)
class Contract:
    """`rooms` is what the runner is told; `idle` are checks that came to their end without asking the solution for anything;
    `credit` those whose last expression gave it a number."""

    rooms: Rooms
    idle: frozenset[str] = frozenset()
    credit: frozenset[str] = frozenset()

    def together(self) -> list[str]:
        """Checks that run where the learner's code runs."""
        return sorted(self.rooms.together)


def contract_of(exercise: Exercise, parent: WarmParent) -> Contract:
    key = (exercise.digest, parent.level, parent.environment)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    made = _learn(exercise, parent)
    with _lock:
        _known[key] = made
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return made


def _learn(exercise: Exercise, parent: WarmParent) -> Contract:
    needed = names.needed_setups(exercise)
    learning = Rooms(needed=needed, contract=None)
    first = _run(exercise, parent, learning)
    last: dict[str, Any] | None = None
    for ran in first.values():
        if ran.reply is not None:
            last = ran.reply.learnt or last
    split = Rooms(needed=needed, contract=last or EMPTY)
    second = _run(exercise, parent, split)
    if lost := [name for name, ran in second.items() if _passes(first[name]) and not _passes(ran)]:
        straight = dataclasses.replace(split, straight=_before(exercise, lost))
        at_once = _run(exercise, parent, straight)
        if sum(map(_passes, at_once.values())) > sum(map(_passes, second.values())):
            split, second = straight, at_once
    idle = frozenset(
        name for name, ran in second.items() if _passes(ran) and ran.reply is not None and not ran.reply.asked
    )
    doubtful = {name for name, ran in second.items() if name in idle or not _passes(ran)}
    if not doubtful:
        return Contract(split, credit=_credit(second))
    everything = frozenset(second)
    third = _run(exercise, parent, Rooms(needed=frozenset(), contract=EMPTY, together=everything))
    together = frozenset(name for name in doubtful if _passes(third[name]))
    return Contract(dataclasses.replace(split, together=together), idle, _credit(second) | (_credit(third) & together))


def _before(exercise: Exercise, names: list[str]) -> frozenset[str]:
    """The checks with hidden tests up to the last of those named: one of them may make what that one needs."""
    checks = [cell for cell in exercise.cells if cell.role and cell.role.is_check]
    last = max(place for place, cell in enumerate(checks) if cell.role and cell.role.grade_id in names)
    hidden = [cell.role.grade_id for cell in checks[: last + 1] if cell.role and first_hidden(cell.source)]
    return frozenset(hidden)


EMPTY: dict[str, Any] = {
    "changed": [],
    "sites": {},
    "reads": [],
    "modules": {},
    "library": {},
    "builtins": [],
    "operators": {},
    "stops": [],
    "examples": {},
}


def _run(exercise: Exercise, parent: WarmParent, rooms: Rooms) -> dict[str, Ran]:
    answers = {name: Answer(cell.source, (1,), False) for name, cell in exercise.answers.items()}
    steps = make_plan(exercise, Submission(answers, {}, {}, ()))
    most = {check.name: check.points for check in exercise.checks}
    ran = run_steps(lambda: Runner(parent, exercise.limits, exercise.files, rooms), steps, rooms, most)
    return {step.grade_id: result for step, result in zip(steps, ran, strict=True) if step.kind == CHECK}


def _credit(results: dict[str, Ran]) -> frozenset[str]:
    replies = ((name, ran.reply) for name, ran in results.items())
    return frozenset(name for name, reply in replies if reply and reply.value and reply.value.kind == "number")


def _passes(ran: Ran) -> bool:
    """Whether the check came to its end; whether it gave all points is for `check` to say."""
    return ran.reply is not None and ran.reply.error is None and not ran.late
