"""What everybody may read: closed years by region and course, the running one in round numbers; nobody can be found."""

from __future__ import annotations

from datetime import date

import pytest

from lms.models import Database
from lms.reports.public import TOTAL, PublicTable, closed_year, closing_day, list_years, running_year
from lms.reports.tables import public_sheet

from .asked import statements
from .country import Country
from .test_suppression import found_out

YEAR = 2025
TODAY = date(2026, 11, 23)
SLUGS = ("first-steps", "energy", "robots")
# Completed and enrolled by region and course; 대구's two learners of energy are the secret.
FIGURES = {
    "busan": ((8, 14), (6, 12), (7, 12)),
    "daegu": ((6, 12), (2, 8), (9, 14)),
    "gwangju": ((7, 13), (6, 6), (0, 0)),
}


@pytest.fixture
def year(country: Country) -> Country:
    """A year of three courses in three regions."""
    programme = country.programme(YEAR)
    for slug in SLUGS:
        country.run(slug, country.course(slug, slug), "busan", f"{YEAR}-03-02", f"{YEAR}-11-30", programme=programme)
    for region, figures in FIGURES.items():
        country.company(region, region)
        for slug, (completed, enrolled) in zip(SLUGS, figures, strict=True):
            for number in range(enrolled):
                person = f"{region} {slug} {number}"
                country.enrol(person, region, slug, f"{YEAR}-03-02")
                if number < completed:
                    country.note(person, slug, "completed", f"{YEAR}-06-10")
    return country


def hidden(table: PublicTable) -> set[tuple[str, str]]:
    return {key for key, cell in table.cells.items() if cell.is_hidden}


def test_a_closed_year_is_shown_with_its_totals(year: Country) -> None:
    table = closed_year(year.session, YEAR)
    assert (table.cell().enrolled, table.cell().completed) == (91, 51)
    assert (table.cell("busan").enrolled, table.cell("busan").completed) == (38, 21)
    assert table.cell("busan").rate == 21 / 38
    assert len(table.regions) == 17
    assert table.as_of == date(2026, 1, 31)


def test_a_region_without_anybody_is_a_row_of_zeros(year: Country) -> None:
    cell = closed_year(year.session, YEAR).cell("jeju", "robots")
    assert (cell.enrolled, cell.completed, cell.rate) == (0, 0, None)


def test_no_rate_of_fewer_than_ten(year: Country) -> None:
    table = closed_year(year.session, YEAR)
    assert table.cell("gwangju", "energy").enrolled in (6, None)
    assert table.cell("gwangju", "energy").rate is None
    assert all(cell.rate is None for cell in table.cells.values() if (cell.enrolled or 0) < 10)
    assert any(cell.rate is not None for cell in table.cells.values())


def test_the_small_cell_is_hidden_and_can_not_be_worked_out(year: Country) -> None:
    table = closed_year(year.session, YEAR)
    assert ("daegu", "energy") in hidden(table)
    assert found_out(*_figures(table), _places(table)) == []


def _figures(table: PublicTable) -> tuple[list[list[int]], list[list[int]]]:
    """What is true: completed, and enrolled without it."""
    nobody = ((0, 0),) * len(SLUGS)
    of_region = {region.key: dict(zip(SLUGS, FIGURES.get(region.key, nobody), strict=True)) for region in table.regions}
    completed = [[of_region[row.key][course.key][0] for course in table.courses] for row in table.regions]
    others = [
        [of_region[row.key][course.key][1] - of_region[row.key][course.key][0] for course in table.courses]
        for row in table.regions
    ]
    return completed, others


def _places(table: PublicTable) -> set[tuple[int, int]]:
    rows = [*(region.key for region in table.regions), TOTAL]
    columns = [*(course.key for course in table.courses), TOTAL]
    return {(rows.index(region), columns.index(course)) for region, course in hidden(table)}


def test_what_is_shown_is_what_is_true(year: Country) -> None:
    table = closed_year(year.session, YEAR)
    completed, others = _figures(table)
    for row, region in enumerate(table.regions):
        for column, course in enumerate(table.courses):
            cell = table.cell(region.key, course.key)
            if not cell.is_hidden:
                assert (cell.completed, cell.enrolled) == (
                    completed[row][column],
                    completed[row][column] + others[row][column],
                )


def test_a_closed_year_stays_as_it_is(year: Country) -> None:
    before = closed_year(year.session, YEAR)
    year.note("busan energy 8", "energy", "completed", "2025-10-01", recorded="2026-02-01")
    year.company("새 회사", "busan", known="2026-02-02")
    year.revoke("daegu robots 0", "robots", "2026-02-03")
    assert closed_year(year.session, YEAR) == before


def test_which_years_are_closed(year: Country) -> None:
    year.run("올해", year.course("new", "new"), "busan", "2026-03-02", "2026-11-30", programme=year.programme(2026))
    year.run("내년", year.course("next", "next"), "busan", "2027-03-02", "2027-11-30", programme=year.programme(2027))
    year.run("사업 없이", year.course("free", "free"), "busan", "2024-03-02", "2024-11-30")
    years = list_years(year.session, today=TODAY)
    assert (years.closed, years.running) == ((2025, 2024), (2026,))
    assert list_years(year.session, today=closing_day(2026)).running == (2026,)
    assert list_years(year.session, today=date(2027, 2, 1)).closed[0] == 2026


@pytest.mark.parametrize(
    ("today", "shown"), [(date(2025, 3, 31), (0, 0)), (date(2025, 4, 1), (90, 0)), (date(2025, 7, 1), (90, 50))]
)
def test_a_running_year_is_told_in_round_numbers_at_the_end_of_a_month(
    year: Country, today: date, shown: tuple[int, int]
) -> None:
    told = running_year(year.session, YEAR, today=today)
    assert (told.enrolled, told.completed) == shown
    assert (told.step, told.as_of) == (10, date(today.year, today.month, 1) - date.resolution)


def test_the_file_says_what_is_hidden(year: Country) -> None:
    rows = {(row[0], row[1]): row[2:] for row in public_sheet(closed_year(year.session, YEAR)).rows}
    assert rows["대구광역시", "energy"] == (None, None, None, "비공개")
    assert rows["제주특별자치도", "energy"] == (0, 0, None, "")


def test_queries(database: Database, year: Country) -> None:
    year.session.commit()
    with statements(database) as asked, database.reading() as session:
        list_years(session, today=TODAY)
        running_year(session, YEAR, today=date(2025, 7, 1))
        closed_year(session, YEAR)
    assert len(asked) <= 8
