"""The worker's way inside somebody else's site, which signs her in: a unit of each kind, and Python, below the host's address."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lms.grading import isolation
from tests.required import do_without

from . import unseen, walk, working
from .conftest import LEVEL
from .site import Site, running_portal
from .visits import PHONE, begin_visit

HANA = "hana@hanbit.example"
IN_BROWSER = ("what-is-data", "read-machine-log", "quiz-middle", "quiz-final")


@pytest.fixture
def portal(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not isolation().reaches(LEVEL):
        do_without("sandbox", f"this machine has the isolation '{isolation().level}', a site asks for '{LEVEL}'")
    with running_portal(tmp_path_factory.mktemp("portal")) as site:
        yield site


def _sign_in_to_portal(page: Page, site: Site) -> None:
    """The portal prints its people at its start."""
    log = (site.instance.parent / "serve.log").read_text("utf-8")
    password = next(line.rpartition(" ")[2] for line in log.splitlines() if "HB-1024" in line)
    page.fill("[name=number]", "HB-1024")
    page.fill("[name=password]", password)
    page.click("main form button")


def test_signed_in_once_at_the_host_she_does_the_course(chromium: Browser, portal: Site, tmp_path: Path) -> None:
    """From a link into the course: to the host's sign-in, back to the course, and to its end, without a second sign-in.

    A page, an exercise and the last quiz in the browser; the rest, which is like them, unseen.
    """
    before = portal.flask("report", "completion", "--by", "region,company", "--format", "csv")
    page_unit, exercise, middle, last = (unit for unit in portal.course.units if unit.key in IN_BROWSER)
    visit = begin_visit(chromium, portal.address, viewport=PHONE, with_python=True)
    visit.expected.add(404)  # the portal has no icon
    with closing(visit.context):
        page = visit.open()
        page.goto(f"{portal.address}/")
        _sign_in_to_portal(page, portal)
        expect(page.locator("h1")).to_have_text("김하나 님, 안녕하세요")
        expect(page.locator("form[data-sign-out]")).to_have_count(0)
        walk.see_what_is_missing(page, portal.course)
        page.click(".button-go")
        walk.do_unit(page, portal, page_unit)
        unseen.do(portal, HANA, tmp_path, but=IN_BROWSER)
        page.goto(portal.unit_address(exercise.key))
        working.wait_for_python(page)
        for unit in (exercise, middle, last):
            page.goto(portal.unit_address(unit.key))
            walk.do_unit(page, portal, unit)
        walk.see_completion(page)
    assert visit.faults == []
    after = portal.flask("report", "completion", "--by", "region,company", "--format", "csv")
    assert _completed(after) == _completed(before) + 1


def _completed(report: str) -> int:
    return sum(int(row["수료"]) for row in csv.DictReader(report.removeprefix("\ufeff").splitlines()))
