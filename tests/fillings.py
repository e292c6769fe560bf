"""Who begins with what in the database: a test that asks for the world, or for the classroom, finds it there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from lms.files import FileStore
from lms.models import Database

from .classroom import open_classroom
from .databases import Filling
from .web import small_course
from .world import commit_world


def _world(database: Database, _files: FileStore) -> dict[str, Any]:
    return {"world": commit_world(database)}


def _classroom(database: Database, files: FileStore) -> dict[str, Any]:
    world = commit_world(database)
    with tempfile.TemporaryDirectory() as folder:
        enrolment = open_classroom(database, world, files, small_course.write(Path(folder)))
    return {"world": world, "classroom": enrolment}


@pytest.fixture
def filling(request: pytest.FixtureRequest) -> Filling | None:
    if "classroom" in request.fixturenames:
        return Filling("classroom", _classroom)
    return Filling("world", _world) if "world" in request.fixturenames else None
