"""Statements from the officer's two clicks to the page behind the code on the paper."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from click.testing import Result
from sqlalchemy import select, text

from lms.clock import today
from lms.models import Company, Download, Run, Statement
from lms.reports.statements import outsiders, reading
from lms.web import cli

from . import crowd
from .browser import Browser
from .site import Site

YESTERDAY = today() - timedelta(days=1)

OUTSIDE = {"by": "region,course", "year": str(YESTERDAY.year), "for": "outsiders"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What databases differ in is tried below the pages."""
    return sqlite_url


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre, where some companies learn."""
    crowd.fill(site, 3)
    return site.browser_of(site.world.seoyeon)


def newest(site: Site) -> Statement:
    with site.lms.database.reading() as session:
        return session.scalars(select(Statement).order_by(Statement.id.desc()).limit(1)).one()


def issue(browser: Browser, **asked: str) -> str:
    """Where the statement is."""
    browser.see("/desk/statements/")
    answer = browser.send("/desk/statements/", {"by": "region,company", **asked})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_two_clicks_from_the_results(site: Site, officer: Browser) -> None:
    page = officer.see("/desk/?run=")
    link = next(link for link in page.select("a.download") if "statements/new" in str(link["href"]))
    shown = officer.see(str(link["href"]))
    assert "어제" in shown.get_text()
    assert {
        str(field["name"]): str(field.get("value")) for field in shown.select("form[method=post] input")
    }.items() >= {
        "by": "region,company",
        "as_of": YESTERDAY.isoformat(),
        "report": "completions",
    }.items()
    made = officer.see(issue(officer, as_of=YESTERDAY.isoformat()))
    assert "제2026-0001호".replace("2026", str(today().year)) in made.get_text()
    assert newest(site).digest in made.get_text()
    listed = officer.see("/desk/statements/").select_one("main tbody tr")
    assert listed is not None
    assert newest(site).number in listed.get_text()
    assert "지역 · 기업" in listed.get_text()
    assert "신청한 날의 지역" not in listed.get_text()


def test_the_files_are_the_same_each_time(site: Site, officer: Browser) -> None:
    address = issue(officer)
    files = {kind: officer.get(f"{address}/file.{kind}").data for kind in ("pdf", "csv", "xlsx")}
    with site.lms.database.writing() as session:
        session.execute(text("UPDATE lms_company SET name = name || '!'"))
        session.commit()
    assert {kind: officer.get(f"{address}/file.{kind}").data for kind in files} == files
    with pikepdf.open(io.BytesIO(files["pdf"])) as pdf:
        assert str(pdf.docinfo["/Title"]) == "수강과 수료 현황"
        assert pdf.Root.Lang == "ko"
    with site.lms.database.reading() as session:
        kept = session.scalars(select(Download).order_by(Download.id)).all()
        assert [(one.report, one.form, one.has_persons) for one in kept[:3]] == [
            ("statement", kind, False) for kind in files
        ]
        assert session.scalars(select(Company.name)).first() is not None


def test_in_english(site: Site, officer: Browser) -> None:
    address = issue(officer, language="en")
    assert "Enrolments and completions" in officer.see(address).get_text()
    with pikepdf.open(io.BytesIO(officer.get(f"{address}/file.pdf").data)) as pdf:
        assert str(pdf.docinfo["/Title"]) == "Enrolments and completions"


def test_asked_again_on_the_page(site: Site, officer: Browser) -> None:
    address = issue(officer)
    assert "줄도 SHA-256도 같습니다" in officer.see(f"{address}/again").get_text()
    with site.lms.database.writing() as session:
        session.execute(text("UPDATE lms_company SET name = '새 이름' WHERE name = '기업 001'"))
        session.commit()
    said = officer.see(f"{address}/again").get_text()
    assert "새 이름" in said
    assert "기업 001" in said


def test_whoever_holds_the_paper(site: Site, officer: Browser) -> None:
    address = issue(officer)
    made = newest(site)
    file = officer.get(f"{address}/file.csv").data
    stranger = site.browser()
    assert stranger.see("/verify/statements/").select_one("input[name=code]") is not None
    answer = stranger.send("/verify/statements/", {"code": made.token.lower()})
    assert answer.status_code == 303
    shown = stranger.get(str(answer.headers["Location"]))
    assert shown.headers["X-Robots-Tag"].startswith("noindex")
    said = shown.get_data(as_text=True)
    assert made.digest in said
    assert made.number in said
    assert "기업 001" not in said
    by_file = stranger.send("/verify/statements/", {"file": (io.BytesIO(file), "a.csv")})
    assert made.digest in by_file.get_data(as_text=True)
    changed = stranger.send("/verify/statements/", {"file": (io.BytesIO(file.replace(b"2", b"3")), "a.csv")})
    assert changed.status_code == 404
    for _ in range(reading.TRIES - 1):
        assert stranger.send("/verify/statements/", {"file": (io.BytesIO(b"\xff"), "a.csv")}).status_code == 422
    assert stranger.send("/verify/statements/", {"file": (io.BytesIO(b"\xff"), "a.csv")}).status_code == 429
    assert stranger.get("/verify/statements/AAAA-AAAA-AAAA-AAAA").status_code == 429


def test_what_is_refused_is_said(site: Site, officer: Browser) -> None:
    page = officer.see("/desk/statements/new?reading=effective")
    assert "수료일 기준의 숫자를 보고 계셨습니다" in page.get_text()
    refused = officer.send("/desk/statements/", {"region": "seoul"})
    assert refused.status_code == 422
    assert "범위를 넓히십시오" in refused.get_data(as_text=True)
    assert officer.get("/desk/statements/new?as_of=0000-01-01").status_code == 200
    for wrong, said in (({"as_of": "0000-01-01"}, "0000-01-01"), ({"size": "enormous"}, "조건을 적용하지 않았")):
        refused = officer.send("/desk/statements/", wrong)
        assert refused.status_code == 422
        assert said in refused.get_data(as_text=True)
    with site.lms.database.reading() as session:
        assert session.scalars(select(Statement)).all() == []
    masked = officer.send("/desk/statements/", {"by": "region,course", "year": "2026", "for": "outsiders"})
    assert masked.status_code == 422
    assert officer.get("/desk/statements/new?report=learners").status_code == 404


def test_for_outsiders_by_the_programme_office(site: Site, officer: Browser) -> None:
    office = site.browser_of(site.world.jimin)
    address = issue(office, **OUTSIDE, language="en")
    assert "For outsiders" in office.see(address).get_text()
    made = newest(site)
    assert outsiders.mask_of(made) == (5, 10)
    assert made.total is not None
    assert made.total[2] == "6"  # by the end of yesterday
    assert "합계" not in office.get(f"{address}/file.csv").get_data(as_text=True)
    assert officer.get(address).status_code == 404


def test_the_command_verifies(site: Site, officer: Browser, tmp_path: Path) -> None:
    address = issue(officer)
    made = newest(site)

    def run(*words: str) -> Result:
        return site.app.test_cli_runner().invoke(cli.lms, ["report", "verify", *words])

    for name in (made.number, made.token):
        said = run(name)
        assert said.exit_code == 0
        assert made.digest in said.output
    file = tmp_path / "a.csv"
    file.write_bytes(officer.get(f"{address}/file.csv").data)
    assert run(str(file)).exit_code == 0
    file.write_bytes(file.read_bytes().replace("기업 001".encode(), "기업 9".encode()))
    said = run(str(file))
    assert said.exit_code == 1
    assert "--of" in said.output
    said = run(str(file), "--of", made.number)
    assert said.exit_code == 1
    assert "+ 부산광역시 | 기업 9" in said.output
    with site.lms.database.writing() as session:
        session.execute(text("UPDATE lms_company SET name = '새 이름' WHERE name = '기업 001'"))
        session.commit()
    said = run(made.number)
    assert said.exit_code == 0
    assert "기업 001 -> 새 이름" in said.output
    with site.lms.database.writing() as session:
        company = session.scalars(select(Company).where(Company.name == "새 이름")).one()
        crowd.add_learner(session, "끼어든 사람", company, session.get_one(Run, site.run.id), "9-9")
        session.commit()
    said = run(made.number)
    assert said.exit_code == 1
    assert "| 기업 001 |" in said.output
    assert run("2026-9999").exit_code == 1


def test_each_question_leads_to_its_statement(site: Site, officer: Browser) -> None:
    seen = set()
    for page in ("funnel", "stops", "durations", "months", "years"):
        for link in officer.see(f"/desk/questions/{page}?run=").select("a.download[href*='statements/new']"):
            seen.add(str(officer.see(str(link["href"])).select("input[name=report]")[0]["value"]))
    assert seen == {"funnel", "stops", "durations", "months", "years"}
    office = site.browser_of(site.world.jimin)
    of_targets = office.see("/office/").select_one("a.download[href*='statements/new']")
    assert of_targets is not None
    assert "목표" in office.see(str(of_targets["href"])).get_text()
