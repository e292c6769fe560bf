"""The pages of officer, company manager and programme office: what stands on them, and that nobody sees another's rows."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from lms.clock import today
from lms.learning import ledger
from lms.models import AuditEntry, Download, Enrolment, LedgerEntry, Person, Programme, Target
from tests.world import employ, load

from . import crowd
from .browser import Browser
from .site import Site
from .test_queries import _asked as asked_of_database

MOST = 12


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre."""
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def other_officer(site: Site) -> Browser:
    """최민준's, of the Gyeonggi centre."""
    return site.browser_of(site.world.minjun)


@pytest.fixture
def manager(site: Site) -> Browser:
    """박도윤's, of 한빛정밀."""
    return site.browser_of(site.world.doyun)


@pytest.fixture
def office(site: Site) -> Browser:
    """한지민's, of the programme office."""
    return site.browser_of(site.world.jimin)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("seoyeon", "/desk/"),
        ("doyun", "/company/"),
        ("jimin", "/office/"),
        ("jihun", "/classes/"),
        ("minseo", "/operations/"),
    ],
)
def test_staff_come_to_what_they_answer_for(site: Site, name: str, place: str) -> None:
    """From the sign-in without a click; their own learning stays one click away."""
    browser = site.browser_of(getattr(site.world, name))
    assert browser.get("/").headers["Location"] == place
    page = browser.see(place)
    own = page.select_one("nav a[href='/?own=1']")
    assert own is not None
    assert "수강" in browser.see(own["href"]).get_text()  # type: ignore[arg-type]


def test_staff_who_learn_come_to_their_courses(site: Site) -> None:
    with site.lms.database.writing() as session:
        employ(session, site.world.doyun, site.world.hanbit, "H-100")
        session.commit()
    site.enrol(site.world.doyun)
    assert "양품 세기" in site.browser_of(site.world.doyun).see("/").get_text()


def rows_of(page: BeautifulSoup) -> dict[str, list[str]]:
    """The list's rows: the texts of the cells by that of the head."""
    rows = {}
    for row in page.select("table.cards tbody tr"):
        head = row.select_one("th")
        assert head is not None
        rows[words(head.get_text(" "))] = [words(cell.get_text(" ")) for cell in row.select("td")]
    return rows


def words(text: str) -> str:
    return " ".join(text.split())


def figures(page: BeautifulSoup) -> dict[str, str]:
    """The large numbers by their words."""
    boxes = page.select(".figure-box")
    return {box.dt.get_text(strip=True): box.select_one(".figure-number").get_text(strip=True) for box in boxes}  # type: ignore[union-attr]


def hanbit(site: Site) -> str:
    return f"/desk/companies/{site.world.hanbit.uid}"


def enrolment_of(site: Site, person: Person) -> Enrolment:
    return site.enrolled[person.id]


def complete(site: Site, enrolment: Enrolment, *, question: bool = False) -> None:
    """What the ledger holds of somebody who has done all, or whose completion lost its ground."""
    with site.lms.database.writing() as session:
        found = load(session, enrolment.id)
        for unit in found.run.units:
            ledger.record_unit_done(session, found, unit.key, effective_on=today())
        ledger.append(session, found, "completed", effective_on=today())
        if question:
            ledger.append(session, found, "questioned", effective_on=today())
        session.commit()


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# The officer's first page


def test_companies_with_their_figures(site: Site, officer: Browser) -> None:
    crowd.fill(site, 3)
    page = officer.see("/desk/")
    rows = rows_of(page)
    assert set(rows) == {"한빛정밀", "기업 000", "기업 001", "기업 002"}
    assert rows["기업 000"][:5] == ["2", "2", "1", "1", "50 %"]
    assert rows["기업 001"][:5] == ["2", "2", "0", "0", "0 %"]
    assert figures(page) == {"신청": "7", "수강": "7", "활동": "1", "수료": "1", "수료율": "14 %"}


def test_a_completion_counts_at_once_and_not_yesterday(site: Site, officer: Browser) -> None:
    complete(site, enrolment_of(site, site.world.hana))
    assert figures(officer.see("/desk/"))["수료"] == "1"
    before = (today() - timedelta(days=1)).isoformat()
    assert figures(officer.see(f"/desk/?as_of={before}"))["수료"] == "0"


