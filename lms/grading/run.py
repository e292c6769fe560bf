"""Running a plan's cells in confined children: a cell that hangs or kills its process doesn't take the others with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .plan import CHECK, Step
from .sandbox.process import Child, Files, Limits, RoomError, WarmParent
from .wire import Reply


@dataclass(frozen=True)
class Ran:
    """What a step gave. `trouble`: '' or why there is no reply (timeout, died, memory, broken, not_run); `late`: it was
    stopped at its time limit."""

    reply: Reply | None = None
    late: bool = False
    trouble: str = ""


class Runner:
    """One submission in one child. When the child dies the next step starts another, in which all that worked is replayed."""

    def __init__(self, parent: WarmParent, limits: Limits, files: Files) -> None:
        self._parent = parent
        self._limits = limits
        self._files = files
        self._deadline = time.monotonic() + limits.seconds
        self._done: list[Step] = []
        self._child: Child | None = None

    def run(self, step: Step) -> Ran:
        if time.monotonic() >= self._deadline or not self._ready():
            return Ran(trouble="not_run")
        ran = self._ask(step)
        if step.kind != CHECK and not ran.trouble and not ran.late:
            self._done.append(step)
        return ran

    def close(self) -> None:
        if self._child:
            self._child.close()
        self._child = None

    def _ready(self) -> bool:
        """A child in which all steps so far have run; False when the time is over before. A step that doesn't survive its
        replay is left out from then on."""
        while self._child is None:
            self._child = self._parent.fork("learner", self._limits, self._files)
            for step in list(self._done):
                if time.monotonic() >= self._deadline:
                    return False
                again = self._ask(step)
                if again.trouble or again.late:
                    self._done.remove(step)
                if again.trouble:
                    break
        return True

    def _ask(self, step: Step) -> Ran:
        assert self._child is not None
        message: dict[str, Any] = {
            "do": "check" if step.kind == CHECK else "cell",
            "key": step.key,
            "source": step.source,
        }
        seconds = max(min(self._limits.cell_seconds, self._deadline - time.monotonic()), 0.05)
        try:
            reply, late = self._child.ask(message, Reply, seconds)
            return Ran(reply, late)
        except RoomError as error:
            self._child = None
            return Ran(trouble=error.reason)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
