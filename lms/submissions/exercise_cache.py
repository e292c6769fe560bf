"""Published exercises, ready to be graded or to be held against a notebook that comes in."""

from __future__ import annotations

import threading
from pathlib import Path

from lms import grading
from lms.content import unpack_exercise
from lms.files import FileStore


class ExerciseCache:
    """Published packages, unpacked once per version into a folder that only workers read."""

    def __init__(self, files: FileStore, folder: Path) -> None:
        self.files = files
        self.folder = folder
        self._lock = threading.Lock()
        self._loaded: dict[str, grading.Exercise] = {}

    def get(self, slug: str, digest: str) -> grading.Exercise:
        """The exercise of a version. Raises ContentError or NotFoundError where its package is damaged or gone."""
        with self._lock:
            if digest not in self._loaded:
                where = self.folder / digest / slug
                if not where.exists():
                    unpack_exercise(self.files.read(digest), where)
                self._loaded[digest] = grading.load_exercise(where)
            return self._loaded[digest]
