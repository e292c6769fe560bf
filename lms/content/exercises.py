"""exercises/<slug>/: its form, and the facts that a course needs to know of it. Nothing of it is run here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from msgspec import Struct

from lms.content.files import BESIDE, KB, LANGUAGE, MB, Folder
from lms.content.problems import Problems, did_you_mean
from lms.content.tables import Table, read_toml

NOTEBOOK = "source.ipynb"
NOTEBOOK_LIMIT = 5 * MB
DATA_LIMIT = 20 * MB
EXERCISE_LIMIT = 50 * MB
OPTIONAL = ("DATA.md", "proof.toml")
MOST_HINTS = 6  # for one answer cell
SHA256 = re.compile(r"[0-9a-f]{64}")


class DataFile(Struct, frozen=True):
    """`seed` is that of the generator, None where the data were not generated."""

    path: str
    sha256: str
    size: int
    seed: int | None = None


class CheckFacts(Struct, frozen=True):
    """`name` is the cell's grade_id."""

    name: str
    points: float


class ExerciseFacts(Struct, frozen=True, kw_only=True):
    """What a course knows of an exercise. `digest` is the SHA-256 of its package, `files` what goes into that, `hints` the
    Markdown that opens one after the other beside an answer cell."""

    slug: str
    title: str
    summary: str
    language: str
    checks: tuple[CheckFacts, ...]
    answers: tuple[str, ...]
    data: tuple[DataFile, ...]
    files: tuple[str, ...]
    hints: dict[str, tuple[str, ...]] = {}
    digest: str = ""

    @property
    def max_points(self) -> float:
        return sum(check.points for check in self.checks)


class _Cells(Struct):
    """The graded cells of a notebook by grade_id: checks with their points, and answer cells."""

    checks: dict[str, float] = {}
    answers: list[str] = []


def read_exercise(folder: Folder, slug: str) -> ExerciseFacts | None:
    """The facts without a digest, or None; problems are recorded in the folder's list."""
    table = read_toml(folder, "exercise.toml")
    cells = _read_cells(folder)
    files = folder.list_files()
    if table is None:
        return None
    data = tuple(_read_data(folder, entry) for entry in table.tables("data"))
    facts = ExerciseFacts(
        slug=slug,
        title=table.text("title"),
        summary=table.text("summary", "", longest=1000),
        language=table.text("language", "ko", pattern=LANGUAGE),
        checks=tuple(CheckFacts(name, points) for name, points in cells.checks.items()),
        answers=tuple(cells.answers),
        data=data,
        files=tuple(sorted({"exercise.toml", NOTEBOOK, *(d.path for d in data), *(set(OPTIONAL) & set(files))})),
        hints=_read_hints(table, cells),
    )
    _check_limits(table)
    _check_check_texts(table, cells)
    table.finish()
    _check_proof(folder, files, cells)
    _check_folder(folder, files, facts)
    return facts


def package_digest(package: bytes) -> str:
    return hashlib.sha256(package).hexdigest()


def _check_limits(table: Table) -> None:
    limits = table.table("limits")
    if limits is None:
        return
    seconds = limits.number("seconds", 60, above=0, at_most=3600)
    cell_seconds = limits.number("cell_seconds", 20, above=0, at_most=3600)
    limits.integer("memory_mb", 1024, at_least=64, at_most=65536)
    if cell_seconds > seconds > 0:
        limits.wrong("cell_seconds", f"{cell_seconds:g} is more than the {seconds:g} of the whole submission")
    limits.finish()


def _check_check_texts(table: Table, cells: _Cells) -> None:
    texts = table.table("checks")
    if texts is None:
        return
    for name in texts.keys():  # noqa: SIM118
        entry = texts.table(name)
        assert entry is not None
        entry.text("title", "")
        entry.markdown("message", "")
        entry.finish()
        _must_be_known(texts, name, cells.checks, "check")


def _read_hints(table: Table, cells: _Cells) -> dict[str, tuple[str, ...]]:
    hints = table.table("hints")
    if hints is None:
        return {}
    found = {}
    for name in hints.keys():  # noqa: SIM118
        known = len(table.problems.errors)
        found[name] = tuple(hints.texts(name))
        if len(found[name]) > MOST_HINTS:
            hints.wrong(name, f"has {len(found[name])} hints; at most {MOST_HINTS} are allowed", "Join some.")
        elif not found[name] and len(table.problems.errors) == known:
            hints.wrong(name, "has no hint", "Write one, or leave the key out.")
        _must_be_known(hints, name, cells.answers, "answer cell")
    return found


