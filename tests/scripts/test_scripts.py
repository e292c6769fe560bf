"""What our scripts add to pages that work without them, in a real browser and under the product's content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.scripts.stand import Stand, serving

pytestmark = pytest.mark.browser


@pytest.fixture
def stand() -> Iterator[Stand]:
    with serving() as made:
        # Only the tests of the idle clock say otherwise.
        made.data["/account.state"] = '{"signed_in": true, "seconds": 600}'
        yield made


# Drafts

QUIZ = """<form method="post" action="/take" data-keep="quiz">{{ ui.csrf() }}{{ ui.draft_note() }}
<label>A <input name="words"></label><label>B <input type="password" name="secret"></label>
<label>C <input type="radio" name="pick" value="1"></label><label>D <input type="radio" name="pick" value="2"></label>
<button id="send">send</button></form>"""


def type_into_quiz(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("[name=words]", "가동률 90.2")
    page.fill("[name=secret]", "hidden-word")
    page.check("[name=pick][value='2']")


def test_what_was_typed_is_there_when_the_page_is_opened_again(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    type_into_quiz(page, address)
    page.goto(address)
    expect(page.locator("[name=words]")).to_have_value("가동률 90.2")
    expect(page.locator("[name=pick][value='2']")).to_be_checked()
    expect(page.locator("[data-keep-note]")).to_be_visible()


def test_a_password_is_never_kept(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    type_into_quiz(page, address)
    page.goto(address)
    expect(page.locator("[name=secret]")).to_have_value("")
    assert "hidden-word" not in str(page.evaluate("JSON.stringify(localStorage)"))


def test_another_person_at_the_same_tablet_sees_nothing_of_it(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    type_into_quiz(page, address)
    stand.person = "two"
    page.goto(address)
    expect(page.locator("[name=words]")).to_have_value("")
    expect(page.locator("[data-keep-note]")).to_be_hidden()


def test_what_has_arrived_is_forgotten(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    stand.add("/done", '{{ ui.draft_done("quiz") }}')
    stand.answers["/take"] = (303, "/done")
    type_into_quiz(page, address)
    page.click("#send")
    page.wait_for_url("**/done")
    page.goto(address)
    expect(page.locator("[name=words]")).to_have_value("")


def test_what_did_not_arrive_is_still_there(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    stand.add("/sign-in", "")
    stand.answers["/take"] = (303, "/sign-in")
    type_into_quiz(page, address)
    page.click("#send")
    page.wait_for_url("**/sign-in")
    page.goto(address)
    expect(page.locator("[name=words]")).to_have_value("가동률 90.2")


def test_signing_out_by_hand_leaves_nothing_on_the_device(stand: Stand, page: Page) -> None:
    address = stand.add("/quiz", QUIZ, "drafts")
    stand.add("/out", "")
    stand.answers["/sign_in.end"] = (303, "/out")
    type_into_quiz(page, address)
    page.goto(stand.base + "/out")
    page.click(".menu summary")
    page.click("[data-sign-out] button")
    page.wait_for_load_state()
    assert page.evaluate("Object.keys(localStorage)") == []


# The idle warning


def open_with_clock(stand: Stand, page: Page, seconds_left: int = 0) -> None:
    """A page on which nobody has done anything for long enough that the warning shows."""
    stand.data["/account.state"] = f'{{"signed_in": true, "seconds": {seconds_left}}}'
    address = stand.add("/page", "<p>text</p>")
    page.clock.install()
    page.goto(address)
    page.clock.run_for("09:00")


def test_idleness_is_warned_of(stand: Stand, page: Page) -> None:
    open_with_clock(stand, page)
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    expect(page.locator("[data-idle-left]")).to_contain_text("Signing out in")


def test_staying_tells_the_server_and_closes_the_warning(stand: Stand, page: Page) -> None:
    open_with_clock(stand, page)
    with page.expect_request("**/account.stay"):
        page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert [posted.token for posted in stand.posted if posted.path == "/account.stay"] == ["the-token"]


def test_nobody_there_is_signed_out_and_keeps_the_drafts(stand: Stand, page: Page) -> None:
    stand.add("/out", "")
    stand.answers["/sign_in.end"] = (303, "/out")
    open_with_clock(stand, page)
    page.evaluate("localStorage.setItem('baeum:draft:one:quiz', '{}')")
    with page.expect_request("**/sign_in.end"):
        page.clock.run_for("01:30")
    page.wait_for_url("**/out")
    sent = next(posted for posted in stand.posted if posted.path == "/sign_in.end")
    assert sent.fields["idle"] == ["1"]
    assert page.evaluate("Object.keys(localStorage)") == ["baeum:draft:one:quiz"]


def test_no_warning_while_another_tab_is_in_use(stand: Stand, page: Page) -> None:
    open_with_clock(stand, page, seconds_left=590)
    expect(page.get_by_role("dialog", include_hidden=True)).to_be_hidden()


# Uploads

UPLOAD = '{{ ui.upload_form("/upload", "notebook", "Your notebook", "Hand in", "/form", ".ipynb", 1000) }}'


def choose(page: Page, folder: Path, size: int) -> None:
    file = folder / "mine.ipynb"
    file.write_bytes(b"x" * size)
    page.set_input_files("[name=notebook]", file)


def test_a_file_that_is_too_large_is_told_before_it_is_sent(stand: Stand, page: Page, tmp_path: Path) -> None:
    page.goto(stand.add("/form", UPLOAD, "upload"))
    choose(page, tmp_path, 1001)
    page.click("[data-upload] button")
    expect(page.locator("[data-file-error]")).to_contain_text("larger than")
    expect(page.locator("[name=notebook]")).to_have_attribute("aria-invalid", "true")
    assert stand.posted == []


def test_the_chosen_file_is_named_with_its_size(stand: Stand, page: Page, tmp_path: Path) -> None:
    page.goto(stand.add("/form", UPLOAD, "upload"))
    choose(page, tmp_path, 512)
    expect(page.locator("[data-file-chosen]")).to_have_text("mine.ipynb · 0.5kB")


def test_after_an_upload_its_page_is_shown_without_asking_twice(stand: Stand, page: Page, tmp_path: Path) -> None:
    address = stand.add("/form", UPLOAD, "upload")
    stand.add("/result", '<p id="result">received</p>')
    stand.answers["/upload"] = (303, "/result")
    page.goto(address)
    choose(page, tmp_path, 512)
    asked: list[str] = []
    page.on("request", lambda request: note(asked, request))
    page.click("[data-upload] button")
    expect(page.locator("#result")).to_have_text("received")
    assert page.url == stand.base + "/result"
    assert [path for path in asked if "static" not in path] == ["POST /upload", "GET /result"]
    page.go_back()
    expect(page.locator("[name=notebook]")).to_be_visible()


def note(asked: list[str], request: Request) -> None:
    asked.append(f"{request.method} /{request.url.partition('//')[2].partition('/')[2]}")


def test_a_refusal_is_shown_on_the_form_s_own_page(stand: Stand, page: Page, tmp_path: Path) -> None:
    address = stand.add("/form", UPLOAD, "upload")
    stand.add("/refused", UPLOAD.replace(", 1000)", ', 1000, "", "This is not a notebook.")'))
    stand.answers["/upload"] = (422, "/refused")
    page.goto(address)
    choose(page, tmp_path, 512)
    page.click("[data-upload] button")
    expect(page.locator(".field-error >> visible=true")).to_contain_text("This is not a notebook.")
    expect(page.locator("[name=notebook]")).to_be_focused()
    assert page.url == address


IN_WORKSPACE = f'<div id="workspace"><p id="typed">kept</p>{UPLOAD}</div>'


def test_an_upload_from_a_workspace_leaves_its_page_behind(stand: Stand, page: Page, tmp_path: Path) -> None:
    """What runs there would go on under the result."""
    stand.add("/result", '<p id="result">received</p>')
    stand.answers["/upload"] = (303, "/result")
    page.goto(stand.add("/form", IN_WORKSPACE, "upload"))
    page.evaluate("window.running = true")
    choose(page, tmp_path, 512)
    page.click("[data-upload] button")
    expect(page.locator("#result")).to_have_text("received")
    page.wait_for_url(stand.base + "/result")
    assert page.evaluate("window.running") is None


def test_a_refusal_leaves_a_workspace_as_it_was(stand: Stand, page: Page, tmp_path: Path) -> None:
    stand.add("/refused", '<div class="error-summary">This is not a notebook.</div>')
    stand.answers["/upload"] = (422, "/refused")
    page.goto(stand.add("/form", IN_WORKSPACE, "upload"))
    page.evaluate("window.running = true")
    choose(page, tmp_path, 512)
    page.click("[data-upload] button")
    expect(page.locator("[data-file-error]")).to_have_text("This is not a notebook.")
    expect(page.locator("[data-upload] button")).to_be_enabled()
    expect(page.locator("#typed")).to_be_visible()
    assert page.evaluate("window.running") is True


def test_a_lost_connection_is_told_and_the_button_works_again(stand: Stand, page: Page, tmp_path: Path) -> None:
    page.goto(stand.add("/form", UPLOAD, "upload"))
    choose(page, tmp_path, 512)
    page.route("**/upload", lambda route: route.abort())
    page.click("[data-upload] button")
    expect(page.locator("[data-file-error]")).to_contain_text("could not be sent")
    expect(page.locator("[data-upload] button")).to_be_enabled()


# Reading to the end

READING = """<div>{% for _line in range(200) %}<p>a line</p>{% endfor %}</div><span data-page-end></span>
<form method="post" action="/done" data-reading>{{ ui.csrf() }}<button type="submit">next</button>
<p data-reading-hint hidden>read on</p></form>"""


def test_next_waits_until_the_end_was_seen(stand: Stand, page: Page) -> None:
    stand.add("/after", "")
    stand.answers["/done"] = (303, "/after")
    page.goto(stand.add("/lesson", READING, "reading"))
    button = page.locator("[data-reading] button")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.evaluate("document.querySelector('[data-reading]').requestSubmit()")
    assert stand.posted == []
    page.evaluate("document.querySelector('[data-page-end]').scrollIntoView()")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    page.wait_for_url("**/after")


# Questions of order

ORDER = """<form method="post" action="/take"><ol data-ordering data-up="Up" data-down="Down" data-moved="{item}: {place}">
{% for shown in chosen %}<li><select name="q" aria-label="{{ loop.index }}">{% for key in ("a", "b", "c") %}<option
value="{{ key }}"{% if key == shown %} selected{% endif %}>item {{ key }}</option>{% endfor %}</select></li>{% endfor %}</ol>
<p aria-live="polite" data-ordering-said></p><button id="send">send</button></form>"""


def order_page(stand: Stand, chosen: str) -> str:
    return stand.add("/order", f"{{% set chosen = '{chosen}' %}}" + ORDER, "ordering")


def test_items_are_moved_by_buttons_and_sent_in_their_order(stand: Stand, page: Page) -> None:
    page.goto(order_page(stand, "abc"))
    page.get_by_role("button", name="Down: item a").click()
    expect(page.locator("[data-ordering-said]")).to_have_text("item a: 2")
    expect(page.get_by_role("button", name="Down: item a")).to_be_focused()
    page.click("#send")
    page.wait_for_load_state()
    assert stand.posted[0].fields["q"] == ["b", "a", "c"]


def test_an_item_that_was_kept_twice_stands_there_once(stand: Stand, page: Page) -> None:
    page.goto(order_page(stand, "aab"))
    page.click("#send")
    page.wait_for_load_state()
    assert sorted(stand.posted[0].fields["q"]) == ["a", "b", "c"]


# On every page


def test_htmx_sends_the_token(stand: Stand, page: Page) -> None:
    page.goto(stand.add("/page", '<button id="b" hx-post="/change" hx-swap="none">b</button>', "htmx_script()"))
    with page.expect_response("**/change"):
        page.click("#b")
    assert stand.posted[0].token == "the-token"


POLL = """<section id="result" hx-get="/page" hx-trigger="load delay:50ms, every 200ms" hx-select="#result"
hx-target="#result" hx-swap="outerHTML">WAITING</section>"""


def test_a_fault_while_waiting_for_a_result_does_not_end_the_waiting(stand: Stand, page: Page) -> None:
    address = stand.add("/page", POLL, "htmx_script()")
    stand.polls += [(503, {}), (404, {})]
    page.goto(address)
    stand.add("/page", '<section id="result">GRADED</section>', "htmx_script()")
    expect(page.locator("#result")).to_have_text("GRADED")
    assert stand.polls == []


def test_who_is_signed_out_while_waiting_is_led_to_the_sign_in(stand: Stand, page: Page) -> None:
    address = stand.add("/page", POLL, "htmx_script()")
    stand.add("/sign-in", "")
    stand.polls += [(401, {"HX-Redirect": "/sign-in"})]
    page.goto(address)
    page.wait_for_url("**/sign-in")


def test_escape_closes_the_menu_and_gives_the_focus_back(stand: Stand, page: Page) -> None:
    page.goto(stand.add("/page", ""))
    page.click(".menu summary")
    expect(page.locator("[data-sign-out]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-sign-out]")).to_be_hidden()
    expect(page.locator(".menu summary")).to_be_focused()


def test_a_long_outline_shows_the_unit_that_is_open(stand: Stand, page: Page) -> None:
    steps = "{% set rows = [] %}{% for n in range(60) %}{% do rows.append({'title': n, 'url': '/' ~ n, 'kind': 'page', 'state': "
    steps += "'current' if n == 50 else 'todo'}) %}{% endfor %}"
    body = (
        steps
        + '<div class="with-outline"><div></div><nav class="outline">{{ ui.steps(rows, compact=true) }}</nav></div>'
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(stand.add("/page", body))
    expect(page.locator(".outline [aria-current]")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_formulas_are_set_and_a_wrong_one_stays_as_written(stand: Stand, page: Page) -> None:
    body = r'<p><span class="math inline">\frac{1}{2}</span> <span class="math inline" id="wrong">\frac{</span></p>'
    page.goto(stand.add("/page", body, "math_scripts()"))
    expect(page.locator(".math-done .katex")).to_have_count(1)
    expect(page.locator("#wrong")).to_have_text(r"\frac{")
