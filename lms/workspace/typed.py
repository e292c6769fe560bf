"""What a browser says that a learner typed: data, held against the exercise's cells and capped before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.errors import LMSError
from lms.people.privacy.resident_numbers import ResidentNumberError, contains_resident_number

from .cells import OwnCell, Sheet, Typed

CELL_CHARACTERS = 100_000
CHARACTERS = 300_000
OWN_CELLS = 50
# Of a request that brings it: a character of Korean is three bytes, an escaped one up to six.
BODY_BYTES = 1_000_000


class DraftError(LMSError):
    """What was sent can't be kept as a draft. `reason`: malformed, unknown_cells (`cells`: their keys) or too_large."""

    sentence = "The draft was not kept: {reason}."


def read_typed(body: Any, sheet: Sheet, before: Typed) -> Typed:
    """What she typed, of a decoded JSON object {"answers": {key: source}, "own": [{"after", "source"}]}. What it doesn't
    name stays as it was `before`.

    Raises:
        DraftError
    """
    if not isinstance(body, dict):
        raise DraftError("malformed")
    answers = body.get("answers", {})
    if not isinstance(answers, dict) or not all(isinstance(source, str) for source in answers.values()):
        raise DraftError("malformed")
    if unknown := sorted(set(answers) - set(sheet.editable)):
        raise DraftError("unknown_cells", cells=[key[:80] for key in unknown[:10]])
    own = _own_cells(body["own"], sheet) if "own" in body else before.own
    typed = Typed({**before.answers, **{key: clean(source) for key, source in answers.items()}}, own)
    _refuse_large(typed)
    return typed


def _own_cells(given: Any, sheet: Sheet) -> tuple[OwnCell, ...]:
    """One that stood after a cell that the exercise no longer has goes to the end."""
    if not isinstance(given, list) or not all(isinstance(cell, dict) for cell in given):
        raise DraftError("malformed")
    found = []
    for cell in given:
        after, source = cell.get("after", ""), cell.get("source")
        if not isinstance(after, str) or not isinstance(source, str):
            raise DraftError("malformed")
        found.append(OwnCell(after if after in ("", *sheet.keys) else sheet.cells[-1].key, clean(source)))
    return tuple(found)


def clean(source: str) -> str:
    """Line ends as Python's own, and without what no database or file can hold: character 0, half a surrogate pair."""
    whole = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _refuse_large(typed: Typed) -> None:
    sizes = [len(source) for source in (*typed.answers.values(), *(cell.source for cell in typed.own))]
    if max(sizes, default=0) > CELL_CHARACTERS or sum(sizes) > CHARACTERS or len(typed.own) > OWN_CELLS:
        raise DraftError("too_large")


def refuse_resident_numbers(typed: Typed) -> None:
    """Raises ResidentNumberError with `cells`, the places that hold one."""
    found = [place for place, source in places(typed).items() if contains_resident_number(source)]
    if found:
        raise ResidentNumberError(cells=found)


def places(typed: Typed) -> Mapping[str, str]:
    """Every source by its place: the key of its cell, or "own:" and the number of her own cell from 0."""
    return {**typed.answers, **{f"own:{number}": cell.source for number, cell in enumerate(typed.own)}}


def as_document(typed: Typed) -> dict[str, Any]:
    return {"answers": dict(typed.answers), "own": [{"after": cell.after, "source": cell.source} for cell in typed.own]}


def from_document(document: Mapping[str, Any], sheet: Sheet) -> Typed:
    """What was kept, for an exercise version that may be a newer one: answers of cells that it lacks are left out, and
    cells that it has besides are blank."""
    kept = {key: source for key, source in document.get("answers", {}).items() if key in sheet.editable}
    return Typed({**sheet.blank.answers, **kept}, _own_cells(document.get("own", []), sheet))
