"""The worker's way inside somebody else's site, which signs her in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from lms.grading import isolation
from tests.required import do_without

from . import walk
from .conftest import LEVEL
from .site import Site, running_portal
from .visits import PHONE, begin_visit


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


def test_signed_in_once_at_the_host_she_does_the_course(chromium: Browser, portal: Site) -> None:
    """From a link into the course: to the host's sign-in, back to the course, and through it, without a second sign-in."""
    before = portal.flask("report", "completion", "--by", "region,company", "--format", "csv")
    visit = begin_visit(chromium, portal.address, viewport=PHONE)
    visit.expected.add(404)  # the portal has no icon
    with closing(visit.context):
        page = visit.open()
        page.goto(f"{portal.address}/")
        _sign_in_to_portal(page, portal)
        expect(page.locator("h1")).to_have_text("김하나 님, 안녕하세요")
        expect(page.locator("form[data-sign-out]")).to_have_count(0)
        walk.see_what_is_missing(page, portal.course)
        walk.do_everything(page, portal, with_mistakes=False)
        walk.see_completion(page)
    assert visit.faults == []
    after = portal.flask("report", "completion", "--by", "region,company", "--format", "csv")
    assert _completed(after) == _completed(before) + 1


def _completed(report: str) -> int:
    return sum(int(row["수료"]) for row in csv.DictReader(report.removeprefix("\ufeff").splitlines()))
