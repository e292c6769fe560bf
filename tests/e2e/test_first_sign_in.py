"""From an officer's printer to a worker's phone: slips, the QR code's address, a password, the consents, the courses."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pikepdf
from playwright.sync_api import Page, Request, expect
from sqlalchemy import select

from lms.clock import today
from lms.models import Company, Employment
from lms.people import accounts

from .looking import look_at
from .site import Account, Site
from .steps import fill_sign_in, sign_in, sign_out
from .visits import PHONE, Visit

PASSWORD = "새벽-용접-불꽃-하나"


def add_newcomer(site: Site, name: str, number: str) -> Account:
    """One of 한빛정밀 whom a roster brought, and who has never signed in."""
    with site.database.writing() as session:
        company = session.scalars(select(Company.id).where(Company.name == "한빛정밀")).one()
        person = accounts.create_person(session, name=name)
        since = today() - timedelta(days=3)
        session.add(Employment(person_id=person.id, company_id=company, employee_number=number, from_on=since))
        session.commit()
    return Account(name, PASSWORD, company="한빛정밀", employee_number=number)


def _print_slips(page: Page, site: Site) -> bytes:
    page.goto(f"{site.address}/slips/")
    look_at(page)
    page.check("tr:has-text('한빛정밀') input[name=company]")
    page.fill("#reason", "입과 안내")
    page.click("main button:has(.icon)[type=submit]")
    expect(page.locator("#batch")).to_contain_text("인쇄할 수 있습니다")
    look_at(page)
    with page.expect_download() as download:
        page.click("#batch .device button")
    return Path(download.value.path()).read_bytes()


def _code_for(page: Page, site: Site, name: str) -> str:
    """By hand, from the company's page."""
    page.goto(f"{site.address}/slips/")
    page.click("tbody a:text-is('한빛정밀')")
    row = page.locator(f"tr:has-text('{name}')")
    row.locator("summary").click()
    row.locator("input[name=reason]").fill("쪽지를 잃어버림")
    row.locator("button").click()
    code = page.locator(".code-shown").inner_text()
    look_at(page)
    return code


def test_from_the_officers_printer_to_the_workers_phone(site: Site, visit: Callable[..., Visit]) -> None:
    newcomer = add_newcomer(site, "윤서아", "HB-3001")
    officer = visit().open()
    sign_in(officer, site, site.accounts["이서연"])
    with pikepdf.open(io.BytesIO(_print_slips(officer, site))) as pdf:
        assert len(pdf.pages) == 1
    code = _code_for(officer, site, "윤서아")
    window = visit(viewport=PHONE)
    asked: list[str] = []
    phone = window.open()
    phone.on("request", lambda request: asked.append(_sent(request)))
    _come_in(phone, site, code)
    assert code.replace("-", "") not in re.sub("-", "", " ".join(asked))
    sign_out(phone)
    fill_sign_in(phone, newcomer)
    expect(phone.locator("[data-menu] summary")).to_contain_text("윤서아")


def _sent(request: Request) -> str:
    """The address and where it was asked from: what logs of servers and proxies hold."""
    return f"{request.url} {request.headers.get('referer', '')}"


def _come_in(phone: Page, site: Site, code: str) -> None:
    """As the QR code leads: the code is in the field, and gone from the address. The rest by keyboard."""
    phone.goto(f"{site.address}/first#{code.replace('-', '')}")
    expect(phone.locator("#code")).to_have_value(code)
    assert phone.url == f"{site.address}/first"
    look_at(phone)
    phone.set_viewport_size(PHONE)
    expect(phone.locator("main button[type=submit]")).to_be_focused()
    phone.keyboard.press("Enter")
    expect(phone.locator("h1")).to_contain_text("윤서아")
    look_at(phone)
    phone.fill("#new", PASSWORD)
    phone.fill("#again", PASSWORD)
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/consents/**")
    look_at(phone)
    for box in phone.locator("input[name=given][required]").all():
        box.focus()
        phone.keyboard.press("Space")
    phone.click("main button[type=submit]:has-text('저장')")
    phone.wait_for_url(f"{site.address}/")
    for page in ("/consents/", "/messages/", "/account"):
        phone.goto(f"{site.address}{page}")
        look_at(phone)
    phone.goto(f"{site.address}/")


def test_pages_before_the_sign_in_and_without_script(site: Site, visit: Callable[..., Visit]) -> None:
    """A phone whose browser lets no script run: the code is typed, with the Hangul key on if need be."""
    window = visit(viewport=PHONE, java_script_enabled=False)
    window.expected.add(422)
    page = window.open()
    page.goto(f"{site.address}/sign-in")
    page.click("main a[href$='/first']")
    page.fill("#code", "abcd-efgh-jkmn")
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_be_visible()
    scripted = visit().open()
    scripted.goto(f"{site.address}/forgotten")
    look_at(scripted)
