"""The notebooks that cheat, and the honest ones that graders misjudge: each gets exactly what its answers deserve.

`attacks/README.md` says what each case tries; `cases.json` what it deserves.
"""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import threading
from pathlib import Path

import pytest

from lms.grading import contract, grade, pool, render_feedback, templates
from lms.grading.sandbox import process

from . import build
from .conftest import ATTACKS

FACTS = json.loads((ATTACKS / "cases.json").read_text(encoding="utf-8"))
CASES = FACTS["cases"]
SECRETS = re.compile(f"{FACTS['hidden_canary_regex']}|{FACTS['solution_canary_regex']}")
pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def exercise(weather):
    """The attacks' exercise, with less patience for those that hang."""
    return dataclasses.replace(weather, limits=dataclasses.replace(weather.limits, cell_seconds=2))


@pytest.fixture(scope="module")
def caught():
    """What arrives at the address to which one of them sends what it stole."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", FACTS["exfil_port"]), reuse_port=True) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(1 << 16))

        threading.Thread(target=listen, daemon=True).start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_earns_exactly_what_its_answers_deserve_and_learns_nothing(exercise, caught, case):
    result = grade(exercise, (ATTACKS / case["file"]).read_bytes(), name=case["name"])
    assert {check.name: check.points for check in result.checks} == case["honest"]
    assert result.points == case["honest_score"]
    if case["benign"]:
        assert result.flags == ()
    seen = json.dumps(result.feedback, ensure_ascii=False) + "".join(check.message for check in result.checks)
    assert not SECRETS.search(seen)
    assert caught == []


@pytest.mark.parametrize("name", ["xss_output", "xss_metadata", "lone_surrogate"])
def test_their_pages_are_dead(exercise, name):
    page = render_feedback(grade(exercise, (ATTACKS / f"{name}.ipynb").read_bytes()))
    assert "<script" not in page
    assert "onerror" not in re.sub(r">[^<]*<", "><", page)


def test_nothing_of_them_stays_alive_and_the_next_is_graded(exercise):
    right = build.packed(json.loads((ATTACKS / "honest_full.ipynb").read_bytes()))
    for name in ("orphan_daemon", "kill_parent", "thread_patcher"):
        grade(exercise, (ATTACKS / f"{name}.ipynb").read_bytes())
        with pool.warm_parent(exercise, None) as parent:
            # The one that entered the namespaces, the one that forks, and the exercises' templates.
            assert descendants(parent.pid) <= 2 + templates.processes_of(parent)
        assert grade(exercise, right).points == 10


def descendants(pid: int) -> int:
    return sum(1 for one in process._tree(pid) if Path(f"/proc/{one}").exists())


def test_none_of_its_checks_needs_the_learners_room(exercise):
    with pool.warm_parent(exercise, None) as parent:
        assert contract.contract_of(exercise, parent).together() == []
