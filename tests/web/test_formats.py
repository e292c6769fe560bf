"""Each question is the same rows in each form: page, CSV, XLSX, PDF and JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pikepdf
import pytest
from sqlalchemy import select

from lms.clock import today
from lms.models import Download
from lms.reports.catalogue import REPORTS
from lms.web import report_pdf
from tests.credentials.test_printing import text_of

from . import crowd
from .browser import Browser
from .site import Site
from .test_api import call, data, token_of
from .test_desk import add_programme

# Where each is taken, and what the API is asked for the same.
CUT = "region=busan&run="
FILES = {
    "completions": f"/desk/completions.{{}}?by=region,company&sort=name&{CUT}",
    "targets": "/office/targets.{}?",
    **{
        name: f"/desk/questions/{name}.{{}}?{CUT}"
        for name in ("funnel", "stops", "checks", "durations", "months", "years")
    },
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What databases differ in is tried below the pages."""
    return sqlite_url


@pytest.fixture
def office(site: Site) -> Browser:
    crowd.fill(site, 3)
    add_programme(site)
    return site.browser_of(site.world.jimin)


def _csv(browser: Browser, address: str) -> tuple[list[str], list[list[str]]]:
    lines = list(csv.reader(io.StringIO(browser.get(address).get_data(as_text=True).removeprefix("\ufeff"))))
    return lines[0], lines[1:]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(getattr(value, "date", lambda: value)())


def _xlsx(browser: Browser, address: str) -> list[list[str]]:
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(address).data)).active
    assert sheet is not None
    return [[_text(cell) for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]


def _as_xlsx(cell: str) -> str:
    """A whole rate stands in a workbook as a whole number."""
    return cell.removesuffix(".0000")


def test_each_form_of_a_question_has_the_same_rows(site: Site, office: Browser) -> None:
    token = token_of(site, site.world.jimin)
    for name, address in FILES.items():
        heads, rows = _csv(office, address.format("csv"))
        assert [[_as_xlsx(cell) for cell in row] for row in _xlsx(office, address.format("xlsx"))] == [
            [_as_xlsx(cell) for cell in row] for row in rows
        ], name
        asked = "" if name == "targets" else f"?{CUT}{'&by=region,company' if name == 'completions' else ''}"
        found = data(call(site, f"reports/{name}{asked}", token))
        assert [column["header"] for column in found["columns"]] == heads
        assert sorted([_text(value) for value in row.values()] for row in found["rows"]) == sorted(rows), name
        paper = office.get(address.format("pdf"))
        assert paper.mimetype == "application/pdf", name
        text = text_of(paper.data).replace(" ", "")
        words = [cell.replace(" ", "") for row in rows for cell in row if not cell[:1].isdigit()]
        assert [word for word in [*heads, *words] if word.replace(" ", "") not in text] == [], name
        assert "발행한보고서가아닙니다" in text
    assert set(FILES) == {report.name for report in REPORTS.values() if not report.has_persons}
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download.form)).all()
    assert {form: noted.count(form) for form in noted} == dict.fromkeys(("csv", "xlsx", "pdf"), len(FILES))


def test_paper_is_tagged_and_says_what_was_asked(site: Site, office: Browser) -> None:
    answer = office.get(f"/desk/questions/funnel.pdf?by=region&{CUT}&as_of={today()}&reading=effective")
    text = text_of(answer.data).replace(" ", "")
    assert "부산광역시" in text
    assert "수료일기준" in text
    assert site.world.jimin.name in text
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "ko"
        assert b"pdfuaid" in pdf.Root.Metadata.read_bytes()
        assert pdf.pages[0].MediaBox[2] < pdf.pages[0].MediaBox[3]


def test_wide_rows_lie_across(office: Browser) -> None:
    with pikepdf.open(io.BytesIO(office.get(f"/desk/questions/stops.pdf?{CUT}").data)) as pdf:
        assert pdf.pages[0].MediaBox[2] > pdf.pages[0].MediaBox[3]


def test_of_too_many_rows_the_page_says_what_to_take(
    site: Site, office: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_pdf, "MOST_ROWS", 3)
    answer = office.get(f"/desk/completions.pdf?by=region,company&{CUT}")
    assert answer.status_code == 303
    shown = office.see(str(answer.headers["Location"]))
    assert "3줄까지 담습니다. 이 표는 4줄입니다" in shown.get_text()
    assert shown.select_one("input[name=by], select[name=by]") is not None
    monkeypatch.setattr(report_pdf, "MOST_ROWS", -1)
    for name, title in (("funnel", "신청에서 수료까지"), ("checks", "멈춘 곳")):
        answer = office.get(f"/desk/questions/{name}.pdf?{CUT}")
        assert answer.status_code == 303
        assert title in str(office.see(str(answer.headers["Location"])).select_one("h1"))
    assert site.count(Download) == 0
