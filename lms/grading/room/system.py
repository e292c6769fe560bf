"""Linux system calls that Python 3.11 has no function for: namespaces, mounts, capabilities, Landlock, seccomp."""

from __future__ import annotations

import array
import ctypes
import errno
import os
import platform
import resource
import struct
import tempfile
from collections.abc import Iterable

import pyseccomp

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_MOVE = 1, 2, 4, 8, 32, 4096, 8192
MS_REC, MS_PRIVATE, MS_RELATIME, MS_NOATIME, MS_NODIRATIME = 16384, 1 << 18, 1 << 21, 1024, 2048
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 22, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SIGKILL = 9
# What it takes to shut a child in: change owners, pass modes, act as owner, change groups, users and bounds, mount.
TO_SHUT_IN = (0, 1, 3, 6, 7, 8, 21)

_libc = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {
    "x86_64": {"capset": 126, "pivot_root": 155},
    "aarch64": {"capset": 91, "pivot_root": 41},
}
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(number: int, *arguments: object) -> int:
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _libc.syscall(ctypes.c_long(number), *given)


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def setns(descriptor: int, kind: int) -> None:
    _checked(_libc.setns(descriptor, kind), "setns")


def prctl(option: int, first: int = 0, second: int = 0) -> None:
    values = [ctypes.c_ulong(v) for v in (first, second, 0, 0)]
    _checked(_libc.prctl(option, *values), f"prctl({option})")


