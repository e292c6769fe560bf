"""The questions beyond the completions as pages and files: what stands on them, who is behind a figure, who sees what."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import today
from lms.models import AccessEntry, Download
from lms.reports import width
from tests.credentials.test_printing import text_of

from . import crowd
from .browser import Browser
from .site import Site
from .test_desk import MOST, asked_of_database, csv_rows, figures, rows_of

PAGES = ("funnel", "stops", "durations", "months", "years")


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre."""
    return site.browser_of(site.world.seoyeon)


def test_each_page_is_found_from_the_results(site: Site, officer: Browser) -> None:
    tabs = [str(link["href"]) for link in officer.see("/desk/").select("ul.tabs a")]
    assert tabs == ["/desk/", *(f"/desk/questions/{name}" for name in PAGES)]
    for address in tabs:
        current = officer.see(address).select_one("ul.tabs a[aria-current]")
        assert current is not None
        assert current["href"] == address


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("companies", [0, 12])
def test_a_page_asks_twelve_times_at_most(site: Site, officer: Browser, name: str, companies: int) -> None:
    crowd.fill(site, companies)
    with asked_of_database(site) as asked:
        officer.see(f"/desk/questions/{name}")
    assert 0 < len(asked) <= MOST


def test_the_funnel_counts_steps_and_leads_to_people(site: Site, officer: Browser) -> None:
    crowd.fill(site, 3)
    page = officer.see("/desk/questions/funnel")
    assert figures(page) == {"신청": "7", "수강": "7", "시작": "1", "절반": "1", "수료": "1"}
    row = next(row for row in rows_of(page).values() if row[0] != "0")
    assert [cell.split()[0] for cell in row] == ["7", "7", "1", "1", "1"]
    link = next(link for link in page.select("main a") if "아직 아무것도" in link.get_text())
    people = officer.see(str(link["href"]))
    assert len(rows_of(people)) == 6
    by_company = officer.see("/desk/questions/funnel?by=region,company")
    assert [row[0] for name, row in rows_of(by_company).items() if name.startswith("기업 001")] == ["2"]
    company = next(link for link in by_company.select("tbody a") if link.get_text() == "기업 001")
    assert len(rows_of(officer.see(str(company["href"])))) == 2


def test_the_stops_lead_to_those_who_stopped_there(site: Site, officer: Browser) -> None:
    crowd.fill(site, 3)
    page = officer.see("/desk/questions/stops")
    rows = rows_of(page)
    stopped = {name: row[1] for name, row in rows.items()}
    first, *others = stopped.values()
    assert (first, set(others)) == ("6", {"0"})
    link = page.select_one("tbody td a")
    assert link is not None
    assert len(rows_of(officer.see(str(link["href"])))) == 6


