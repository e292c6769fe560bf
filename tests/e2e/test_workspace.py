"""The workspace as learners use it: on a phone and at a desk, with a poor line, two windows and mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from . import answers, steps, working
from .looking import SMALLEST, axe_finds, too_wide
from .site import Account, Site
from .visits import DESKTOP, PHONE, Visit

FIRST_COURSE, SECOND_COURSE = "manufacturing-data-first-steps", "predictive-maintenance-first-steps"
EXERCISE = "read-machine-log"
MOST_BYTES = 130_000
LOOP = "count = 41\nwhile True:\n    count = 42"
HOSTILE = r"""from IPython.display import HTML, display
display(HTML('<table><tr><td>표</td></tr></table><script>document.title = "taken"</script>'
    '<img src="x" onerror="document.title = \'taken\'"><a href="javascript:document.title=1">here</a>'
    '<form action="/sign-out" method="post"><button>press</button></form><svg onload="document.title=1"></svg>'
    '<iframe srcdoc="<script>parent.document.title=1</script>"></iframe>'
    '<div class="dialog" style="position:fixed;inset:0" id="workspace">over all</div>'))"""


def _arrive(site: Site, window: Visit, name: str) -> tuple[Page, Account, str]:
    """A new learner before the exercise."""
    learner = site.add_learner(name)
    page = window.open()
    steps.sign_in(page, site, learner)
    return page, learner, site.unit_address(EXERCISE)


def _forgive_the_line(window: Visit) -> None:
    """The browser's own complaints of a line that the test had cut."""
    cut = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    window.faults = [fault for fault in window.faults if not any(word in fault for word in cut)]


def _first_answer(page: Page) -> str:
    return page.locator('.cell[data-kind="answer"]').first.get_attribute("data-cell") or ""


@pytest.mark.parametrize(
    ("course", "exercise", "screen"),
    [(FIRST_COURSE, "draw-plots", PHONE), (SECOND_COURSE, "bearing-vibration", DESKTOP)],
    ids=["phone", "desktop"],
)
def test_an_exercise_of_each_course_from_opening_to_full_marks(
    site: Site, visit: Callable[..., Visit], course: str, exercise: str, screen: ViewportSize
) -> None:
    """실행 and 제출 are all that it takes, and the next unit is one press away."""
    learner = site.add_learner("한가득")
    run_address = site.run_address
    if course != FIRST_COURSE:
        run_address = site.open_run(course)
        site.enrol(learner, run_address)
    is_phone = screen is PHONE
    page = visit(viewport=screen, has_touch=is_phone, is_mobile=is_phone, with_python=True).open()
    steps.sign_in(page, site, learner)
    page.goto(f"{run_address}/units/{exercise}")
    working.wait_for_python(page)
    for key, source in answers.right_answers(exercise).items():
        working.write(page, key, source)
    page.click("[data-ws-run-all]")
    checks = page.locator('[data-kind="check"]:has([data-run])').count()
    expect(page.locator("[data-ws-checks]")).to_have_text(
        f"검사 {checks}개 중 {checks}개 통과", timeout=working.READY_MS
    )
    expect(page.locator(".output-error")).to_have_count(0)
    if exercise == "draw-plots":
        expect(page.locator(".output-picture").first).to_be_visible()
    page.click("#ws-hand-in button")
    expect(page.locator("#ws-result h2")).to_be_focused(timeout=steps.GRADED_MS)
    points, most = steps.score_shown(page)
    assert points == most > 0
    expect(page.locator('[data-kind="check"]').first.locator(".check-result")).to_contain_text("통과")
    expect(page.locator("#ws-attempts tbody tr")).to_have_count(1)
    with page.expect_navigation():
        page.click("#ws-result .button-primary")
    expect(page.locator("h1")).not_to_have_text("")


