"""A process that forks a confined child for each request: the warm parent, or an exercise's template.

Its input is a socket of whole messages in JSON. The answer to `fork` carries a descriptor of the child; how the child ended is
written to the pipe that came with the request.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import select
import signal
import socket
import traceback
from typing import Any

from . import confine, system

MAX_MESSAGE = 180_000
MAX_DESCRIPTORS = 64


class Forker:
    """Serves requests until its owner goes. `children` maps a child's descriptor to its pid and its pipe."""

    def __init__(self, level: str, control: socket.socket, seccomp: bytes) -> None:
        self.level = level
        self.control = control
        self.children: dict[int, tuple[int, int]] = {}
        self._seccomp = seccomp
        self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.poll()
        self.watch(control.fileno())

    def watch(self, descriptor: int) -> None:
        self._poll.register(descriptor, select.POLLIN)

    def serve(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self.children:
                    self._bury(descriptor)
                elif descriptor != self.control.fileno() or not self._request():
                    return

    def prepared(self, request: dict[str, Any]) -> str | None:
        """Complete a request to fork; why it can't be met yet, if so."""
        return None

    def handle(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Requests other than `fork`."""
        raise OSError(f"no such request: {request['do']}")

    def enter(self, request: dict[str, Any], connections: list[socket.socket]) -> None:
        """What a child does once it is confined."""
        raise NotImplementedError

    def answer(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        extra = []
        if descriptors:
            extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.control.sendmsg([json.dumps(message).encode()], extra)

    def keep(self, pid: int, pipe: int) -> None:
        """A child of ours lives: tell the owner, and write to `pipe` how it ends."""
        child = os.pidfd_open(pid)
        self.watch(child)
        self.children[child] = (pid, os.dup(pipe))
        self.answer({"forked": True}, (child,))

    def own_namespace(self) -> None:
        """Where the next child is made; else it would be in that of the child before, which is dead."""
        system.setns(self._namespace, system.CLONE_NEWPID)

    def _request(self) -> bool:
        body, descriptors, _, _ = socket.recv_fds(self.control, MAX_MESSAGE, MAX_DESCRIPTORS)
        if not body:
            return False
        try:
            request = json.loads(body)
            if request["do"] == "fork":
                self._fork(request, descriptors)
            else:
                self.handle(request, descriptors)
        except (OSError, ValueError) as error:
            self.answer({"error": str(error)})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """`descriptors`: the pipe for the end first, then what the child's room works with."""
        missing = self.prepared(request)
        if missing:
            self.answer({"missing": missing})
            return
        if self.level in ("full", "user"):
            self.own_namespace()
            system.unshare(system.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            self._child(request, descriptors[1:])
        self.keep(pid, descriptors[0])

    def _child(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Never returns."""
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            request["seccomp"] = self._seccomp
            confine.close_others({0, 1, 2, *descriptors})
            confine.confine(self.level, request)
            self.enter(request, [socket.socket(fileno=descriptor) for descriptor in descriptors])
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(70)
        os._exit(0)

    def _bury(self, child: int) -> None:
        pid, pipe = self.children.pop(child)
        self._poll.unregister(child)
        os.close(child)
        _, status, used = os.wait4(pid, 0)
        if self.level not in ("full", "user"):
            self._end_strays()
        ended = {
            "code": os.waitstatus_to_exitcode(status),
            "cpu": used.ru_utime + used.ru_stime,
            "memory_kb": used.ru_maxrss,
        }
        try:
            os.write(pipe, json.dumps(ended).encode())
        except OSError:
            pass  # the one who asked has gone already
        finally:
            os.close(pipe)

    def _end_strays(self) -> None:
        """Without pid namespaces the processes that a dead child left become ours. None of them is let live."""
        own = {pid for pid, _ in self.children.values()}
        while strays := _children() - own:
            for pid in strays:
                os.kill(pid, signal.SIGKILL)
            for pid in strays:
                os.waitpid(pid, 0)


def room_of(request: dict[str, Any]) -> Any:
    return importlib.import_module(f".{request['room']}", __package__)


def _children() -> set[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return {int(pid) for pid in file.read().split()}
