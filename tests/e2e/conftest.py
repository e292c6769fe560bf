"""The running site, once for all, and browser windows that must have nothing to complain about."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from lms.grading import isolation
from tests.required import do_without

from .site import Site, prepare_demo, running_demo
from .visits import Visit, begin_visit

LEVEL = "user"  # what a site asks for by default

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site with the demonstration's people, to be copied: made once, by the process that comes first."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    prepared, folder = place / "demo-is-prepared", place / "demo"
    with (place / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepared.exists():
            folder.mkdir()
            prepare_demo(folder)
            prepared.touch()
    return folder


@pytest.fixture(scope="session")
def _demo_site(chromium: Browser, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_demo(demo, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Site:
    """The real site with the demonstration's people. Tests that change a standing bring a learner of their own."""
    if not isolation().reaches(LEVEL):
        do_without("sandbox", f"this machine has the isolation '{isolation().level}', a site asks for '{LEVEL}'")
    return request.getfixturevalue("_demo_site")


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Opens windows; at the test's end none of them may have seen a fault."""
    with ExitStack() as stack:
        visits: list[Visit] = []

        def begin(**options: Any) -> Visit:
            visits.append(begin_visit(chromium, site.address, **options))
            stack.callback(visits[-1].context.close)
            return visits[-1]

        yield begin
        assert [fault for one in visits for fault in one.faults] == []