def test_a_loop_is_stopped_errors_are_explained_and_hostile_output_does_nothing(
    site: Site, visit: Callable[..., Visit]
) -> None:
    window = visit(viewport=PHONE, has_touch=True, is_mobile=True, with_python=True)
    page, _, address = _arrive(site, window, "여러번")
    page.goto(address)
    working.wait_for_python(page)
    key = _first_answer(page)
    working.write(page, key, LOOP)
    working.cell(page, key).locator("[data-run]").first.click()
    expect(working.cell(page, key)).to_have_attribute("data-run", "running", timeout=working.READY_MS)
    expect(page.locator("[data-ws-python-text]")).to_have_text("실행 중")
    page.wait_for_timeout(700)  # at first it could be the second half of a double click
    page.click("[data-ws-stop]")
    expect(working.cell(page, key)).to_have_attribute("data-run", "stopped", timeout=working.READY_MS)
    working.wait_for_python(page)
    expect(working.output(page, key).locator(".output-stopped")).to_contain_text("중지했습니다")
    expect(working.output(page, key).locator(".output-error")).to_have_count(0)  # what one asked for is no alarm
    working.write(page, key, "print(count)")
    working.run(page, key)
    expect(working.output(page, key)).to_have_text("42")  # what was computed is still there
    working.write(page, key, "값 = 1\n갑 + 1")
    working.run(page, key)
    expect(working.output(page, key).locator(".output-error-name")).to_contain_text("이름을 찾을 수 없습니다: 갑")
    working.output(page, key).locator("text=2번째 줄로 가기").click()
    expect(working.editor(page, key)).to_be_focused()
    title = page.title()
    working.write(page, key, HOSTILE)
    working.run(page, key)
    expect(working.output(page, key).locator("td")).to_have_text("표")
    for tag in ("script", "img", "a", "form", "iframe", "svg", "[style]", "[id]", "[class=dialog]"):
        expect(working.output(page, key).locator(f".output-html {tag}")).to_have_count(0)
    assert page.title() == title
    window.faults = [fault for fault in window.faults if "Content Security Policy" not in fault]  # it refuses them too
    working.write(page, key, "for n in range(5000):\n    print('가나다라', n)")
    working.run(page, key)
    page.get_by_role("button", name="모두 보기").click()
    expect(working.output(page, key)).to_contain_text("가나다라 4999")


def test_what_is_typed_outlasts_a_cut_line_a_reload_and_another_device(site: Site, visit: Callable[..., Visit]) -> None:
    window = visit()
    page, learner, address = _arrive(site, window, "끊긴다")
    page.goto(address)
    key = _first_answer(page)
    working.write(page, key, "first = 1")
    working.wait_until_saved(page)
    assert working.saved(page, address)[key] == "first = 1"
    assert working.kept_on_device(page) == []

    window.context.set_offline(True)
    expect(page.locator(".ws-notices")).to_contain_text("연결되어 있지 않습니다")
    working.write(page, key, "second = 2")
    expect(page.locator("[data-ws-saved]")).to_have_text("이 기기에 보관 중")
    page.click("#ws-hand-in button")
    expect(page.locator("#ws-result")).to_contain_text("연결되면 제출하십시오")
    window.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")  # the browser's own may come before the line does
    working.wait_until_saved(page)
    expect(page.locator(".ws-notices")).not_to_contain_text("연결되어 있지 않습니다")
    assert working.saved(page, address)[key] == "second = 2"

    page.route("**/draft", lambda route: route.abort("internetdisconnected"))
    working.editor(page, key).press("End")
    page.keyboard.type("  # 둘")
    expect(page.locator("[data-ws-saved]")).to_have_text("이 기기에 보관 중")
    page.reload()
    expect(working.editor(page, key)).to_have_text("second = 2  # 둘")
    page.unroute("**/draft")
    page.evaluate("dispatchEvent(new Event('online'))")
    working.wait_until_saved(page)
    assert working.saved(page, address)[key] == "second = 2  # 둘"
    assert working.kept_on_device(page) == []
    _forgive_the_line(window)

    other = visit(viewport=PHONE).open()
    steps.sign_in(other, site, learner)
    other.goto(address)
    expect(working.editor(other, key)).to_have_text("second = 2  # 둘")


