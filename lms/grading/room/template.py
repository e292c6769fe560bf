"""An exercise's template: a process in which the trusted cells before the first answer have run, and from which the children
of each submission are forked.

The author's code runs in it, so it is shut in before: in a user namespace of its own, with namespaces, a root and uids of its
own that are nobody's outside, without network, and with the filter of all children but for what shutting children in takes.
What it could break is its own exercise. Its children drop everything before the first cell of a learner, as those of the warm
parent do.

It is of use only where a child forked from it is as one in which the cells have just run: `_State` tells what isn't copied.
"""

from __future__ import annotations

import gc
import importlib
import os
import random
import signal
import socket
import sys
import traceback
from typing import Any

from . import confine, frames, holes, system
from .forker import Forker, room_of

_FLAGS = (
    system.CLONE_NEWUSER
    | system.CLONE_NEWNS
    | system.CLONE_NEWNET
    | system.CLONE_NEWPID
    | system.CLONE_NEWIPC
    | system.CLONE_NEWUTS
    | system.CLONE_NEWCGROUP
)


def start(level: str, request: dict[str, Any], descriptors: list[int]) -> int:
    """In the warm parent: the pid of a new template. OSError where this machine allows none.

    The process that enters a pid namespace isn't in it: its child is, which becomes ours when the first one has gone.
    """
    told, tell = os.pipe()
    go, let_go = os.pipe()
    first = os.fork()
    if first == 0:
        _first(level, request, descriptors, tell, go)
    os.close(tell)
    os.close(go)
    with os.fdopen(told, "rb") as said, os.fdopen(let_go, "wb") as letting:
        try:
            if said.readline():
                _map_users(first, request["uids"])
                letting.write(b"go")
                letting.flush()
            pid = said.readline()
        finally:
            letting.close()
            os.waitpid(first, 0)
    if not pid:
        raise OSError("this machine allows no template")
    return int(pid)


def _map_users(pid: int, uids: list[int] | None) -> None:
    """`uids`: the first and how many, where we may give them; else there is one user, as in our own namespace."""
    if uids is None:
        with open(f"/proc/{pid}/setgroups", "w") as file:
            file.write("deny")
    line = f"{os.getuid()} {os.getuid()} 1" if uids is None else f"0 {uids[0]} {uids[1]}"
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "w") as file:
            file.write(line)


def _first(level: str, request: dict[str, Any], descriptors: list[int], tell: int, go: int) -> None:
    """Never returns."""
    try:
        confine.close_others({0, 1, 2, tell, go, *descriptors})
        system.unshare(_FLAGS)
        os.write(tell, b"entered\n")
        if os.read(go, 2) != b"go":
            os._exit(0)
        if request["uids"] is not None:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
        pid = os.fork()
        if pid:
            os.write(tell, b"%d\n" % pid)
            os._exit(0)
        os.close(tell)
        os.close(go)
        Template(level, request, descriptors).run()
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        os._exit(70)
    os._exit(0)


class Template(Forker):
    """Runs cells as its room does, until it is told to settle; then it forks."""

    def __init__(self, level: str, request: dict[str, Any], descriptors: list[int]) -> None:
        system.prctl(system.PR_SET_DUMPABLE, 1)
        confine.furnish_template(request)
        confine.limit_things(request["limits"])
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        super().__init__(level, socket.socket(fileno=descriptors[1]), request["seccomp"])
        system.keep_capabilities(system.TO_SHUT_IN)
        system.load_seccomp(request["seccomp_template"])
        self._cells = socket.socket(fileno=descriptors[0])
        self._room = room_of(request)
        self._prepared = self._room.prepare(request)
        self._store_folder = request["store_folder"]
        self._moved: list[str] = []

    def run(self) -> None:
        before = _State()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        while (message := frames.receive(self._cells)) is not None:
            if message["do"] != "settle":
                self._room.answer(self._prepared, self._cells, message)
                continue
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            reason, self._moved = before.changes()
            importlib.import_module(".learner", __package__).compile_ahead(message["ahead"])
            gc.collect()
            holes.fill()
            gc.freeze()
            frames.send(self._cells, {"reason": reason, "moved": self._moved})
            if not reason:
                self.serve()
            return

    def prepared(self, request: dict[str, Any]) -> str | None:
        request["store_folder"] = self._store_folder
        return None

    def enter(self, request: dict[str, Any], connections: list[socket.socket]) -> None:
        self._room.resume(self._prepared, request, connections, moved=self._moved)


class _State:
    """What of a process a fork doesn't copy, or a sandbox of its own hides; and the state of random numbers."""

    def __init__(self) -> None:
        self._held = self._now()
        self._random = _random_states()

    @staticmethod
    def _now() -> dict[str, Any]:
        files = {path for folder in (confine.HOME, "/tmp", "/dev/shm") for path in _below(folder)}  # noqa: S108
        return {
            "threads": len(os.listdir("/proc/self/task")),
            "processes": sum(name.isdecimal() for name in os.listdir("/proc")),
            "open files": len(os.listdir("/proc/self/fd")),
            "files": files,
            "folder": os.getcwd(),
            "shared memory": _shared_maps(),
        }

    def changes(self) -> tuple[str, list[str]]:
        """What the cells left that a child wouldn't have ('' if nothing), and the libraries whose random numbers they moved."""
        gc.collect()
        now = self._now()
        left = [name for name, was in self._held.items() if now[name] != was]
        moved = [library for library, state in _random_states().items() if state != self._random.get(library)]
        return ", ".join(left), moved


def _shared_maps() -> int:
    """Memory that a fork shares instead of copying it: what one submission writes there the next would read."""
    with open("/proc/self/maps") as file:
        return sum(line.split()[1].endswith("s") for line in file)


def _below(folder: str) -> list[str]:
    return [os.path.join(where, name) for where, folders, files in os.walk(folder) for name in (*folders, *files)]


def _random_states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate()}
    if "numpy" in sys.modules:
        name, keys, *rest = sys.modules["numpy"].random.get_state()
        states["numpy"] = (name, keys.tobytes(), *rest)
    return states
