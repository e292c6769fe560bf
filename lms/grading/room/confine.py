"""Shutting a freshly forked child in, before any code of a learner runs in it.

The child is the first process of its own pid namespace, so that its death is the death of everything that it started.
"""

from __future__ import annotations

import os
import resource
import socket
from typing import Any

from . import system

HOME = "/home/learner"
STORE = "/store"
_MEBIBYTE = 1 << 20
_PLAIN = system.MS_NOSUID | system.MS_NODEV
_OWN_PROC = ("/proc/self", "/proc/meminfo", "/proc/cpuinfo")


def confine(level: str, request: dict[str, Any]) -> None:
    """`level` is full, user (namespaces), landlock or none; `request` holds slot, limits and the files to show."""
    system.die_with_parent()
    os.setsid()
    if level in ("full", "user"):
        _own_namespaces(request)
    else:
        _own_folder(request)
    if level in ("full", "user"):
        system.drop_bounding_set()
    _change_user(request["uid"])
    system.die_with_parent()
    _limit_resources(request["limits"])
    if level == "landlock":
        devices = ["/dev/null", "/dev/zero", "/dev/urandom"]
        system.landlock(read=[*request["read"], *_OWN_PROC], write=[request["home"], *devices])
    system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    if level in ("full", "user"):
        system.drop_capabilities()
    system.load_seccomp(request["seccomp"])


def close_others(kept: set[int]) -> None:
    """No descriptor of the warm parent may reach the child."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # the one that listed the folder


def _own_namespaces(request: dict[str, Any]) -> None:
    system.unshare(
        system.CLONE_NEWNS | system.CLONE_NEWIPC | system.CLONE_NEWUTS | system.CLONE_NEWNET | system.CLONE_NEWCGROUP
    )
    system.mount(None, "/", None, system.MS_REC | system.MS_PRIVATE)
    _furnish(request)
    system.mount("tmpfs", STORE, "tmpfs", _PLAIN | system.MS_RDONLY, "size=4k,mode=755")


def furnish_template(request: dict[str, Any]) -> None:
    """As a child's, in namespaces that are there; of the data files only this exercise's are left, for the children to come."""
    system.mount(None, "/", None, system.MS_REC | system.MS_PRIVATE)
    if request["store_folder"]:
        system.bind_read_only(request["store_folder"], STORE)
    else:
        system.mount("tmpfs", STORE, "tmpfs", _PLAIN | system.MS_RDONLY, "size=4k,mode=755")
    request["store_folder"] = STORE
    _furnish(request)


def _furnish(request: dict[str, Any]) -> None:
    size = f"size={request['limits']['disk_mb']}m,nr_inodes=10000"
    owner = f"uid={request['uid']},gid={request['uid']}"
    system.mount("tmpfs", HOME, "tmpfs", _PLAIN, f"{size},mode=700,{owner}")
    _show_files(request)
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108 - mount points of the sandbox's own
        system.mount("tmpfs", folder, "tmpfs", _PLAIN, f"{size},mode=1777")
    system.mount("devpts", "/dev/pts", "devpts", system.MS_NOSUID | system.MS_NOEXEC, "newinstance,ptmxmode=0666")
    system.mount("proc", "/proc", "proc", _PLAIN | system.MS_NOEXEC)
    socket.sethostname("baeum")
    os.chdir(HOME)


def _show_files(request: dict[str, Any]) -> None:
    """The exercise's data files, read-only, at their own relative paths.

    Each folder on the way becomes a mount point, so that it can't be renamed and another put in its place.
    """
    for path in request["files"]:
        target = os.path.join(HOME, path)
        _fixed_folder(os.path.dirname(path), request["uid"])
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
        system.bind_read_only(os.path.join(request["store_folder"], path), target)


def _fixed_folder(relative: str, uid: int) -> None:
    folder = HOME
    for part in filter(None, relative.split("/")):
        folder = os.path.join(folder, part)
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
            os.chown(folder, uid, uid)
            system.mount(folder, folder, None, system.MS_BIND)


def _own_folder(request: dict[str, Any]) -> None:
    """Without namespaces: a folder of the host that the client made for this child alone, files copied into it."""
    home = request["home"]
    for path in request["files"]:
        target = os.path.join(home, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(os.path.join(request["store_folder"], path), "rb") as source, open(target, "wb") as copy:
            copy.write(source.read())
        os.chmod(target, 0o444)
    os.chdir(home)


def _change_user(uid: int) -> None:
    """Root gives each child a uid of its own; the others stay who they are (in their user namespace)."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        system.prctl(system.PR_SET_DUMPABLE, 1)  # else its own /proc/self belongs to root


def _limit_resources(limits: dict[str, Any]) -> None:
    """Memory is the address space beyond what the warm parent already maps, so that Python can say MemoryError."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    system.limit(resource.RLIMIT_AS, mapped + limits["memory_mb"] * _MEBIBYTE)
    system.limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    limit_things(limits)


def limit_things(limits: dict[str, Any]) -> None:
    """All but memory and processor time, which a template's children have each for itself."""
    system.limit(resource.RLIMIT_NPROC, limits["processes"])
    system.limit(resource.RLIMIT_FSIZE, limits["disk_mb"] * _MEBIBYTE)
    system.limit(resource.RLIMIT_NOFILE, 512)
    system.limit(resource.RLIMIT_CORE, 0)
    system.limit(resource.RLIMIT_MSGQUEUE, 0)
