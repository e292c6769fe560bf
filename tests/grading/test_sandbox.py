"""The sandbox from inside: each probe tries to get out. As root, as an unprivileged user, and with Landlock alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lms.grading.sandbox import process

from . import probes

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SITE = process._site()
pytestmark = pytest.mark.sandbox


def command(level: str, *arguments: str) -> list[str]:
    """The probe as a program: by root where the level is `full`, else by somebody without rights."""
    if level != "full" and os.geteuid() == 0:
        return [sys.executable, str(HERE / "unprivileged.py"), SITE, str(REPOSITORY), "probes.py", level, *arguments]
    return [sys.executable, str(HERE / "probes.py"), level, *arguments]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


@pytest.fixture(scope="module", params=["full", "user", "landlock"])
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    for parent in (folder, *folder.parents):
        if parent == Path(tempfile.gettempdir()):
            break
        parent.chmod(0o777)
    (folder / "secret").write_text("secret")
    done = subprocess.run(
        command(request.param, str(folder)), capture_output=True, text=True, check=False, env=environment(), timeout=300
    )
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout)


def test_nothing_gets_out(told):
    _, results = told
    known = {name: text for name, text in results.items() if name not in probes.FATAL}
    assert {name: text for name, text in known.items() if not text.endswith("HELD")} == {}
    assert len(known) >= len(probes.ANYWHERE)


def test_what_does_not_stop_is_killed_and_what_is_forged_is_refused(told):
    level, results = told
    ends = {name: results[name] for name in probes.FATAL if name in results}
    if level == "landlock":
        assert ends == {}
        return
    assert ends.pop("tree_memory") in ("HELD", "killed: memory", "killed: died")
    assert ends.pop("forged_frames") in ("killed: broken", "killed: died")
    assert ends.pop("endless_frame") == "killed: broken"
    assert ends == {"stubborn_loop": "killed: timeout"}


@pytest.mark.parametrize("level", ["full", "user"])
def test_everything_dies_with_the_grader_even_when_that_is_killed(level, tmp_path):
    grader = subprocess.Popen(
        command(level, str(tmp_path), "hang"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    with grader:
        assert grader.stdout is not None
        pids = json.loads(grader.stdout.readline())
        assert len(pids) > 2
        grader.send_signal(signal.SIGKILL)
    for _ in range(200):
        alive = [pid for pid in pids if is_alive(pid)]
        if not alive:
            break
        time.sleep(0.05)
    assert alive == []


def is_alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"
