"""Run as a program: try to get out of the sandbox, and tell as JSON what each try gave.

    python probes.py LEVEL FOLDER [hang]

FOLDER holds a file `secret` and is where the host's sockets are made. Each probe is run in a child of its own and prints
HELD when the sandbox held. With `hang` a child with a daemon is left running and its pids are printed, to be killed from
outside.
"""

# ruff: noqa: E501 - a probe is a line

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path

from lms.grading.sandbox import process
from lms.grading.sandbox.process import Child, Files, Forker, Limits, RoomError, WarmParent
from lms.grading.sandbox.template import Template
from lms.grading.wire import Reply

LIMITS = Limits(seconds=20, cell_seconds=5, memory_mb=256, processes=20, disk_mb=16)

HELPERS = """
import ctypes, errno, os, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def refused(*tries):
    for attempt in tries:
        try:
            attempt()
        except OSError:
            continue
        print("OUT", attempt.__code__.co_firstlineno)
        return
    print("HELD")
def call(number, *given):
    def attempt():
        if libc.syscall(ctypes.c_long(number), *[ctypes.c_long(g) for g in given]) < 0:
            raise OSError(ctypes.get_errno(), "refused")
    return attempt
def connect(family, address):
    def attempt():
        with socket.socket(family) as s:
            s.settimeout(2)
            s.connect(address)
    return attempt
def write(path):
    def attempt():
        with open(path, "w") as f:
            f.write("x")
    return attempt
def fill(folder):
    size = 0
    try:
        for number in range(1000):
            with open(f"{folder}/fill{number}", "wb") as f:
                for _ in range(4):
                    f.write(b"x" * (1 << 20)); f.flush(); size += 1
    except OSError:
        pass
    return size
"""