def test_who_falls_behind_comes_first(site: Site, officer: Browser) -> None:
    crowd.fill(site, 4)
    heads = list(rows_of(officer.see("/desk/")))
    assert heads[-2:] == ["기업 000", "기업 003"]
    page = officer.see("/desk/?sort=completed&down=1")
    assert list(rows_of(page))[:2] == ["기업 003", "기업 000"]
    assert [head.get("aria-sort") for head in page.select("thead th") if head.get("aria-sort")] == ["descending"]


def test_a_region_without_anybody_is_a_row(site: Site, officer: Browser) -> None:
    rows = rows_of(officer.see("/desk/?by=region&course=no-such-course"))
    assert rows["부산광역시"][:5] == ["0", "0", "0", "0", "–"]


def test_a_list_has_pages(site: Site, officer: Browser) -> None:
    crowd.fill(site, 60, people=1)
    first = officer.see("/desk/?sort=name")
    assert len(rows_of(first)) == 50
    link = str(first.select_one("a[rel=next]")["href"])  # type: ignore[index]
    second = officer.see(link)
    assert len(rows_of(second)) == 11
    assert rows_of(first).keys().isdisjoint(rows_of(second))
    assert rows_of(officer.see("/desk/?sort=name&page=99")) == rows_of(second)
    assert figures(first) == figures(second)


@pytest.mark.parametrize("words_of_address", ["page=0", "page=-1", "page=x", "page=" + "9" * 40, "sort=evil", "down=x"])
def test_nonsense_in_an_address_is_left_aside(site: Site, officer: Browser, words_of_address: str) -> None:
    assert "한빛정밀" in rows_of(officer.see(f"/desk/?{words_of_address}"))


@pytest.mark.parametrize(
    "words_of_address", ["as_of=2026-02-30", "as_of=9999-01-01", "size=huge", "reading=own", "by=x"]
)
def test_a_question_that_cannot_be_asked_is_told(site: Site, officer: Browser, words_of_address: str) -> None:
    page = officer.see(f"/desk/?{words_of_address}")
    problem = page.select_one("#ask-problem")
    assert problem is not None
    assert words_of_address.partition("=")[2] in problem.get_text()
    assert "한빛정밀" in rows_of(page)


def test_a_link_keeps_the_whole_question(site: Site, officer: Browser) -> None:
    asked = "as_of=2026-09-30&reading=effective&regions=today&size=small&level=basic&run=&by=size&sort=name&down=1"
    page = officer.see(f"/desk/?{asked}")
    kept = parse_qs(asked, keep_blank_values=True)
    for link in (*page.select("thead a"), *page.select("a.download")):
        found = parse_qs(urlsplit(str(link["href"])).query, keep_blank_values=True)
        for name in set(kept) - {"sort", "down"}:
            assert found[name] == kept[name], (name, link)
    for name, (value,) in kept.items():
        if name not in ("sort", "down", "run"):
            chosen = page.select_one(f"[name={name}] option[selected][value='{value}'], [name={name}][value='{value}']")
            assert chosen is not None, name
    assert page.select_one("[name=run] option[selected]")["value"] == ""  # type: ignore[index]


def test_the_way_to_a_company_and_back_keeps_day_runs_and_reading(site: Site, officer: Browser) -> None:
    asked = {"as_of": [today().isoformat()], "reading": ["effective"], "regions": ["today"], "run": [""]}
    page = officer.see(f"/desk/?as_of={asked['as_of'][0]}&reading=effective&regions=today&run=&size=small")
    link = str(page.select_one("tbody th a")["href"])  # type: ignore[index]
    assert parse_qs(urlsplit(link).query, keep_blank_values=True) == asked
    back = officer.see(link).select_one(".breadcrumbs a")
    assert back is not None
    assert parse_qs(urlsplit(str(back["href"])).query, keep_blank_values=True) == asked


def test_a_condition_without_a_field_is_told_and_can_be_taken_away(site: Site, officer: Browser) -> None:
    page = officer.see(f"/desk/?year={today().year}&run=")
    chip = page.select_one(".chip")
    assert chip is not None
    assert str(today().year) in chip.get_text()
    assert page.select_one(f"form input[type=hidden][name=year][value='{today().year}']") is not None
    after = officer.see(str(chip["href"]))
    assert after.select_one(".chip") is None
    assert after.select_one("[name=run] option[selected]")["value"] == ""  # type: ignore[index]


