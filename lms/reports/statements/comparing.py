"""What two answers to one question have in common and where they differ, row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from .cells import Cells, Row


@dataclass(frozen=True)
class Difference:
    """A row before and after; None where it was not there."""

    before: Row | None
    after: Row | None


def differences(before: Cells, after: Cells) -> list[Difference]:
    """Rows are told by their texts; one whose name changed is one that went and one that came. Where the columns differ, all
    rows do."""
    if [column.header for column in before.columns] != [column.header for column in after.columns]:
        gone = [Difference(row, None) for row in before.rows]
        return gone + [Difference(None, row) for row in after.rows]
    keys = [place for place, column in enumerate(before.columns) if column.kind == "text"]
    old, new = _by_key(before.rows, keys), _by_key(after.rows, keys)
    return [
        Difference(was, now)
        for key in dict.fromkeys((*old, *new))
        for was, now in zip_longest(old.get(key, ()), new.get(key, ()))
        if was != now
    ]


@dataclass(frozen=True)
class Renamed:
    """What a row is of is called otherwise now; `heading` is that of its column."""

    heading: str
    before: str
    after: str


def with_names_of_then(before: Cells, after: Cells) -> tuple[Cells, Sequence[Renamed]]:
    """What is counted now, by the names and in the order of then, and which names those are. Rows are told by their keys; of
    those that are new the names stay."""
    if not before.keys or [c.header for c in before.columns] != [c.header for c in after.columns]:
        return after, ()
    now = dict(zip(after.keys, after.rows, strict=True))
    renamed: dict[Renamed, None] = {}
    rows = []
    for key, was in zip(before.keys, before.rows, strict=True):
        if key in now:
            row, changed = _named(before, was, now.pop(key))
            rows.append(row)
            renamed |= dict.fromkeys(changed)
    return Cells(after.columns, (*rows, *now.values()), after.total), tuple(renamed)


def _named(of: Cells, was: Row, now: Row) -> tuple[Row, list[Renamed]]:
    texts = [column.kind == "text" for column in of.columns]
    changed = [
        Renamed(column.header, before, after)
        for column, is_text, before, after in zip(of.columns, texts, was, now, strict=True)
        if is_text and before != after
    ]
    return tuple(b if is_text else a for is_text, b, a in zip(texts, was, now, strict=True)), changed


def _by_key(rows: Sequence[Row], places: Sequence[int]) -> dict[Row, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[place] for place in places)].append(row)
    return found
