"""The Python of browsers, for tests that run it: `make runtime` prepares it, beside the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from lms.workspace.runtime import Runtime, find_runtime
from lms.workspace.runtime.command import DEFAULT
from tests.required import do_without


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    found = find_runtime(DEFAULT)
    if found is None:
        do_without("runtime", "the browser's Python isn't prepared (make runtime)")
    return found


@pytest.fixture(scope="session")
def runtime_dir(runtime: Runtime) -> Path:
    return runtime.folder.parent
