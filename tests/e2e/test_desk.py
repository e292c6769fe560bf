"""The officer's desk in a real browser: conditions without script, pictures of plots, and nothing of another centre's."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from . import steps
from .site import Site
from .visits import PHONE, Visit


def as_officer(page: Page, site: Site, name: str) -> None:
    steps.sign_in(page, site, site.accounts[name])
    page.click("nav.site-nav a:has-text('현황')")


def test_conditions_work_without_script(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False, viewport=PHONE).open()
    as_officer(page, site, "이서연")
    page.click("summary:has-text('조건 더 보기')")
    page.select_option("[name=region]", "busan")
    page.select_option("[name=regions]", "today")
    page.select_option("[name=by]", "size")
    page.click(".questions-bar button")
    assert "region=busan" in page.url
    expect(page.locator(".page-lead")).to_contain_text("오늘의 지역")
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.locator("[name=region]")).to_have_value("busan")


def test_a_file_with_names_comes_after_a_reason(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit().open()
    as_officer(page, site, "이서연")
    page.click("tbody a:text-is('한빛정밀')")
    page.check("tbody tr:has(a:text-is('정우진')) input[name=enrolment]")
    page.fill("[name=reason]", "훈련비 정산")
    with page.expect_download() as started:
        page.click("#take button[value=csv]")
    text = started.value.path().read_text("utf-8-sig")
    assert "정우진" in text
    assert "김하나" not in text


def test_another_centre_s_officer_reaches_nothing(site: Site, visit: Callable[..., Visit]) -> None:
    """By address, by filter, by file."""
    own = visit().open()
    as_officer(own, site, "이서연")
    company = own.locator("tbody a:text-is('한빛정밀')").get_attribute("href")
    assert company is not None
    own.click("tbody a:text-is('한빛정밀')")
    learner = own.locator("tbody th a").first.get_attribute("href")
    assert learner is not None
    window = visit()
    window.expected.add(404)
    page = window.open()
    as_officer(page, site, "최민준")
    for address in (company, f"{company}&run=", learner):
        page.goto(site.address + address)
        expect(page.locator("h1")).to_contain_text("없는 페이지")
    for address in ("/desk/?run=", "/desk/?run=&region=busan", "/desk/?run=&by=course,run"):
        page.goto(site.address + address)
        expect(page.locator("main")).not_to_contain_text("한빛정밀")
    for form in ("csv", "xlsx"):
        answer = page.request.get(f"{site.address}/desk/completions.{form}?run=&region=busan")
        assert "한빛정밀".encode() not in answer.body()
