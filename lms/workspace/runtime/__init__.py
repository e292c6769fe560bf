"""The browser's Python as it lies on this machine: which files, how large, and which of them an exercise needs.

`prepare` makes it. A release is a folder named by its content, so what is served from it never changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from .lock import Lock, load_lock

MANIFEST = "manifest.json"
FONT = "Baeum Sans"


class RuntimeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is served: bytes as they are, and as they go over the line under each encoding."""

    name: str
    size: int
    br: int
    gzip: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    release: str
    is_best: bool  # compressed as well as can be, not as fast
    files: tuple[RuntimeFile, ...]


class Runtime:
    """A release that is there in full."""

    def __init__(self, folder: Path, manifest: Manifest, lock: Lock) -> None:
        self.folder = folder
        self.lock = lock
        self.release = manifest.release
        self.is_best = manifest.is_best
        self.files = {file.name: file for file in manifest.files}

    def packages_for(self, imports: Iterable[str]) -> list[str]:
        """The packages for these modules, with all that they need, each after what it needs."""
        return self.lock.packages_for(imports)

    def files_for(self, imports: Iterable[str]) -> list[RuntimeFile]:
        """What a browser loads before the first cell of an exercise that imports these modules."""
        packages = (self.lock.packages[name].file for name in self.packages_for(imports))
        return [self.files[name] for name in (*self.lock.core, *packages)]

    def document(self, base: str, imports: Iterable[str]) -> dict[str, Any]:
        """What a page has to know, as JSON; `base` is the address of the release's folder."""
        return {
            "base": base,
            "release": self.release,
            "version": self.lock.version,
            "python": self.lock.python,
            "core": list(self.lock.core),
            "files": {
                file.name: {"size": file.size, "br": file.br, "gzip": file.gzip, "sha256": file.sha256}
                for file in self.files.values()
            },
            "packages": {
                name: {"version": package.version, "file": package.file, "needs": self.lock.closed([name])[:-1]}
                for name, package in self.lock.packages.items()
            },
            "modules": self.lock.modules,
            "start": self.packages_for(imports),
            "font": {"family": FONT},
        }


def find_runtime(folder: Path) -> Runtime | None:
    """The release of this program's lock below `folder`; None where it isn't there, or not in full."""
    lock = load_lock()
    place = folder / lock.release
    try:
        changed = os.stat(place / MANIFEST).st_mtime_ns
    except OSError:
        return None
    return _opened(place, changed)


@lru_cache(maxsize=8)
def _opened(place: Path, _changed: int) -> Runtime | None:
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    return Runtime(place, manifest, load_lock())
