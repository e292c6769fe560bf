"""Memory and process limits for a whole tree of processes, by control groups of version 1 or 2, where they are writable."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_serial = itertools.count()
_YOUNG_SECONDS = 60
_CONTROLLERS = ("memory", "pids")
_ASIDE = "service"


def parents() -> list[Path]:
    """The folders in which a group for memory and one for processes can be made: one with version 2, two with version 1.

    Empty where this process may make none.
    """
    mine = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    for folders in (_version_2(mine), _version_1(mine)):
        if folders and all(os.access(folder, os.W_OK) for folder in folders):
            return folders
    return []


def _version_2(mine: dict[str, str]) -> list[Path]:
    """With version 2 the controllers must be switched on for the groups below, which a group that holds processes can't do.

    A service manager delegates a group to its service (systemd: `Delegate=`), which then may order it as it likes: we step
    aside into a group below it, or are there already (`DelegateSubgroup=`, or another process of the service was first).
    """
    own = _ROOT / mine.get("", "/").lstrip("/")
    if _gives(own):
        return [own]
    if _is_delegated(own.parent) and _gives(own.parent):
        return [own.parent]
    if _is_delegated(own):
        _step_aside(own)
        return [own] if _gives(own) else []
    return []


def _gives(folder: Path) -> bool:
    """Whether groups below have both controllers; where they are at hand and ours to give, they are switched on."""
    try:
        given = (folder / "cgroup.subtree_control").read_text().split()
        if not set(_CONTROLLERS) <= set(given) and _is_delegated(folder):
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _CONTROLLERS))
            given = (folder / "cgroup.subtree_control").read_text().replace("+", "").split()
        return set(_CONTROLLERS) <= set(given)
    except OSError:
        return False


def _is_delegated(folder: Path) -> bool:
    """By the mark that systemd leaves on a group that it gives away."""
    for name in ("trusted.delegate", "user.delegate"):
        try:
            if os.getxattr(folder, name) == b"1":
                return True
        except OSError:
            continue  # no such mark, or not for our eyes
    return False


def _step_aside(folder: Path) -> None:
    """All processes of the service go into a group below its own."""
    try:
        (folder / _ASIDE).mkdir(exist_ok=True)
        for _ in range(10):  # one may be started meanwhile
            pids = (folder / "cgroup.procs").read_text().split()
            for pid in pids:
                _write(f"{folder / _ASIDE}/cgroup.procs", int(pid))
            if not pids:
                return
    except OSError:
        return  # then the controllers can't be switched on, which is what counts


def _version_1(mine: dict[str, str]) -> list[Path]:
    folders = []
    for controller in ("memory", "pids"):
        path = next((path for names, path in mine.items() if controller in names.split(",")), None)
        if path is None:
            return []
        own = _ROOT / controller / path.lstrip("/")
        folders.append(own if own.is_dir() else _ROOT / controller)
    return folders if all(folder.is_dir() for folder in folders) else []


def sweep(folders: list[Path]) -> None:
    """Remove the empty groups of graders that were killed. Young ones may be about to be used in another container."""
    for folder in folders:
        for group in folder.glob("baeum-*-*"):
            owner = Path("/proc") / group.name.split("-")[1]
            try:
                if not owner.exists() and time.time() - group.stat().st_mtime > _YOUNG_SECONDS:
                    group.rmdir()
            except OSError:
                continue  # in use, or somebody else's sweep was faster


class Group:
    """A control group for one child and all that it starts."""

    def __init__(self, folders: list[Path], *, memory_mb: int, processes: int) -> None:
        name = f"baeum-{os.getpid()}-{next(_serial)}"
        self._folders = [f"{folder}/{name}" for folder in folders]
        self._second = len(folders) == 1
        for folder in self._folders:
            os.mkdir(folder)
        memory, pids = self._folders[0], self._folders[-1]
        if self._second:
            _write(f"{memory}/memory.max", memory_mb << 20)
            _write_if_there(f"{memory}/memory.swap.max", 0)
            _write_if_there(f"{memory}/memory.oom.group", 1)
        else:
            _write(f"{memory}/memory.limit_in_bytes", memory_mb << 20)
            _write_if_there(f"{memory}/memory.memsw.limit_in_bytes", memory_mb << 20)
        _write(f"{pids}/pids.max", processes)

    def add(self, pid: int) -> None:
        for folder in self._folders:
            _write(f"{folder}/cgroup.procs", pid)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the group for its memory."""
        name = "memory.events" if self._second else "memory.oom_control"
        lines = Path(f"{self._folders[0]}/{name}").read_text().splitlines()
        return any(line.startswith("oom_kill ") and not line.endswith(" 0") for line in lines)

    def processes(self) -> list[int]:
        return [int(pid) for pid in Path(f"{self._folders[-1]}/cgroup.procs").read_text().split()]

    def remove(self) -> None:
        """After the child is dead. The kernel may need a moment until the group is empty."""
        for folder in self._folders:
            for _ in range(400):
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.005)


def _write(path: str, value: int) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, b"%d" % value)
    finally:
        os.close(descriptor)


def _write_if_there(path: str, value: int) -> None:
    try:
        _write(path, value)
    except OSError:
        return  # a kernel without this limit; the others hold
