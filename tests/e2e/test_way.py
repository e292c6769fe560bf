"""The worker's whole way: from signing in to the completion that the reports count."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from lms.clock import today
from lms.web import cli
from lms.web.app import create_app

from . import steps, walk
from .looking import SMALLEST
from .site import Site
from .visits import DESKTOP, PHONE, Visit

Report = dict[tuple[str, str], tuple[int, int]]


def completions(site: Site, *options: str) -> Report:
    """(enrolled, completed) by region and company in the runs under way, from the command line."""
    asked = ("--by", "region,company", "--run", "current", "--format", "csv")
    app = create_app(site.instance)
    try:
        done = app.test_cli_runner().invoke(cli.lms, ["report", "completion", *asked, *options])
    finally:
        app.extensions["lms"].database.dispose()
    assert done.exit_code == 0, done.output
    rows = csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff")))
    return {(row["지역"], row["기업"]): (int(row["수강"]), int(row["수료"])) for row in rows}


PLACE = ("부산광역시", "한빛정밀")


def test_a_worker_does_the_course_on_a_phone_and_is_counted(site: Site, visit: Callable[..., Visit]) -> None:
    """김하나 signs in by e-mail and errs at first, on the smallest phone that people have.

    Today's report counts one more; yesterday's says what it said.
    """
    site.add_learner("김먼저", enrolled_days_ago=2)
    yesterday = ("--as-of", str(today() - timedelta(days=1)))
    before, before_yesterday = completions(site), completions(site, *yesterday)
    page = visit(viewport=SMALLEST).open()
    steps.come_in(page, site, site.accounts["김하나"])
    walk.see_what_is_missing(page, site.course)
    walk.do_everything(page, site, with_mistakes=True)
    walk.see_completion(page)
    enrolled, completed = before[PLACE]
    assert completions(site) == before | {PLACE: (enrolled, completed + 1)}
    assert completions(site, *yesterday) == before_yesterday
    assert before_yesterday[PLACE][0] >= 1
    _see_it_as_an_officer(visit(viewport=PHONE).open(), site, (enrolled, completed + 1), before_yesterday[PLACE])


def test_a_worker_begins_the_course_at_a_desk(site: Site, visit: Callable[..., Visit]) -> None:
    """정우진 has no e-mail: he signs in by company and employee number."""
    page = visit(viewport=DESKTOP).open()
    steps.come_in(page, site, site.accounts["정우진"])
    walk.see_what_is_missing(page, site.course)


def _see_it_as_an_officer(page: Page, site: Site, expected: tuple[int, int], of_yesterday: tuple[int, int]) -> None:
    """Her home counts the completion, yesterday's stays; one click to the company, one more to the learner."""
    steps.sign_in(page, site, site.accounts["이서연"])
    assert _figures(page) == expected
    expect(page.locator(".page-lead")).to_contain_text("기준일")
    page.goto(f"{site.address}/desk/?as_of={today() - timedelta(days=1)}")
    assert _figures(page) == of_yesterday
    page.goto(f"{site.address}/desk/")
    page.click("tbody a:text-is('한빛정밀')")
    page.click("tbody a:text-is('김하나')")
    expect(page.locator(".side .badge")).to_have_text("수료")
    expect(page.locator(".event-completed")).to_contain_text("수료 기준을 모두 채움")


def _figures(page: Page) -> tuple[int, int]:
    """수강 and 수료 of 한빛정밀, as the officer's page tells them."""
    row = page.locator("tbody tr", has=page.locator("a:text-is('한빛정밀')"))
    return int(row.locator("td[data-word=수강]").inner_text()), int(row.locator("td[data-word=수료]").inner_text())
