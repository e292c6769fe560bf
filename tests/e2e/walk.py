"""A course from its first page to its completion, as a learner goes through it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from lms import content

from . import answers, steps
from .looking import too_wide
from .site import Site


def see_what_is_missing(page: Page, course: content.Course) -> None:
    """The course, one button, and in words what 수료 still asks for."""
    expect(page.locator(".card-lead h2")).to_have_text(course.title)
    expect(page.locator("main .button-primary")).to_have_count(1)
    expect(page.locator(".button-go .button-what")).to_have_text(course.units[0].title)
    expect(page.locator(".standing-line")).to_have_text("진도 0 % · 실습 4개 남음 · 점수 0/100")
    expect(page.locator(".missing")).to_contain_text("학습 단위를 15개 더 마치면 됩니다.")
    expect(page.locator(".missing")).to_contain_text("점수가 60점 더 필요합니다.")


def do_everything(page: Page, site: Site, *, with_mistakes: bool) -> None:
    """Each unit in its order, by the buttons of the pages alone; with mistakes first in quizzes and in the first exercise."""
    page.click(".button-go")
    may_err = with_mistakes
    for unit in site.course.units:
        is_exercise = isinstance(unit, content.ExerciseUnit)
        do_unit(page, site, unit, with_mistakes=may_err if is_exercise else with_mistakes)
        may_err = may_err and not is_exercise


def do_unit(page: Page, site: Site, unit: content.Unit, *, with_mistakes: bool = False) -> None:
    """The one that is open. Tables, formulas, code and pictures scroll in themselves, also where answers are told."""
    expect(page.locator("h1")).to_have_text(unit.title)
    assert not too_wide(page), page.url
    match unit:
        case content.PageUnit():
            steps.read_page(page)
        case content.QuizUnit():
            _take_quiz(page, site.course, unit.key, with_mistakes)
        case content.ExerciseUnit():
            _do_exercise(page, unit, with_mistakes)


def _take_quiz(page: Page, course: content.Course, key: str, with_mistakes: bool) -> None:
    if with_mistakes:
        steps.take_quiz(page, course, key, right=False)
        points, most = steps.score_shown(page)
        assert points < most
        assert not too_wide(page), page.url
        page.click("text=다시 해 보기")
    steps.take_quiz(page, course, key, right=True)
    points, most = steps.score_shown(page)
    assert points == most
    assert not too_wide(page), page.url
    _go_on(page)


def _do_exercise(page: Page, unit: content.ExerciseUnit, with_mistakes: bool) -> None:
    starter = steps.download_starter(page)
    if with_mistakes:
        _hand_in_untouched(page, starter)
        _hand_in_wrong(page, starter, unit.exercise)
    steps.hand_in(page, answers.fill_in(starter, answers.right_answers(unit.exercise)))
    points, most = steps.score_shown(page)
    assert points == most
    _go_on(page)


def _hand_in_untouched(page: Page, starter: bytes) -> None:
    steps.hand_in(page, starter)
    assert steps.score_shown(page)[0] == 0
    expect(page.locator(".check-message").first).to_contain_text("아직 답을 쓰지 않았습니다.")
    page.click("text=다시 해 보기")


def _hand_in_wrong(page: Page, starter: bytes, exercise: str) -> None:
    """What failed is said with its reason."""
    wrong, words = answers.wrong_answers(exercise)
    steps.hand_in(page, answers.fill_in(starter, wrong))
    points, most = steps.score_shown(page)
    assert points < most
    expect(page.locator(".checks")).to_contain_text(words)
    page.click("text=다시 해 보기")


def _go_on(page: Page) -> None:
    where = page.url
    page.click("a:has-text('다음:'), a:has-text('과정 전체 보기로')")
    page.wait_for_url(lambda url: url != where)


def see_completion(page: Page) -> None:
    expect(page.locator("main")).to_contain_text("이 과정을 수료했습니다")
    page.click(".brand")
    expect(page.locator(".card-lead")).to_contain_text("이 과정을 수료했습니다")
    expect(page.locator(".standing-line")).to_have_text("진도 100 % · 점수 100/100")
