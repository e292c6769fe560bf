"""Two statements for outsiders don't tell together what neither tells. The attacker of test_suppression has both of them.

Of each cell he asks for the smallest and largest number of people who came, went, completed or didn't between the two days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from itertools import product
from random import Random
from typing import Any

import pytest

from lms.models import Statement
from lms.people.viewers import Viewer
from lms.reports import public
from lms.reports.question import Question
from lms.reports.statements import issuing, outsiders, reading
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Draft, Press
from lms.reports.statements.outsiders import Told
from lms.reports.suppression import Cell, hidden_cells, with_totals
from tests.world import at

from .country import Country
from .test_suppression import FIGURES, Attack, K, Table

SIZES = (0, 3, 7, 20, 60)
STEPS = (0, 0, 0, 0, 6, 9)


def told(completed: Table, others: Table, hidden: Collection[Cell]) -> Told:
    """A table as the check reads it."""
    done, rest = with_totals(completed), with_totals(others)
    counts = {_key(cell): (done[cell] + rest[cell], done[cell]) for cell in done}
    return Told(counts, frozenset(map(_key, hidden)))


def _key(cell: Cell) -> tuple[str, str]:
    return str(cell[0]), str(cell[1])


def found_out(before: tuple[Table, Table], after: tuple[Table, Table]) -> list[tuple[str, Cell]]:
    """The small changes that the attacker knows within fewer than k."""
    hidden = [hidden_cells(*tables, K) for tables in (before, after)]
    attacks = [Attack(*tables, cells) for tables, cells in zip((before, after), hidden, strict=True)]
    found = []
    for what, cell in product(FIGURES, with_totals(before[0])):
        change = _count(after, what, cell) - _count(before, what, cell)
        if 0 < abs(change) < K and sum(attack.width(what, cell) for attack in attacks) < K:
            found.append((what, cell))
    return found


def _count(tables: tuple[Table, Table], what: str, cell: Cell) -> int:
    return sum(with_totals(tables[figure])[cell] for figure in FIGURES[what])


def is_refused(before: tuple[Table, Table], after: tuple[Table, Table]) -> bool:
    first, second = (told(*tables, hidden_cells(*tables, K)) for tables in (before, after))
    return outsiders.isolating(first, second, K) is not None


BEFORE = ([[40, 30], [25, 50]], [[10, 20], [15, 10]])
ONE_MORE = ([[41, 30], [25, 50]], [[10, 20], [15, 10]])


def test_without_the_check_one_is_found_and_the_check_refuses() -> None:
    assert ("completed", (0, 0)) in found_out(BEFORE, ONE_MORE)
    assert is_refused(BEFORE, ONE_MORE)


def test_who_only_went_from_one_figure_to_the_other_is_found_too() -> None:
    completed_now = ([[42, 30], [25, 50]], [[8, 20], [15, 10]])
    assert {what for what, _cell in found_out(BEFORE, completed_now)} == {"completed", "others"}
    assert is_refused(BEFORE, completed_now)


def test_many_more_are_no_secret_nor_is_nobody() -> None:
    assert not is_refused(BEFORE, BEFORE)
    assert not is_refused(BEFORE, ([[50, 36], [31, 60]], BEFORE[1]))


def test_a_change_in_what_both_hide_is_not_seen() -> None:
    before, after = [[3, 40], [30, 20]], [[4, 39], [29, 21]]
    others = [[20, 20], [20, 20]]
    hidden = hidden_cells(before, others, K)
    assert hidden == hidden_cells(after, others, K)
    assert len(hidden) == 4
    assert found_out((before, others), (after, others)) == []
    assert not is_refused((before, others), (after, others))


CELL = ("busan", "oee")


@pytest.mark.parametrize(
    ("hidden", "is_isolating"),
    [((), True), (("before",), True), (("after",), True), (("before", "after"), False)],
)
def test_what_one_of_them_shows_counts(hidden: Collection[str], is_isolating: bool) -> None:
    days = {"before": (24, 4), "after": (26, 6)}
    first, second = (Told({CELL: counts}, frozenset({CELL} if day in hidden else ())) for day, counts in days.items())
    assert (outsiders.isolating(first, second, K) is not None) is is_isolating


@pytest.mark.parametrize(
    ("enrolled", "completed", "is_isolating"),
    [
        (5, 5, False),
        (5, 0, False),
        (0, 0, False),
        (4, 4, True),
        (9, 4, True),
        (20, 18, True),
        (-2, 0, True),
        (-5, 0, False),
    ],
)
def test_each_figure_is_compared(enrolled: int, completed: int, is_isolating: bool) -> None:
    first, second = (Told({CELL: counts}, frozenset()) for counts in ((40, 20), (40 + enrolled, 20 + completed)))
    assert (outsiders.isolating(first, second, K) is not None) is is_isolating


def test_a_cell_that_was_not_there_was_empty() -> None:
    assert outsiders.isolating(Told({}, frozenset()), Told({CELL: (4, 0)}, frozenset()), K) == CELL


def test_of_random_pairs_that_pass_nothing_is_found() -> None:
    """And of those that don't, the attacker finds somebody in most."""
    random, passed, found = Random(7), 0, 0
    for _ in range(120):
        before = tuple([[random.choice(SIZES) for _ in range(2)] for _ in range(3)] for _figure in range(2))
        after = tuple([[count + random.choice(STEPS) for count in row] for row in table] for table in before)
        if is_refused(before, after):  # type: ignore[arg-type]
            continue
        passed += 1
        assert found_out(before, after) == []  # type: ignore[arg-type]
    for _ in range(20):
        before = tuple([[random.choice((20, 60)) for _ in range(2)] for _ in range(2)] for _figure in range(2))
        after = tuple([[count + random.choice((0, 0, 2)) for count in row] for row in table] for table in before)
        if is_refused(before, after):  # type: ignore[arg-type]
            found += bool(found_out(before, after))  # type: ignore[arg-type]
    assert passed >= 10
    assert found >= 10


