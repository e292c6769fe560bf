"""Names of processes by which a living one is told from a dead one, also where its number was given to another since."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def process_name() -> str:
    """host:pid:start-time of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{start_time(os.getpid())}"


def is_dead(name: str) -> bool:
    """Whether the process of a name is known to live no more; of another host's nothing is known."""
    host, _, rest = name.partition(":")
    pid, _, rest = rest.partition(":")
    return host == socket.gethostname() and pid.isdigit() and start_time(int(pid)) != rest.partition(":")[0]


def start_time(pid: int) -> str:
    """The start of a living process in clock ticks since boot (proc(5), stat, field 22); empty for a dead one or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
