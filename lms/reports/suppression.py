"""Which cells of a published table have to be hidden, so that none of the small ones can be worked out from the rest.

A table of two figures (completed, and not completed; enrolled is their sum) has inner cells, totals of rows and columns and a
grand total. Cells with a small figure are hidden first: one who alone didn't complete is found as easily as one who alone did.
Then so many more that whoever knows every shown cell, every sum and that no count is negative, can't tell a small figure
within fewer than k counts. Where few are enrolled one of the two figures is small, so that protects them too.

How that is known: a change of the hidden cells that keeps every sum is a circulation. An inner cell is an arc from its row
to its column, the total of a row one from the column of totals to the row, the total of a column one from the column to the
row of totals, the grand total one from there to the column of totals; what flows into a node flows out of it. A hidden
count may grow without bound and shrink to 0, a shown one not at all. So the largest value that a hidden cell may have is its
own plus the largest flow that goes back from the end of its arc to its beginning through other hidden cells, and the
smallest is found the other way round. These bounds are exact, in whole numbers too, and the two figures have nothing to do
with each other beside their common pattern. tests/reports/test_suppression.py attacks it by linear programming.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

Cell = tuple[int, int]  # row and column; one past the last is the total
Counts = Sequence[Sequence[int]]  # inner cells, one sequence a row
_Node = tuple[str, int]


def with_totals(counts: Counts) -> dict[Cell, int]:
    """The counts of all cells, the totals at one past the last row and column."""
    rows, columns = len(counts), len(counts[0]) if counts else 0
    found = {(row, column): counts[row][column] for row in range(rows) for column in range(columns)}
    found |= {(row, columns): sum(counts[row]) for row in range(rows)}
    found |= {(rows, column): sum(counts[row][column] for row in range(rows)) for column in range(columns)}
    found[rows, columns] = sum(sum(row) for row in counts)
    return found


def hidden_cells(
    completed: Counts,
    others: Counts,
    k: int,
    *,
    secondary: bool = True,
    needs: Mapping[tuple[int, Cell], int] = MappingProxyType({}),
) -> frozenset[Cell]:
    """The cells to hide: those in which 1 to k − 1 completed, did not complete or are enrolled, and what protects them.

    `others` are those who are enrolled and have not completed. `needs` are more to hide: by figure (0 completed, 1 others) and
    cell the width at least, up to k, of the range in which it may be known. Without `secondary` only the small cells are
    hidden, which protects none of them; it is there for the test that shows it.
    """
    figures = (with_totals(completed), with_totals(others))
    corner = (len(completed), len(completed[0]) if completed else 0)
    hidden = {cell for figure in figures for cell in figure if _is_small(figure, cell, k)}
    hidden |= {cell for _figure, cell in needs}
    if not secondary:
        return frozenset(hidden)
    small = [(figure, cell, k) for figure in figures for cell in sorted(hidden) if _is_small(figure, cell, k)]
    small += [(figures[figure], cell, need) for (figure, cell), need in sorted(needs.items())]
    while (open_ := _first_unprotected(small, hidden, corner)) is not None:
        path = _detour(figures, *open_, hidden, corner, k)
        if path is None or path <= hidden:
            return frozenset(figures[0])
        hidden |= path
    return frozenset(hidden)


def _is_small(counts: Mapping[Cell, int], cell: Cell, k: int) -> bool:
    return 0 < counts[cell] < k


def _first_unprotected(
    small: Sequence[tuple[Mapping[Cell, int], Cell, int]], hidden: Collection[Cell], corner: Cell
) -> tuple[Mapping[Cell, int], Cell] | None:
    """The figure, with its cell, that is known within less than it needs; none where all are protected."""
    return next(
        ((counts, cell) for counts, cell, need in small if width(counts, cell, hidden, corner, need) < need), None
    )


def width(counts: Mapping[Cell, int], cell: Cell, hidden: Collection[Cell], corner: Cell, most: int) -> int:
    """How far apart the largest and smallest value lie that a hidden cell may have; more than `most` is given as that."""
    begin, end = _arc(cell, corner)
    others = [other for other in hidden if other != cell]
    up = _flow(counts, others, corner, end, begin, most)
    down = min(counts[cell], _flow(counts, others, corner, begin, end, most)) if up < most else 0
    return min(most, up + down)


def _arc(cell: Cell, corner: Cell) -> tuple[_Node, _Node]:
    row, column = ("row", cell[0]), ("column", cell[1])
    is_total = (cell[0] == corner[0]) != (cell[1] == corner[1])
    return (column, row) if is_total else (row, column)


def _flow(
    counts: Mapping[Cell, int], hidden: Collection[Cell], corner: Cell, source: _Node, sink: _Node, most: int
) -> int:
    """The largest flow from source to sink through hidden cells, up to `most`: a cell may grow by any, shrink to 0."""
    room: dict[_Node, dict[_Node, int]] = {}
    for cell in hidden:
        begin, end = _arc(cell, corner)
        room.setdefault(begin, {})[end] = most
        room.setdefault(end, {})[begin] = min(counts[cell], most)
    flow = 0
    while flow < most and (path := _path(room, source, sink)):
        step = min(room[begin][end] for begin, end in path)
        for begin, end in path:
            room[begin][end] -= step
            room[end][begin] += step
        flow += step
    return min(flow, most)


def _path(room: Mapping[_Node, Mapping[_Node, int]], source: _Node, sink: _Node) -> list[tuple[_Node, _Node]]:
    """The steps of a shortest way that has room; none where there is no way."""
    came: dict[_Node, _Node] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        node = waiting.popleft()
        for after, left in sorted(room.get(node, {}).items()):
            if left > 0 and after not in came:
                came[after] = node
                waiting.append(after)
    if sink not in came:
        return []
    steps = []
    while sink != source:
        steps.append((came[sink], sink))
        sink = came[sink]
    return steps


def _detour(
    figures: Sequence[Mapping[Cell, int]],
    counts: Mapping[Cell, int],
    cell: Cell,
    hidden: Collection[Cell],
    corner: Cell,
    k: int,
) -> set[Cell] | None:
    """The way on which k may flow back that hides the least: with it a small figure, which can't shrink by k, may grow."""
    sink, source = _arc(cell, corner)
    ways: dict[_Node, list[tuple[_Node, Cell, int]]] = {}
    for other in counts:
        if other == cell:
            continue
        begin, end = _arc(other, corner)
        cost = 0 if other in hidden else _cost(figures, other, corner)
        ways.setdefault(begin, []).append((end, other, cost))
        if counts[other] >= k:
            ways.setdefault(end, []).append((begin, other, cost))
    best: dict[_Node, int] = {source: 0}
    queue: list[tuple[int, _Node, tuple[Cell, ...]]] = [(0, source, ())]
    while queue:
        spent, node, used = heapq.heappop(queue)
        if node == sink:
            return set(used)
        if spent > best[node]:
            continue
        for after, other, cost in ways.get(node, ()):
            if spent + cost < best.get(after, spent + cost + 1):
                best[after] = spent + cost
                heapq.heappush(queue, (spent + cost, after, (*used, other)))
    return None


def _cost(figures: Sequence[Mapping[Cell, int]], cell: Cell, corner: Cell) -> int:
    """What readers lose by a cell: the people in it, and the most by a total. An empty cell is no good hiding place."""
    people = figures[0][cell] + figures[1][cell]
    whole = figures[0][corner] + figures[1][corner] + 1
    totals = (cell[0] == corner[0]) + (cell[1] == corner[1])
    return 1 + people + whole * totals + (whole // 2 if people == 0 else 0)