def test_two_windows_keep_both_answers(site: Site, visit: Callable[..., Visit]) -> None:
    window = visit()
    one, _, address = _arrive(site, window, "두창문")
    other = window.open()
    for tab in (one, other):
        tab.goto(address)
    key = _first_answer(one)
    working.write(one, key, "from_one = 1")
    working.save(one)
    expect(working.editor(other, key)).to_have_text("from_one = 1")  # it waited, so it follows

    other.route("**/draft", lambda route: route.abort("internetdisconnected"))
    working.write(other, key, "from_other = 2")
    expect(other.locator("[data-ws-saved]")).to_have_text("이 기기에 보관 중")
    working.write(one, key, "from_one = 3")
    working.save(one)
    other.unroute("**/draft")
    other.evaluate("dispatchEvent(new Event('online'))")
    expect(other.locator(".ws-notices")).to_contain_text("다른 답도 보관")
    assert working.saved(one, address)[key] == "from_other = 2"
    other.get_by_role("button", name="비교해 보기").click()
    expect(other.locator("#ws-dialog")).to_contain_text("from_one = 3")
    assert axe_finds(other) == []
    other.get_by_role("button", name="이 셀을 가져오기").click()
    expect(working.editor(other, key)).to_have_text("from_one = 3")
    working.editor(other, key).focus()
    working.save(other)
    other.reload()
    expect(working.editor(other, key)).to_have_text("from_one = 3")
    expect(other.locator(".ws-notices")).not_to_contain_text("다른 답도 보관")
    _forgive_the_line(window)


def test_a_sign_in_that_ends_loses_nothing_and_signing_out_leaves_nothing(
    site: Site, visit: Callable[..., Visit]
) -> None:
    window = visit()
    window.expected |= {400, 401}
    page, learner, address = _arrive(site, window, "나갔다")
    page.goto(address)
    key = _first_answer(page)
    site.end_sign_ins(learner)
    working.write(page, key, "kept = 1")
    expect(page.locator(".ws-notices")).to_contain_text("로그아웃되었습니다")
    assert len(working.kept_on_device(page)) == 1
    with window.context.expect_page() as opened:
        page.locator(".ws-notices a").click()
    steps.fill_sign_in(opened.value, learner)
    opened.value.wait_for_url(lambda url: "sign-in" not in url)
    opened.value.close()
    page.evaluate("dispatchEvent(new Event('online'))")  # as coming back to the window does
    working.wait_until_saved(page)
    assert working.saved(page, address)[key] == "kept = 1"

    working.write(page, key, "last = 2")
    steps.sign_out(page)
    assert page.evaluate("Object.keys(localStorage).length") == 0
    steps.fill_sign_in(page, learner)
    page.goto(address)
    expect(working.editor(page, key)).to_have_text("last = 2")


