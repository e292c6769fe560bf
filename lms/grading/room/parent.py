"""The warm parent: imports the libraries once and forks a confined child for each request.

It runs as the first process of a pid namespace of its own, in a root where only the system, Python and its libraries can
be seen, without network, secrets, threads or a line of a learner's code. It ends when the process that asked for it ends,
and all its children with it.

Its only input is a socket of whole messages in JSON: `store` (data files of an exercise, by descriptor) and `fork`. The
answer to `fork` carries a descriptor of the child; how the child ended is written to the pipe that came with the request.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import traceback
from typing import Any

from . import confine, system

MAX_MESSAGE = 180_000
MAX_DESCRIPTORS = 64
MAX_STORES = 8


def launch(setting: dict[str, Any]) -> None:
    """First code of the new process: enter namespaces while there is one thread, then become the warm parent.

    `setting`: level, control and owner (descriptors), read (paths of the host and where they are shown), path (for imports),
    preload (modules).
    """
    if setting["level"] in ("full", "user"):
        _enter_namespaces(setting)
    else:
        system.prctl(system.PR_SET_CHILD_SUBREAPER, 1)
    system.die_with_parent()
    Parent(setting).serve()


def _enter_namespaces(setting: dict[str, Any]) -> None:
    """The process that enters a pid namespace isn't in it: its child is. The first one stays to wait for it."""
    flags = system.CLONE_NEWNS | system.CLONE_NEWNET | system.CLONE_NEWPID | system.CLONE_NEWIPC
    if os.getuid() == 0:
        system.unshare(flags)
    else:
        _enter_user_namespace(flags)
    child = os.fork()
    if child:
        os.close(setting["control"])
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
    build_root(setting["read"])


