"""Content of a test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from .authors import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


@pytest.fixture
def course(library: Library):
    return library.load().courses[0]


@pytest.fixture
def quiz(course):
    return course.unit("quiz-why").quiz