@pytest.mark.parametrize("name", ["course", "run", "region", "cluster"])
def test_a_condition_that_is_unknown_here_stays_chosen(site: Site, officer: Browser, name: str) -> None:
    """The list is empty for its sake, so the form has to say so."""
    chosen = officer.see(f"/desk/?{name}=elsewhere-9").select(f"#ask-{name} option[selected]")
    assert [option.get_text() for option in chosen] == ["elsewhere-9"]


def test_the_reading_is_named(site: Site, officer: Browser) -> None:
    assert "기록 기준" in officer.see("/desk/").select_one(".page-lead").get_text()  # type: ignore[union-attr]
    effective = officer.see("/desk/?reading=effective&regions=today")
    lead = effective.select_one(".page-lead").get_text()  # type: ignore[union-attr]
    assert "수료일 기준" in lead
    assert "오늘의 지역" in lead


def test_a_row_that_is_no_company_leads_to_its_companies(site: Site, officer: Browser) -> None:
    page = officer.see("/desk/?by=region")
    link = str(page.select_one("tbody th a")["href"])  # type: ignore[index]
    assert "한빛정밀" in rows_of(officer.see(link))


def test_a_day_before_anything_says_what_to_do(site: Site, officer: Browser) -> None:
    page = officer.see("/desk/?as_of=2019-01-01&run=")
    assert page.select_one(".empty a") is not None


def test_a_plot_has_its_table_and_its_words(site: Site, officer: Browser) -> None:
    complete(site, enrolment_of(site, site.world.hana))
    page = officer.see("/desk/")
    figure = page.select_one("[data-plot]")
    assert figure is not None
    assert "올해 1명이 수료했습니다" in figure.get_text()
    assert figure.select_one("table tbody td") is not None
    assert page.select_one("script[src*=echarts]") is not None


def test_no_plot_no_library(site: Site, officer: Browser) -> None:
    assert officer.see("/desk/").select_one("script[src*=echarts]") is None


def test_sparklines_and_bars_have_words(site: Site, officer: Browser) -> None:
    crowd.fill(site, 1)
    page = officer.see("/desk/")
    labels = [str(svg["aria-label"]) for svg in page.select("svg.spark")]
    assert any(label.endswith("0, 0, 1") for label in labels)
    assert all(svg.get("aria-hidden") == "true" for svg in page.select("svg.meter"))


# Files


def test_what_is_on_the_screen_as_a_file(site: Site, officer: Browser) -> None:
    crowd.fill(site, 3)
    page = officer.see("/desk/?sort=name&down=1")
    link = str(page.select_one("a.download[href*=csv]")["href"])  # type: ignore[index]
    answer = officer.get(link)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r"attachment; filename=completions-\d{4}-\d\d-\d\d\.csv", answer.headers["Content-Disposition"])
    found = csv_rows(answer.get_data(as_text=True))
    assert [row["기업"] for row in found] == list(rows_of(page))
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).one()
    assert (noted.actor_id, noted.rows, noted.has_persons) == (site.world.seoyeon.id, 4, False)


def test_a_spreadsheet(site: Site, officer: Browser) -> None:
    answer = officer.get("/desk/completions.xlsx")
    assert "spreadsheetml.sheet" in str(answer.mimetype)
    assert answer.data.startswith(b"PK")


def test_a_file_with_names_asks_for_a_reason(site: Site, officer: Browser) -> None:
    officer.see(hanbit(site))
    refused = officer.send(f"{hanbit(site)}/people", {"form": "csv", "reason": "  "})
    assert refused.status_code == 422
    assert officer.page.select_one("#take-reason[aria-invalid=true]") is not None
    assert site.count(Download) == 0


def test_a_file_with_names_is_noted_with_its_reason(site: Site, officer: Browser) -> None:
    officer.see(hanbit(site))
    answer = officer.send(f"{hanbit(site)}/people", {"form": "csv", "reason": "분기 실적 보고"})
    assert [row["이름"] for row in csv_rows(answer.get_data(as_text=True))] == ["김하나"]
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).one()
    assert (noted.reason, noted.has_persons, noted.rows, noted.form) == ("분기 실적 보고", True, 1, "csv")
    assert noted.question["company"] == [str(site.world.hanbit.uid)]