def _must_be_known(table: Table, name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        table.wrong(name, f"the notebook has no {what} '{name}'", did_you_mean(name, known))


def _read_data(folder: Folder, entry: Table) -> DataFile:
    relative = entry.text("path")
    expected = entry.text("sha256")
    seed = entry.integer("seed", at_most=2**63) if entry.has("seed") else None
    entry.finish()
    data = None
    if relative and not relative.startswith("data/"):
        entry.wrong("path", f"'{relative}' is not in data/", "Put the file into data/.")
    elif relative:
        data = folder.read_bytes(relative, limit=DATA_LIMIT, file=entry.file, key=entry.at("path"))
    found = hashlib.sha256(data).hexdigest() if data is not None else ""
    if expected and not SHA256.fullmatch(expected):
        entry.wrong("sha256", f"'{expected}' is not a SHA-256", "Write 64 small hexadecimal digits.")
    elif expected and found and expected != found:
        remedy = f"Make the data again, or write {found} if the change is meant."
        entry.wrong("sha256", f"'{relative}' has another SHA-256 than the one written here", remedy)
    return DataFile(relative, found, len(data or b""), seed)


def _read_cells(folder: Folder) -> _Cells:
    cells = _Cells({}, [])
    data = folder.read_bytes(NOTEBOOK, limit=NOTEBOOK_LIMIT)
    if data is None:
        return cells
    try:
        notebook = json.loads(data)
        found = [(place, _nbgrader(cell)) for place, cell in enumerate(notebook["cells"])]
        version = notebook["nbformat"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        version, found = None, []
    if version != 4:
        remedy = "Save it with Jupyter as notebook format 4."
        folder.problems.add(folder.show(NOTEBOOK), "", "is not a notebook of format 4", remedy)
        return cells
    for place, mark in found:
        _add_cell(folder, f"cells[{place}]", mark, cells)
    if not any(cells.checks.values()):
        problem = "has no graded cell that is worth points"
        folder.problems.add(folder.show(NOTEBOOK), "cells", problem, "Mark its tests with nbgrader's metadata.")
    if not cells.answers:
        folder.problems.add(folder.show(NOTEBOOK), "cells", "has no answer cell", "Mark one as a solution.")
    return cells


def _nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    mark = cell.get("metadata", {}).get("nbgrader") or {}
    return mark if mark.get("grade") or mark.get("solution") else {}


def _add_cell(folder: Folder, key: str, mark: dict[str, Any], cells: _Cells) -> None:
    if not mark:
        return

    def wrong(what: str, problem: str, remedy: str) -> None:
        folder.problems.add(folder.show(NOTEBOOK), f"{key}.metadata.nbgrader.{what}", problem, remedy)

    name, points = mark.get("grade_id"), mark.get("points", 0)
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        wrong("grade_id", f"{name!r} is not a grade_id", "Use letters, digits, '-' and '_'.")
        return
    if name in cells.checks or name in cells.answers:
        wrong("grade_id", f"'{name}' is there twice", "Give each graded cell its own.")
    if mark.get("solution"):
        cells.answers.append(name)
    if mark.get("grade"):
        if type(points) not in (int, float) or not 0 <= points <= 10_000:
            wrong("points", f"{points!r} is not a number of points", "Write a number from 0 up.")
            points = 0
        cells.checks[name] = points


def _check_proof(folder: Folder, files: list[str], cells: _Cells) -> None:
    if "proof.toml" not in files:
        return
    table = read_toml(folder, "proof.toml")
    if table is None:
        return
    names: set[str] = set()
    for entry in table.tables("wrong", required=True):
        name = entry.text("name")
        if name in names:
            entry.wrong("name", f"'{name}' is there twice", "Give each its own name.")
        names.add(name)
        entry.text("why", longest=1000)
        _check_proof_parts(entry, cells)
        entry.finish()
    table.finish()


def _check_proof_parts(entry: Table, cells: _Cells) -> None:
    if answers := entry.table("answers"):
        for key in answers.keys():  # noqa: SIM118
            answers.markdown(key, "")
            _must_be_known(answers, key, cells.answers, "answer cell")
    if earns := entry.table("earns"):
        for key in earns.keys():  # noqa: SIM118
            earns.number(key, 0, at_least=0, at_most=cells.checks.get(key))
            _must_be_known(earns, key, cells.checks, "check")
    if says := entry.table("says"):
        for key in says.keys():  # noqa: SIM118
            says.markdown(key, "")
            _must_be_known(says, key, cells.checks, "check")


def _check_folder(folder: Folder, files: list[str], facts: ExerciseFacts) -> None:
    problems = folder.problems
    for relative in files:
        if relative.startswith("data/") and relative not in facts.files:
            problem = "is not listed in exercise.toml"
            problems.add(folder.show(relative), "", problem, "List it under [[data]], or delete it.")
        elif relative not in facts.files and not BESIDE.fullmatch(relative):
            problems.add(folder.show(relative), "", "nothing refers to this file", "Delete it.")
    if facts.data and "DATA.md" not in files:
        problems.add(folder.show("DATA.md"), "", "there is no data card", "Say what the data are and are not.")
    elif "DATA.md" in files:
        folder.read_text("DATA.md", limit=256 * KB)
    size = sum((folder.path / name).stat().st_size for name in facts.files if name in files)
    if size > EXERCISE_LIMIT:
        problems.add(folder.shown, "", f"holds {size:,} bytes; at most {EXERCISE_LIMIT:,} are allowed")


def exercise_folder(path: Path, problems: Problems) -> Folder:
    return Folder(path, f"{path.parent.name}/{path.name}", problems)
