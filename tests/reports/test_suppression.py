"""No small cell of a published table can be worked out. The attacker here has a solver and knows every sum.

He knows the shown cells, that totals are sums, that nobody is a negative number of people, and that who completed was
enrolled. For each hidden cell he asks for the smallest and largest value that it may have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from lms.reports.suppression import Cell, hidden_cells, with_totals

K = 5
FIGURES = {"completed": (0,), "others": (1,), "enrolled": (0, 1)}  # of which each is the sum
Table = list[list[int]]


class Attack:
    """What can be known of a table of which some cells are hidden: bounds of each figure, by cell."""

    def __init__(self, completed: Table, others: Table, hidden: Collection[Cell]) -> None:
        self.rows, self.columns = len(completed), len(completed[0])
        self.cells = sorted(with_totals(completed))
        self.place = {cell: number for number, cell in enumerate(self.cells)}
        figures = (with_totals(completed), with_totals(others))
        equalities = [(self._sum(figure, of), 0) for figure in (0, 1) for of in range(self.rows + self.columns + 2)]
        for figure in (0, 1):
            for cell in self.cells:
                if cell not in hidden:
                    equalities.append((self._one(figure, cell), figures[figure][cell]))
        self.matrix = np.array([row for row, _ in equalities])
        self.values = np.array([value for _, value in equalities])

    def _one(self, figure: int, cell: Cell) -> np.ndarray:
        row = np.zeros(2 * len(self.cells))
        row[figure * len(self.cells) + self.place[cell]] = 1
        return row

    def _sum(self, figure: int, of: int) -> np.ndarray:
        """The sum of a row (and of the row of totals), or of a column, less its total."""
        if of <= self.rows:
            parts, total = [(of, column) for column in range(self.columns)], (of, self.columns)
        else:
            column = of - self.rows - 1
            parts, total = [(row, column) for row in range(self.rows)], (self.rows, column)
        return sum((self._one(figure, cell) for cell in parts), -self._one(figure, total))

    def width(self, what: str, cell: Cell) -> float:
        """How far apart the bounds lie; infinite where there is none."""
        aim = sum(self._one(figure, cell) for figure in FIGURES[what])
        bounds = []
        for sign in (1, -1):
            found = linprog(sign * aim, A_eq=self.matrix, b_eq=self.values, bounds=(0, None), method="highs")
            if found.status == 3:
                return float("inf")
            assert found.status == 0, found.message
            bounds.append(sign * found.fun)
        return round(bounds[1] - bounds[0], 6)


def small_figures(completed: Table, others: Table) -> list[tuple[str, Cell]]:
    """What has to be protected: each figure of 1 to 4, in a cell or a total."""
    done, rest = with_totals(completed), with_totals(others)
    counts = {"completed": done, "others": rest, "enrolled": {cell: done[cell] + rest[cell] for cell in done}}
    return [(what, cell) for what, figure in counts.items() for cell in figure if 0 < figure[cell] < K]


def found_out(completed: Table, others: Table, hidden: Collection[Cell]) -> list[tuple[str, Cell]]:
    """The small figures that the attacker knows within fewer than k."""
    attack = Attack(completed, others, hidden)
    return [(what, cell) for what, cell in small_figures(completed, others) if attack.width(what, cell) < K]


def random_table(random: Random, rows: int, columns: int) -> tuple[Table, Table]:
    """Many empty and small cells, some large."""
    sizes = [0, 0, 1, 2, 3, 4, 5, 8, 20, 60, 150]
    completed = [[random.choice(sizes) for _ in range(columns)] for _ in range(rows)]
    others = [[random.choice(sizes) for _ in range(columns)] for _ in range(rows)]
    return completed, others


BUSAN = ([[40, 3, 25], [30, 22, 18], [12, 9, 31]], [[10, 9, 5], [6, 8, 7], [6, 7, 9]])


def test_the_small_cell_is_hidden_and_something_else_of_its_row_and_column() -> None:
    hidden = hidden_cells(*BUSAN, K)
    assert (0, 1) in hidden
    assert len([cell for cell in hidden if cell[0] == 0]) > 1
    assert len([cell for cell in hidden if cell[1] == 1]) > 1
    assert len(hidden) == 4


def test_the_attacker_finds_nothing() -> None:
    assert found_out(*BUSAN, hidden_cells(*BUSAN, K)) == []


def test_without_the_second_hiding_he_finds_it_exactly() -> None:
    hidden = hidden_cells(*BUSAN, K, secondary=False)
    assert hidden == {(0, 1)}
    assert found_out(*BUSAN, hidden) == [("completed", (0, 1))]
    assert Attack(*BUSAN, hidden).width("completed", (0, 1)) == 0


def test_the_last_who_did_not_complete_is_not_found_either() -> None:
    """Of ten nine completed: whoever knows the group knows of whom it is told that he didn't."""
    completed, others = [[9, 40, 25], [30, 22, 18], [12, 9, 31]], [[1, 10, 8], [6, 8, 7], [6, 7, 9]]
    bare = hidden_cells(completed, others, K, secondary=False)
    assert bare == {(0, 0)}
    assert found_out(completed, others, bare) == [("others", (0, 0))]
    assert found_out(completed, others, hidden_cells(completed, others, K)) == []


@pytest.mark.parametrize("seed", range(12))
def test_tables_of_a_country(seed: int) -> None:
    """Of the size that is published, with most of what makes it hard."""
    completed, others = random_table(Random(seed), 9, 4)
    hidden = hidden_cells(completed, others, K)
    assert found_out(completed, others, hidden) == []
    assert found_out(completed, others, hidden_cells(completed, others, K, secondary=False)) != []


counts = st.integers(0, 12)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_table_gives_a_small_figure_away(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    table = st.lists(st.lists(counts, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    completed, others = data.draw(table), data.draw(table)
    assert found_out(completed, others, hidden_cells(completed, others, K)) == []


def test_a_table_without_small_figures_is_shown_whole() -> None:
    assert hidden_cells([[10, 20], [30, 40]], [[5, 0], [9, 0]], K) == frozenset()


def test_nobody_is_no_secret() -> None:
    assert hidden_cells([[0, 20], [30, 40]], [[0, 9], [9, 9]], K) == frozenset()


def test_a_small_total_is_hidden_too() -> None:
    hidden = hidden_cells([[1], [1]], [[0], [0]], K)
    assert (2, 1) in hidden
    assert found_out([[1], [1]], [[0], [0]], hidden) == []


def test_the_same_table_is_hidden_in_the_same_way() -> None:
    completed, others = random_table(Random(3), 9, 4)
    assert len({hidden_cells(completed, others, K) for _ in range(5)}) == 1


def _spare(cells: Mapping[Cell, int], hidden: Collection[Cell], corner: Sequence[int]) -> float:
    inner = [cell for cell in cells if cell[0] < corner[0] and cell[1] < corner[1]]
    return sum(cell in hidden for cell in inner) / len(inner)


def test_hiding_takes_little_where_little_is_small() -> None:
    """One small cell in a table of 17 regions and five courses costs three others."""
    completed = [[30 + row + column for column in range(5)] for row in range(17)]
    others = [[10] * 5 for _ in range(17)]
    completed[4][2] = 2
    hidden = hidden_cells(completed, others, K)
    assert len(hidden) == 4
    assert _spare(with_totals(completed), hidden, (17, 5)) < 0.05
