"""Which cells of a published table have to be hidden, so that none of the small ones can be worked out from the rest.

A table of two figures (completed, and not completed; enrolled is their sum) has inner cells, totals of rows and columns and a
grand total. Small cells are hidden first. Then so many more that whoever knows every shown cell, every sum and that no count
is negative, can't tell a small one within fewer than k counts.

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
from collections.abc import Collection, Iterator, Mapping, Sequence

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


def hidden_cells(completed: Counts, others: Counts, k: int, *, secondary: bool = True) -> frozenset[Cell]:
    """The cells to hide: those in which 1 to k − 1 are enrolled or completed, and what protects them.

    `others` are those who are enrolled and have not completed. Without `secondary` only the small cells are hidden, which
    protects none of them; it is there for the test that shows it.
    """
    figures = (with_totals(completed), with_totals(others))
    corner = (len(completed), len(completed[0]) if completed else 0)
    small = {cell for cell in figures[0] if _is_small(figures, cell, k)}
    hidden = set(small)
    if not secondary:
        return frozenset(hidden)
    while (open_ := _first_unprotected(figures, small, hidden, corner, k)) is not None:
        path = min(_detours(figures, open_, hidden, corner, k), default=None)
        if path is None or path[1] <= hidden:
            return frozenset(figures[0])
        hidden |= path[1]
    return frozenset(hidden)


def _is_small(figures: Sequence[Mapping[Cell, int]], cell: Cell, k: int) -> bool:
    completed = figures[0][cell]
    return 0 < completed < k or 0 < completed + figures[1][cell] < k


def _first_unprotected(
    figures: Sequence[Mapping[Cell, int]], small: Collection[Cell], hidden: Collection[Cell], corner: Cell, k: int
) -> Cell | None:
    for cell in sorted(small):
        widths = [_width(figure, cell, hidden, corner, k) for figure in figures]
        # Where the completed are few they have to be protected themselves, and then so are the enrolled.
        if widths[0] < k and (0 < figures[0][cell] < k or sum(widths) < k):
            return cell
    return None


def _width(counts: Mapping[Cell, int], cell: Cell, hidden: Collection[Cell], corner: Cell, k: int) -> int:
    """How far apart the largest and smallest value lie that a hidden cell may have; more than k is given as k."""
    begin, end = _arc(cell, corner)
    others = [other for other in hidden if other != cell]
    up = _flow(counts, others, corner, end, begin, k)
    down = min(counts[cell], _flow(counts, others, corner, begin, end, k)) if up < k else 0
    return min(k, up + down)


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


def _detours(
    figures: Sequence[Mapping[Cell, int]], cell: Cell, hidden: Collection[Cell], corner: Cell, k: int
) -> Iterator[tuple[int, set[Cell]]]:
    """Cells that protect one when hidden too, with what is lost by them: by the completed, or else by the others."""
    begin, end = _arc(cell, corner)
    for counts in figures[:1] if 0 < figures[0][cell] < k else figures:
        for source, sink in ((end, begin), (begin, end)):
            if source == begin and counts[cell] < k:
                continue  # it can't shrink by k
            found = _cheapest(figures, counts, cell, hidden, corner, k, source, sink)
            if found is not None:
                yield found


def _cheapest(
    figures: Sequence[Mapping[Cell, int]],
    counts: Mapping[Cell, int],
    cell: Cell,
    hidden: Collection[Cell],
    corner: Cell,
    k: int,
    source: _Node,
    sink: _Node,
) -> tuple[int, set[Cell]] | None:
    """The way on which k may flow that hides the least."""
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
            return spent, set(used)
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
