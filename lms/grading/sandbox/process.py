"""Warm parents and the children that they fork, as the grader handles them."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from lms.errors import GradingUnavailableError

from ..room import frames
from ..room.forker import MAX_MESSAGE
from . import cgroups

START_SECONDS = 60.0
GRACE_SECONDS = 1.0
WATCH_SECONDS = 0.1
END_SECONDS = 30.0  # a killed process that is still there after so long is stuck in the kernel
MAX_ANSWER = 16 << 20
Answer = TypeVar("Answer")
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
_HERE = Path(__file__).resolve().parent
_FIRST_UID = 2_000_000_000
_SLOTS = 512  # of a warm parent: for children of its own, then blocks for templates with theirs
_CHILDREN = 256
_FILES_AT_ONCE = 32
BLOCK = 32
ONE_USER = 1000  # where there is one uid only, in its user namespace
ENGINE = "/engine"  # inside the sandbox


class RoomError(Exception):
    """The child gave no usable answer. `reason`: timeout, died, memory or broken (an answer that isn't of our form)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """What one child may use, with everything that it starts. Seconds are of the wall, a cell's and the whole's."""

    seconds: float = 60.0
    cell_seconds: float = 20.0
    memory_mb: int = 1024
    processes: int = 64
    disk_mb: int = 64


@dataclass(frozen=True)
class Files:
    """An exercise's data files: relative path -> content on the host. `digest` names this set."""

    digest: str = ""
    paths: tuple[tuple[str, Path], ...] = ()


def readable_paths(*, moved: bool) -> dict[str, str]:
    """What of the host a child can read, and where it sees it: the system, Python, its libraries and the folder of the rooms.

    With a root of its own (`moved`) the last two and a virtual environment lie under /engine, wherever they are on the
    host: one below /tmp would be hidden by the sandbox's own.
    """
    same = [*_SYSTEM, sys.base_prefix]
    room = str(_HERE.parent / "room")
    if not moved:
        return {path: path for path in (*same, sys.prefix, _site(), room)}
    environment = {sys.prefix: f"{ENGINE}/python"} if sys.prefix != sys.base_prefix else {}
    return {path: path for path in same} | environment | {_site(): f"{ENGINE}/site", room: f"{ENGINE}/room"}


def _executable(*, moved: bool) -> str:
    """Where a notebook finds the Python that runs it."""
    if not moved or sys.prefix == sys.base_prefix:
        return sys.executable
    return f"{ENGINE}/python/bin/python"


def _site() -> str:
    """The folder in which the notebook's libraries are installed."""
    found = importlib.util.find_spec("IPython")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parents[1])


def _import_path(*, moved: bool) -> list[str]:
    """For the warm parent: Python's own modules, the libraries, and the folder in which `room` lies."""
    own = [path for path in sys.path if path.startswith((sys.base_prefix, sys.base_exec_prefix))]
    own = [path for path in own if not path.endswith(("site-packages", "dist-packages"))]
    return [*own, *([f"{ENGINE}/site", ENGINE] if moved else [_site(), str(_HERE.parent)])]


