"""An officer's morning: a company's spreadsheet is uploaded, read, mended, applied, and one of two is taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from .looking import look_at
from .site import Site
from .steps import sign_in
from .visits import PHONE, Visit

HEAD = ("사업자등록번호", "회사명", "시도", "성명", "사번", "생년월일", "휴대전화", "과정", "차수")
COURSE = "제조데이터 첫걸음"
MORNING = (
    ("220-81-62517", "(주)아침정공", "부산시", "홍 길 동", 1001.0, 32919, "010-1234-5678", COURSE, "1차"),
    ("220-81-62517", "(주)아침정공", "부산", "홍길순", 1002, None, None, None, None),
    ("220-81-62517", "(주)아침정공", "부산", "이름만", None, None, None, None, None),
    ("220-81-62517", "(주)아침정공", "부산", "박주민", 1004, "900101-1234567", None, None, None),
)


def _book(*rows: tuple) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (("2026년 재직자 명단",), HEAD, *rows):
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _upload(page: Page, content: bytes, name: str) -> None:
    """From wherever she is: the menu, the file, the button."""
    page.click("nav >> text=명단")
    page.set_input_files("input[name=file]", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.click("form[data-upload] button[type=submit]")
    expect(page.locator("#counts")).to_be_visible()


def _apply(page: Page) -> None:
    page.click("form[action$='/apply'] button")
    expect(page.locator(".callout.tone-good")).to_contain_text("접수증")


def test_an_officers_morning(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open()
    sign_in(page, site, site.accounts["이서연"])
    page.goto(f"{site.address}/rosters/")
    look_at(page)

    _upload(page, _book(*MORNING), "아침정공.xlsx")
    expect(page.locator(".tabs")).to_contain_text("신규 2")
    expect(page.locator("tbody")).to_contain_text("이름만으로는 사람을 구별할 수 없으니")
    expect(page.locator("tbody")).to_contain_text("‘생년월일’ 열에 주민등록번호가 있습니다")
    assert "1234567" not in page.content()
    look_at(page)
    with page.expect_download() as download:
        page.click("form[action$='/findings'] button[value=xlsx]")
    back = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    assert back is not None
    said = [row[-1] for row in back.iter_rows(min_row=2, values_only=True)]
    assert [bool(words) for words in said] == [True, False, True, True]

    _apply(page)
    look_at(page)
    applied = page.url
    page.goto(f"{site.address}/companies/?q=아침")
    expect(page.locator("tbody")).to_contain_text("아침정공")

    # The mended file brings the two others; the rest is there already.
    mended = (*MORNING[:2], (*MORNING[2][:4], 1003, *MORNING[2][5:]), (*MORNING[3][:5], "1990-01-01", *MORNING[3][6:]))
    _upload(page, _book(*mended), "아침정공 고침.xlsx")
    expect(page.locator(".tabs")).to_contain_text("신규 2")
    expect(page.locator(".tabs")).to_contain_text("동일 2")
    _apply(page)
    page.click("form[action$='/undo'] button")
    expect(page.locator("#state")).to_contain_text("더한 것은 없어졌고")
    look_at(page)

    # The first roster can be taken back too, now that nothing stands on it.
    page.goto(applied)
    page.click("form[action$='/undo'] button")
    expect(page.locator("#state")).to_contain_text("더한 것은 없어졌고")
    page.goto(f"{site.address}/rosters/")
    page.click("button[name=language][value=en]")
    look_at(page)
    expect(page.locator("h1")).to_have_text("Rosters")
    page.click("button[name=language][value=ko]")


def test_the_menu_is_one_row_on_a_phone(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(viewport=PHONE).open()
    sign_in(page, site, site.accounts["이서연"])
    for language in ("en", "ko"):
        page.click(f"button[name=language][value={language}]")
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto(f"{site.address}/slips/")
        tops = {round(link.bounding_box()["y"]) for link in page.locator(".site-nav a").all()}  # type: ignore[index]
        assert len(tops) == 1
        expect(page.locator(".site-nav [aria-current]")).to_be_in_viewport(ratio=1)


def test_companies_found_are_read_on_a_phone_without_moving_the_table(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(viewport=PHONE).open()
    sign_in(page, site, site.accounts["이서연"])
    page.goto(f"{site.address}/companies/?q=한빛")
    expect(page.locator("tbody [data-word='스마트공장 수준']").first).to_be_in_viewport(ratio=1)
    assert page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.table-scroll'))") == 0
