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


def _by_key(rows: Sequence[Row], places: Sequence[int]) -> dict[Row, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[place] for place in places)].append(row)
    return found