def _enter_user_namespace(flags: int) -> None:
    uid, gid = os.getuid(), os.getgid()
    system.unshare(system.CLONE_NEWUSER | flags)
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def build_root(readable: dict[str, str]) -> None:
    """A root on a small tmpfs in which `readable` paths of the host, and nothing else of it, can be read."""
    system.mount(None, "/", None, system.MS_REC | system.MS_PRIVATE)
    new = "/mnt"
    system.mount("tmpfs", new, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=1m,mode=755")
    for path, shown in readable.items():
        _show(path, new + shown)
    os.makedirs(f"{new}/dev/pts")
    os.makedirs(f"{new}/dev/shm")  # noqa: S108
    for name in ("null", "zero", "full", "random", "urandom"):
        _touch(f"{new}/dev/{name}")
        system.mount(f"/dev/{name}", f"{new}/dev/{name}", None, system.MS_BIND)
    links = {"fd": "/proc/self/fd", "ptmx": "pts/ptmx"}
    links |= {name: f"/proc/self/fd/{number}" for number, name in enumerate(("stdin", "stdout", "stderr"))}
    for name, target in links.items():
        os.symlink(target, f"{new}/dev/{name}")
    for folder in ("/proc", "/tmp", confine.HOME, confine.STORE, "/old"):  # noqa: S108
        os.makedirs(new + folder, exist_ok=True)
    system.mount("tmpfs", new + confine.STORE, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=512m,mode=755")
    temporary = f"{new}/tmp"  # noqa: S108
    system.mount("tmpfs", temporary, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=16m,mode=1777")
    system.mount("proc", f"{new}/proc", "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    system.pivot_root(new, f"{new}/old")
    os.chdir("/")
    system.unmount("/old")
    os.rmdir("/old")
    flags = system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID | system.MS_NODEV
    system.mount(None, "/", None, flags)


def _show(path: str, target: str) -> None:
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        _touch(target)
    system.bind_read_only(path, target)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


class Parent:
    """Serves requests until its owner goes. `children` maps a child's descriptor to its pid and its pipe."""

    def __init__(self, setting: dict[str, Any]) -> None:
        self.level: str = setting["level"]
        self.control = socket.socket(fileno=setting["control"])
        self.owner: int = setting["owner"]
        self.read: list[str] = list(setting["read"].values())
        self.children: dict[int, tuple[int, int]] = {}
        self.stores: dict[str, str] = {}
        self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        sys.path[:] = setting["path"]
        sys.executable = setting["executable"]
        sys.modules["room"].__path__ = [os.path.join(setting["path"][-1], "room")]
        importlib.invalidate_caches()
        warm(setting["preload"])
        self._seccomp = system.seccomp_program(unix_sockets=self.level in ("full", "user"))
        self._poll = select.poll()
        for descriptor in (self.control.fileno(), self.owner):
            self._poll.register(descriptor, select.POLLIN)

    def serve(self) -> None:
        threads = len(os.listdir("/proc/self/task"))
        if threads > 1:
            raise RuntimeError(f"the warm parent has {threads} threads, and a fork would copy only one of them")
        gc.collect()
        gc.freeze()
        self._answer({"ready": True, "environment": environment()})
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self.owner:
                    return
                if descriptor in self.children:
                    self._bury(descriptor)
                elif not self._request():
                    return

    def _answer(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        extra = []
        if descriptors:
            extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.control.sendmsg([json.dumps(message).encode()], extra)

    def _request(self) -> bool:
        body, descriptors, _, _ = socket.recv_fds(self.control, MAX_MESSAGE, MAX_DESCRIPTORS)
        if not body:
            return False
        request = json.loads(body)
        try:
            if request["do"] == "store":
                self._store(request, descriptors)
                self._answer({"stored": True})
            else:
                self._fork(request, descriptors)
        except OSError as error:
            self._answer({"error": str(error)})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _store(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Copy an exercise's data files into our own memory, so that children can be shown them."""
        root = confine.STORE if self.level in ("full", "user") else request["folder"]
        while len(self.stores) >= MAX_STORES:
            oldest = next(iter(self.stores))
            shutil.rmtree(self.stores.pop(oldest))
        folder = os.path.join(root, request["store"])
        for path, descriptor in zip(request["files"], descriptors, strict=True):
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(descriptor, "rb", closefd=False) as source, open(target, "wb") as copy:
                source.seek(0)
                shutil.copyfileobj(source, copy)
            os.chmod(target, 0o444)
        self.stores[request["store"]] = folder

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """`descriptors`: the pipe for the end first, then what the child's room works with."""
        if request["store"] and request["store"] not in self.stores:
            self._answer({"missing": request["store"]})
            return
        if self.level in ("full", "user"):
            system.setns(self._namespace, system.CLONE_NEWPID)  # ours again, not that of the child before
            system.unshare(system.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            self._child(request, descriptors[1:])
        child = os.pidfd_open(pid)
        self._poll.register(child, select.POLLIN)
        self.children[child] = (pid, os.dup(descriptors[0]))
        self._answer({"forked": True}, (child,))

    def _child(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Never returns."""
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            request["read"] = self.read
            request["seccomp"] = self._seccomp
            request["store_folder"] = self.stores.get(request["store"] or "")
            confine.close_others({0, 1, 2, *descriptors})
            confine.confine(self.level, request)
            room = importlib.import_module(f".{request['room']}", __package__)
            room.serve(request, [socket.socket(fileno=descriptor) for descriptor in descriptors])
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


def _children() -> set[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return {int(pid) for pid in file.read().split()}


def warm(preload: list[str]) -> None:
    """Import what the exercises need and let each library do once what it does at its first use."""
    # Not before the namespaces are entered: a library may start a thread when it is imported.
    importlib.import_module(".learner", __package__)
    importlib.import_module(".checks", __package__)
    shell = importlib.import_module(".shell", __package__)

    for name in preload:
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"cannot import {name} ahead of time", file=sys.stderr)  # noqa: T201
    shell.warm()


def environment() -> str:
    """The Python and the libraries, by version, that grade here."""
    from importlib import metadata  # noqa: PLC0415

    parts = [f"python {'.'.join(map(str, sys.version_info[:3]))}"]
    for name in ("ipython", "numpy", "pandas", "matplotlib", "scikit-learn", "scipy"):
        try:
            parts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(parts)
