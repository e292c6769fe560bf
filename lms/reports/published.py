"""A table of regions × courses that outsiders are given: its counts, which cells of it are hidden, and what it tells beside
another one of the same year.

Whoever has two tables knows for each cell and figure a range in which the change between their days lies: as wide as the ranges
of both tables together, since nothing but the sums within each table ties their cells. Where 1 to k − 1 people came, went,
completed or gave up, that range has to be at least k wide. tests/reports/test_statements_outsiders.py attacks it by linear
programming.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .rows import Group
from .suppression import Cell, hidden_cells, width, with_totals

TOTAL = ""  # key of what a total stands for
COMPLETED, OTHERS = 0, 1  # figures; enrolled is their sum
Key = tuple[str, str]  # of region and course


@dataclass(frozen=True)
class Counts:
    """`figures` are those who completed and those who did not: one sequence a region, one count a course."""

    regions: tuple[Group, ...]
    courses: tuple[Group, ...]
    figures: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]

    @cached_property
    def places(self) -> Mapping[Key, Cell]:
        rows = [*(group.key for group in self.regions), TOTAL]
        columns = [*(group.key for group in self.courses), TOTAL]
        return {(row, column): (place, at) for place, row in enumerate(rows) for at, column in enumerate(columns)}

    @cached_property
    def totals(self) -> tuple[Mapping[Cell, int], Mapping[Cell, int]]:
        """The figures of each cell, and of totals."""
        completed, others = self.figures
        return with_totals(completed), with_totals(others)

    def of(self, figure: int, key: Key) -> int:
        """Nobody where the table has no such row or column."""
        place = self.places.get(key)
        return 0 if place is None else self.totals[figure].get(place, 0)

    def hide(self, k: int, beside: Iterable[Told] = ()) -> frozenset[Cell]:
        """The cells to hide, with those that would tell of a few people beside other tables. These need not be given after
        this one: it hides what they, who didn't know of it, have shown."""
        needs: dict[tuple[int, Cell], int] = {}
        for other in beside:
            nothing = Told(self, frozenset(), k)
            for figure, key, lack in _lacking(other, nothing, max(k, other.k)):
                if key in self.places:
                    place = (figure, self.places[key])
                    needs[place] = max(needs.get(place, 0), lack)
        return hidden_cells(*self.figures, k, needs=needs)


@dataclass(frozen=True)
class Told:
    """A table as outsiders have it, with the true counts, which they haven't: for comparing alone."""

    counts: Counts
    hidden: Collection[Cell]
    k: int

    def width(self, figure: int, key: Key, most: int) -> int:
        """Of the range in which a count is known to lie, up to `most`; 0 is exactly."""
        place = self.counts.places.get(key)
        if place is None or place not in self.hidden:
            return 0
        corner = (len(self.counts.regions), len(self.counts.courses))
        return width(self.counts.totals[figure], place, self.hidden, corner, most)


def isolating(before: Told, after: Told, k: int) -> Key | None:
    """A cell of which both together tell that 1 to k − 1 people came or went, or completed or not; None where there is none."""
    return next((key for _figure, key, _lack in _lacking(before, after, k)), None)


def _lacking(before: Told, after: Told, k: int) -> Iterable[tuple[int, Key, int]]:
    """The small changes that are known too well: figure, cell, and how much wider its range would have to be."""
    keys = {*before.counts.places, *after.counts.places}
    for key in sorted(keys, key=lambda key: (TOTAL in key, key)):
        changes = [after.counts.of(figure, key) - before.counts.of(figure, key) for figure in (COMPLETED, OTHERS)]
        if not any(0 < abs(change) < k for change in (*changes, sum(changes))):
            continue
        ranges = [before.width(figure, key, k) + after.width(figure, key, k) for figure in (COMPLETED, OTHERS)]
        for figure in (COMPLETED, OTHERS):
            if 0 < abs(changes[figure]) < k and ranges[figure] < k:
                yield figure, key, k - ranges[figure]
        if 0 < abs(sum(changes)) < k and sum(ranges) < k:
            yield COMPLETED, key, k - sum(ranges)
