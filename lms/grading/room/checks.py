"""The checks' room: the exercise's trusted cells and its checks run here, and never a line of the learner's.

Names that they don't bind are asked of the learner's room through the wall (`asking.py`). What comes back is plain values, or
stand-ins (`proxies.py`). A contract (`learnt.py`), learnt from the author's own solution, says which names the solution
changes, which of its objects may answer operators and where, and which of the checks' names its functions read.
"""

from __future__ import annotations

import builtins
import importlib
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

from . import exports, follow, frames, learner, shell
from .asking import Asking
from .codec import Encoder
from .marks import Marks
from .namespace import MainModule
from .told import describe, kind_of
from .values import form
from .wall import WallDownError


@dataclass
class Prepared:
    captured: shell.Captured
    room: CheckRoom


def prepare(request: dict[str, Any]) -> Prepared:
    return Prepared(shell.prepare(request["home"]), CheckRoom(request["setting"]))


def serve(request: dict[str, Any], connections: list[socket.socket]) -> None:
    """Answer `setup` and `check` messages until the other side goes."""
    _serve(prepare(request), connections)


def resume(prepared: Prepared, request: dict[str, Any], connections: list[socket.socket], *, moved: list[str]) -> None:
    """As `serve`, in a child of a process that was prepared and ran cells. `moved`: the random numbers that those
    have set."""
    shell.prepare_again(prepared.captured, moved=moved)
    _serve(prepared, connections)


def _serve(prepared: Prepared, connections: list[socket.socket]) -> None:
    control, wall_end = connections
    prepared.room.asking.connect(wall_end)
    while (message := frames.receive(control)) is not None:
        answer(prepared, control, message)


def answer(prepared: Prepared, control: socket.socket, message: dict[str, Any]) -> None:
    started = time.perf_counter()
    shell.current().key = message["key"]
    room = prepared.room
    told = room.setup(message) if message["do"] == "setup" else room.check(message)
    prepared.captured.collect()
    told["outputs"] = shell.SINK.take()
    told["seconds"] = round(time.perf_counter() - started, 4)
    frames.send(control, told)


class CheckRoom:
    """`setting`: contract (as learnt; None while learning)."""

    def __init__(self, setting: dict[str, Any]) -> None:
        self.asking = Asking(setting.get("contract"))
        self.contract = self.asking.contract
        self.namespace = self.asking.namespace
        self.marks = Marks(self.namespace)
        display = importlib.import_module("IPython.display").display
        own = {"__name__": "__main__", "__builtins__": builtins, "get_ipython": shell.current, "display": display}
        for name, value in own.items():
            dict.__setitem__(self.namespace, name, value)
        self.namespace.trusted = set(own)
        shell.current().user_ns = self.namespace
        sys.modules["__main__"] = MainModule(self.namespace)
        builtins.input = shell.refuse_input
        exports.PLAIN_BUILTINS["input"] = shell.refuse_input
        follow.seeds(self.asking)
        follow.figures(self.asking)
        follow.sources(self.asking)
        self.asking.patches = exports.Patches()

    def setup(self, message: dict[str, Any]) -> dict[str, Any]:
        """A trusted cell. What the author's solution changes afterwards is the learner's to give."""
        self.namespace.in_setup = True
        error, _, standing = self._run(message)
        if not self.contract.learning:
            self._give_away(self.contract.changed())
        return {"error": error, "value": None, "asked": 0, "learnt": None, "wall": standing}

    def check(self, message: dict[str, Any]) -> dict[str, Any]:
        """A check. Where the author's solution has a function of a library under a name, ours is used, so that a replaced
        `assert_allclose` earns nothing; but that name may be the answer itself, so the learner's must pass as well.
        """
        self.namespace.in_setup = False
        standing = self._begin(message)
        error, value = None, None
        if standing:
            error, value, standing = self._run(message)
        if standing and error is None and self.asking.take_hers_too():
            error, value, standing = self._run(message)
        if standing:
            standing = self._after(message)
        learnt = self.contract.learnt if self.contract.learning else None
        return {"error": error, "value": value, "asked": self.asking.asked, "learnt": learnt, "wall": standing}

    def _begin(self, message: dict[str, Any]) -> bool:
        """Whether the wall stands."""
        try:
            self.asking.start(message.get("sources", []))
            if self.contract.learning:
                self._compare_trusted(message["names"])
        except WallDownError:
            return False
        return self._at_mark(message)

    def _at_mark(self, message: dict[str, Any]) -> bool:
        """Before the rest of a check, whose head ran long ago: both rooms go back to its place. Whether the wall stands."""
        if message["part"] != "rest":
            return True
        try:
            self.marks.back_to(message["key"])
            self.asking.tell("restore", name=message["key"])
        except (WallDownError, LookupError):
            return False
        return True

    def _after(self, message: dict[str, Any]) -> bool:
        """What the check changed is changed in the learner's room; the place is marked. Whether the wall stands."""
        try:
            self.asking.return_fetched()
            if message["part"] == "head":
                self.marks.set(message["key"])
                self.asking.tell("mark", name=message["key"])
            elif message["part"] == "rest":
                self.marks.keep_late(message["key"])
        except WallDownError:
            return False
        return True

    def _run(self, message: dict[str, Any]) -> tuple[Any, Any, bool]:
        """The error and the value of a cell, and whether the wall still stands."""
        try:
            value = learner.evaluate(message["source"], message["key"], self.namespace)
            return None, kind_of(value), True
        except WallDownError:
            return None, None, False
        except BaseException as error:
            return self._describe(error), None, True

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """An error that came through the wall is told with its places in the learner's cells."""
        told = describe(error)
        there = getattr(error, "_described", None)
        if isinstance(there, dict):
            told |= {key: there[key] for key in ("name", "kinds", "value", "library") if key in there}
            hers = [frame for frame in there.get("frames", []) if frame[0] != shell.current().key]
            told["frames"] = [*told["frames"], *hers][-20:]
        return told

    # --- while learning: which names of the exercise's own cells has the author's solution changed? ---------------------

    def _compare_trusted(self, names: list[str]) -> None:
        bound = [name for name in names if name in self.namespace.trusted and dict.__contains__(self.namespace, name)]
        self.contract.note_changed([name for name in bound if not self._is_same(name)])
        self._give_away(self.contract.changed())

    def _give_away(self, names: list[str]) -> None:
        for name in names:
            if name in self.namespace.trusted:
                dict.pop(self.namespace, name, None)

    def _is_same(self, name: str) -> bool:
        mine = dict.__getitem__(self.namespace, name)
        if self.asking.ask("has", name=name)[0] is not True:
            return True
        value, buffers = self.asking.ask("get", name=name)
        if isinstance(value, list) and value[0] == "h":
            told = value[2]
            same = getattr(mine, "__name__", type(mine).__qualname__)
            return bool(told.get("name") == same)
        encoder = Encoder(lambda held: ["h", 0, {}])
        try:
            return bool(form(encoder.encode(mine), encoder.buffers) == form(value, buffers))
        except (TypeError, ValueError):
            return True