def test_only_who_was_chosen_is_in_the_file(site: Site, officer: Browser) -> None:
    second = site.enrol(site.world.junho)
    page = officer.see(hanbit(site))
    boxes = {str(box["value"]) for box in page.select("input[name=enrolment][form=take]")}
    assert boxes == {str(second.uid), str(enrolment_of(site, site.world.hana).uid)}
    sent = {"form": "csv", "reason": "분기 실적 보고", "enrolment": str(second.uid)}
    answer = officer.send(f"{hanbit(site)}/people", sent)
    assert [row["이름"] for row in csv_rows(answer.get_data(as_text=True))] == ["이준호"]


def test_a_form_of_a_file_that_there_is_not(site: Site, officer: Browser) -> None:
    officer.see(hanbit(site))
    assert officer.send(f"{hanbit(site)}/people", {"form": "exe", "reason": "분기 실적 보고"}).status_code == 404
    assert officer.get("/desk/completions.exe").status_code == 404


# Another centre's officer


def test_another_officer_finds_nobody_by_any_way(site: Site, other_officer: Browser) -> None:
    complete(site, enrolment_of(site, site.world.hana))
    company, person = str(site.world.hanbit.uid), str(enrolment_of(site, site.world.hana).uid)
    seen = [
        other_officer.see("/desk/"),
        other_officer.see("/desk/?run="),
        other_officer.see("/desk/?region=busan&run="),
    ]
    seen.append(other_officer.see(f"/desk/?company={company}&run="))
    seen += [
        other_officer.see(f"{path}&company={company}") for path in ("/desk/?by=region", "/desk/?by=course,run&run=")
    ]
    files = [other_officer.get(f"/desk/completions.csv?company={company}&run={run}") for run in ("", "current")]
    texts = [page.select_one("main").get_text() for page in seen] + [file.get_data(as_text=True) for file in files]  # type: ignore[union-attr]
    assert not [text for text in texts if "한빛정밀" in text or "김하나" in text]
    assert all(figures(page).get("수강", "0") == "0" for page in seen)
    for path in (f"/desk/companies/{company}", f"/desk/companies/{company}?run=", f"/desk/learners/{person}"):
        other_officer.see(path, 404)
    other_officer.see("/desk/")
    sent = {"form": "csv", "reason": "분기 실적 보고", "enrolment": person}
    assert other_officer.send(f"/desk/companies/{company}/people", sent).status_code == 404
    assert (
        other_officer.send(f"/desk/companies/{site.world.suwon.uid}/people", sent | {"company": company})
        .get_data(as_text=True)
        .count("김하나")
        == 0
    )


def test_the_company_of_an_address_cannot_be_another(site: Site, officer: Browser) -> None:
    """A filter in the address doesn't put another company on a company's page."""
    page = officer.see(f"{hanbit(site)}?company={site.world.suwon.uid}")
    assert set(rows_of(page)) == {"김하나 H-001"}


def test_the_company_of_a_file_cannot_be_another(site: Site, officer: Browser) -> None:
    officer.see(hanbit(site))
    sent = {"form": "csv", "reason": "분기 실적 보고", "company": str(site.world.suwon.uid), "run": ""}
    answer = officer.send(f"{hanbit(site)}/people", sent)
    assert [row["이름"] for row in csv_rows(answer.get_data(as_text=True))] == ["김하나"]


def test_strange_ids_look_like_others(site: Site, other_officer: Browser) -> None:
    strange = UUID("0190a000-0000-7000-8000-000000000000")
    for path, known in (
        ("/desk/companies/{}", site.world.hanbit.uid),
        ("/desk/learners/{}", enrolment_of(site, site.world.hana).uid),
    ):
        texts = {other_officer.see(path.format(of), 404).get_text() for of in (known, strange)}
        assert len(texts) == 1


# A company, a learner


def test_a_company_s_people_with_what_is_missing(site: Site, officer: Browser) -> None:
    row = rows_of(officer.see(hanbit(site)))["김하나 H-001"]
    text = " ".join(row)
    assert re.search(r"학습 단위 \d+개 · 점수 60점", text)
    assert "아직 없음" in text


def test_a_company_that_was_not_known_yet_has_nobody(site: Site, officer: Browser, other_officer: Browser) -> None:
    early = f"{hanbit(site)}?as_of=2019-01-01"
    assert officer.see(early).select_one(".empty a") is not None
    other_officer.see(early, 404)


