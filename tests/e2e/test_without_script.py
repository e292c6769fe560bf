"""Old tablets and strict companies: everything works without JavaScript, only less smoothly."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from lms import content

from . import answers, steps
from .site import Site
from .visits import PHONE, Visit

EXERCISE, QUIZ = "read-machine-log", "quiz-middle"


def test_sign_in_page_quiz_and_notebook(site: Site, visit: Callable[..., Visit]) -> None:
    learner = site.add_learner("구형태")
    window = visit(viewport=PHONE, java_script_enabled=False)
    window.expected.add(422)
    page = window.open()
    steps.come_in(page, site, learner)
    page.click(".button-go")
    first, second = [unit for unit in site.course.units if isinstance(unit, content.PageUnit)][:2]
    expect(page.locator("h1")).to_have_text(first.title)
    page.click("form[data-reading] button")
    expect(page.locator("h1")).to_have_text(second.title)
    page.goto(site.unit_address(QUIZ))
    steps.take_quiz(page, site.course, QUIZ, right=True)
    points, most = steps.score_shown(page)
    assert points == most
    page.goto(site.unit_address(EXERCISE))
    starter = steps.download_starter(page)
    steps.choose_notebook(page, b"not a notebook")
    page.click("form[data-upload] button[type=submit]")
    expect(page.locator("main")).to_contain_text("노트북 파일이 아닙니다.")
    with site.worker_halted():
        steps.choose_notebook(page, answers.fill_in(starter, answers.right_answers(EXERCISE)))
        page.click("form[data-upload] button[type=submit]")
        expect(page.locator("main")).to_contain_text("채점하고 있습니다.")
    expect(page.locator(".checks")).to_be_visible(timeout=steps.GRADED_MS)
    points, most = steps.score_shown(page)
    assert points == most
    page.goto(f"{site.address}/account")
    page.click("main button[name=language][value=en]")
    expect(page.locator("h1")).to_have_text("My account")
    page.click("[data-menu] summary")
    page.click("form[data-sign-out] button")
    expect(page.locator("[name=password]")).to_be_visible()
