"""What a test needs of the machine: it skips where that is not there, and fails where `LMS_TEST_REQUIRE` asks for it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

NAMES = frozenset(("postgres", "chromium", "sandbox", "nbgrader", "runtime"))


def required() -> frozenset[str]:
    """The words of `LMS_TEST_REQUIRE`, separated by commas."""
    words = frozenset(word.strip() for word in os.environ.get("LMS_TEST_REQUIRE", "").split(",") if word.strip())
    if unknown := words - NAMES:
        raise pytest.UsageError(f"LMS_TEST_REQUIRE: {sorted(unknown)} are not among {sorted(NAMES)}")
    return words


def do_without(name: str, why: str) -> NoReturn:
    """Skip the test that runs, or fail it where `name` is required."""
    if name in required():
        pytest.fail(f"{name} is required by LMS_TEST_REQUIRE: {why}")
    pytest.skip(f"{name}: {why}")