# In the database


def words(_draft: Draft, number: str, _moment: datetime) -> Mapping[str, Any]:
    return {"title": "", "number": number, "facts": []}


PRESS = Press(words, "")
MASK = (5, 10)


def issue(country: Country, viewer: Viewer, day: date, question: Question | None = None) -> Statement:
    asked = question or outsiders.question_of(2026, day)
    draft = issuing.draft(country.session, viewer, "completions", asked, "ko", mask=MASK, today=date(2026, 12, 1))
    return issuing.issue(country.session, viewer, draft, PRESS, now=at("2026-12-01"))


@pytest.fixture
def nation(country: Country) -> Country:
    """Twelve of Busan and eleven of Gwangju in March; one more of Busan in April, six more in May."""
    country.company("한빛정밀", "busan")
    country.company("빛고을전자", "gwangju")
    country.run("oee", country.course("oee", "설비종합효율"), "busan", "2026-03-02", "2026-06-30")
    joined = [("한빛정밀", "2026-03-01")] * 12 + [("빛고을전자", "2026-03-01")] * 11
    joined += [("한빛정밀", "2026-04-10")] + [("한빛정밀", "2026-05-10")] * 6
    for number, (company, day) in enumerate(joined):
        country.enrol(f"사람{number}", company, "oee", day)
    return country


def test_a_statement_that_isolates_is_refused(nation: Country) -> None:
    office = nation.office()
    first = issue(nation, office, date(2026, 3, 20))
    assert first.for_outsiders
    assert first.total == ["", "", "23", "0", "0.0000", ""]
    assert any(row[:2] == ("부산광역시", "설비종합효율") and row[2] == "12" for row in reading.cells_of(first).rows)
    with pytest.raises(StatementError) as caught:
        issue(nation, office, date(2026, 4, 20))
    assert (caught.value.reason, caught.value.number, caught.value.k) == ("isolates", first.number, 5)
    assert caught.value.where == "부산광역시 · 설비종합효율"
    assert issue(nation, office, date(2026, 5, 20)).number == "2026-0002"
    assert issue(nation, office, date(2026, 3, 20)).digest == first.digest
    assert reading.again(nation.session, first).is_same


def test_the_public_table_counts_as_given(nation: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands from the end of January."""
    monkeypatch.setattr(public, "closing_day", lambda _year: date(2026, 3, 20))
    with pytest.raises(StatementError) as caught:
        issue(nation, nation.office(), date(2026, 4, 20))
    assert (caught.value.reason, caught.value.number) == ("isolates", "")


def test_there_is_one_form(nation: Country) -> None:
    day = date(2026, 3, 20)
    asked = outsiders.question_of(2026, day)
    others = (
        asked.but(by=("region",)),
        asked.but(region=("busan",)),
        asked.but(regions="today"),
        asked.but(year=("2025", "2026")),
    )
    for other in others:
        with pytest.raises(StatementError, match="shape"):
            issue(nation, nation.office(), day, other)
    with pytest.raises(StatementError, match="shape"):
        issue(nation, nation.officer("busan"), day)
