"""Hidden tests run when nothing can come any more that the learner will see.

A hidden test calls her functions with its values, and a function may keep what it is given: in a name, a file, a process. So a
check with hidden lines runs in two parts. Its head, up to the first hidden line, runs at its place. Both rooms then mark
that place: which names there were, and what the tables and lists among them held. The rest runs after the last cell and the
last head, at its mark. Whatever her process knows by then, none of it is shown.

A mark is shallow. Where a rest doesn't pass and cells ran after its place, a second run, with every check whole and in its
place, has the last word: so nobody loses a point because of what a later cell changed. Nothing of that run is shown either.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from . import names
from .plan import CHECK, HEAD, REST, Step
from .regions import first_hidden
from .run import Ran, Rooms, Runner


@dataclass(frozen=True)
class Parts:
    """A check's source in two, each with the line numbers of the whole."""

    head: str
    rest: str


@functools.lru_cache(1024)
def parts_of(source: str) -> Parts | None:
    """None where nothing is hidden. A statement that holds hidden lines belongs to the rest with all of its lines."""
    first = first_hidden(source)
    if not first:
        return None
    tree = names.parse(source) if not source.lstrip().startswith("%%") else None
    if tree is None:
        return Parts("", source)
    cut = first
    for statement in tree.body:
        decorators = [item.lineno for item in getattr(statement, "decorator_list", ())]
        start = min([statement.lineno, *decorators])
        if start < first <= (statement.end_lineno or start):
            cut = start
    lines = source.split("\n")
    before = "#\n" * (cut - 1)  # IPython takes empty lines at the top away, and with them the numbers
    return Parts("\n".join(lines[: cut - 1]), before + "\n".join(lines[cut - 1 :]))


def sources_of(step: Step, rooms: Rooms) -> list[str]:
    """What of a check the checks' room is given to run, in one run without doubts."""
    if step.grade_id in rooms.together:
        return []
    parts = None if step.grade_id in rooms.straight else parts_of(step.source)
    return [parts.head, parts.rest] if parts else [step.source]


def run_steps(
    open_runner: Callable[[], Runner], steps: list[Step], rooms: Rooms, points: Mapping[str, float]
) -> list[Ran]:
    """What each step gave. `points` are the checks', by name: a rest that gives less is looked at again."""
    return _Running(open_runner, steps, rooms, points).run()


class _Running:
    def __init__(
        self, open_runner: Callable[[], Runner], steps: list[Step], rooms: Rooms, points: Mapping[str, float]
    ) -> None:
        self._open_runner = open_runner
        self._steps = steps
        self._points = points
        self._ran: list[Ran] = []
        self._hidden = {
            place: parts
            for place, step in enumerate(steps)
            if step.kind == CHECK and (parts := parts_of(step.source)) is not None
        }
        self._split = {
            place: parts
            for place, parts in self._hidden.items()
            if rooms.contract is not None and steps[place].grade_id not in rooms.straight
        }
        self._last_cell = max((place for place, step in enumerate(steps) if step.kind != CHECK), default=-1)

    def run(self) -> list[Ran]:
        with self._open_runner() as runner:
            self._ran = [self._shown(runner, place) for place in range(len(self._steps))]
            doubtful = self._run_rests(runner)
        if doubtful:
            self._run_again(doubtful)
        return self._ran

    def _shown(self, runner: Runner, place: int) -> Ran:
        step = self._steps[place]
        if place in self._split:
            return runner.run(dataclasses.replace(step, source=self._split[place].head, part=HEAD))
        ran = runner.run(step)
        return _without_outputs(ran) if place in self._hidden else ran

    def _run_rests(self, runner: Runner) -> set[int]:
        """Runs them in their order; the places of those that the second run must settle."""
        waiting = [place for place in self._split if _ended(self._ran[place])]
        doubtful: set[int] = set()
        while waiting:
            place = waiting.pop(0)
            opened = runner.opened
            rest = dataclasses.replace(self._steps[place], source=self._split[place].rest, part=REST)
            ran = runner.run(rest)
            if not self._passes(place, ran) and (place < self._last_cell or opened > 1):
                doubtful.add(place)
            self._ran[place] = _joined(self._ran[place], ran)
            if ran.trouble:  # its process is gone, and with it the marks of those that wait
                doubtful.update(waiting)
                break
        return doubtful

    def _run_again(self, doubtful: set[int]) -> None:
        heads = {place: self._ran[place] for place in doubtful}
        with self._open_runner() as runner:
            for place in range(max(doubtful) + 1):
                ran = runner.run(self._steps[place])
                if place in doubtful:
                    self._ran[place] = _joined(heads[place], ran)

    def _passes(self, place: int, ran: Ran) -> bool:
        if not _ended(ran) or ran.reply is None:
            return False
        value = ran.reply.value
        if value is not None and value.kind == "number":
            return value.number >= self._points.get(self._steps[place].grade_id, 0.0)
        return value is None or value.kind in ("other", "passed")


def _ended(ran: Ran) -> bool:
    return ran.reply is not None and ran.reply.error is None and not ran.late and not ran.trouble


def _without_outputs(ran: Ran) -> Ran:
    if ran.reply is None:
        return ran
    return dataclasses.replace(ran, reply=msgspec.structs.replace(ran.reply, outputs=[]))


def _joined(head: Ran, rest: Ran) -> Ran:
    """The rest's verdict with the head's outputs."""
    reply = rest.reply
    if reply is not None and head.reply is not None:
        reply = msgspec.structs.replace(
            reply,
            outputs=head.reply.outputs,
            seconds=round(head.reply.seconds + reply.seconds, 4),
            asked=head.reply.asked + reply.asked,
            replaced=sorted({*head.reply.replaced, *reply.replaced})[:20],
        )
    return dataclasses.replace(rest, reply=reply, unseen=True)
