"""The parent of web server and worker: says when the site answers, restarts what dies, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lms.settings import Settings
from lms.web import supervisor

SECONDS = 60
SITE = """
import os
from lms.web import supervisor

supervisor.stay_under_supervisor()

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
WORKER = """
import signal, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("worker-runs", "w").close()
while True:
    time.sleep(0.1)
"""
SERVE = """
import sys
from lms.settings import Settings
from lms.web import supervisor

supervisor.worker_command = lambda: [sys.executable, "worker.py", *sys.argv[3:]]
supervisor._STOP_SECONDS = 3.0 if "stubborn" in sys.argv else supervisor._STOP_SECONDS
settings = Settings(secret_key="s" * 40, port=int(sys.argv[1]), server=sys.argv[2], web_threads=2)
try:
    supervisor.refuse_used_port(settings)
    sys.exit(supervisor.serve(settings))
except supervisor.PortInUseError as error:
    sys.exit(str(error))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


class Served:
    """A parent that runs a site of one line and a worker that does nothing."""

    def __init__(self, folder: Path, server: str, *more: str) -> None:
        self.folder = folder
        self.port = free_port()
        for name, text in (("wsgi.py", SITE), ("worker.py", WORKER), ("serve.py", SERVE)):
            (folder / name).write_text(text, "utf-8")
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "serve.py", str(self.port), server, *more],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"http_proxy": "http://127.0.0.1:9", "PYTHONPATH": str(Path.cwd())},
            )
        self.parent = psutil.Process(self.process.pid)
        self.seen: set[psutil.Process] = set()

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def below(self) -> set[psutil.Process]:
        """All processes below the parent now; they are remembered, so that none can slip away."""
        found = {process for process in self.parent.children(recursive=True) if is_alive(process)}
        self.seen |= found
        return found

    def child(self, word: str) -> psutil.Process:
        return next(process for process in self.parent.children() if word in " ".join(process.cmdline()))

    def wait_until_ready(self) -> None:
        wait_for(lambda: "Baeum is ready" in self.said())
        wait_for((self.folder / "worker-runs").exists)

    def answer(self) -> str | None:
        """The number of the process that answers, or None."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"http://127.0.0.1:{self.port}/", timeout=5) as response:
                return response.read().decode()
        except OSError:
            return None

    def left(self) -> set[psutil.Process]:
        return {process for process in self.seen if is_alive(process)}

    def end(self) -> None:
        if self.process.poll() is None:
            self.below()
            self.process.kill()
        self.process.wait()
        for process in self.left():
            process.kill()


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=["granian", "waitress"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path, request.param)
    try:
        made.wait_until_ready()
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_it_says_where_the_site_answers_and_stops_with_all_that_it_started(served: Served, number: int) -> None:
    assert f"http://127.0.0.1:{served.port}" in served.said()
    assert served.answer() is not None
    assert len(served.below()) >= 2
    served.process.send_signal(number)
    assert served.process.wait(SECONDS) == 0
    assert served.left() == set()
    assert served.said().endswith("stopped\n")
    assert "Traceback" not in served.said()


def test_what_is_killed_comes_back(served: Served) -> None:
    for word in ("worker.py", "wsgi:app"):
        killed = served.child(word)
        served.below()
        killed.kill()
        wait_for(
            lambda word=word, killed=killed: any(  # type: ignore[misc]
                process != killed and word in " ".join(process.cmdline()) for process in served.parent.children()
            )
        )
    wait_for(lambda: served.answer() is not None)
    assert "the worker ended (-9)" in served.said()
    assert "the web server ended (-9)" in served.said()


def test_a_parent_that_is_killed_leaves_nothing(served: Served) -> None:
    served.below()
    served.process.kill()
    wait_for(lambda: served.left() == set())
    assert served.answer() is None


def test_a_web_process_that_came_back_dies_with_the_rest_too(tmp_path: Path) -> None:
    """granian starts its killed workers again; the tie to the parent has to be made in each of them."""
    served = Served(tmp_path, "granian")
    try:
        served.wait_until_ready()
        first = served.answer()
        assert first is not None
        served.below()
        os.kill(int(first), signal.SIGKILL)
        wait_for(lambda: served.answer() not in (None, first))
        served.below()
        served.process.kill()
        wait_for(lambda: served.left() == set())
    finally:
        served.end()


def test_a_child_that_heeds_nothing_is_ended(tmp_path: Path) -> None:
    served = Served(tmp_path, "waitress", "stubborn")
    try:
        served.wait_until_ready()
        served.below()
        served.process.terminate()
        assert served.process.wait(SECONDS) == 0
        assert served.left() == set()
    finally:
        served.end()


def test_a_port_that_is_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_PORT_SECONDS", 0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.PortInUseError, match=f"Port {port} on 127.0.0.1 is in use.*LMS_PORT="):
            supervisor.refuse_used_port(Settings(secret_key="s" * 40, port=port))


def test_what_dies_at_once_is_started_with_growing_pauses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    child = supervisor._Child("worker", [sys.executable, "-c", "raise SystemExit(3)"])
    pauses: list[float] = []
    for _ in range(7):
        child.look()
        assert child.process is not None
        child.process.wait()
        child.look()
        assert child.process is None
        pauses.append(child.not_before - now)
        now = child.not_before
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]
    assert "the worker ended (3); it starts again in 0.5 s" in capsys.readouterr().err


def test_what_ran_well_for_a_while_comes_back_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    child = supervisor._Child("worker", [sys.executable, "-c", ""], deaths=5)
    child.look()
    assert child.process is not None
    child.process.wait()
    now += 61
    child.look()
    assert child.not_before - now == 0.5


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("10.0.0.5", "http://10.0.0.5:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_on_this_machine_opens(host: str, address: str) -> None:
    assert supervisor.address(Settings(secret_key="s" * 40, host=host)) == address