def test_about_too_many_people_a_page_offers_the_courses(
    site: Site, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.fill(site, 3)
    with monkeypatch.context() as patched:
        patched.setattr(width, "MOST_PEOPLE", 2)
        page = officer.see("/desk/questions/stops")
        assert "한 사람씩 볼 수 없습니다" in page.select_one("main").get_text()  # type: ignore[union-attr]
        assert "한 사람씩 볼 수 없습니다" in officer.see("/desk/questions/people").get_text()
        statement = officer.see("/desk/statements/new?report=stops")
        assert "한 사람씩 볼 수 없습니다" in statement.get_text()
        assert statement.select_one('main a[href*="/desk/questions/stops"]') is not None
        for address in ("/desk/statements/", "/desk/schedules/"):
            plan = {"report": "stops", "name": "주간", "every": "week", "weekday": "1", "monthday": "1", "hour": "7"}
            assert officer.send(address, plan).status_code == 422
            assert "한 사람씩 볼 수 없습니다" in officer.page.get_text()
        link = page.select_one(".empty a")
        assert link is not None
        regions = officer.see(str(link["href"])).select(".empty a")  # too many of one course as well
        assert {"region=busan" in str(region["href"]) for region in regions} == {True}
    assert len(rows_of(officer.see(str(link["href"])))) > 1


def test_durations_months_and_years_say_the_same_completions(site: Site, officer: Browser) -> None:
    crowd.fill(site, 4)
    assert figures(officer.see("/desk/questions/durations"))["수료"] == "2"
    months = officer.see("/desk/questions/months?by=region")
    assert [cell.get_text() for cell in months.select("tfoot td")][-1] == "2"
    years = csv_rows(officer.get(f"/desk/questions/years.csv?as_of={today()}").get_data(as_text=True))
    assert sum(int(row["수료"]) for row in years) in (0, 2)  # yesterday may lie in another year


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # nothing is asked of it
def test_no_file_is_made_of_words_that_mean_nothing(site: Site, officer: Browser) -> None:
    for address in ("/desk/completions", "/desk/questions/funnel", "/desk/questions/checks"):
        for kind in ("csv", "xlsx", "pdf"):
            answer = officer.get(f"{address}.{kind}?as_of=2026-02-30")
            assert answer.status_code == 303
            assert "2026-02-30" in str(officer.see(str(answer.headers["Location"])).select_one("#ask-problem"))


def test_another_centre_counts_nobody_of_ours(site: Site) -> None:
    crowd.fill(site, 3)
    other = site.browser_of(site.world.minjun)
    assert "셀 것이 없습니다" in other.see("/desk/questions/funnel").get_text()
    assert rows_of(other.see("/desk/questions/people")) == {}
    for name in PAGES:
        assert "기업 00" not in other.get(f"/desk/questions/{name}.csv").get_data(as_text=True)


def test_who_looks_at_the_people_is_noted(site: Site, officer: Browser) -> None:
    officer.see("/desk/questions/people?reached=not_begun")
    with site.lms.database.reading() as session:
        (look,) = session.scalars(select(AccessEntry)).all()
    assert (look.action, look.count) == ("company_people", 1)


@pytest.mark.parametrize("words", ["reached=nonsense", "unit=no-such-unit"])
def test_words_that_mean_nothing_show_nobody(site: Site, officer: Browser, words: str) -> None:
    answer = officer.get(f"/desk/questions/people?{words}")
    assert answer.status_code == (404 if words.startswith("reached") else 200)
    assert "김하나" not in answer.get_data(as_text=True)


# On paper


def _pdf(answer: TestResponse) -> str:
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return text_of(answer.get_data())


def test_a_company_goes_on_paper_with_a_reason(site: Site, officer: Browser) -> None:
    crowd.fill(site, 1)
    where = f"/desk/companies/{site.world.hanbit.uid}"
    officer.see(where)
    form = {"form": "pdf", "csrf_token": officer.token}
    assert officer.post(f"{where}/people", data=form | {"reason": " "}).status_code == 422
    text = _pdf(officer.post(f"{where}/people", data=form | {"reason": "분기 점검"}))
    assert "한빛정밀" in text
    assert "김하나" in text
    assert "수강생 0-0" not in text
    manager = site.browser_of(site.world.doyun)
    manager.see("/company/")
    own = {"form": "pdf", "csrf_token": manager.token, "reason": "분기 점검"}
    assert "김하나" in _pdf(manager.post("/company/people", data=own))
    with site.lms.database.reading() as session:
        noted = [(row.report, row.form, row.rows, row.reason) for row in session.scalars(select(Download))]
    assert noted == [("company_sheet", "pdf", 1, "분기 점검")] * 2


def test_a_learner_goes_on_paper_the_same_each_time(site: Site, officer: Browser) -> None:
    where = f"/desk/learners/{site.enrolled[site.world.hana.id].uid}"
    officer.see(where)
    form = {"csrf_token": officer.token, "reason": "본인 요청"}
    first = officer.post(f"{where}/record", data=form)
    text = _pdf(first)
    assert "김하나" in text
    assert "수강 신청" in text
    assert "SHA-256" in text
    assert officer.post(f"{where}/record", data=form).get_data() == first.get_data()
    missing = officer.post(f"{where}/record", data={"csrf_token": officer.token})
    assert missing.status_code == 422
    assert "record-reason-error" in missing.get_data(as_text=True)
