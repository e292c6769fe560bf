"""One parent that starts the web server and the worker, restarts what dies, and leaves no process behind.

It stays for as long as the site runs, so it is a program of its own (`become` and `main`) that holds nothing of the site but
its settings: some 60 MB less than the command line that it begins as.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn

from lms.errors import LMSError
from lms.settings import Settings, load_settings

# Holds this parent's process id for all that runs under it.
SUPERVISED = "BAEUM_SUPERVISED"
_SETUP_CODE = "BAEUM_SETUP_CODE"
_WITHOUT_WORKER = "--no-worker"
_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 8.0
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.2
_PORT_SECONDS = 3.0
_LONGEST_PAUSE = 10.0
_LARGEST_BODY = 110_000_000  # a little more than the largest notebook that can be set


class PortInUseError(LMSError):
    """Another program listens where the site should."""

    reason = "port_in_use"
    sentence = "Port {port} on {host} is in use. Stop what listens there, or set another: LMS_PORT=8080."


def die_with_parent(number: int = signal.SIGTERM, *, ancestor: int | None = None) -> None:
    """Have the kernel send this process a signal when its parent ends, however it ends. Linux only; elsewhere nothing.

    The parent may have ended before this was called. Then the process no longer descends from `ancestor`, and gets the
    signal at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if ancestor is not None and not _descends_from(ancestor):
        os.kill(os.getpid(), number)


def _descends_from(ancestor: int) -> bool:
    pid = os.getppid()
    while pid > 1 and pid != ancestor:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return pid == ancestor


def stay_under_supervisor() -> None:
    """For the web server's own workers, which heed no SIGTERM: one that outlived its server would keep the port."""
    if os.environ.get(SUPERVISED):
        die_with_parent(signal.SIGKILL, ancestor=int(os.environ[SUPERVISED]))


@dataclass
class _Child:
    """A command that is kept running. Each death in a row doubles the pause before the next start."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = field(default=0)
    not_before: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | {SUPERVISED: str(os.getpid())},
            preexec_fn=partial(die_with_parent, ancestor=os.getpid()),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which stops the children in order
        )

    def look(self) -> None:
        """Start again what has died."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            self.process = None
            self.deaths = 1 if now - self.started > 60 else self.deaths + 1
            pause = min(_LONGEST_PAUSE, 0.5 * 2 ** (self.deaths - 1))
            self.not_before = now + pause
            print(f"the {self.name} ended ({code}); it starts again in {pause:g} s", file=sys.stderr, flush=True)  # noqa: T201
        if self.process is None and now >= self.not_before:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait for it, then end its whole group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def web_command(settings: Settings) -> list[str]:
    """The web server of the settings, serving `wsgi:app` of the folder that it is started in."""
    if settings.server == "waitress":
        listen = f"--listen={settings.host}:{settings.port}"
        threads = f"--threads={settings.web_threads}"
        # It keeps a whole body before we may look at it; ours are refused earlier, with a page, by their own limit.
        largest = f"--max-request-body-size={_LARGEST_BODY}"
        return [sys.executable, "-m", "waitress", listen, threads, largest, "wsgi:app"]
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.web_processes), "--blocking-threads", str(settings.web_threads)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "error"),
        "wsgi:app",
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "flask", "lms", "worker"]


def become(
    settings: Settings, instance: Path, environment: dict[str, str], *, with_worker: bool, setup_code: str | None
) -> NoReturn:
    """Make this process the parent of a site, with `environment` added to that of all that it starts.

    Raises:
        PortInUseError
    """
    refuse_used_port(settings)
    command = [sys.executable, "-m", __name__, str(instance), *([] if with_worker else [_WITHOUT_WORKER])]
    code = {_SETUP_CODE: setup_code} if setup_code else {}  # not an argument, which everybody on the machine could read
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, os.environ | environment | code)  # noqa: S606 - our own Python


def main() -> int:
    """The program that `become` turns into."""
    instance, *rest = sys.argv[1:]
    code = os.environ.pop(_SETUP_CODE, None)
    return serve(load_settings(Path(instance)), with_worker=_WITHOUT_WORKER not in rest, setup_code=code)


def serve(settings: Settings, *, with_worker: bool = True, setup_code: str | None = None) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    children = [_Child("web server", web_command(settings))]
    if with_worker:
        children.append(_Child("worker", worker_command()))
    asked_to_stop: list[int] = []  # not an Event: setting one while the loop waits on it can lock up in the handler
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: asked_to_stop.append(received))
    said = False
    deadline = time.monotonic() + _READY_SECONDS
    try:
        while not asked_to_stop:
            for child in children:
                child.look()
            if not said and _answers(settings):
                _say_ready(settings, setup_code)
                said = True
            if not said and time.monotonic() > deadline:
                print("the site does not answer yet; the lines above say why", file=sys.stderr, flush=True)  # noqa: T201
                said = True
            time.sleep(_POLL_SECONDS)
    finally:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children:
            child.stop(deadline)
    print("stopped", flush=True)  # noqa: T201
    return 0


def address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def refuse_used_port(settings: Settings) -> None:
    """What a parent that was killed left behind takes a moment to go, so a taken port is asked for a few times."""
    deadline = time.monotonic() + _PORT_SECONDS
    while not _is_free(settings):
        if time.monotonic() > deadline:
            raise PortInUseError(host=settings.host, port=settings.port)
        time.sleep(_POLL_SECONDS)


def _is_free(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def _answers(settings: Settings) -> bool:
    """Asked of the site itself: a proxy that the environment names for the world outside can't reach it."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{address(settings)}/healthz", timeout=1) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):
        return False


def _say_ready(settings: Settings, setup_code: str | None) -> None:
    lines = [f"Baeum is ready: {address(settings)}   (Ctrl-C stops it)"]
    if setup_code:
        lines.append(f"The site is empty. Make the operator's account there, with the code {setup_code}")
    print("\n".join(lines), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