class Forker:
    """The other end of a process that forks children: a warm parent, or a template. Threads may share it."""

    def __init__(self, level: str, control: socket.socket) -> None:
        self.level = level
        self._control = control
        self._lock = threading.Lock()
        self.groups: list[Path] = []  # where control groups are made, if they are
        self._folder = ""
        self._slots: Iterator[int] = itertools.cycle((0,))

    def log(self) -> str:
        """The end of what the process and children that failed to start have written."""
        raise NotImplementedError

    def is_alive(self) -> bool:
        raise NotImplementedError

    def fork(
        self,
        room: str,
        limits: Limits,
        files: Files,
        *,
        setting: dict[str, Any] | None = None,
        wall: socket.socket | None = None,
    ) -> Child:
        """A confined child that serves `room`. `wall` is its end of a socket to another child, closed here afterwards."""
        request = self._request("fork", room, limits, files, setting)
        return self._spawn(request, limits, files, [wall] if wall else [])

    def _spawn(self, request: dict[str, Any], limits: Limits, files: Files, given: list[socket.socket]) -> Child:
        ours, theirs = socket.socketpair()
        ended, pipe = os.pipe()
        descriptors = [pipe, theirs.fileno(), *(one.fileno() for one in given)]
        try:
            descriptor = self._ask_for_child(request, descriptors, files)
        except BaseException:
            ours.close()
            os.close(ended)
            raise
        finally:
            theirs.close()
            os.close(pipe)  # while we hold it, its end would never be seen
        return Child(self, descriptor, ours, ended, limits, request["home"])

    def _request(
        self, what: str, room: str, limits: Limits, files: Files, setting: dict[str, Any] | None
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "do": what,
            "room": room,
            "store": files.digest if files.paths else "",
            "files": [path for path, _ in files.paths],
            "uid": next(self._slots),
            "home": tempfile.mkdtemp(dir=self._folder) if self._folder else "",
            "limits": {
                "memory_mb": limits.memory_mb,
                "processes": limits.processes,
                "disk_mb": limits.disk_mb,
                "cpu_seconds": int(limits.seconds) + 10,
            },
            "setting": setting or {},
        }
        if request["home"] and os.geteuid() == 0:
            os.chown(request["home"], request["uid"], request["uid"])
        return request

    def _ask_for_child(self, request: dict[str, Any], given: list[int], files: Files) -> int:
        with self._lock:
            answer, descriptors = self._ask(request, given)
            if "missing" in answer:
                self._store(files)
                answer, descriptors = self._ask(request, given)
        if not answer.get("forked") or not descriptors:
            raise GradingUnavailableError(why=f"no child could be started: {answer.get('error') or self.log()}")
        return descriptors[0]

    def _store(self, files: Files) -> None:
        raise NotImplementedError

    def _ask(self, request: dict[str, Any], descriptors: list[int]) -> tuple[dict[str, Any], list[int]]:
        message = json.dumps(request).encode()
        if len(message) > MAX_MESSAGE:
            raise GradingUnavailableError(why=f"what must be told of the exercise is too long: {len(message)} bytes")
        try:
            socket.send_fds(self._control, [message], descriptors)
            body, given, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
        except OSError as error:
            raise GradingUnavailableError(why=f"the warm parent does not answer: {error}") from error
        if not body:
            raise GradingUnavailableError(why=f"the warm parent has died: {self.log()}")
        try:
            return dict(json.loads(body)), given
        except (ValueError, TypeError, RecursionError) as error:
            raise GradingUnavailableError(why="a template sent no answer") from error


