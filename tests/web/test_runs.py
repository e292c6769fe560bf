"""The officer's pages of runs: from nothing to an open run, what is told at its fields, and closing with sheet and records."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import today
from lms.models import CompletionRule, Download, LedgerEntry, Role, Run, RunClosing, RunInstructor

from . import small_course
from .browser import Browser
from .site import Site
from .test_queries import _asked as asked_of_database

SOON = today() + timedelta(days=30)
FORM = {
    "number": "2",
    "learn_from": SOON.isoformat(),
    "learn_to": (SOON + timedelta(days=20)).isoformat(),
    "apply_from": today().isoformat(),
    "apply_to": (SOON - timedelta(days=3)).isoformat(),
    "review_to": "",
    "seats": "12",
    "hours": "8",
    "programme_id": "",
}
NEW = f"/desk/runs/new/{small_course.COURSE}"


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre."""
    return site.browser_of(site.world.seoyeon)


def send(browser: Browser, path: str, data: dict[str, Any] | None = None, status: int = 303) -> TestResponse:
    """Send a form of the page that was seen last."""
    answer = browser.send(path, data)
    assert answer.status_code == status, answer.text
    return answer


def make(officer: Browser, **more: str) -> str:
    """A draft; the address of its page."""
    officer.see(NEW)
    return send(officer, NEW, FORM | more).headers["Location"]


def after(browser: Browser, answer: TestResponse) -> BeautifulSoup:
    """The page that a form led to."""
    return browser.see(answer.headers["Location"])


def ended(site: Site) -> str:
    """김하나's run, which ended yesterday; the address of its page."""
    site.change(site.run, learn_to=today() - timedelta(days=1))
    return f"/desk/runs/{site.run.uid}/"


def test_a_run_is_made_opened_and_made_a_draft_again(site: Site, officer: Browser) -> None:
    place = make(officer, instructors=str(site.world.jihun.id))
    draft = officer.see(place)
    assert "준비 중" in draft.text
    assert "개설할 수 없는 이유" not in draft.text
    assert "정지훈" in draft.text
    page = after(officer, send(officer, f"{place}open"))
    assert "차수를 개설했습니다" in page.text
    assert "차수 개설" in page.select_one(".deeds").text  # type: ignore[union-attr]
    assert "초안으로 되돌렸습니다" in after(officer, send(officer, f"{place}withdraw")).text
    gone = send(officer, f"{place}discard")
    assert gone.headers["Location"] == "/desk/runs/"
    assert officer.see("/desk/runs/").select_one(f'a[href="{place}"]') is None


