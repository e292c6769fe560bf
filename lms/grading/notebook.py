"""What a learner handed in: read, and mended, without running any of it.

Only the sources of answer cells, found by their `grade_id`, and cells that she added are taken from her notebook. Checks,
locked cells, points and order are the exercise's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from lms.errors import NotANotebookError

from .exercise import Cell, Exercise, meta_of, source_of
from .starter import is_stub, visible_source

MAX_BYTES = 10_000_000
MAX_CELLS = 2_000


@dataclass(frozen=True)
class LearnerCell:
    """A cell of hers; `number` counts all cells of her notebook from 1."""

    number: int
    id: str
    cell_type: str
    source: str
    grade_id: str


@dataclass(frozen=True)
class Answer:
    """`numbers` are the cells of her notebook that gave it: none where she deleted it."""

    source: str
    numbers: tuple[int, ...]
    is_blank: bool


@dataclass(frozen=True)
class Repair:
    """`kind`: deleted, doubled, retyped, reordered, changed, restored or own_cells; `cell` a grade_id or ''."""

    kind: str
    cell: str
    number: int


@dataclass(frozen=True)
class Submission:
    """`answers` by grade_id; `plain` her versions of the exercise's unlocked cells, by the exercise's cell id; `own` the
    code cells that she added, by the id of the exercise's cell that they stand after ('' for the top)."""

    answers: dict[str, Answer]
    plain: dict[str, LearnerCell]
    own: dict[str, tuple[LearnerCell, ...]]
    repairs: tuple[Repair, ...]


def read_notebook(content: bytes, exercise: Exercise, *, max_bytes: int = MAX_BYTES) -> Submission:
    """Take a learner's notebook as this exercise's submission. NotANotebookError, with the reason why it can't be."""
    notebook = _parse(content, max_bytes)
    cells = _cells(notebook)
    if not cells:
        raise NotANotebookError("empty")
    metadata = notebook.get("metadata")
    mark = metadata.get("baeum") if isinstance(metadata, dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("exercise"), str) and mark["exercise"] != exercise.slug:
        raise NotANotebookError("other_exercise")
    return _Mender(exercise, cells).mend()


def _parse(content: bytes, max_bytes: int) -> dict[str, Any]:
    if len(content) > max_bytes:
        raise NotANotebookError("too_large")
    if not content.strip():
        raise NotANotebookError("empty")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotANotebookError("not_json") from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise NotANotebookError("not_a_notebook")
    version = notebook["nbformat"]
    if isinstance(version, bool) or not isinstance(version, int | float):
        raise NotANotebookError("not_a_notebook")
    if version != 4:
        raise NotANotebookError("too_old" if version < 4 else "too_new")
    return notebook


def _cells(notebook: dict[str, Any]) -> list[LearnerCell]:
    raw = notebook.get("cells")
    if not isinstance(raw, list):
        raise NotANotebookError("invalid")
    if len(raw) > MAX_CELLS:
        raise NotANotebookError("too_large")
    return [_cell(number, cell) for number, cell in enumerate(raw, 1)]


def _cell(number: int, raw: Any) -> LearnerCell:
    """What is broken in one cell's metadata is taken as absent; it decides nothing."""
    source = source_of(raw)
    if source is None:
        raise NotANotebookError("invalid")
    meta = meta_of(raw)
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else None
    return LearnerCell(number, _text(raw.get("id")), _text(raw.get("cell_type")), source, _text(grade_id))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@dataclass
class _Mender:
    """Matches her cells with the exercise's: by grade_id, else by the id that the starter gave, else by equal source."""

    exercise: Exercise
    cells: list[LearnerCell]
    repairs: list[Repair] = field(default_factory=list)

    def mend(self) -> Submission:
        matches = self._match()
        if not matches:
            raise NotANotebookError("other_exercise")
        answers = {name: self._answer(cell, matches.get(cell.id, [])) for name, cell in self.exercise.answers.items()}
        if answers and not any(answer.numbers for answer in answers.values()):
            raise NotANotebookError("no_answers")
        self._note_order(matches)
        self._note_fixed(matches)
        plain = {
            cell.id: matches[cell.id][0] for cell in self.exercise.cells if cell.role is None and cell.id in matches
        }
        return Submission(answers, plain, self._own(matches), tuple(self.repairs))

    def _match(self) -> dict[str, list[LearnerCell]]:
        """The exercise's cell id -> her cells that are it, in her order."""
        by_grade_id = {cell.role.grade_id: cell for cell in self.exercise.cells if cell.role}
        by_id = {cell.id: cell for cell in self.exercise.cells}
        plain = {cell.source.strip(): cell for cell in self.exercise.cells if cell.role is None and cell.source.strip()}
        found: dict[str, list[LearnerCell]] = defaultdict(list)
        for cell in self.cells:
            match = by_grade_id.get(cell.grade_id)
            if match is None and not cell.grade_id:
                match = by_id.get(cell.id) or plain.get(cell.source.strip())
                if match is not None and match.id in found:
                    match = None  # a copy of what is there already is a cell of her own
            if match is not None:
                found[match.id].append(cell)
        return dict(found)

    def _answer(self, cell: Cell, given: list[LearnerCell]) -> Answer:
        """A cell that was doubled or split keeps all its parts, in their order, as it ran for her."""
        assert cell.role is not None
        name = cell.role.grade_id
        if not given:
            self.repairs.append(Repair("deleted", name, 0))
            return Answer("", (), True)
        if len(given) > 1:
            self.repairs.append(Repair("doubled", name, given[1].number))
        if any(part.cell_type != cell.cell_type for part in given):
            self.repairs.append(Repair("retyped", name, given[0].number))
        sources = list(dict.fromkeys(part.source for part in given))
        written = [source for source in sources if not is_stub(cell, source, self.exercise.language)]
        source = "\n".join(written or sources[:1])
        return Answer(source, tuple(part.number for part in given), not written)

    def _note_order(self, matches: dict[str, list[LearnerCell]]) -> None:
        places = [matches[cell.id][0].number for cell in self.exercise.cells if cell.role and cell.id in matches]
        if places != sorted(places):
            self.repairs.append(Repair("reordered", "", 0))

    def _note_fixed(self, matches: dict[str, list[LearnerCell]]) -> None:
        """Checks and locked cells are the exercise's whatever she did to them; she is told where she did."""
        for cell in self.exercise.cells:
            if cell.role is None or not cell.role.is_locked:
                continue
            given = matches.get(cell.id)
            if not given:
                self.repairs.append(Repair("restored", cell.role.grade_id, 0))
            elif len(given) > 1 or not self._is_unchanged(cell, given[0]):
                self.repairs.append(Repair("changed", cell.role.grade_id, given[0].number))

    def _is_unchanged(self, cell: Cell, given: LearnerCell) -> bool:
        seen = visible_source(cell, self.exercise.language).strip()
        return given.cell_type == cell.cell_type and given.source.strip() in (seen, cell.source.strip())

    def _own(self, matches: dict[str, list[LearnerCell]]) -> dict[str, tuple[LearnerCell, ...]]:
        """Her own code cells. A plain cell's second copy and cells with an unknown grade_id are hers too."""
        place = {cell.number: id for id, cells in matches.items() for cell in cells}
        after, found = "", defaultdict(list)
        for cell in self.cells:
            if cell.number in place:
                after = place[cell.number]
            elif cell.cell_type == "code" and cell.source.strip():
                found[after].append(cell)
        for cells in found.values():
            self.repairs.append(Repair("own_cells", "", cells[0].number))
        return {after: tuple(cells) for after, cells in found.items()}