def test_back_to_the_beginning_to_a_file_and_to_an_earlier_try(
    site: Site, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    """Each can be undone."""
    page, _, address = _arrive(site, visit(), "되돌려")
    page.goto(address)
    expect(page.locator(".ws-notices")).to_contain_text("파이썬이 준비되어 있지 않습니다")
    key = _first_answer(page)
    blank = page.locator(f'[data-cell="{key}"] textarea').input_value()
    wrong, words = answers.wrong_answers(EXERCISE)
    for name, source in wrong.items():
        working.write(page, name, source)
    page.click("#ws-hand-in button")
    expect(page.locator("#ws-result")).to_contain_text(words, timeout=steps.GRADED_MS)
    page.locator("#ws-result").get_by_role("button", name="답으로 가기").first.click()
    assert page.evaluate("document.activeElement.closest('[data-kind=answer]') !== null")

    with page.expect_download() as started:
        page.click("#ws-bar .menu summary")
        page.click("[data-ws-download]")
    work = json.loads(Path(started.value.path()).read_bytes())
    mine = next(one for one in work["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == key)
    assert "".join(mine["source"]).strip() == wrong[key].strip()

    page.click("#ws-bar .menu summary")
    page.click("[data-ws-reset-all]")
    assert page.locator(f'[data-cell="{key}"] textarea').input_value() == blank
    page.get_by_role("button", name="되돌리기", exact=True).last.click()
    assert page.locator(f'[data-cell="{key}"] textarea').input_value() == wrong[key]

    mine["source"] = "from_file = 1"
    work["cells"][0]["source"] = "다른 실습"
    file = tmp_path / "mine.ipynb"
    file.write_text(json.dumps(work), "utf-8")
    page.set_input_files("[data-ws-file]", file)
    expect(page.locator(".ws-notices")).to_contain_text("1군데가 이 실습과 다릅니다")
    expect(page.locator(".ws-notices")).not_to_contain_text("채점했습니다")
    expect(working.editor(page, key)).to_have_text("from_file = 1")
    working.editor(page, key).focus()
    working.save(page)

    page.get_by_role("button", name="1번째 시도의 답 보기").click()
    page.get_by_role("button", name="이 답을 다시 가져오기").click()
    assert page.locator(f'[data-cell="{key}"] textarea').input_value() == wrong[key]
    working.write(page, key, "if True print(1)")
    working.save(page)
    expect(working.cell(page, key).locator(".cell-problems")).to_contain_text("1번째 줄")
    page.click("#ws-hand-in button")
    expect(page.locator("#ws-dialog")).to_contain_text("1번째 줄")
    page.get_by_role("button", name="먼저 고치기").click()
    expect(working.editor(page, key)).to_be_focused()


def test_a_page_loaded_again_while_it_is_graded_shows_the_grade(site: Site, visit: Callable[..., Visit]) -> None:
    page, _, address = _arrive(site, visit(), "다시열어")
    page.goto(address)
    for name, source in answers.right_answers(EXERCISE).items():
        working.write(page, name, source)
    with site.worker_halted():
        with page.expect_response("**/result"):
            page.click("#ws-hand-in button")
        page.reload()
        expect(page.locator("#ws-result .waiting")).to_be_visible()
        expect(page.get_by_role("button", name="1번째 시도의 답 보기", exact=True)).to_be_visible()
    expect(page.locator("#ws-result h2")).to_be_focused(timeout=steps.GRADED_MS)
    points, most = steps.score_shown(page)
    assert points == most > 0
    expect(page.locator("#ws-result > .card + .actions .button-primary")).to_contain_text("다음")


def test_with_keys_alone_in_korean_and_for_all_eyes(site: Site, visit: Callable[..., Visit]) -> None:
    """Tab indents and can be left, Ctrl+Enter runs, a syllable outlasts an output that comes meanwhile; axe, overflow.

    Before all that: few bytes until an answer can be written and run.
    """
    page, _, address = _arrive(site, visit(with_python=True), "글쇠만")
    page.goto(address)
    working.wait_for_python(page)
    counted = _bytes_of_page(page)
    assert any("editor.js" in name for name in counted)
    assert sum(counted.values()) <= MOST_BYTES, counted
    key = _first_answer(page)
    editor = working.editor(page, key)
    editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("for n in range(2):")
    page.keyboard.press("Enter")
    page.keyboard.type("print(n)")
    page.keyboard.press("Control+Enter")
    working.wait_until_ran(page, key)
    expect(working.output(page, key)).to_have_text("0\n1")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("import time")
    page.keyboard.press("Enter")
    page.keyboard.type("for n in range(8): print(n); time.sleep(0.2)")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("# ")
    typed = page.context.new_cdp_session(page)
    for text in ("ㅎ", "하", "한"):
        typed.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
        page.wait_for_timeout(400)  # an output arrives
    typed.send("Input.insertText", {"text": "한"})
    working.wait_until_ran(page, key)
    expect(editor).to_contain_text("# 한")
    assert page.locator(f'[data-cell="{key}"] textarea').input_value().endswith("# 한")
    page.keyboard.press("Tab")
    expect(editor).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    assert page.evaluate(f"document.activeElement.closest('[data-cell]').dataset.cell === '{key}'")
    working.write(page, key, "1 / 0")
    page.keyboard.press("Control+Enter")
    working.wait_until_ran(page, key)
    for screen in (DESKTOP, PHONE):
        page.set_viewport_size(screen)
        assert axe_finds(page) == []
    page.set_viewport_size(SMALLEST)
    assert too_wide(page) == 0
    small = "els => els.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    assert page.eval_on_selector_all(".workspace button, .workspace summary", small) == []


def _bytes_of_page(page: Page) -> dict[str, int]:
    """As sent (Brotli), by address, without Python, faces and formulas."""
    sent = page.evaluate(
        """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
          .map((entry) => [entry.name, entry.encodedBodySize])"""
    )
    others = ("/runtime/", "/python/", "/data/", "pretendard", "katex", "completion.js")
    return {name: size for name, size in sent if not any(word in name for word in others)}