ANYWHERE = {
    "network": "refused(connect(socket.AF_INET, ('127.0.0.1', {port})), connect(socket.AF_INET, ('1.1.1.1', 80)), connect(socket.AF_INET6, ('::1', {port})))",
    "name_lookup": "refused(lambda: socket.getaddrinfo('example.com', 80))",
    "raw_sockets": "refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))",
    "unix_sockets": "refused(connect(socket.AF_UNIX, '{folder}/socket'), connect(socket.AF_UNIX, '\\0baeum-probe-{pid}'))",
    "secret_file": "refused(lambda: open('{folder}/secret').read(), lambda: os.listdir('{folder}'))",
    "system_files": "refused(lambda: open('/etc/shadow').read(), lambda: open('/etc/passwd').read(), lambda: os.listdir('/var'), lambda: open('/etc/hostname').read(), lambda: os.listdir('/boot'))",
    "product_files": "refused(*[lambda f=f: open('{product}/' + f).read() for f in ('errors.py', '__init__.py', 'grading/verdict.py')])",
    "write_system": "refused(write('/usr/x'), write('/x'), write(sys.prefix + '/x'), write(os.__file__), write('/etc/x'))",
    "environment": "print('HELD' if 'PROBE_SECRET' not in os.environ and b'PROBE_SECRET' not in open('/proc/self/environ', 'rb').read() else 'OUT')",
    "become_root": "refused(lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]))",
    "privileges": "s = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines()); print('HELD' if int(s['CapEff'], 16) == int(s['CapPrm'], 16) == 0 and s['NoNewPrivs'].strip() == '1' and s['Seccomp'].strip() == '2' else s)",
    "namespaces": "refused(call(272, 0x10000000), call(272, 0x20000), call(56, 0x10000000 | 17, 0))",
    "mounts": "refused(lambda: 1 / 0 if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 else write('/x')(), call(166, 0, 0), call(155, 0, 0), call(161, 0))",
    "kernel_interfaces": "refused(call(101, 0), call(321, 0), call(298, 0), call(250, 0), call(425, 1, 0), call(310, 1), call(323, 0), call(304, 0), call(175, 0), call(169, 0))",
    "devices": "refused(lambda: os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0)), lambda: open('/dev/mem', 'rb'), lambda: open('/dev/kmsg', 'rb'))",
    "host_signals": "refused(lambda: os.kill({pid}, 0), lambda: os.kill({parent}, 0))",
    "memory": "x = []\ntry:\n    while True: x.append(bytearray(10 << 20))\nexcept MemoryError:\n    del x\n    print('HELD')",
    "fork_bomb": "n = 0\ntry:\n    while n < 200:\n        if os.fork() == 0:\n            time.sleep(60); os._exit(0)\n        n += 1\n    print('OUT', n)\nexcept OSError:\n    print('HELD')",
    "print_flood": "for _ in range(100): print('x' * 1_000_000)\nraise ValueError('HELD')",
    "write_flood": "try:\n    for _ in range(200): os.write(1, b'x' * (1 << 20))\nexcept OSError:\n    raise ValueError('HELD')",
    "open_files": "f = []\ntry:\n    while len(f) < 5000: f.append(open('/dev/null'))\n    print('OUT')\nexcept OSError:\n    f.clear(); print('HELD')",
}
IN_NAMESPACES = {
    "root_listing": "print('HELD' if set(os.listdir('/')) <= {roots} else sorted(os.listdir('/')))",
    "processes": "seen = [p for p in os.listdir('/proc') if p.isdigit()]; print('HELD' if seen == ['1'] and os.getpid() == 1 else seen)",
    "sysctl": "refused(write('/proc/sys/kernel/core_pattern'), write('/proc/sysrq-trigger'), write('/proc/sys/kernel/hostname'))",
    "disk": "sizes = [fill(f) for f in (os.path.expanduser('~'), '/tmp', '/dev/shm')]; print('HELD' if max(sizes) <= 16 else sizes)",
    "whoami": "print('HELD' if socket.gethostname() == 'baeum' else socket.gethostname())",
}
FATAL = {
    "tree_memory": "for _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(120 << 20)\n        for i in range(0, len(x), 4096): x[i] = 1\n        time.sleep(60); os._exit(0)\ntime.sleep(4)\nn = 0\nwhile True:\n    try:\n        if os.waitpid(-1, os.WNOHANG)[0] == 0: break\n        n += 1\n    except ChildProcessError: break\nprint('HELD' if n >= 5 else ('OUT', n))",
    "forged_frames": "for fd in range(3, 60):\n    try: os.write(fd, b'\\x00\\x00\\x00\\x02{{}}' * 3)\n    except OSError: pass\nos._exit(0)",
    "endless_frame": "for fd in range(3, 60):\n    try: os.write(fd, b'\\xff' * 100)\n    except OSError: pass\ntime.sleep(60)",
    "stubborn_loop": "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
}
AUTHOR = {
    "remount": "refused(lambda: 1 / 0 if libc.mount(None, b'/usr', None, 32 | 4096, None) == 0 else write('/usr/x')())",
    "uncover": "refused(lambda: 1 / 0 if libc.mount(b'/store', b'/tmp', None, 8192, None) == 0 else write('/usr/x')(), call(166, 0, 0))",
    "other_users": "refused(lambda: os.setuid(5000), lambda: os.chown(os.path.expanduser('~'), 5000, 5000))",
    "users_of_its_own": "refused(lambda: open('/proc/self/uid_map', 'wb', 0).write(b'0 0 1'))",
}
_IN_TEMPLATES = """
network raw_sockets unix_sockets secret_file system_files product_files write_system environment kernel_interfaces devices host_signals
root_listing processes sysctl whoami
"""
IN_TEMPLATES = tuple(_IN_TEMPLATES.split())
DAEMON = """
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    time.sleep(600)
time.sleep(0.5)
print("HELD")
"""


def attempt(parent: Forker, source: str) -> str:
    with parent.fork("learner", LIMITS, Files()) as child:
        try:
            return answered(ask(child, HELPERS + source))
        except RoomError as error:
            return f"killed: {error.reason}"


def answered(told: tuple[Reply, bool]) -> str:
    reply, late = told
    text = "".join(output.text for output in reply.outputs if hasattr(output, "text")).strip()
    assert len(text) < 300_000
    return f"{'late ' if late else ''}{text[-300:]} {reply.error.value if reply.error else ''}".strip()