def test_a_learner_s_page_tells_the_ledger_in_words(site: Site, officer: Browser) -> None:
    complete(site, enrolment_of(site, site.world.hana))
    page = officer.see(f"/desk/learners/{enrolment_of(site, site.world.hana).uid}")
    told = [words(event.get_text(" ")) for event in page.select(".event")]
    assert told[0].startswith("수료 기준을 모두 채움")
    assert told[-1].startswith("수강 신청")
    assert len(told) == 2 + len(page.select("[aria-labelledby=units] tbody tr"))


def test_a_long_record_shows_its_newest_ten(site: Site, officer: Browser) -> None:
    enrolment = enrolment_of(site, site.world.hana)
    with site.lms.database.writing() as session:
        found = load(session, enrolment.id)
        for _turn in range(11):
            ledger.append(session, found, "questioned", effective_on=today())
        session.commit()
    page = officer.see(f"/desk/learners/{enrolment.uid}")
    earlier = page.select_one("[aria-labelledby=history] details")
    assert earlier is not None
    assert len(earlier.select(".event")) == len(page.select(".event")) - 10 > 0


def test_a_run_of_another_year_says_its_own(site: Site, officer: Browser) -> None:
    site.open_run(date(2024, 3, 4), date(2024, 5, 17))
    labels = [words(option.get_text()) for option in officer.see("/desk/").select("#ask-run option")]
    assert (
        [label for label in labels if "년)" in label] == [label for label in labels if label.endswith("(2024년)")] != []
    )


def test_who_is_late_has_to_begin_and_who_is_not_has_time(site: Site, officer: Browser) -> None:
    late = site.open_run(today() - timedelta(days=50), today() + timedelta(days=10))
    early = site.open_run(today() - timedelta(days=7), today() + timedelta(days=70))
    over = site.open_run(today() - timedelta(days=60), today() - timedelta(days=1))
    told = {run.number: site.enrol(site.world.junho, run) for run in (late, early, over)}
    page = officer.see(f"{hanbit(site)}?run=")
    states = {
        words(row.select("td")[1].get_text(" ")): words(row.select("td")[2].get_text())
        for row in page.select("tbody tr")
    }
    by_number = {number: next(state for run, state in states.items() if f"{number}차수" in run) for number in told}
    assert by_number == {late.number: "시작 필요", early.number: "아직 시작 전", over.number: "미수료"}
    assert "미수료" in officer.see(f"/desk/learners/{told[over.number].uid}").select_one(".side .badge").get_text()  # type: ignore[union-attr]


def test_a_late_entry_says_when_it_was_recorded(site: Site, officer: Browser) -> None:
    enrolment = enrolment_of(site, site.world.hana)
    with site.lms.database.writing() as session:
        found = load(session, enrolment.id)
        yesterday = today() - timedelta(days=1)
        ledger.record_unit_done(session, found, found.run.units[0].key, effective_on=yesterday)
        session.commit()
    newest = officer.see(f"/desk/learners/{enrolment.uid}").select_one(".event")
    assert newest is not None
    assert "기록" in newest.get_text()


def test_a_decision_is_taken_on_the_learner_s_page(site: Site, officer: Browser) -> None:
    enrolment = enrolment_of(site, site.world.hana)
    complete(site, enrolment, question=True)
    assert "결정할 수료 1건" in officer.see("/desk/").get_text()
    assert officer.see("/desk/waiting").select_one("#questioned") is not None
    page = officer.see(f"/desk/learners/{enrolment.uid}")
    form = page.select_one("#decision form")
    assert form is not None
    answer = officer.send(str(form["action"]), {"reason": "원본 확인"})
    assert answer.headers["Location"] == f"/desk/learners/{enrolment.uid}"
    after = officer.see(f"/desk/learners/{enrolment.uid}")
    assert after.select_one("#decision") is None
    assert "원본 확인" in after.select_one(".event-reason").get_text()  # type: ignore[union-attr]
    assert site.world.seoyeon.name in after.select_one(".event-when").get_text()  # type: ignore[union-attr]
    assert "결정할 수료" not in officer.see("/desk/").get_text()


def test_a_decision_without_a_reason_changes_nothing(site: Site, officer: Browser) -> None:
    enrolment = enrolment_of(site, site.world.hana)
    complete(site, enrolment, question=True)
    officer.see(f"/desk/learners/{enrolment.uid}")
    before = site.count(LedgerEntry)
    officer.send(f"/desk/completions/{enrolment.uid}/revoke", {"reason": " "})
    assert site.count(LedgerEntry) == before
    assert "사유를 적어 주세요" in officer.see(f"/desk/learners/{enrolment.uid}").get_text()