def test_what_stands_against_opening_is_said_with_where_it_is_mended(officer: Browser) -> None:
    place = make(officer, hours="0", seats="", apply_from="", apply_to="")
    page = officer.see(place)
    assert "인정 시간이 0입니다." in page.text
    assert page.select_one(f'form[action="{place}open"]') is None
    links = {link["href"] for link in page.select("section[aria-labelledby=ready] li a")}
    assert f"{place}edit" in links
    assert "아직 개설할 수 없는 이유가 있습니다" in after(officer, send(officer, f"{place}open")).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("number", "1", "2번을 쓸 수 있습니다"),
        ("number", "첫째", "수를 입력해 주십시오"),
        ("learn_to", SOON.replace(year=SOON.year - 1).isoformat(), "더 늦은 날을 선택해 주십시오"),
        ("learn_from", "다음 주", "날짜"),
        ("apply_to", (SOON + timedelta(days=21)).isoformat(), "더 이른 날을 선택해 주십시오"),
        ("review_to", SOON.isoformat(), "그날이나 더 늦은 날을 선택해 주십시오"),
        ("seats", "-3", "0부터 10,000까지"),
        ("hours", "nan", "수를 입력해 주십시오"),
        ("instructors", "999", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field(officer: Browser, field: str, value: str, said: str) -> None:
    officer.see(NEW)
    send(officer, NEW, FORM | {field: value}, 422)
    at_field = officer.page.select_one(f"#{field}-error")
    assert at_field is not None
    assert said in at_field.text


def test_a_run_is_copied_and_changed(site: Site, officer: Browser) -> None:
    officer.see("/desk/runs/new")
    place = send(officer, "/desk/runs/copy", {"run": str(site.run.uid)}).headers["Location"]
    page = officer.see(f"{place}edit")
    sent = {field["name"]: field.get("value", "") for field in page.select("main form input.input")}
    changed = after(officer, send(officer, f"{place}edit", sent | {"programme_id": "", "seats": "9"}))
    assert "차수를 변경했습니다." in changed.text
    assert "정원: – → 9" in changed.select_one(".deeds").text  # type: ignore[union-attr]


def test_limits_are_set_for_a_company_and_removed(site: Site, officer: Browser) -> None:
    place = make(officer)
    officer.see(place)
    limit = {"company": "124-81-00998", "region": "", "seats": "5"}
    assert "한빛정밀" in after(officer, send(officer, f"{place}limits", limit)).text
    send(officer, f"{place}limits", limit | {"company": "124-81-00999"}, 422)
    assert "이 사업자등록번호의 기업이 없습니다." in officer.page.select_one("#company-error").text  # type: ignore[union-attr]
    send(officer, f"{place}limits", limit | {"seats": "13"}, 422)
    removes = officer.see(place).select_one('form[action*="/limits/"][action$="/remove"]')
    assert removes is not None
    assert "어느 기업이나" in after(officer, send(officer, str(removes["action"]))).text


def test_a_rule_is_changed_after_its_effect_was_seen(site: Site, officer: Browser) -> None:
    hana = site.browser_of(site.world.hana)
    where = site.address(small_course.FIRST_PAGE)
    hana.see(where)
    hana.send(f"{where}/done")
    place = f"/desk/runs/{site.run.uid}/rule"
    officer.see(place)
    rule = {"progress": "25", "score": "0", "attendance": "0", "reason": ""}
    send(officer, place, rule | {"do": "preview"}, 200)
    seen = {field["name"]: field["value"] for field in officer.page.select("main form input[type=hidden]")}
    assert (seen["completes"], seen["questions"]) == ("1", "0")
    assert "김하나" in officer.page.select_one("main").text  # type: ignore[union-attr]
    shown = {"do": "change", "completes": seen["completes"], "questions": seen["questions"]}
    send(officer, place, rule | shown, 422)
    assert "사유" in officer.page.select_one("#reason-error").text  # type: ignore[union-attr]
    send(officer, place, rule | shown | {"reason": "강의 시간 축소"})
    with site.lms.database.reading() as session:
        assert "completed" in set(session.scalars(select(LedgerEntry.kind)))
        assert session.scalars(select(CompletionRule.reason).order_by(CompletionRule.id.desc())).first() == (
            "강의 시간 축소"
        )


def test_a_run_is_closed_its_sheet_is_the_same_at_each_print_and_its_records_name_who_took_them(
    site: Site, officer: Browser
) -> None:
    place = ended(site)
    page = officer.see(f"{place}closing")
    assert "김하나" in page.text
    assert "마감할 수 없는 이유" not in page.text
    page = after(officer, send(officer, f"{place}close"))
    assert "차수를 마감했습니다" in page.text
    for what in ("rule", "edit"):  # a sentence on the run's page, not a bare refusal
        refused = officer.get(f"{place}{what}")
        assert refused.status_code == 303
        assert "다음 상태일 때는 할 수 없습니다: 마감" in after(officer, refused).text
    send(officer, f"{place}sheet", {"reason": " "}, 422)
    papers = [send(officer, f"{place}sheet", {"reason": "센터장 서명"}, 200) for _ in range(2)]
    assert papers[0].data == papers[1].data
    with pikepdf.open(io.BytesIO(papers[0].data)) as pdf:
        assert (len(pdf.pages), str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == (1, "ko", True)
        assert str(pdf.docinfo["/Title"]) == "차수 결과표"
    records = send(officer, f"{place}records", {"reason": "이력 등록", "form": "csv"}, 200)
    [row] = csv.DictReader(io.StringIO(records.data.decode("utf-8-sig")))
    assert (row["이름"], row["결과"], row["사업자등록번호"]) == ("김하나", "미수료", "124-81-00998")
    told = send(officer, f"{place}records", {"reason": "이력 연계", "form": "json"}, 200).get_json()
    assert [(one["name"], one["outcome"]) for one in told["rows"]] == [("김하나", "미수료")]
    with site.lms.database.reading() as session:
        taken = session.scalars(select(Download).order_by(Download.id)).all()
        assert [(one.report, one.reason, one.rows) for one in taken] == [
            ("run_sheet", "센터장 서명", 1), ("run_sheet", "센터장 서명", 1), ("run_records", "이력 등록", 1),
            ("run_records", "이력 연계", 1),
        ]  # fmt: skip
    assert "마감을 취소했습니다" in after(officer, send(officer, f"{place}reopen", {"reason": "출석부 누락"})).text
    with site.lms.database.reading() as session:
        assert session.scalars(select(RunClosing.reopen_reason)).one() == "출석부 누락"


def test_an_officer_of_two_centres_chooses_whose_run_it_is(site: Site) -> None:
    with site.lms.database.writing() as session:
        officer = session.scalars(select(Role).where(Role.person_id == site.world.seoyeon.id)).one()
        session.add(
            Role(
                person_id=officer.person_id,
                kind="officer",
                from_on=officer.from_on,
                centre_id=site.world.gyeonggi_centre.id,
            )
        )
        session.commit()
    browser = site.browser_of(site.world.seoyeon)
    slugs = (site.world.busan_centre.slug, site.world.gyeonggi_centre.slug)
    for number, slug in enumerate(slugs, start=2):
        page = browser.see(f"/desk/runs/new?centre={slug}")
        link = page.select_one('a[href^="/desk/runs/new/"]')
        assert link is not None
        form = browser.see(str(link["href"])).select_one("form[data-keep]")
        assert form is not None
        assert browser.send(str(form["action"]), {**FORM, "number": str(number)}).status_code == 303
    with site.lms.database.reading() as session:
        made = session.scalars(select(Run.centre_id).order_by(Run.id.desc()).limit(2)).all()
    assert list(reversed(made)) == [site.world.busan_centre.id, site.world.gyeonggi_centre.id]


def test_what_stands_against_closing_is_said(site: Site, officer: Browser) -> None:
    place = f"/desk/runs/{site.run.uid}/"
    page = officer.see(f"{place}closing")
    assert "학습 기간이" in page.text
    assert page.select_one(f'form[action="{place}close"]') is None
    assert "다음 상태일 때는 할 수 없습니다" in after(officer, send(officer, f"{place}close")).text
    assert site.count(RunClosing) == 0


def test_an_instructor_sees_the_run_that_she_teaches_and_changes_nothing(site: Site) -> None:
    browser = site.browser_of(site.world.jihun)
    place = f"/desk/runs/{site.run.uid}/"
    browser.see(place, 404)
    with site.lms.database.writing() as session:
        session.add(RunInstructor(run_id=site.run.id, person_id=site.world.jihun.id))
        session.commit()
    page = browser.see(place)
    assert page.select("main form") == []
    assert [link["href"] for link in browser.see("/desk/runs/").select("tbody a")] == [place]


def test_the_list_is_filtered_and_asks_no_more_for_more_runs(site: Site, officer: Browser) -> None:
    def asked() -> int:
        with asked_of_database(site) as statements:
            officer.see("/desk/runs/")
        return len(statements)

    one = asked()
    for number in range(3):
        site.open_run(SOON, SOON + timedelta(days=number))
    assert asked() == one
    ended(site)

    def listed(query: str) -> int:
        return len(officer.see(f"/desk/runs/?{query}").select("tbody tr"))

    with site.lms.database.reading() as session:
        courses = dict(session.execute(select(Run.course_id, Run.id).where(Run.id == site.run.id)).all())
    assert listed("state=open") == 3
    assert listed("state=review") == listed("state=needs") == 1
    assert listed(f"course={next(iter(courses))}") == 4
    assert "조건에 맞는 차수가 없습니다" in officer.see("/desk/runs/?state=closed").text


def test_the_page_of_a_run_asks_no_more_for_more_people(site: Site, officer: Browser) -> None:
    def asked() -> int:
        with asked_of_database(site) as statements:
            officer.see(f"/desk/runs/{site.run.uid}/closing")
        return len(statements)

    one = asked()
    site.enrol(site.world.junho)
    assert asked() == one


def test_drafts_are_no_classes_and_no_choice_of_reports(officer: Browser) -> None:
    make(officer)
    assert len(officer.see("/classes/").select(".run-card h3 a")) == 2
    choices = {option["value"] for option in officer.see("/desk/").select("select[name=run] option")}
    assert f"{small_course.COURSE}-1" in choices
    assert f"{small_course.COURSE}-2" not in choices
