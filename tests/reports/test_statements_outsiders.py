"""Two statements for outsiders don't tell together what neither tells. The attacker of test_suppression has both of them.

Of each cell he asks for the smallest and largest number of people who came, went, completed or didn't between the two days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from random import Random
from typing import Any

import pytest

from lms.models import Statement
from lms.people.viewers import Viewer
from lms.reports import public
from lms.reports.published import Counts, Told, isolating
from lms.reports.question import Question
from lms.reports.rows import Group
from lms.reports.statements import issuing, outsiders, reading
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Draft, Press
from lms.reports.suppression import Cell
from tests.world import at

from .country import Country
from .test_suppression import FIGURES, Attack, K, Table

SIZES = (0, 3, 7, 20, 60)
STEPS = (0, 0, 0, 0, 1, 2, 6, 9)
Pair = tuple[Table, Table]  # those who completed, and those who didn't


def counts(tables: Pair) -> Counts:
    rows, courses = (tuple(Group(f"{what}{at}", "") for at in range(many)) for what, many in _size(tables[0]))
    return Counts(rows, courses, tables)


def _size(table: Table) -> list[tuple[str, int]]:
    return [("row", len(table)), ("course", len(table[0]))]


def told(tables: Pair, *beside: Told) -> Told:
    return Told(counts(tables), counts(tables).hide(K, beside), K)


def found_out(before: Told, after: Told) -> list[tuple[str, Cell]]:
    """The small changes that the attacker knows within fewer than k."""
    attacks = [Attack(*table.counts.figures, table.hidden) for table in (before, after)]  # type: ignore[arg-type]
    found = []
    for what, cell in product(FIGURES, before.counts.totals[0]):
        change = _count(after, what, cell) - _count(before, what, cell)
        if 0 < abs(change) < K and sum(attack.width(what, cell) for attack in attacks) < K:
            found.append((what, cell))
    return found


def _count(table: Told, what: str, cell: Cell) -> int:
    return sum(table.counts.totals[figure][cell] for figure in FIGURES[what])


def is_refused(before: Told, after: Told) -> bool:
    return isolating(before, after, K) is not None


def random_pairs(random: Random, many: int) -> Iterator[tuple[Pair, Pair]]:
    for _ in range(many):
        before = tuple([[random.choice(SIZES) for _ in range(2)] for _ in range(3)] for _figure in range(2))
        after = tuple([[count + random.choice(STEPS) for count in row] for row in table] for table in before)
        yield before, after  # type: ignore[misc]


BEFORE = ([[40, 30], [25, 50]], [[10, 20], [15, 10]])
ONE_MORE = ([[41, 30], [25, 50]], [[10, 20], [15, 10]])


def test_without_the_check_one_is_found_and_the_check_refuses() -> None:
    assert ("completed", (0, 0)) in found_out(told(BEFORE), told(ONE_MORE))
    assert is_refused(told(BEFORE), told(ONE_MORE))


def test_who_only_went_from_one_figure_to_the_other_is_found_too() -> None:
    before, after = told(BEFORE), told(([[42, 30], [25, 50]], [[8, 20], [15, 10]]))
    assert {what for what, _cell in found_out(before, after)} == {"completed", "others"}
    assert is_refused(before, after)


def test_many_more_are_no_secret_nor_is_nobody() -> None:
    assert not is_refused(told(BEFORE), told(BEFORE))
    assert not is_refused(told(BEFORE), told(([[50, 36], [31, 60]], BEFORE[1])))


def test_a_change_in_what_both_hide_is_not_seen() -> None:
    others = [[20, 20], [20, 20]]
    before, after = told(([[3, 40], [30, 20]], others)), told(([[4, 39], [29, 21]], others))
    assert before.hidden == after.hidden
    assert len(before.hidden) == 4
    assert found_out(before, after) == []
    assert not is_refused(before, after)


def test_a_change_in_what_both_hide_is_seen_where_it_can_be_worked_out() -> None:
    """All four cells are hidden because of the three who completed; of the others the sums tell all."""
    completed = [[3, 40], [30, 20]]
    before, after = told((completed, [[20, 0], [20, 0]])), told((completed, [[22, 0], [20, 0]]))
    assert (0, 0) in before.hidden
    assert before.hidden == after.hidden
    assert ("others", (0, 0)) in found_out(before, after)
    assert isolating(before, after, K) == ("row0", "course0")


def test_a_cell_that_was_not_there_was_empty() -> None:
    one = Counts((Group("busan", ""),), (Group("oee", ""),), ([[40]], [[20]]))
    two = replace(one, courses=(*one.courses, Group("spc", "")), figures=([[40, 9]], [[20, 2]]))
    bare = Told(two, frozenset(), K)
    assert isolating(Told(one, frozenset(), K), bare, K) == ("busan", "spc")
    assert isolating(bare, bare, K) is None


def test_the_check_refuses_what_the_attacker_finds_and_nothing_else() -> None:
    refused = 0
    for before, after in random_pairs(Random(7), 16):
        tables = told(before), told(after)
        assert bool(found_out(*tables)) is is_refused(*tables)
        refused += is_refused(*tables)
    assert 0 < refused < 16


def test_what_comes_after_hides_what_those_before_have_shown() -> None:
    """The public table can't be refused."""
    found = 0
    for before, after in random_pairs(Random(11), 10):
        earlier = told(before)
        assert found_out(earlier, told(after, earlier)) == []
        found += bool(found_out(earlier, told(after)))
    assert found >= 4


# In the database


def words(_draft: Draft, number: str, _moment: datetime) -> Mapping[str, Any]:
    return {"title": "", "number": number, "facts": []}


PRESS = Press(words, "")
MASK = (5, 10)


NOW = at("2026-12-01")


def issue(
    country: Country, viewer: Viewer, day: date, now: datetime = NOW, question: Question | None = None
) -> Statement:
    asked = question or outsiders.question_of(2026, day)
    draft = issuing.draft(country.session, viewer, "completions", asked, "ko", mask=MASK, today=date(2026, 12, 1))
    return issuing.issue(country.session, viewer, draft, PRESS, now=now)


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


def test_the_public_table_hides_what_an_earlier_statement_has_shown(
    nation: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen in Busan in April would say beside the twelve of March that one came. It hides the same in each later year, and
    a statement of its own day is no way around it."""
    plain = public.table_on(nation.session, 2026, date(2026, 4, 20), k=5, rate_from=10)
    assert plain.cell("busan", "oee").enrolled == 13
    first = issue(nation, nation.office(), date(2026, 3, 20), at("2026-04-01"))
    monkeypatch.setattr(public, "closing_day", lambda _year: date(2026, 4, 20))
    table = public.closed_year(nation.session, 2026)
    assert table.cell("busan", "oee").is_hidden
    assert [key for key, cell in table.cells.items() if cell != plain.cells[key]] == [
        key for key, cell in table.cells.items() if cell.is_hidden
    ]
    before = public.told_on(nation.session, 2026, first.as_of, 5)
    assert isolating(before, public.told_at_closing(nation.session, 2026, 5), 5) is None
    with pytest.raises(StatementError, match="isolates"):
        issue(nation, nation.office(), date(2026, 4, 20))
    issue(nation, nation.office(), date(2026, 3, 20))
    assert public.closed_year(nation.session, 2026) == table


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
            issue(nation, nation.office(), day, question=other)
    with pytest.raises(StatementError, match="shape"):
        issue(nation, nation.officer("busan"), day)
