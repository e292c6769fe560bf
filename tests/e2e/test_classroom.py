"""An instructor's class after five different submissions, and a regrade from its preview to the learner's new result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lms.authoring import publish
from lms.errors import NotANotebookError
from lms.files import FileStore
from lms.grading import isolation, load_exercise
from lms.grading.proof import load_wrongs
from tests.required import do_without

from . import answers, steps, unseen
from .conftest import LEVEL
from .looking import look_at
from .site import ROOT, Account, Site, running_demo
from .visits import DESKTOP, PHONE, Visit, begin_visit

EXERCISE = "read-machine-log"
INSTRUCTOR, OFFICER, FAR_OFFICER = "한지우", "이서연", "최민준"
# Code that writes to whatever is open, as if it were the grader.
ATTACK = """import os
for number in range(3, 64):
    try:
        os.write(number, b"x" * 64)
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def site(chromium: Browser, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of our own, in which a new version of an exercise may be published."""
    if not isolation().reaches(LEVEL):
        do_without("sandbox", f"this machine has the isolation '{isolation().level}', a site asks for '{LEVEL}'")
    with running_demo(demo, tmp_path_factory.mktemp("class"), LMS_WEB_PROCESSES="1") as made:
        yield made


@pytest.fixture(scope="module")
def learners(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Account]:
    """Who passed, who failed, who got a part, whose file was refused, and who attacked the grader."""
    right = answers.right_answers(EXERCISE)
    first = next(iter(right))
    given = {
        "가통과": right,
        "나실패": {},
        "다일부": answers.wrong_answers(EXERCISE)[0],
        "마공격": right | {first: f"{right[first]}\n{ATTACK}"},
    }
    refused = "라거절"
    found = {name: site.add_learner(name) for name in sorted((*given, refused))}
    cache = tmp_path_factory.mktemp("exercises")
    for name, notebook in given.items():
        unseen.hand_in(site, found[name].email, EXERCISE, answers.fill_in(unseen.starter(EXERCISE), notebook), cache)
    with pytest.raises(NotANotebookError):
        unseen.hand_in(site, found[refused].email, EXERCISE, b"this is not a notebook", cache)
    unseen.wait_until_graded(site)
    return found


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def begin(**options: Any) -> Visit:
        visits.append(begin_visit(chromium, site.address, **options))
        return visits[-1]

    yield begin
    for one in visits:
        one.context.close()
    assert [fault for one in visits for fault in one.faults] == []


def open_class(page: Page, site: Site, name: str = INSTRUCTOR) -> None:
    steps.sign_in(page, site, site.accounts[name])
    page.click("nav.site-nav a:has-text('수업')")
    page.click(".run-card h3 a")


def row(page: Page, name: str) -> Locator:
    return page.locator(".class-matrix tbody tr", has_text=name)


def test_the_class_tells_the_five_apart(site: Site, learners: dict[str, Account], visit: Callable[..., Visit]) -> None:
    page = visit(viewport=DESKTOP).open()
    open_class(page, site)
    place = [unit.key for unit in site.course.units].index(EXERCISE)

    def mark(name: str) -> str:
        return row(page, name).locator(".matrix-cell").nth(place).locator(".mark").get_attribute("aria-label") or ""

    assert "완료" in mark("가통과")
    assert "시도했으나 0점" in mark("나실패")
    assert "일부 점수" in mark("다일부")
    assert mark("라거절") == "아직 안 함"
    assert "일부 점수" in mark("마공격")
    expect(row(page, "라거절")).to_contain_text("시작 전")
    expect(row(page, "마공격")).to_contain_text("확인 필요")
    expect(page.locator(".callout").first).to_contain_text("여기에서 가장 많이 멈춥니다")
    look_at(page)


def test_from_the_class_to_a_flagged_notebook(
    site: Site, learners: dict[str, Account], visit: Callable[..., Visit]
) -> None:
    page = visit(viewport=PHONE).open()
    open_class(page, site)
    page.click(".class-tabs a:has-text('확인 필요')")
    expect(page.locator(".class-person")).to_have_count(1)
    page.click(".class-person-head a")
    look_at(page)
    page.click(".unit-row tbody a")
    expect(page.locator("#flags")).to_be_visible()
    page.locator(".check details summary").first.click()
    expect(page.locator(".check pre").first).to_contain_text("HIDDEN TESTS")
    look_at(page)


def test_officers_read_along_in_their_own_centre_alone(
    site: Site, learners: dict[str, Account], visit: Callable[..., Visit]
) -> None:
    window = visit(viewport=DESKTOP)
    window.expected.update((403, 404))
    page = window.open()
    open_class(page, site, OFFICER)
    expect(row(page, "가통과")).to_be_visible()
    expect(page.locator("a:has-text('재채점')")).to_have_count(0)
    where = page.url
    steps.sign_out(page)
    steps.sign_in(page, site, site.accounts[FAR_OFFICER])
    answer = page.goto(where)
    assert answer is not None
    assert answer.status == 404


def mend(site: Site, folder: Path) -> None:
    """Publish the exercise with the checks that the wrong answers fail taken back to nothing."""
    for name in ("courses", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    wrong = load_wrongs(load_exercise(ROOT / "exercises" / EXERCISE))[0]
    source = folder / "exercises" / EXERCISE / "source.ipynb"
    notebook = json.loads(source.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in wrong.says:
            cell["source"] = "assert True"
    source.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    with site.database.writing() as session:
        publish.publish_all(session, FileStore(site.instance / "files"), folder / "courses", folder / "exercises")
        session.commit()


def test_a_regrade_is_shown_then_written_then_read_by_the_learner(
    site: Site, learners: dict[str, Account], visit: Callable[..., Visit], tmp_path: Path
) -> None:
    mend(site, tmp_path)
    page = visit(viewport=DESKTOP).open()
    open_class(page, site)
    page.click("a:has-text('재채점: ')")
    look_at(page)
    page.click("button:has-text('미리 보기')")
    expect(page.locator("#would")).to_be_visible(timeout=steps.GRADED_MS)
    gains = page.locator("section[aria-labelledby=gains]")
    expect(gains).to_contain_text("다일부")
    expect(page.locator("section[aria-labelledby=losses]")).to_have_count(0)
    look_at(page)
    before = _points_of(visit, site, learners["다일부"])
    page.click("button:has-text('이대로 반영')")
    expect(page.locator("#regrade")).to_contain_text("재채점할 것이 없습니다", timeout=steps.GRADED_MS)
    assert _points_of(visit, site, learners["다일부"]) > before


def _points_of(visit: Callable[..., Visit], site: Site, account: Account) -> float:
    """What the learner reads on the page of what she handed in."""
    page = visit(viewport=PHONE).open()
    steps.sign_in(page, site, account)
    page.goto(site.unit_address(EXERCISE))
    page.locator("main a[href*='/submissions/']").first.click()
    return steps.score_shown(page)[0]
