"""The page of long files: a short one at once, a long one by a worker, taken with its reason, and done without."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from lms.models import AuditEntry, Download, Export
from lms.reports.exports import asking

from .site import Site

REASON = "감사 자료"
ALL = {"report": "enrolments", "form": "csv", "reason": REASON, "run": ""}


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file is too long to wait for."""
    monkeypatch.setattr(asking, "AT_ONCE", 0)


def test_a_short_file_is_the_answer(site: Site) -> None:
    browser = site.browser_of(site.world.seoyeon)
    page = browser.see("/desk/exports/?run=")
    assert "1" in page.select_one("h2 .soft").get_text()  # type: ignore[union-attr]
    answer = browser.send("/desk/exports/", ALL)
    assert answer.status_code == 200
    assert "김하나" in answer.get_data(as_text=True)
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).one()
        assert (noted.report, noted.reason, noted.has_persons, noted.rows) == ("enrolments", REASON, True, 1)
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "downloaded")).one().reason == REASON
    assert site.count(Export) == 0


def test_a_long_file_is_made_taken_and_deleted(site: Site, long: None) -> None:
    browser = site.browser_of(site.world.seoyeon)
    browser.see("/desk/exports/?run=")
    answer = browser.send("/desk/exports/", ALL)
    assert answer.status_code == 303
    where = answer.headers["Location"]
    page = browser.see(where)
    assert page.select_one("progress, [role=progressbar]")
    assert page.select_one("#export")["hx-get"] == where  # type: ignore[index]
    assert browser.send(f"{where}/file").status_code == 409
    assert site.grade_all() >= 1
    page = browser.see(where)
    assert "hx-get" not in page.select_one("#export").attrs  # type: ignore[union-attr]
    answer = browser.send(f"{where}/file")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "김하나" in answer.get_data(as_text=True)
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).one()
        assert (noted.reason, noted.rows, noted.has_persons) == (REASON, 1, True)
    browser.see(where)
    assert browser.send(f"{where}/drop").status_code == 303
    assert re.search("지웠|deleted", browser.see("/desk/exports/").get_text())
    assert browser.send(f"{where}/file").status_code == 409


@pytest.mark.parametrize(("problem", "words"), [("disk", "공간"), ("too_long", "CSV"), ("fault", "저희")])
def test_one_that_failed_says_why_and_can_be_asked_for_anew(site: Site, long: None, problem: str, words: str) -> None:
    browser = site.browser_of(site.world.seoyeon)
    browser.see("/desk/exports/?run=")
    where = browser.send("/desk/exports/", ALL).headers["Location"]
    with site.lms.database.writing() as session:
        session.execute(update(Export).values(state="failed", problem=problem))
        session.commit()
    page = browser.see(where)
    assert words in page.select_one("#export").get_text()  # type: ignore[union-attr]
    assert page.select_one('#export a[href*="/desk/exports/?"]')
    assert browser.send(f"{where}/file").status_code == 409


def test_whoever_lost_the_region_finds_no_file(site: Site, long: None) -> None:
    browser = site.browser_of(site.world.seoyeon)
    browser.see("/desk/exports/?run=")
    where = browser.send("/desk/exports/", ALL).headers["Location"]
    assert site.grade_all() >= 1
    with site.lms.database.writing() as session:
        session.execute(
            update(Export).values(scope={**session.scalars(select(Export.scope)).one(), "officer_centres": [1, 2, 3]})
        )
        session.commit()
    browser.see(where)
    assert browser.send(f"{where}/file").status_code == 404
    assert site.count(Download) == 0


def test_another_officer_finds_nothing(site: Site, long: None) -> None:
    mine = site.browser_of(site.world.seoyeon)
    mine.see("/desk/exports/?run=")
    where = mine.send("/desk/exports/", ALL).headers["Location"]
    other = site.browser_of(site.world.minjun)
    other.see("/desk/exports/")
    assert other.get(where).status_code == 404
    assert other.send(f"{where}/file").status_code == 404
    assert other.send(f"{where}/drop").status_code == 404


def test_what_is_refused_keeps_what_was_typed(site: Site) -> None:
    browser = site.browser_of(site.world.seoyeon)
    browser.see("/desk/exports/?run=")
    answer = browser.send("/desk/exports/", ALL | {"reason": "ㅇ", "report": "learners"})
    assert answer.status_code == 422
    assert browser.page.select_one("#reason")["value"] == "ㅇ"  # type: ignore[index]
    assert browser.page.select_one("input[value=learners]").has_attr("checked")  # type: ignore[union-attr]
    assert browser.send("/desk/exports/", ALL | {"form": "pdf"}).status_code == 404
    assert browser.send("/desk/exports/", ALL | {"report": "grades"}).status_code == 404


def test_the_page_of_figures_leads_here_with_its_question(site: Site) -> None:
    browser = site.browser_of(site.world.seoyeon)
    link = browser.see("/desk/?run=&as_of=2026-03-20").select_one('a[href*="/desk/exports"]')
    assert link is not None
    assert "as_of=2026-03-20" in str(link["href"])
    wrong = browser.see("/desk/exports/?as_of=2026-02-30").select_one("[role=alert]")
    assert wrong is not None
    assert "2026-02-30" in wrong.get_text()
