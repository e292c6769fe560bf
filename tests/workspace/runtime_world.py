"""A runtime of a few bytes: a lock, the pieces that it names, and a program in Node's place, so that tests need neither."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from lms.workspace import runtime
from lms.workspace.runtime import prepare as runtime_prepare
from lms.workspace.runtime.lock import Lock, Package, Piece, Requirement

NUMBERS = "numbers-1-py3-none-any.whl"
TABLES = "tables-2-py3-none-any.whl"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return made.getvalue()


PUBLISHED = {
    "pyodide.mjs": b"export const name = 'pyodide';\n" * 100,
    NUMBERS: archive(numbers="one = 1\n" * 500),
    TABLES: archive(tables="import numbers\n" * 500),
}


def repacked(name: str) -> bytes:
    """What the program in Node's place makes of an archive."""
    return b"repacked\n" + PUBLISHED[name]


def piece(name: str) -> Piece:
    content = PUBLISHED[name] if name.endswith(".mjs") else repacked(name)
    return Piece(source=name, published=digest(PUBLISHED[name]), own=digest(content), size=len(content), br=100)


LOCK = Lock(
    version="1",
    python="3.14.2",
    info={"abi_version": "1"},
    carrier=Requirement(name="carrier", version="1", sha256=("0" * 64,)),
    carrier_folder="carrier",
    node=Requirement(name="node", version="24", sha256=("0" * 64,)),
    pieces={name: piece(name) for name in PUBLISHED},
    packages={
        "numbers": Package(version="1", file=NUMBERS, needs=(), modules=("numbers",)),
        "tables": Package(version="2", file=TABLES, needs=("numbers",), modules=("tables", "_tables")),
    },
    differs={},
)


@dataclass
class SmallWorld:
    """Where the runtime goes, where the published files lie, and what was asked of Node."""

    folder: Path
    published: Path
    compiled: list[str]
    said: list[str]

    def prepare(self, **options: object) -> runtime.Runtime:
        given = {"origin": str(self.published), "is_fast": True, "say": self.said.append} | options
        return runtime_prepare.prepare(self.folder, **given)  # type: ignore[arg-type]


def make_small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallWorld:
    """Nothing is prepared yet."""
    world = SmallWorld(tmp_path / "runtime", tmp_path / "published", [], [])
    world.published.mkdir()
    for name, content in PUBLISHED.items():
        (world.published / name).write_bytes(content)

    def run_calls(_lock: Lock, _program: str, _pieces: Path, output: Path, calls: list[list[object]]) -> None:
        for _, _, target, _ in calls:
            name = str(target).removeprefix("/output/")
            world.compiled.append(name)
            (output / name).write_bytes(repacked(name))

    for module in (runtime, runtime_prepare):
        monkeypatch.setattr(module, "load_lock", lambda: LOCK)
    monkeypatch.setattr(runtime_prepare, "run_calls", run_calls)
    monkeypatch.setattr(runtime_prepare, "_EVERYBODYS", ("tables",))
    monkeypatch.setattr(runtime_prepare.runtime_pieces, "_node_version", lambda _program: 24)
    monkeypatch.setattr(runtime_prepare.runtime_pieces.shutil, "which", lambda _name: "node")
    runtime._opened.cache_clear()
    return world
