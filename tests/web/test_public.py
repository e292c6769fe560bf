"""The page for everybody: what it shows to a stranger, what it hides, and how a site switches it off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from lms.clock import SEOUL, today
from lms.learning import enrolments, ledger
from lms.models import Course, ExerciseVersion, Person
from tests.world import World, at, employ, make_run

from . import crowd
from .browser import Browser
from .site import Site, open_site, standalone
from .test_desk import csv_rows, figures, rows_of
from .test_queries import _asked as asked_of_database

YEAR = today().year - 2


@pytest.fixture
def stranger(site: Site) -> Browser:
    return site.browser()


def add_closed_year(site: Site, *, busan: tuple[int, int], gyeonggi: tuple[int, int]) -> None:
    """A run of a year that is closed, with (enrolled, completed) in each of the two regions."""
    with site.lms.database.writing() as session:
        world = site.world
        run = make_run(
            session,
            session.get_one(Course, world.course.id),
            session.get_one(ExerciseVersion, world.exercise_version.id),
            world.busan_centre,
            number=7,
            learn_from=date(YEAR, 3, 2),
            learn_to=date(YEAR, 5, 30),
        )
        for company, (enrolled, completed) in ((world.hanbit, busan), (world.suwon, gyeonggi)):
            for turn in range(enrolled):
                person = Person(name=f"수강생 {turn}", created_at=at(f"{YEAR}-01-02"))
                session.add(person)
                session.flush()
                employ(session, person, company, f"P-{turn}")
                made = enrolments.enrol(session, run, person.id, now=at(f"{YEAR}-03-02"))
                if turn < completed:
                    moment = at(f"{YEAR}-04-01")
                    ledger.append(
                        session, made, "completed", effective_on=moment.astimezone(SEOUL).date(), recorded_at=moment
                    )
        session.commit()


def test_a_stranger_sees_a_closed_year(site: Site, stranger: Browser) -> None:
    add_closed_year(site, busan=(20, 10), gyeonggi=(12, 6))
    page = stranger.see(f"/figures/?year={YEAR}")
    rows = rows_of(page)
    assert rows["부산광역시"] == ["20", "10", "50 %"]
    assert rows["경기도"] == ["12", "6", "50 %"]
    assert figures(page) == {"수강": "32", "수료": "16", "수료율": "50 %"}


def test_a_small_count_is_hidden_and_why_is_said(site: Site, stranger: Browser) -> None:
    add_closed_year(site, busan=(20, 10), gyeonggi=(7, 3))
    page = stranger.see(f"/figures/?year={YEAR}")
    assert rows_of(page)["경기도"] == ["비공개", "비공개", "비공개"]
    assert rows_of(page)["부산광역시"] == ["비공개", "비공개", "비공개"]  # else the total would give the other away
    assert "1명부터 4명까지" in page.get_text()
    file = stranger.get(f"/figures/{YEAR}.csv").get_data(as_text=True)
    hidden = [row for row in csv_rows(file) if row["지역"] != "합계"]
    assert {row["비공개"] for row in hidden} == {"비공개"}
    assert {row["수강"] + row["수료"] + row["수료율"] for row in hidden} == {""}


def test_a_year_that_runs_is_told_in_steps(site: Site, stranger: Browser) -> None:
    crowd.fill(site, 3)
    page = stranger.see("/figures/")
    assert set(figures(page).values()) <= {"10명 미만", "10명 이상"}
    assert page.select("table") == []
    assert stranger.get(f"/figures/{today().year}.csv").status_code == 404


@pytest.mark.parametrize("words", ["year=1999", "year=x", "year=20260"])
def test_nothing_else_can_be_asked(site: Site, stranger: Browser, words: str) -> None:
    assert stranger.get(f"/figures/?{words}").status_code == 404


def test_a_filter_changes_nothing(site: Site, stranger: Browser) -> None:
    add_closed_year(site, busan=(20, 10), gyeonggi=(12, 6))
    plain = rows_of(stranger.see(f"/figures/?year={YEAR}"))
    more = "as_of=2026-01-01&region=busan&size=small&company=1248100998&run=first-steps-7&by=company&reading=effective"
    assert rows_of(stranger.see(f"/figures/?year={YEAR}&{more}")) == plain


def test_each_page_leads_there(site: Site, stranger: Browser) -> None:
    assert stranger.see("/sign-in").select_one(".site-footer a[href='/figures/']") is not None


def test_few_queries(site: Site, stranger: Browser) -> None:
    add_closed_year(site, busan=(20, 10), gyeonggi=(12, 6))
    for path in ("/figures/", f"/figures/?year={YEAR}", f"/figures/{YEAR}.csv"):
        with asked_of_database(site) as asked:
            assert stranger.get(path).status_code == 200
        assert 0 < len(asked) <= 6, path


@pytest.fixture
def silent(database_url: str, world: World, small_content: Path, tmp_path: Path) -> Iterator[Site]:
    app = standalone(database_url, tmp_path, small_content, public_figures=False)
    yield open_site(app, world, small_content)
    app.extensions["lms"].database.dispose()


def test_a_site_may_keep_its_figures_to_itself(silent: Site) -> None:
    browser = silent.browser()
    assert browser.see("/figures/", 404).select_one(".site-footer a[href*='/figures']") is None
    assert browser.get(f"/figures/{YEAR}.csv").status_code == 404
