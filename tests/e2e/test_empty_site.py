"""A site without anybody in it leads its first visitor through making the operator's account."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from .looking import axe_finds
from .site import Site, running_site
from .visits import DESKTOP, PHONE, begin_visit

CODE_SECONDS = 20


@pytest.fixture
def empty_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("empty"), demo=False, LMS_WEB_PROCESSES="1") as site:
        yield site


def _code(site: Site) -> str:
    """What the operator reads in the terminal, a moment after the site answers."""
    until = time.monotonic() + CODE_SECONDS
    while time.monotonic() < until:
        if found := re.search(r"with the code (\S+)", (site.folder / "serve.log").read_text("utf-8")):
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError("the code was not printed")


def test_the_first_person_makes_the_operators_account(chromium: Browser, empty_site: Site) -> None:
    visit = begin_visit(chromium, empty_site.address)
    visit.expected.add(422)
    with closing(visit.context):
        page = visit.open()
        page.goto(empty_site.address)
        for language in ("en", "ko"):
            page.click(f"button[name=language][value={language}]")
            expect(page.locator("html")).to_have_attribute("lang", language)
            for screen in (DESKTOP, PHONE):
                page.set_viewport_size(screen)
                assert axe_finds(page) == []
        answers = {
            "name": "강태오",
            "email": "taeo@site.example",
            "new": "선반과 밀링 사이에서",
            "again": "선반과 밀링 사이에서",
        }
        for code in ("not-the-code", _code(empty_site)):
            for name, value in (answers | {"code": code}).items():
                page.fill(f"[name={name}]", value)
            page.click("main form button[type=submit]")
            if code == "not-the-code":
                expect(page.locator(".field-error")).to_contain_text("설치 코드가 아닙니다")
        expect(page.locator("h1")).to_have_text("운영")
        expect(page.locator("[data-menu] summary")).to_contain_text("강태오")
        expect(page.locator("main")).to_contain_text("사이트가 준비되었습니다.")
    assert visit.faults == []
