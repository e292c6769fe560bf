"""Fixtures for all tests: a browser, databases of both kinds, the people of the tests, and a run that they learn in."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

pytest_plugins = (
    "tests.cheaper",
    "tests.browsers",
    "tests.databases",
    "tests.world",
    "tests.classroom",
    "tests.runtimes",
    "tests.fillings",
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test that leaves logging off fails itself, not the one after it that reads a log."""
    yield
    made = logging.root.manager.loggerDict
    off = [logger for name, logger in made.items() if name.startswith("lms") and getattr(logger, "disabled", False)]
    whole = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    for logger in off:
        logger.disabled = False  # type: ignore[union-attr]
    assert not off, f"{item.nodeid} left loggers off: {off}"
    assert not whole, f"{item.nodeid} left logging off"
