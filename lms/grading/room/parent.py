"""The warm parent: imports the libraries once and forks a confined child for each request.

It runs as the first process of a pid namespace of its own, in a root where only the system, Python and its libraries can
be seen, without network, secrets, threads or a line of a learner's code. It ends when the process that asked for it ends,
and all its children with it.

Its only input is a socket of whole messages in JSON: `store` (data files of an exercise, by descriptor), `template` (see
`template.py`) and `fork` (see `forker.py`).
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import socket
import sys
from typing import Any

from . import confine, holes, system, template
from .forker import Forker, room_of

MAX_STORES = 8
_COLLECTIONS = (5000, 20, 20)  # a child lives for seconds: looking for garbage after each 700 objects isn't worth it


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


class Parent(Forker):
    """Also keeps exercises' data files, and starts templates."""

    def __init__(self, setting: dict[str, Any]) -> None:
        self.owner: int = setting["owner"]
        self.read: list[str] = list(setting["read"].values())
        self.stores: dict[str, str] = {}
        sys.path[:] = setting["path"]
        sys.executable = setting["executable"]
        sys.modules["room"].__path__ = [os.path.join(setting["path"][-1], "room")]
        importlib.invalidate_caches()
        warm(setting["preload"])
        level = setting["level"]
        unix_sockets = level in ("full", "user")
        super().__init__(
            level, socket.socket(fileno=setting["control"]), system.seccomp_program(unix_sockets=unix_sockets)
        )
        self._for_templates = system.seccomp_program(unix_sockets=unix_sockets, forks=True)
        self.watch(self.owner)

    def serve(self) -> None:
        threads = len(os.listdir("/proc/self/task"))
        if threads > 1:
            raise RuntimeError(f"the warm parent has {threads} threads, and a fork would copy only one of them")
        gc.collect()
        holes.fill()
        gc.freeze()
        gc.set_threshold(*_COLLECTIONS)
        system.collapse()
        self.answer({"ready": True, "environment": environment()})
        super().serve()

    def prepared(self, request: dict[str, Any]) -> str | None:
        if request["store"] and request["store"] not in self.stores:
            return str(request["store"])
        request["read"] = self.read
        request["store_folder"] = self.stores.get(request["store"] or "")
        return None

    def handle(self, request: dict[str, Any], descriptors: list[int]) -> None:
        if request["do"] == "store":
            self._store(request, descriptors)
            self.answer({"stored": True})
        elif missing := self.prepared(request):
            self.answer({"missing": missing})
        else:
            self._template(request, descriptors)

    def enter(self, request: dict[str, Any], connections: list[socket.socket]) -> None:
        room_of(request).serve(request, connections)

    def _template(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """`descriptors`: the pipe for the end, a socket for the cells and one for requests."""
        self.own_namespace()
        request |= {"seccomp": self._seccomp, "seccomp_template": self._for_templates}
        pid = template.start(self.level, request, descriptors[1:])
        self.keep(pid, descriptors[0])

    def _store(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Copy an exercise's data files into our own memory, so that children can be shown them."""
        root = confine.STORE if self.level in ("full", "user") else request["folder"]
        while len(self.stores) >= MAX_STORES and request["first"]:
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
        if request["last"]:
            self.stores[request["store"]] = folder


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
