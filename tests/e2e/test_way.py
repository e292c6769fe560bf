"""The worker's whole way: from signing in to the completion that the reports count."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lms import content
from lms.clock import today

from . import answers, steps
from .site import Site
from .visits import DESKTOP, PHONE, Visit

FIRST_EXERCISE = "read-machine-log"

Report = dict[tuple[str, str], tuple[int, int]]


def completions(site: Site, *options: str) -> Report:
    """(enrolled, completed) by region and company, from the command line."""
    text = site.flask("lms", "report", "completion", "--by", "region,company", "--format", "csv", *options)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in rows[1:]}


@pytest.mark.parametrize(("name", "screen"), [("김하나", PHONE), ("정우진", DESKTOP)], ids=["phone", "desktop"])
def test_a_worker_does_the_course_and_completes(
    site: Site, visit: Callable[..., Visit], name: str, screen: dict[str, int]
) -> None:
    """김하나 signs in by e-mail on a phone, 정우진 by company and number at a desk."""
    site.add_learner(f"{name}보다 먼저", enrolled_days_ago=2)
    yesterday = ("--as-of", str(today() - timedelta(days=1)))
    before, before_yesterday = completions(site), completions(site, *yesterday)
    page = visit(viewport=screen).open()
    steps.sign_in(page, site, site.accounts[name])
    _see_what_is_missing(page, site.course)
    _do_everything(page, site)
    _see_completion(page)
    after = completions(site)
    place = ("부산광역시", "한빛정밀")
    enrolled, completed = before[place]
    assert after == before | {place: (enrolled, completed + 1)}
    assert completions(site, *yesterday) == before_yesterday
    assert before_yesterday[place][0] >= 1
    _see_it_as_an_officer(visit(viewport=screen).open(), site, after[place])


def _see_what_is_missing(page: Page, course: content.Course) -> None:
    """The course, one button, and in words what 수료 still asks for."""
    expect(page.locator(".card-lead h2")).to_have_text(course.title)
    expect(page.locator("main .button-primary")).to_have_count(1)
    expect(page.locator(".button-go .button-what")).to_have_text(course.units[0].title)
    expect(page.locator(".standing-line")).to_have_text("진도 0 % · 실습 4개 남음 · 점수 0/100")
    expect(page.locator(".missing")).to_contain_text("학습 단위를 15개 더 마치면 됩니다.")
    expect(page.locator(".missing")).to_contain_text("점수가 60점 더 필요합니다.")


def _do_everything(page: Page, site: Site) -> None:
    """Each unit in its order, by the buttons of the pages alone."""
    page.click(".button-go")
    for unit in site.course.units:
        expect(page.locator("h1")).to_have_text(unit.title)
        match unit:
            case content.PageUnit():
                steps.read_page(page)
            case content.QuizUnit():
                _try_a_quiz_twice(page, site.course, unit.key)
            case content.ExerciseUnit():
                _try_an_exercise(page, site, unit)


def _try_a_quiz_twice(page: Page, course: content.Course, key: str) -> None:
    """Wrong first, then right; a later worse try takes nothing away."""
    steps.take_quiz(page, course, key, right=False)
    points, most = steps.score_shown(page)
    assert points < most
    page.click("text=다시 해 보기")
    steps.take_quiz(page, course, key, right=True)
    assert steps.score_shown(page) == (most, most)
    _go_on(page)


def _try_an_exercise(page: Page, site: Site, unit: content.ExerciseUnit) -> None:
    """Download, hand in wrong, read why, hand in right; the first time the untouched starter before all that."""
    starter = steps.download_starter(page)
    if unit.key == FIRST_EXERCISE:
        steps.hand_in(page, starter)
        assert steps.score_shown(page)[0] == 0
        expect(page.locator(".check-message").first).to_contain_text("아직 답을 쓰지 않았습니다.")
        page.click("text=다시 해 보기")
    wrong, words = answers.wrong_answers(unit.exercise)
    steps.hand_in(page, answers.fill_in(starter, wrong))
    points, most = steps.score_shown(page)
    assert points < most
    expect(page.locator(".checks")).to_contain_text(words)
    page.click("text=다시 해 보기")
    steps.hand_in(page, answers.fill_in(starter, answers.right_answers(unit.exercise)))
    assert steps.score_shown(page) == (most, most)
    _go_on(page)


def _go_on(page: Page) -> None:
    where = page.url
    page.click("a:has-text('다음:'), a:has-text('과정 전체 보기로')")
    page.wait_for_url(lambda url: url != where)


def _see_completion(page: Page) -> None:
    expect(page.locator("main")).to_contain_text("이 과정을 수료했습니다")
    page.click(".brand")
    expect(page.locator(".card-lead")).to_contain_text("이 과정을 수료했습니다")
    expect(page.locator(".standing-line")).to_have_text("진도 100 % · 점수 100/100")


def _see_it_as_an_officer(page: Page, site: Site, expected: tuple[int, int]) -> None:
    steps.sign_in(page, site, site.accounts["이서연"])
    page.click("nav.site-nav a:has-text('현황')")
    row = page.locator("tbody tr", has_text="한빛정밀")
    expect(row.locator("td.number").nth(0)).to_have_text(str(expected[0]))
    expect(row.locator("td.number").nth(1)).to_have_text(str(expected[1]))
    expect(page.locator("caption")).to_have_text(re.compile("기준"))
