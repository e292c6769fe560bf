"""What the browser's Python consists of: the names, versions and hashes of `lock.json`, which is committed.

A file is taken only if its sha256 is the published one, and served only if the sha256 after repacking is ours.
`tools/runtime_lock.py` writes the lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("lock.json")
PYODIDE_LOCK = "pyodide-lock.json"
STDLIB = "python_stdlib.zip"


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the runtime, by its name there."""

    source: str  # its published name
    published: str  # sha256 of what is published
    own: str  # sha256 of what we serve; the same where nothing is repacked
    size: int  # bytes of what we serve
    br: int  # bytes of that under brotli's best, as it was when the lock was written

    @property
    def is_repacked(self) -> bool:
        return self.own != self.published


class Package(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    file: str
    needs: tuple[str, ...]  # packages that it can't be imported without
    modules: tuple[str, ...]  # what is imported of it


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of the Python package index, and the hashes of its files, one of which has to come."""

    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def lines(self) -> str:
        """As pip reads it from a file."""
        return f"{self.name}=={self.version} " + " ".join(f"--hash=sha256:{value}" for value in self.sha256) + "\n"


class Lock(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    version: str  # of Pyodide
    python: str
    info: dict[str, str]  # what the runtime was built for, in the words of its own list of packages
    carrier: Requirement  # the distribution inside which the pieces lie
    carrier_folder: str
    node: Requirement  # for machines without Node
    pieces: dict[str, Piece]
    packages: dict[str, Package]
    differs: dict[str, str]  # packages of another version than the grading environment's, and why

    @cached_property
    def release(self) -> str:
        """A name for exactly these files: 16 hexadecimal digits."""
        names = sorted((name, piece.own) for name, piece in self.pieces.items())
        return hashlib.sha256(json.dumps(names).encode() + self.pyodide_lock).hexdigest()[:16]

    @cached_property
    def pyodide_lock(self) -> bytes:
        """The list of packages in the form that Pyodide reads, with the hashes of the repacked files."""
        rows: dict[str, dict[str, object]] = {
            name: {
                "name": name,
                "version": package.version,
                "file_name": package.file,
                "install_dir": "site",
                "sha256": self.pieces[package.file].own,
                "package_type": "package",
                "imports": list(package.modules),
                "depends": list(package.needs),
                "unvendored_tests": False,
            }
            for name, package in self.packages.items()
        }
        return self.listing(rows)

    def listing(self, rows: dict[str, dict[str, object]]) -> bytes:
        """A list of packages as Pyodide reads it."""
        return json.dumps({"info": self.info, "packages": rows}, separators=(",", ":"), sort_keys=True).encode()

    @cached_property
    def modules(self) -> dict[str, str]:
        """The package of each module."""
        return {module: name for name, package in self.packages.items() for module in package.modules}

    @cached_property
    def core(self) -> tuple[str, ...]:
        """The files without which there is no Python, in the order in which they are needed."""
        files = {package.file for package in self.packages.values()}
        return (*(name for name in self.pieces if name not in files), PYODIDE_LOCK)

    def closed(self, names: Iterable[str]) -> list[str]:
        """Packages with all that they need, each after what it needs."""
        found: dict[str, None] = {}

        def add(name: str) -> None:
            for needed in self.packages[name].needs:
                add(needed)
            found.setdefault(name)

        for name in sorted(names):
            add(name)
        return list(found)

    def packages_for(self, imports: Iterable[str]) -> list[str]:
        """What has to be there for these modules. Modules that no package has are Python's own or nobody's."""
        return self.closed({self.modules[name] for name in imports if name in self.modules})

    def sources(self) -> dict[str, str]:
        """Published name -> published sha256 of all that is fetched."""
        return {piece.source: piece.published for piece in self.pieces.values()}


@lru_cache(maxsize=1)
def load_lock() -> Lock:
    return msgspec.json.decode(FILE.read_bytes(), type=Lock)