class WarmParent(Forker):
    """A process that has imported `preload` and forks children and templates."""

    def __init__(self, level: str, preload: tuple[str, ...] = ()) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(level, ours)
        self.environment = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the parent
        self._folder = tempfile.mkdtemp(prefix="baeum-grading-") if level in ("landlock", "none") else ""
        if self._folder:
            os.chmod(self._folder, 0o711)  # noqa: S103 - children of other uids pass through it, nobody can list it
        owner = os.pidfd_open(os.getpid())
        try:
            self._process = self._start(preload, theirs.fileno(), owner)
        finally:
            theirs.close()
            os.close(owner)
        self._greet()
        first, count = (self.uid_base, _CHILDREN) if os.geteuid() == 0 else (ONE_USER, 1)
        self._slots = itertools.cycle(range(first, first + count))
        self.blocks = list(range(_CHILDREN, _SLOTS, BLOCK))
        if level == "full":
            self.groups = cgroups.parents()
            cgroups.sweep(self.groups)

    def _start(self, preload: tuple[str, ...], control: int, owner: int) -> subprocess.Popen[bytes]:
        setting = {
            "level": self.level,
            "control": control,
            "owner": owner,
            "read": readable_paths(moved=not self._folder),
            "path": _import_path(moved=not self._folder),
            "start": _import_path(moved=False),
            "executable": _executable(moved=not self._folder),
            "preload": preload,
        }
        home = self._folder or "/tmp"  # noqa: S108 - in namespaces this is the sandbox's own
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "Asia/Seoul",
            "COLUMNS": "80",  # else pandas asks the terminal, which is slow and isn't there
            "LINES": "24",
            "HOME": home,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": f"{home}/matplotlib",
            "IPYTHONDIR": f"{home}/ipython",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-I", str(_HERE / "launch.py"), json.dumps(setting)],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(control, owner),
            start_new_session=True,  # Ctrl-C in a terminal is for the grader, which ends this one in its own time
        )

    def _greet(self) -> None:
        self._control.settimeout(START_SECONDS)
        try:
            answer = json.loads(self._control.recv(1 << 16) or b"{}")
        except (OSError, ValueError):
            answer = {}
        if not answer.get("ready"):
            why = f"the warm parent did not start: {self.log()}"
            self.close()
            raise GradingUnavailableError(why=why)
        self.environment = answer["environment"]

    @property
    def uid_base(self) -> int:
        """No two warm parents of a machine share uids, so that one's children can be told from another's."""
        return _FIRST_UID + self._process.pid * _SLOTS % 2_000_000_000

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """The end of what the warm parent and children that failed to start have written."""
        size = os.fstat(self._log.fileno()).st_size
        start = max(size - 2000, 0)
        return os.pread(self._log.fileno(), 2000, start).decode("utf-8", "replace").strip()

    def is_alive(self) -> bool:
        """Neither the process that entered the namespaces nor the one that forks has gone, and it hasn't been closed."""
        if self._control.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._control, 0)
        return self._process.poll() is None and not poll.poll(0)

    def _store(self, files: Files) -> None:
        """A message carries only so many descriptors."""
        for first in range(0, len(files.paths), _FILES_AT_ONCE):
            given = files.paths[first : first + _FILES_AT_ONCE]
            request: dict[str, Any] = {"do": "store", "store": files.digest, "folder": self._folder}
            request |= {"first": not first, "last": first + _FILES_AT_ONCE >= len(files.paths)}
            request["files"] = [path for path, _ in given]
            with contextlib.ExitStack() as stack:
                opened = [stack.enter_context(open(path, "rb")).fileno() for _, path in given]
                answer, _ = self._ask(request, opened)
            if not answer.get("stored"):
                raise GradingUnavailableError(why=f"the data files could not be stored: {answer.get('error')}")

    def grow(
        self, room: str, limits: Limits, files: Files, setting: dict[str, Any], block: int, forks: socket.socket
    ) -> Child:
        """A template, still to be given its cells: it serves `room`, and after `settle` forks at what comes through `forks`.

        `block`: its first uid, one of `blocks`.
        """
        request = self._request("template", room, limits, files, setting)
        request["uids"] = [self.uid_base + block, BLOCK] if os.geteuid() == 0 else None
        request["uid"] = 0 if os.geteuid() == 0 else ONE_USER
        return self._spawn(request, limits, files, [forks])

    def abandon(self) -> None:
        """In a fork of the owner: let go of the sockets without ending anything."""
        self._control.close()
        self._log.close()

    def close(self) -> None:
        """End it; its children end with it."""
        self._control.close()
        if hasattr(self, "_process"):
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class Child:
    """A confined process: send it messages, take its answers, kill it with all that it started."""

    def __init__(
        self, parent: Forker, descriptor: int, control: socket.socket, ended: int, limits: Limits, home: str
    ) -> None:
        self._descriptor = descriptor
        self._control = control
        self._ended: BinaryIO = os.fdopen(ended, "rb")
        self._limits = limits
        self._home = home
        self._group: cgroups.Group | None = None
        self.usage: dict[str, Any] = {}
        self.over_limit = False
        self.pid = pid_of(descriptor)
        if parent.groups:
            try:
                self._group = cgroups.Group(parent.groups, memory_mb=limits.memory_mb, processes=limits.processes)
                self._group.add(self.pid)
            except OSError as error:
                self.close()
                raise GradingUnavailableError(why=f"no control group could be made: {error}") from error

        self._watch = _Watch(self.pid, limits) if not parent.groups else None

    def ask(
        self, message: Any, answer: type[Answer], seconds: float, *, most: int = MAX_ANSWER, busy: Child | None = None
    ) -> tuple[Answer, bool]:
        """Send a message and wait for its answer, which must be of our form; and whether it had to be interrupted.

        After `seconds` the child is interrupted as by Ctrl-C; if that doesn't help either it is killed. `busy` is another
        child that may be at work for this one: it is interrupted first.
        RoomError in each case in which there is no answer; the child is dead then.
        """
        try:
            body, late = self._exchange(frames.encode(message), seconds, most, busy)
            return msgspec.json.decode(body, type=answer), late
        except (frames.FrameError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.close()
            raise RoomError("broken") from None
        except TimeoutError:
            self.close()
            raise RoomError("timeout") from None
        except OSError:
            self.close()
            raise RoomError("memory" if self.over_limit else "died") from None

    def _exchange(self, message: bytes, seconds: float, most: int, busy: Child | None) -> tuple[bytes, bool]:
        deadline = time.monotonic() + seconds
        watches = [child._watch for child in (self, busy) if child and child._watch]
        self._control.settimeout(max(seconds, 0.01))
        self._control.sendall(message)
        late = not self._wait(deadline, watches)
        if late and not any(self._interrupted(child, watches) for child in (busy, self) if child):
            raise TimeoutError
        body = frames.receive_bytes(self._control, time.monotonic() + GRACE_SECONDS, most)
        if body is None:
            raise ConnectionResetError
        return body, late

    def _interrupted(self, child: Child, watches: list[_Watch]) -> bool:
        """Whether interrupting `child` brings this one's answer."""
        child.signal(signal.SIGINT)
        return self._wait(time.monotonic() + GRACE_SECONDS, watches)

    def _wait(self, deadline: float, watches: list[_Watch]) -> bool:
        """Until something can be read. Where no control group holds the trees' limits, they are watched here."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            tick = min(left, WATCH_SECONDS) if watches else left
            if poll.poll(max(tick * 1000, 1)):
                return True
            if any(watch.is_over() for watch in watches):
                self.over_limit = True
                raise ConnectionResetError
        return False

    def is_alive(self) -> bool:
        return not self._ended.closed and not _readable(self._ended, 0)

    def abandon(self) -> None:
        """In a fork of the owner: let go of it without ending it."""
        self._control.close()
        self._ended.close()
        os.close(self._descriptor)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """Without waiting for its end."""
        if not self._ended.closed:
            self.signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill it with all that it started, wait until nothing of it is left, and keep what it used."""
        if self._ended.closed:
            return
        self.kill()
        self._control.close()
        with self._ended:
            told = self._ended.read() if _readable(self._ended, END_SECONDS) else b""
        self.usage = json.loads(told) if told else {}
        os.close(self._descriptor)
        if self._group:
            self.over_limit = self._group.ran_out_of_memory()
            self._group.remove()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Watch:
    """Sums the memory and counts the processes of a child's tree, beyond what the child had at its start."""

    def __init__(self, pid: int, limits: Limits) -> None:
        self._pid = pid
        self._limits = limits
        self._base = memory_kb(pid)

    def is_over(self) -> bool:
        tree = list(_tree(self._pid))
        used = sum(max(memory_kb(pid) - self._base, 0) for pid in tree)
        return used > self._limits.memory_mb * 1024 or len(tree) > self._limits.processes


def _readable(file: BinaryIO, seconds: float) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def memory_kb(pid: int) -> int:
    """What a process holds that is no file's, shared with its parent or not."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def pid_of(descriptor: int) -> int:
    """A child's pid as this process sees it."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise GradingUnavailableError(why="the kernel does not tell the pid of a process descriptor")
