"""Templates, as the grader handles them: see `room/template.py` for what they are."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from lms.errors import GradingUnavailableError

from ..wire import Reply, Short
from .process import BLOCK, ONE_USER, Files, Forker, Limits, WarmParent, memory_kb, pid_of

ANSWER_SECONDS = 10.0


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason`: what its cells left that a child wouldn't have, '' if nothing; `moved`: libraries (random, numpy) whose generator
    they drew from or gave a seed, and which children leave as it is."""

    reason: Short
    moved: list[Short]


class Template(Forker):
    """One of an exercise's two: it runs cells, settles, and forks children from then on."""

    def __init__(self, parent: WarmParent, room: str, limits: Limits, files: Files, setting: dict[str, Any]) -> None:
        if not parent.blocks:
            raise GradingUnavailableError(why="there are too many templates")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(parent.level, ours)
        self._parent = parent
        self.groups = parent.groups
        self._limits = limits
        self._block = parent.blocks.pop()
        try:
            with theirs:
                self._process = parent.grow(room, limits, files, setting, self._block, theirs)
        except BaseException:
            ours.close()
            parent.blocks.append(self._block)
            raise
        ours.settimeout(ANSWER_SECONDS)
        self._slots = itertools.cycle(range(1, BLOCK) if os.geteuid() == 0 else (ONE_USER,))
        self._at_start = memory_kb(self._process.pid)

    def _ask_for_child(self, request: dict[str, Any], given: list[int], files: Files) -> int:
        """What an author's code runs in may answer with the descriptor of any process that it can name, and the grader would
        kill that: only a child of the template is taken."""
        descriptor = super()._ask_for_child(request, given, files)
        try:
            is_child = _parent_of(pid_of(descriptor)) == self._process.pid
        except GradingUnavailableError:
            is_child = False
        if not is_child:
            os.close(descriptor)
            raise GradingUnavailableError(why="a template sent what is no child of its own")
        return descriptor

    def run(self, message: dict[str, Any]) -> tuple[Reply, bool]:
        """A cell, as a child runs it. RoomError."""
        return self._process.ask(message, Reply, self._limits.cell_seconds)

    def settle(self, ahead: Sequence[tuple[str, str]] = ()) -> Settled:
        """No more cells; from here on it forks. `ahead`: checks (key, source) to compile, for the checks' template only.
        RoomError."""
        return self._process.ask({"do": "settle", "ahead": ahead}, Settled, ANSWER_SECONDS)[0]

    def grown_kb(self) -> int:
        """What its cells made it hold."""
        return max(memory_kb(self._process.pid) - self._at_start, 0)

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def log(self) -> str:
        return self._parent.log()

    def abandon(self) -> None:
        """In a fork of the owner: let go of the sockets without ending anything."""
        self._control.close()
        self._process.abandon()

    def close(self) -> None:
        """End it, and with it the children that live."""
        self._control.close()
        self._process.close()
        self._parent.blocks.append(self._block)


def _parent_of(pid: int) -> int:
    """0 where there is no such process, or none that this one may see."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("PPid:")), 0)
