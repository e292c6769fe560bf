"""Which level of isolation this host offers, found out by trying, and what would give the next one."""

from __future__ import annotations

import functools
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..room import system
from . import cgroups
from .process import readable_paths

LEVELS = ("none", "landlock", "user", "full")
_PROBE = """
import ctypes, sys
sys.exit(0 if ctypes.CDLL(None).unshare({flags}) == 0 else 1)
"""


@dataclass(frozen=True)
class IsolationReport:
    """`level`: full (namespaces, an unprivileged uid for each child, limits for the whole tree), user (namespaces; memory
    and processes watched), landlock (files and network only) or none. `missing`: pairs of what and the line that gives it.
    """

    level: str
    missing: tuple[tuple[str, str], ...]

    def reaches(self, required: str) -> bool:
        return LEVELS.index(self.level) >= LEVELS.index(required)


@functools.cache
def isolation() -> IsolationReport:
    """Probed once in a process's life."""
    missing: list[tuple[str, str]] = []
    namespaces = _can_unshare()
    if not namespaces:
        missing.append(_namespace_remedy())
    if not cgroups.parents():
        missing.append(("limits of memory and processes for the whole tree (control groups)", _group_remedy()))
    if os.geteuid():
        missing.append(("a uid of its own for each submission", "run the worker as root"))
    level = _level(namespaces, missing)
    if level == "landlock" and (closed := closed_folder()):
        level = "none"
        missing.append(
            (
                f"a Python that every user can read, else children of other uids can't run: {closed} is closed to others",
                f"chmod o+rx {closed}, or install Python and the product where all can read, such as /opt",
            )
        )
    return IsolationReport(level, tuple(missing))


def _level(namespaces: bool, missing: list[tuple[str, str]]) -> str:
    if namespaces:
        return "user" if missing else "full"
    return "landlock" if system.landlock_version() else "none"


def _group_remedy() -> str:
    if not os.path.exists("/run/systemd/system"):
        return "run the worker as root in a container or machine in which it may write below /sys/fs/cgroup"
    shown = "Delegate=memory pids"
    return (
        f"User=root and {shown} in the worker's systemd unit; a shell is not in that unit, so ask again by "
        f'systemd-run --pipe --wait -p "{shown}" {sys.executable} -m lms.grading doctor'
    )


def closed_folder() -> str:
    """Where root gives children uids of their own but no root of their own (Landlock), they must be able to read Python where it
    lies: the first folder on the way that is closed to others, '' if none is."""
    if os.geteuid():
        return ""
    for path in readable_paths(moved=False):
        for folder in (*reversed(Path(os.path.realpath(path)).parents), Path(os.path.realpath(path))):
            if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
                return str(folder)
    return ""


def _can_unshare() -> bool:
    flags = system.CLONE_NEWNS | system.CLONE_NEWNET | system.CLONE_NEWPID | system.CLONE_NEWIPC
    if os.geteuid():
        flags |= system.CLONE_NEWUSER
    probe = _PROBE.format(flags=flags)
    return subprocess.run([sys.executable, "-I", "-S", "-c", probe], check=False).returncode == 0


def _namespace_remedy() -> tuple[str, str]:
    what = "namespaces (own files, processes and network)"
    if os.geteuid() == 0:
        return (
            what,
            "docker run --cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined …",
        )
    for name, value in (
        ("kernel/apparmor_restrict_unprivileged_userns", "0"),
        ("kernel/unprivileged_userns_clone", "1"),
    ):
        path = f"/proc/sys/{name}"
        if os.path.exists(path):
            return what, f"sysctl -w {name.replace('/', '.')}={value}"
    return what, "sysctl -w user.max_user_namespaces=15000"