# The company manager


def test_a_manager_comes_to_her_own_people(site: Site, manager: Browser) -> None:
    crowd.fill(site, 2)
    answer = manager.get("/desk/")
    assert answer.headers["Location"] == "/company/"
    assert set(rows_of(manager.see("/company/"))) == {"김하나 H-001"}
    assert set(rows_of(manager.see("/company/?company=90000000"))) == {"김하나 H-001"}


def test_who_needs_time_is_counted_and_comes_first(site: Site, manager: Browser) -> None:
    done = site.enrol(site.world.junho)
    complete(site, done)
    late = site.open_run(today() - timedelta(days=50), today() + timedelta(days=10))
    over = site.open_run(today() - timedelta(days=60), today() - timedelta(days=1))
    site.change(over, review_to=today())
    site.enrol(site.world.hana, late)
    site.enrol(site.world.hana, over)
    page = manager.see("/company/")
    assert figures(page) == {"수강 중": "4", "시간 필요": "1", "수료": "1"}
    assert "미수료" in page.select("tbody tr")[-1].get_text()
    first = page.select_one("tbody tr")
    assert first is not None
    assert "시작 필요" in first.get_text()
    assert "11일 남음" in first.get_text()
    assert page.select("tbody a") == []


def test_a_manager_s_file_holds_her_own_people_alone(site: Site, manager: Browser) -> None:
    crowd.fill(site, 2)
    manager.see("/company/")
    assert manager.send("/company/people", {"form": "csv", "reason": ""}).status_code == 422
    sent = {"form": "csv", "reason": "교육 시간 배정", "company": str(site.world.suwon.uid), "run": ""}
    answer = manager.send("/company/people", sent)
    assert [row["이름"] for row in csv_rows(answer.get_data(as_text=True))] == ["김하나"]
    assert site.count(Download) == 1


def test_a_manager_asks_for_an_earlier_day(site: Site, manager: Browser) -> None:
    yesterday = (today() - timedelta(days=1)).isoformat()
    page = manager.see(f"/company/?as_of={yesterday}&run=")
    assert page.select_one(".empty") is not None
    assert page.select_one("[name=as_of]")["value"] == yesterday  # type: ignore[index]
    assert manager.see("/company/?as_of=x").select_one("#ask-problem") is not None


def test_a_company_without_learners_says_what_to_do(site: Site, manager: Browser) -> None:
    site.change(site.run, learn_to=today() - timedelta(days=1))
    assert manager.see("/company/").select_one(".empty a") is not None
    assert set(rows_of(manager.see("/company/?run="))) == {"김하나 H-001"}


# The programme office


def add_programme(site: Site, year: int = 0) -> Programme:
    year = year or today().year
    with site.lms.database.writing() as session:
        made = Programme(
            slug=f"of-{year}",
            name=f"{year}년 사업",
            fiscal_year=year,
            from_on=date(year, 1, 1),
            to_on=date(year, 12, 31),
        )
        session.add(made)
        session.flush()
        session.add(Target(programme_id=made.id, region_id=site.world.busan.id, completions=4, set_on=date(year, 1, 1)))
        session.commit()
    return made


def test_targets_against_results(site: Site, office: Browser) -> None:
    programme = add_programme(site)
    site.change(site.run, programme_id=programme.id)
    complete(site, enrolment_of(site, site.world.hana))
    page = office.see("/office/")
    rows = rows_of(page)
    assert rows["부산광역시"][:3] == ["4", "1", "25 %"]
    assert rows["경기도"][:3] == ["–", "0", "–"]
    assert figures(page)["달성률"] == "25 %"
    shapes = [path for path in page.select("svg.map path") if path.title is not None]
    assert [words(path.title.get_text()) for path in shapes] == ["부산광역시: 25 %", "경기도: 목표 없음"]  # type: ignore[union-attr]
    assert "CC BY 4.0" in page.get_text()


@pytest.mark.parametrize("words_of_address", ["region=busan", "region=gyeonggi", "zone=honam", "zone=nowhere"])
def test_a_region_with_a_target_can_be_left_out(site: Site, office: Browser, words_of_address: str) -> None:
    add_programme(site)
    complete(site, enrolment_of(site, site.world.hana))
    drawn = office.see(f"/desk/?{words_of_address}").select_one(".growth, [data-plot]") is not None
    assert drawn is (words_of_address == "region=busan")