def ask(child: Child, source: str) -> tuple[Reply, bool]:
    return child.ask({"do": "cell", "key": "1", "source": source}, Reply, LIMITS.cell_seconds)


def leftover(parent: Forker) -> str:
    """A daemon that left its session and its parent: gone with the child."""
    with parent.fork("learner", LIMITS, Files()) as child:
        ask(child, HELPERS + DAEMON)
        tree = [*process._tree(child.pid), *daemons(parent, child.pid)]
    alive = [pid for pid in tree if Path(f"/proc/{pid}").exists()]
    return "HELD" if len(tree) > 1 and not alive else f"tree {tree}, alive {alive}"


def daemons(parent: Forker, child: int) -> set[int]:
    """Without namespaces a process that lost its parent belongs to the warm parent."""
    return (
        set()
        if not isinstance(parent, WarmParent) or parent.level in ("full", "user")
        else set(process._tree(parent.pid)) - {parent.pid, child}
    )


def main(level: str, folder: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    named, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    named.bind(f"{folder}/socket")
    abstract.bind(f"\0baeum-probe-{os.getpid()}")
    named.listen()
    abstract.listen()
    os.environ["PROBE_SECRET"] = "1"
    parent = WarmParent(level)
    facts = {
        "port": listener.getsockname()[1],
        "folder": folder,
        "product": str(Path(process.__file__).parents[2]),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "roots": repr({"bin", "dev", "etc", "home", "lib", "lib64", "proc", "sbin", "store", "tmp", "usr"} | tops()),
    }
    probes = ANYWHERE | (IN_NAMESPACES | FATAL if level in ("full", "user") else {})
    told = {name: attempt(parent, source.format(**facts)) for name, source in probes.items()}
    told["daemon"] = leftover(parent)
    if level in ("full", "user"):
        told["uid"] = own_uid(parent)
        told |= from_template(parent, facts)
    parent.close()
    print(json.dumps(told))


def from_template(parent: WarmParent, facts: dict[str, object]) -> dict[str, str]:
    """What an author's cells can do in a template, and a learner's in its children."""
    probes = ANYWHERE | IN_NAMESPACES
    template = Template(parent, "learner", LIMITS, Files(), {})
    told = {
        f"author_{name}": answered(template.run({"do": "cell", "key": "1", "source": HELPERS + source.format(**facts)}))
        for name, source in ({name: probes[name] for name in IN_TEMPLATES} | AUTHOR).items()
    }
    template.close()
    template = Template(parent, "learner", LIMITS, Files(), {})
    template.run({"do": "cell", "key": "1", "source": "given = 1"})
    assert template.settle().reason == ""
    told |= {f"template_{name}": attempt(template, source.format(**facts)) for name, source in probes.items()}
    told["template_state"] = attempt(template, "print('HELD' if given == 1 else 'OUT')")
    told["template_daemon"] = leftover(template)
    template.close()
    return told


def tops() -> set[str]:
    """First parts of the paths of Python itself, which may lie anywhere."""
    return {path.split("/")[1] for path in process.readable_paths(moved=True).values()}


def own_uid(parent: WarmParent) -> str:
    """As the host sees it, a child is never root."""
    with parent.fork("learner", LIMITS, Files()) as child:
        lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
        while not any(line.startswith("Seccomp:\t2") for line in lines):
            time.sleep(0.01)
            lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    uids = next(line.split()[1:] for line in lines if line.startswith("Uid:"))
    return "HELD" if "0" not in uids else f"uids {uids}"


def hang(level: str) -> None:
    """Leave a child with a daemon running, and say which processes are ours."""
    parent = WarmParent(level)
    child = parent.fork("learner", LIMITS, Files())
    ask(child, HELPERS + DAEMON)
    print(json.dumps([parent.pid, *process._tree(child.pid)]), flush=True)
    time.sleep(600)


if __name__ == "__main__":
    if sys.argv[3:] == ["hang"]:
        hang(sys.argv[1])
    else:
        main(sys.argv[1], sys.argv[2])
