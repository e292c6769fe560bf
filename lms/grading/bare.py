"""The files that go with a source notebook that stands alone: those beside it that its cells open by name, and those named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from lms.errors import ContentError

from . import regions
from .sandbox.process import Files

MOST_FILES = 200
MOST_BYTES = 200_000_000
_TEXT = re.compile(r"""(['"])((?:(?!\1)[^\\\n]){1,200})\1""")
_NEVER = frozenset((".ipynb", ".py"))


def files_beside(notebook: Path, sources: Iterable[str], named: Sequence[Path]) -> Files:
    """Files under the notebook's folder whose relative path stands as a text in `sources`, hidden tests left out, and all of
    `named` (files, or folders with all that is in them). Learners' code can read them. ContentError."""
    folder = notebook.resolve().parent
    found = {path: folder / path for source in sources for path in _mentioned(source) if _is_given(folder, path)}
    for place in named:
        found |= dict(_under(folder, place))
    if len(found) > MOST_FILES or sum(file.stat().st_size for file in found.values()) > MOST_BYTES:
        limit = f"{MOST_FILES} files and {MOST_BYTES // 1_000_000} MB"
        raise ContentError(notebook.name, "", f"more than {limit} go with it", "Name single files with --data")
    digests = [[path, hashlib.sha256(file.read_bytes()).hexdigest()] for path, file in sorted(found.items())]
    digest = hashlib.sha256(json.dumps(digests).encode()).hexdigest() if digests else ""
    return Files(digest, tuple(sorted(found.items())))


def _mentioned(source: str) -> set[str]:
    return {match[2].removeprefix("./") for match in _TEXT.finditer(regions.replace_regions(source, regions.HIDDEN))}


def _is_given(folder: Path, path: str) -> bool:
    """Never a notebook or a program beside it, which may hold solutions, and nothing outside of its folder."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or len(parts) > 5 or any(part.startswith(".") for part in parts):
        return False
    file = folder / path
    return file.suffix not in _NEVER and file.is_file() and file.resolve().is_relative_to(folder)


def _under(folder: Path, place: Path) -> Iterable[tuple[str, Path]]:
    """Under the path by which the notebook opens it: relative to the notebook's folder, or its own name if it lies elsewhere."""
    if not place.exists():
        raise ContentError(str(place), "", "there is no such file or folder", "Look at what --data names")
    place = place.resolve()
    base = folder if place.is_relative_to(folder) else place.parent
    files = [place] if place.is_file() else [file for file in sorted(place.rglob("*")) if file.is_file()]
    kept = (file for file in files if not any(part.startswith(".") for part in file.relative_to(base).parts))
    return [(file.relative_to(base).as_posix(), file) for file in kept]