def test_setting_targets_keeps_the_earlier_ones_and_says_why(site: Site, office: Browser) -> None:
    programme = add_programme(site)
    page = office.see("/office/targets")
    assert page.select_one("#target-busan")["value"] == "4"  # type: ignore[index]
    sent = {"busan": "1,200", "gyeonggi": "", "reason": "추경 반영"}
    assert office.send(f"/office/targets/{programme.uid}", sent).status_code == 303
    with site.lms.database.reading() as session:
        kept = session.execute(select(Target.completions, Target.set_on).order_by(Target.set_on)).all()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("target"))).all()
    assert [row.completions for row in kept] == ([4, 1200] if today() != date(today().year, 1, 1) else [1200])
    assert any("추경 반영" in entry.reason for entry in noted)
    assert {entry.actor_id for entry in noted} == {site.world.jimin.id}


@pytest.mark.parametrize(
    ("sent", "marked"),
    [({"busan": "many", "reason": "추경"}, "#target-busan"), ({"busan": "-5", "reason": "추경"}, "#target-busan")],
)
def test_a_wrong_target_is_told_and_nothing_changed(
    site: Site, office: Browser, sent: dict[str, str], marked: str
) -> None:
    programme = add_programme(site)
    office.see("/office/targets")
    assert office.send(f"/office/targets/{programme.uid}", sent | {"gyeonggi": "7"}).status_code == 422
    field = office.page.select_one(f"{marked}[aria-invalid=true]")
    assert field is not None
    assert field["value"] == sent["busan"]
    assert office.page.select_one("#target-gyeonggi")["value"] == "7"  # type: ignore[index]
    assert site.count(Target) == 1


def test_a_target_asks_for_a_reason(site: Site, office: Browser) -> None:
    programme = add_programme(site)
    office.see("/office/targets")
    assert office.send(f"/office/targets/{programme.uid}", {"busan": "9", "reason": ""}).status_code == 422
    assert site.count(Target) == 1


def test_a_programme_that_is_over_keeps_its_targets(site: Site, office: Browser) -> None:
    programme = add_programme(site, today().year - 1)
    office.see("/office/targets")
    sent = {"busan": "9", "reason": "추경 반영"}
    assert office.send(f"/office/targets/{programme.uid}", sent).status_code == 422
    assert site.count(Target) == 1


def test_no_programme_says_what_to_do(site: Site, office: Browser) -> None:
    assert office.see("/office/targets").select_one(".empty") is not None


# Queries


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # how often doesn't hang on whom
def test_a_page_asks_twelve_times_at_most(site: Site) -> None:
    crowd.fill(site, 60)
    complete(site, enrolment_of(site, site.world.hana), question=True)
    person = enrolment_of(site, site.world.hana).uid
    offered = site.browser_of(site.world.seoyeon).see("/desk/").select("[name=by] option")
    ways = [str(option["value"]) for option in offered]
    assert len(ways) > 8
    pages = {
        site.world.seoyeon: (
            *(f"/desk/?by={by}" for by in ways),
            *(f"/desk/?by={by}&run=&regions=today&reading=effective" for by in ways),
            "/desk/waiting",
            "/desk/completions.csv",
            hanbit(site),
            f"{hanbit(site)}?run=",
            f"/desk/learners/{person}",
        ),
        site.world.doyun: ("/company/", "/company/?run="),
        site.world.jimin: ("/desk/", "/office/", "/office/targets", "/office/targets.csv"),
    }
    counts = {}
    for of, paths in pages.items():
        browser = site.browser_of(of)
        for path in paths:
            with asked_of_database(site) as asked:
                assert browser.get(path).status_code == 200, path
            # Beside the note of who looked, which no page with people goes without.
            counts[path] = len([statement for statement in asked if "lms_access_entry" not in statement])
    assert {path: count for path, count in counts.items() if not 0 < count <= MOST} == {}


def test_looking_writes_nothing_but_who_looked(site: Site, officer: Browser) -> None:
    before = site.snapshot()
    for path in ("/desk/", "/desk/waiting", hanbit(site), f"/desk/learners/{enrolment_of(site, site.world.hana).uid}"):
        officer.see(path)
    after = site.snapshot()
    assert len(after.pop("lms_access_entry")) == 2
    assert after == {table: rows for table, rows in before.items() if table != "lms_access_entry"}
