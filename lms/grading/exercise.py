"""An exercise, read from its folder or from a bare source notebook, whole and checked."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from lms.errors import ContentError

from . import metadata, regions
from .bare import files_beside
from .metadata import Role
from .sandbox.process import Files, Limits

LANGUAGES = ("ko", "en")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LIMITS: dict[str, tuple[float, float]] = {  # least and most of what an author may set
    "seconds": (1, 600),
    "cell_seconds": (1, 300),
    "memory_mb": (128, 8192),
}


@dataclass(frozen=True)
class Cell:
    """A cell of the source notebook, solutions and hidden tests included. `id` is stable; `role` None for a plain cell."""

    id: str
    cell_type: str
    source: str
    role: Role | None


@dataclass(frozen=True)
class Check:
    """A graded cell. `message` is the author's word for a failure; `hidden` when learners see nothing of it;
    `manual` when a person must grade it."""

    name: str
    title: str
    points: float
    hidden: bool
    manual: bool = False
    message: str = ""


@dataclass(frozen=True)
class Exercise:
    slug: str
    title: str
    language: str
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]
    limits: Limits
    files: Files
    folder: Path | None
    source_file: Path

    @property
    def max_points(self) -> float:
        return sum(check.points for check in self.checks)

    @property
    def data(self) -> dict[str, Path]:
        """Data files: the relative path under which notebooks open them -> the file."""
        return dict(self.files.paths)

    @cached_property
    def answers(self) -> dict[str, Cell]:
        return {cell.role.grade_id: cell for cell in self.cells if cell.role and cell.role.is_answer}

    @cached_property
    def digest(self) -> str:
        """sha256 over everything that decides a grade or what a learner is told; the same on every machine."""
        roles = [None if cell.role is None else _role_facts(cell.role) for cell in self.cells]
        facts = {
            "cells": [[cell.cell_type, cell.source, role] for cell, role in zip(self.cells, roles, strict=True)],
            "checks": [[check.name, check.title, check.message] for check in self.checks],
            "data": self.files.digest,
            "language": self.language,
            "limits": [self.limits.seconds, self.limits.cell_seconds, self.limits.memory_mb],
            "title": self.title,
        }
        text = json.dumps(facts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _role_facts(role: Role) -> list[Any]:
    return [role.grade_id, role.grade, role.solution, role.locked, role.task, role.points]


def load_exercise(path: str | Path, *, data: Sequence[Path] = ()) -> Exercise:
    """Read `exercises/<slug>/`, or a single source notebook. To that belong the files beside it that its cells open by name,
    and those in `data`. ContentError."""
    path = Path(path)
    if not path.is_dir():
        return _bare(path, data)
    if data:
        raise ContentError(
            path.name, "", "--data is for a single notebook", "List data files in exercise.toml as [[data]]"
        )
    if not (path / "exercise.toml").exists() and (several := sorted(file.name for file in path.glob("*.ipynb"))):
        remedy = f"Each notebook is an exercise of its own: give one of {', '.join(several)}"
        raise ContentError(path.resolve().name, "", "this folder has no exercise.toml", remedy)
    return _Folder(path.resolve()).load()


def _bare(path: Path, data: Sequence[Path]) -> Exercise:
    cells = read_source(path, path.name)
    limits = Limits()
    files = files_beside(path, (cell.source for cell in cells if cell.cell_type == "code"), data)
    return Exercise(path.stem, path.stem, "ko", cells, _checks(cells, {}), limits, files, None, path)


class _Folder:
    """Reads one folder. Errors name files as `<slug>/exercise.toml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = f"{folder.name}/exercise.toml"

    def load(self) -> Exercise:
        if not _SLUG.fullmatch(self.folder.name):
            raise ContentError(self.folder.name, "", "the folder's name is no slug", "Use a-z, 0-9 and single hyphens")
        settings = read_toml(self.folder / "exercise.toml", self.file)
        # Hints are the pages' business: they decide no grade.
        self._known(settings, "", ("title", "summary", "language", "limits", "data", "checks", "hints"))
        source = self.folder / "source.ipynb"
        cells = read_source(source, f"{self.folder.name}/source.ipynb")
        texts = self._check_texts(settings.get("checks", {}), cells)
        language = settings.get("language", "ko")
        if language not in LANGUAGES:
            raise self._error(
                "language", f"{language!r} is not a language of ours", f"Use one of {', '.join(LANGUAGES)}"
            )
        return Exercise(
            slug=self.folder.name,
            title=self._text(settings, "title", "title"),
            language=language,
            cells=cells,
            checks=_checks(cells, texts),
            limits=self._limits(settings.get("limits", {})),
            files=self._files(settings.get("data", [])),
            folder=self.folder,
            source_file=source,
        )

    def _error(self, key: str, problem: str, remedy: str = "") -> ContentError:
        return ContentError(self.file, key, problem, remedy)

    def _known(self, table: Any, key: str, names: tuple[str, ...]) -> None:
        if not isinstance(table, dict):
            raise self._error(key, "this is not a table")
        for name in table:
            if name not in names:
                full = f"{key}.{name}" if key else name
                raise self._error(full, "there is no such key", f"Known here: {', '.join(names)}")

    def _text(self, table: dict[str, Any], name: str, key: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._error(key, f"{value!r} is not a text", "Write it in quotation marks")
        return value

    def _limits(self, table: Any) -> Limits:
        self._known(table, "limits", tuple(_LIMITS))
        for name, value in table.items():
            least, most = _LIMITS[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise self._error(f"limits.{name}", f"{value!r} is not a number from {least:g} to {most:g}")
        return Limits(**table)

    def _check_texts(self, table: Any, cells: tuple[Cell, ...]) -> dict[str, dict[str, str]]:
        names = tuple(cell.role.grade_id for cell in cells if cell.role and (cell.role.grade or cell.role.task))
        self._known(table, "checks", names)
        for name, texts in table.items():
            self._known(texts, f"checks.{name}", ("title", "message"))
            for key in texts:
                self._text(texts, key, f"checks.{name}.{key}")
        return table

    def _files(self, entries: Any) -> Files:
        if not isinstance(entries, list):
            raise self._error("data", "this is not a list of tables", "Write [[data]]")
        found: dict[str, tuple[Path, str]] = {}
        for number, entry in enumerate(entries):
            key = f"data[{number}]"
            self._known(entry, key, ("path", "sha256", "seed"))
            path = self._relative(self._text(entry, "path", f"{key}.path"), f"{key}.path")
            if path in found:
                raise self._error(f"{key}.path", f"{path} is listed twice")
            wanted = self._text(entry, "sha256", f"{key}.sha256")
            found[path] = (self.folder / path, self._hash(path, wanted, f"{key}.sha256"))
        digest = hashlib.sha256(json.dumps([[p, h] for p, (_, h) in sorted(found.items())]).encode()).hexdigest()
        return Files(digest, tuple((path, file) for path, (file, _) in sorted(found.items())))

    def _relative(self, path: str, key: str) -> str:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != path or len(pure.parts) > 5:
            raise self._error(key, f"{path!r} is not a path inside the exercise", "Use one such as data/log.csv")
        return path

    def _hash(self, path: str, wanted: str, key: str) -> str:
        if not (self.folder / path).resolve().is_relative_to(self.folder):
            raise self._error(key, f"{path} is a link to a file outside the exercise", "Put a copy of the file there")
        try:
            with (self.folder / path).open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self._error(key, f"{path} can't be read: {error.strerror}", "Run make_data.py") from error
        if actual != wanted:
            remedy = f'Run make_data.py again, or write sha256 = "{actual}" if the change was meant'
            raise self._error(key, f"{path} has another content than when its hash was written", remedy)
        return actual


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """A TOML file as a dict. ContentError, with `name` for the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContentError(name, "", f"it can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(name, "", f"it is not TOML: {error}") from error


def read_source(path: Path, name: str) -> tuple[Cell, ...]:
    """The cells of an author's notebook, nbgrader's metadata of any schema understood. ContentError."""
    try:
        notebook = json.loads(path.read_bytes())
    except OSError as error:
        raise ContentError(name, "", f"it can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ContentError(name, "", f"it is not a notebook: {error}") from error
    raw = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(raw, list) or notebook.get("nbformat") != 4:
        raise ContentError(name, "", "it is not a notebook of format 4", "Open it in Jupyter and save it again")
    _check_language(notebook, name)
    reader = _SourceReader(name)
    cells = tuple(reader.read(number, cell) for number, cell in enumerate(raw, 1))
    if not any(cell.role and (cell.role.grade or cell.role.task) for cell in cells):
        raise ContentError(
            name, "", "no cell is a check", "Mark checks with nbgrader's metadata: grade, points, grade_id"
        )
    return cells


def _check_language(notebook: dict[str, Any], name: str) -> None:
    """Kernels are named as their owner likes; what they speak is said beside it, where it is said at all."""
    meta = notebook.get("metadata")
    for key, word in (("kernelspec", "language"), ("language_info", "name")):
        table = meta.get(key) if isinstance(meta, dict) else None
        spoken = table.get(word) if isinstance(table, dict) else None
        if isinstance(spoken, str) and spoken and not spoken.lower().startswith(("python", "ipython")):
            raise ContentError(
                name, f"metadata.{key}.{word}", f"{spoken!r} can't be graded", "Use Python notebooks only"
            )


class _SourceReader:
    """Cell by cell; remembers what must be unique."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.grade_ids: dict[str, int] = {}
        self.ids: set[str] = set()

    def read(self, number: int, raw: Any) -> Cell:
        source = source_of(raw)
        kind = raw.get("cell_type") if isinstance(raw, dict) else None
        if source is None or kind not in ("code", "markdown", "raw"):
            raise ContentError(self.name, f"cell {number}", "this is not a cell of a notebook")
        try:
            role = metadata.read_role(meta_of(raw), kind)
            self._check_regions(role, source)
            if kind == "code":
                self._check_supported(number, source)
        except metadata.MetadataError as error:
            key = f"cell {number}.nbgrader.{error.key}"
            raise ContentError(self.name, key, error.problem, error.remedy) from error
        except regions.RegionError as error:
            raise ContentError(self.name, f"cell {number}", str(error)) from error
        if role:
            self._unique(number, role.grade_id)
        return Cell(self._id(raw, number, role), kind, source, role)

    def _check_regions(self, role: Role | None, source: str) -> None:
        """A region in another cell than its own would be shown to learners."""
        for region in regions.find_regions(source):
            fits, cell = _PLACES[region.kind]
            if role is None or not fits(role):
                raise regions.RegionError(f"line {region.first}: {region.kind} may stand in {cell} only")

    def _check_supported(self, number: int, source: str) -> None:
        if re.search(r"^\s*#.*\bAUTOTEST\b", source, re.M):
            remedy = "Write the assert that nbgrader would have generated, with a message for the learner"
            raise ContentError(self.name, f"cell {number}", "### AUTOTEST is not supported", remedy)

    def _unique(self, number: int, grade_id: str) -> None:
        if grade_id in self.grade_ids:
            problem = f"{grade_id!r} is the grade_id of cell {self.grade_ids[grade_id]} too"
            raise ContentError(self.name, f"cell {number}.nbgrader.grade_id", problem, "Give each cell its own")
        self.grade_ids[grade_id] = number

    def _id(self, raw: dict[str, Any], number: int, role: Role | None) -> str:
        """nbformat 4.5 has ids; before it they are made from the grade_id or the place."""
        given = raw.get("id")
        wanted = given if isinstance(given, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", given) else ""
        wanted = wanted or (role.grade_id[:64] if role else f"cell-{number}")
        while wanted in self.ids:
            wanted = f"{wanted[:50]}-{number}"
        self.ids.add(wanted)
        return wanted


_PLACES: dict[str, tuple[Callable[[Role], bool], str]] = {
    regions.SOLUTION: (lambda role: role.solution, "an answer cell (solution)"),
    regions.HIDDEN: (lambda role: role.is_check, "a check (grade)"),
    regions.MARK_SCHEME: (lambda role: role.task, "a task"),
}


def source_of(raw: Any) -> str | None:
    """The source of a cell as one text, whichever of its two forms it has; None where it has neither.

    A lone surrogate, which no file can hold, is replaced.
    """
    source = raw.get("source") if isinstance(raw, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\r\n", "\n")


def meta_of(raw: dict[str, Any]) -> Any:
    meta = raw.get("metadata")
    return meta.get("nbgrader") if isinstance(meta, dict) else None


def _checks(cells: tuple[Cell, ...], texts: dict[str, dict[str, str]]) -> tuple[Check, ...]:
    found = []
    for cell in cells:
        role = cell.role
        if role and (role.grade or role.task):
            text = texts.get(role.grade_id, {})
            title = text.get("title", role.grade_id)
            hidden = role.is_check and _nothing_visible(cell.source)
            message = text.get("message", "")
            found.append(Check(role.grade_id, title, role.points, hidden, role.is_manual, message))
    return tuple(found)


def _nothing_visible(source: str) -> bool:
    shown = regions.replace_regions(source, regions.HIDDEN).split("\n")
    return bool(regions.hidden_lines(source)) and all(
        not line.strip() or line.lstrip().startswith("#") for line in shown
    )
