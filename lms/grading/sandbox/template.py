"""Templates, as the grader handles them: see `room/template.py` for what they are."""

from __future__ import annotations

import itertools
import os
import socket
from typing import Any

import msgspec

from lms.errors import GradingUnavailableError

from ..wire import Reply, Short
from .process import BLOCK, ONE_USER, Files, Forker, Limits, WarmParent, memory_kb

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

    def run(self, message: dict[str, Any]) -> tuple[Reply, bool]:
        """A cell, as a child runs it. RoomError."""
        return self._process.ask(message, Reply, self._limits.cell_seconds)

    def settle(self) -> Settled:
        """No more cells; from here on it forks. RoomError."""
        return self._process.ask({"do": "settle"}, Settled, ANSWER_SECONDS)[0]

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