def die_with_parent() -> None:
    """A change of uid clears this, so it is asked for again after each."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    names = [None if name is None else os.fsencode(name) for name in (source, target, kind, data)]
    result = _libc.mount(names[0], names[1], names[2], ctypes.c_ulong(flags), names[3])
    _checked(result, f"mount {source} on {target}")


def unmount(target: str) -> None:
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    number = _NUMBERS[platform.machine()]["pivot_root"]
    names = [ctypes.c_char_p(os.fsencode(name)) for name in (new, old)]
    _checked(_syscall(number, *names), "pivot_root")


def locked_flags(path: str) -> int:
    """Mount flags that a user namespace may not take away when it mounts `path` again."""
    flags = os.statvfs(path).f_flag
    locked = flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
    return locked | (MS_RELATIME if flags & os.ST_RELATIME else 0)


def bind_read_only(source: str, target: str) -> None:
    mount(source, target, None, MS_BIND)
    mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | locked_flags(target))


def drop_bounding_set() -> None:
    """What no program run later could ever gain. Before a change of uid, which takes away the right to do it."""
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break


def drop_capabilities() -> None:
    keep_capabilities(())


def keep_capabilities(kept: Iterable[int]) -> None:
    """Those of `kept` (numbers below 32) that are held now; all others are gone for good."""
    _libc.prctl(PR_CAP_AMBIENT, ctypes.c_ulong(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = ctypes.c_char_p(struct.pack("=Ii", 0x20080522, 0))
    held = sum(1 << number for number in kept)
    sets = ctypes.c_char_p(struct.pack("=6I", held, held, 0, 0, 0, 0))
    _checked(_syscall(_NUMBERS[platform.machine()]["capset"], header, sets), "capset")


def limit(kind: int, value: int) -> None:
    """Set both the soft and the hard limit, never above the hard one that is there."""
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


# --- memory -----------------------------------------------------------------------------------------------------------

_MADV_COLLAPSE = 25
_HUGE = 2 << 20
_FULL = 480  # of the 512 small pages in a large one


def collapse() -> None:
    """Put what this process holds into large pages, where the kernel can (from Linux 6.1): a fork then copies one entry of a page
    table instead of 512. Only where there are few holes, which would be filled."""
    with open("/proc/self/maps") as maps, open("/proc/self/pagemap", "rb", buffering=0) as pages:
        for line in maps:
            place, rights, _, _, number = line.split()[:5]
            if rights != "rw-p" or number != "0":  # no file behind it
                continue
            first, last = (int(end, 16) for end in place.split("-"))
            for start in range(-(-first // _HUGE) * _HUGE, last - _HUGE + 1, _HUGE):
                entries = array.array("Q", os.pread(pages.fileno(), _HUGE // 512, start // 512))
                if sum(entry >> 63 for entry in entries) >= _FULL:
                    _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(_HUGE), _MADV_COLLAPSE)


# --- Landlock: files only, for hosts that allow no namespaces ---------------------------------------------------------

_FILE_RIGHTS = 1 | 2 | 4 | 16384 | 32768  # execute, write, read, truncate, ioctl: those that fit a single file
_READ_RIGHTS = 1 | 4 | 8  # execute, read a file, read a folder
_DEVICE_RIGHTS = 64 | 2048  # make character and block devices: never
_KNOWN_BITS = {1: 13, 2: 14, 3: 15, 4: 15}


def landlock_version() -> int:
    """0 where the kernel has none."""
    version = _syscall(LANDLOCK_CREATE, ctypes.c_void_p(None), ctypes.c_size_t(0), ctypes.c_uint(1))
    return max(version, 0)


def landlock(read: list[str], write: list[str]) -> None:
    """From here on only files under `read` can be read and only those under `write` changed; no TCP, no foreign signals."""
    version = landlock_version()
    if not version:
        raise OSError(errno.ENOSYS, "this kernel has no Landlock")
    rights = (1 << _KNOWN_BITS.get(version, 16)) - 1
    network = 3 if version >= 4 else 0
    scope = 3 if version >= 6 else 0
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = ctypes.c_char_p(struct.pack("=QQQ", rights, network, scope))
    rules = _checked(_syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint(0)), "landlock")
    for paths, wanted in ((read, _READ_RIGHTS), (write, rights & ~_DEVICE_RIGHTS)):
        for path in filter(os.path.exists, paths):
            _landlock_rule(rules, path, wanted & rights)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _checked(_syscall(LANDLOCK_RESTRICT, rules, 0), "landlock")
    os.close(rules)


def _landlock_rule(rules: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        rights &= _FILE_RIGHTS
    rule = ctypes.c_char_p(struct.pack("=Qi", rights, descriptor))
    _checked(_syscall(LANDLOCK_ADD, rules, 1, rule, 0), f"landlock {path}")
    os.close(descriptor)


# --- seccomp ----------------------------------------------------------------------------------------------------------

_REFUSED = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "settimeofday",
    "stime",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "open_by_handle_at",
    "name_to_handle_at",
    "quotactl",
    "quotactl_fd",
    "acct",
    "syslog",
    "kcmp",
    "lookup_dcookie",
    "pidfd_getfd",
    "move_pages",
    "migrate_pages",
    "vhangup",
    "modify_ldt",
    "fanotify_init",
    "nfsservctl",
    "ustat",
    "sysfs",
    "uselib",
    "memfd_secret",
    "mknod",
    "mknodat",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    "personality",
    "memfd_create",  # memory of no process and no file system, which nobody would count
    "shmget",
    "shmat",
    "msgget",
    "semget",
]
_SHUTS_IN = ("mount", "unshare", "setns", "sethostname")
_NAMESPACES = (CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def seccomp_program(*, unix_sockets: bool, forks: bool = False) -> bytes:
    """The compiled filter that refuses what a notebook never needs and a way out might: kernel interfaces, new namespaces,
    sockets to anywhere. Made once; loading it is cheap. `forks` is for a template, which shuts its children in."""
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    refused = pyseccomp.ERRNO(errno.EPERM)
    for name in _REFUSED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0 and not (forks and name in _SHUTS_IN):
            rules.add_rule(refused, name)
    if forks:
        rules.add_rule(refused, "mount", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, MS_MOVE, MS_MOVE))
        rules.add_rule(refused, "unshare", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER))
        rules.add_rule(refused, "setns", pyseccomp.Arg(1, pyseccomp.NE, CLONE_NEWPID))
    for flag in _NAMESPACES:
        rules.add_rule(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie behind a pointer: clone() is used instead
    no_family = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    if unix_sockets:
        rules.add_rule(no_family, "socket", pyseccomp.Arg(0, pyseccomp.NE, 1))
    else:
        rules.add_rule(no_family, "socket")
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refused, "ioctl", pyseccomp.Arg(1, pyseccomp.EQ, request))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def load_seccomp(program: bytes) -> None:
    """From here on, for this process and all that it starts. `no_new_privs` must be set."""
    held = ctypes.create_string_buffer(program, len(program))
    told = _Program(len(program) // 8, ctypes.cast(held, ctypes.c_void_p))
    _checked(_libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(told), 0, 0), "seccomp")
