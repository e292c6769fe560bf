"""A sitting from the screen to the list: a learner enters the code on a phone, the instructor ticks on a tablet."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from . import steps
from .looking import axe_finds
from .site import Site
from .visits import PHONE, Visit

INSTRUCTOR = "한지우"
TABLET = {"width": 800, "height": 1100}


def test_a_code_is_entered_and_a_list_is_ticked(site: Site, visit: Callable[..., Visit]) -> None:
    instructor = visit(viewport=TABLET)
    page = instructor.open()
    steps.sign_in(page, site, site.accounts[INSTRUCTOR])
    page.goto(f"{site.run_address.replace('/runs/', '/desk/runs/')}/sittings")
    page.get_by_role("link", name="출석부").first.click()
    roll = page.url
    learner = site.add_learner("출석생")

    page.get_by_role("link", name="출석 번호 띄우기").click()
    assert axe_finds(page) == []
    code = page.locator("[data-code]")
    address = page.locator(".screen-address").inner_text()

    phone = visit(viewport=PHONE).open()
    steps.sign_in(phone, site, learner)
    phone.goto(address)
    assert axe_finds(phone) == []
    phone.get_by_label("여섯 자리 숫자").fill(code.inner_text())
    phone.get_by_role("button", name="출석", exact=True).click()
    expect(phone.locator("main")).to_contain_text("출석을 기록했습니다")

    page.goto(roll)
    row = page.locator("[data-roll-row]", has_text="출석생")
    expect(row).to_contain_text("번호로 출석")
    row.get_by_role("button", name="조퇴").click()
    expect(row.get_by_role("button", name="조퇴")).to_have_attribute("aria-pressed", "true")
    expect(row.get_by_role("button", name="조퇴")).to_be_focused()
    assert axe_finds(page) == []
    assert page.url == roll  # the row alone was renewed

    instructor.context.set_offline(True)
    row.get_by_role("button", name="결석").click()
    expect(row.get_by_role("alert")).to_contain_text("저장되지 않았습니다")
    instructor.context.set_offline(False)
    instructor.faults[:] = [fault for fault in instructor.faults if "ERR_INTERNET_DISCONNECTED" not in fault]
    row.get_by_role("button", name="결석").click()
    expect(row.get_by_role("button", name="결석")).to_have_attribute("aria-pressed", "true")
    for button in row.locator(".roll-mark").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
