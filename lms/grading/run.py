"""Running a plan's cells: the learner's in one confined child, the checks in another.

A cell that hangs or kills its process doesn't take the others with it: the next step starts new children, in which all that
worked is run again.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lms.errors import GradingUnavailableError

from . import names
from .plan import CHECK, SETUP, Step
from .sandbox.process import Child, Files, Forker, Limits, RoomError, WarmParent
from .sandbox.template import Template
from .wire import Reply, size_of


@dataclass(frozen=True)
class Ran:
    """What a step gave. `trouble`: '' or why there is no reply (timeout, died, memory, broken, not_run); `late`: it was
    stopped at its time limit; `unseen`: nothing that it says may be shown, for her process knew hidden values."""

    reply: Reply | None = None
    late: bool = False
    trouble: str = ""
    unseen: bool = False


@dataclass(frozen=True)
class Rooms:
    """What runs where. `needed`: the exercise's cells (ids) that the checks' room runs too; `contract`: what it was learnt to
    allow, None while learning; `together`: checks (names) that run where the learner's code runs; `straight`: checks whose
    hidden tests run at once, because a later check needs what they leave."""

    needed: frozenset[str]
    contract: dict[str, Any] | None
    together: frozenset[str] = field(default_factory=frozenset)
    straight: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Ahead:
    """An exercise's templates: what ran in them (`replies` by the steps' keys), and where children are forked after it."""

    steps: tuple[Step, ...]
    replies: dict[str, Reply]
    learner: Template
    checks: Template


MOST_OUTPUT = 16 << 20  # characters of all cells together; the grader holds them


class Runner:
    """One submission, with the two children that it has at a time."""

    def __init__(
        self, parent: WarmParent, limits: Limits, files: Files, rooms: Rooms, ahead: Ahead | None = None
    ) -> None:
        self._parent = parent
        self._ahead = ahead
        self._limits = limits
        self._files = files
        self._rooms = rooms
        self._deadline = time.monotonic() + limits.seconds
        self._done: list[Step] = []
        self._learner: Child | None = None
        self._checks: Child | None = None
        self._output_left = MOST_OUTPUT
        self.opened = 0  # how often children had to be made

    def run(self, step: Step) -> Ran:
        if self._ahead and step in self._ahead.steps:
            return Ran(self._ahead.replies[step.key])
        if not self._ready():
            return Ran(trouble="not_run")
        ran = self._check(step) if step.kind == CHECK else self._cell(step)
        if step.kind != CHECK and not ran.trouble and not ran.late:
            self._done.append(step)
        return ran

    def close(self) -> None:
        children = [child for child in (self._learner, self._checks) if child]
        for child in children:  # both end at the same time
            child.kill()
        for child in children:
            child.close()
        self._learner = self._checks = None

    def _ready(self) -> bool:
        """Children in which all steps so far have run; False when the time is over before. A step that doesn't survive being
        run again is left out from then on."""
        while self._learner is None:
            if self._is_over():
                return False
            self._open()
            for step in list(self._done):
                if self._is_over():
                    return False
                again = self._cell(step)
                if again.trouble or again.late:
                    self._done.remove(step)
                if again.trouble:
                    break
        return not self._is_over()

    def _is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def _open(self) -> None:
        self.opened += 1
        if self._ahead:
            try:
                self._fork(self._ahead.learner, self._ahead.checks)
                return
            except GradingUnavailableError:  # without the template, then
                self._done = [*self._ahead.steps, *self._done]
                self._ahead = None
                self.close()
        self._fork(self._parent, self._parent)

    def _fork(self, learner: Forker, checks: Forker) -> None:
        here, there = socket.socketpair()
        with here, there:
            watched = {"watched": bool(self._rooms.together)}
            self._learner = learner.fork("learner", self._limits, self._files, setting=watched, wall=here)
            setting = {"contract": self._rooms.contract}
            self._checks = checks.fork("checks", self._limits, self._files, setting=setting, wall=there)

    def _cell(self, step: Step) -> Ran:
        """A cell of the learner's, or of the exercise's, which the checks' room runs afresh if it needs it."""
        ran = self._ask(self._learner, {"do": "cell", "key": step.key, "source": step.source})
        if step.kind == SETUP and step.cell_id in self._rooms.needed and not ran.trouble:
            trusted = self._ask(self._checks, {"do": "setup", "key": step.key, "source": step.trusted}, self._learner)
            if trusted.trouble:
                return trusted
        return ran

    def _check(self, step: Step) -> Ran:
        message: dict[str, Any] = {"do": "check", "key": step.key, "source": step.source, "part": step.part}
        if step.grade_id in self._rooms.together:
            return self._ask(self._learner, message)
        if self._rooms.contract is None:
            tree = names.parse(step.source)
            message["names"] = sorted(names.read(tree)) if tree else []
        if "getsource" in step.source:
            message["sources"] = [done.source for done in self._done if done.kind != SETUP]
        return self._ask(self._checks, message, self._learner)

    def _ask(self, child: Child | None, message: dict[str, Any], other: Child | None = None) -> Ran:
        """`other` is the learner's child, which may be busy on the asked one's behalf."""
        assert child is not None
        seconds = max(min(self._limits.cell_seconds, self._deadline - time.monotonic()), 0.05)
        try:
            reply, late = child.ask(message, Reply, seconds, busy=other)
        except RoomError as error:
            self._blame_learner()
            return Ran(trouble=error.reason)
        if not reply.wall and other is not None:
            self._blame_learner()
            return Ran(trouble="memory" if other.over_limit else "died")
        return Ran(self._shortened(reply), late)

    def _shortened(self, reply: Reply) -> Reply:
        """Without its outputs, once those of all cells are more than anybody reads."""
        self._output_left -= sum(map(size_of, reply.outputs))
        return reply if self._output_left >= 0 else msgspec.structs.replace(reply, outputs=[])

    def _blame_learner(self) -> None:
        """A child is dead. It is the learner's doing, unless the process that forked it has died."""
        self.close()
        forkers = [self._parent, self._ahead.learner, self._ahead.checks] if self._ahead else [self._parent]
        if not all(forker.is_alive() for forker in forkers):
            raise GradingUnavailableError(why="the warm parent died while it was at work")

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
