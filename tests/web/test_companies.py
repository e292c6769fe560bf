"""The pages of companies: an officer finds, adds, changes, merges and takes back; nobody reaches another's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import today
from lms.models import AuditEntry, ChangeSet, Company, CompanyStatus, Employment, Industry, Message, Person, Role
from tests.world import LONG_AGO, employ

from .browser import Browser
from .site import Site
from .test_queries import _asked as asked_of_database

NEW = {"number": "120-81-47521", "name": "(주)새론금속", "region": "busan", "from_on": "2020-03-02", "size": "small"}


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre."""
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def operator(site: Site) -> Browser:
    return site.browser_of(site.world.minseo)


def hanbit(site: Site, rest: str = "") -> str:
    return f"/companies/{site.world.hanbit.uid}{rest}"


def new_company(site: Site, officer: Browser) -> str:
    """새론금속, which she adds; the address of its page."""
    officer.see("/companies/new")
    return send(officer, "/companies/new", NEW).headers["Location"]


def send(browser: Browser, path: str, data: dict[str, str], status: int = 303) -> TestResponse:
    """Send a form of the page that was seen last."""
    answer = browser.send(path, data)
    assert answer.status_code == status, answer.text
    return answer


def read(site: Site, statement: object) -> list:
    with site.lms.database.reading() as session:
        return list(session.scalars(statement))  # type: ignore[call-overload]


def test_she_adds_a_company_and_finds_it(site: Site, officer: Browser) -> None:
    place = new_company(site, officer)
    page = officer.see(place)
    assert "120-81-47521" in page.text
    assert "기업 추가" in page.text
    found = officer.see("/companies/?q=새론")
    assert [link["href"] for link in found.select("tbody a")] == [place]
    assert officer.see("/companies/?q=120-81").select("tbody a")
    assert "찾지 못했습니다" in officer.see("/companies/?q=없는").text


def test_a_wrong_number_is_said_at_its_field(site: Site, officer: Browser) -> None:
    officer.see("/companies/new")
    answer = send(officer, "/companies/new", NEW | {"number": "120-81-47522"}, 422)
    assert "사업자등록번호의 형식이 맞지 않습니다" in answer.text
    taken = send(officer, "/companies/new", NEW | {"number": "124-81-00998"}, 422)
    assert "이미 있습니다" in taken.text


def test_what_is_typed_wrongly_adds_nothing(site: Site, officer: Browser) -> None:
    officer.see("/companies/new")
    for typed in (
        {"from_on": "어제"},
        {"from_on": "1800-01-01"},
        {"region": "gyeonggi"},
        {"size": "huge"},
        {"name": " "},
        {"name": "가" * 200},
    ):
        send(officer, "/companies/new", NEW | typed, 422)
    assert len(read(site, select(Company))) == 2


def test_each_deed_stands_in_the_history_and_is_undone(site: Site, officer: Browser) -> None:
    place = new_company(site, officer)
    for deed, typed, told in (
        ("declare", {"region": "busan", "size": "medium", "from_on": "2026-03-01"}, "새로 신고함"),
        (
            "correct-declaration",
            {"region": "busan", "size": "micro", "day": "2020-03-02", "reason": "오기"},
            "바로잡음",
        ),
        ("rename", {"name": "가람소재", "from_on": "2026-03-01"}, "이름이 바뀜"),
        ("correct-name", {"name": "가람 소재", "reason": "띄어쓰기"}, "이름이나 번호를 바로잡음"),
        ("correct-number", {"number": "104-81-47984", "reason": "오기"}, "이름이나 번호를 바로잡음"),
        ("partner", {"number": "124-81-00998", "from_on": "2026-03-01"}, "협력 대기업 지정"),
    ):
        officer.see(f"{place}/{deed}")
        assert send(officer, f"{place}/{deed}", typed).headers["Location"] == place
        page = officer.see(place)
        first = page.select_one(".deeds > li")
        assert first is not None
        assert told in first.text
    for _ in range(7):
        form = officer.see(place).select_one(".deeds form")
        assert form is not None
        place = send(officer, str(form["action"]), {}).headers["Location"]
    assert place == "/companies/"
    assert read(site, select(Company.name).order_by(Company.id)) == ["한빛정밀", "수원전자"]
    assert len(read(site, select(ChangeSet))) == 14
    assert len(read(site, select(AuditEntry).where(AuditEntry.action == "undone"))) == 7


def test_what_was_built_on_is_not_undone_and_she_reads_why(site: Site, officer: Browser) -> None:
    place = new_company(site, officer)
    officer.see(f"{place}/people/new")
    send(officer, f"{place}/people/new", {"name": "새사람", "employee_number": "N-1", "from_on": "2026-03-02"})
    deeds = officer.see(place).select(".deeds form")
    answer = send(officer, str(deeds[-1]["action"]), {})
    assert "되돌릴 수 없습니다" in officer.see(answer.headers["Location"]).text


def test_a_company_that_moves_away_leaves_her_pages(site: Site, officer: Browser) -> None:
    place = new_company(site, officer)
    officer.see(f"{place}/declare")
    day = today().isoformat()
    answer = send(officer, f"{place}/declare", {"region": "gyeonggi", "from_on": day})
    assert answer.headers["Location"] == "/companies/"
    officer.see(place, 404)
    site.browser_of(site.world.minjun).see(place)


def test_two_entries_become_one(site: Site, officer: Browser) -> None:
    place = new_company(site, officer)
    officer.see(f"{place}/merge")
    wrong = send(officer, f"{place}/merge", {"number": "220-81-62517", "reason": "같음"}, 422)
    assert "맡은 지역에 이 사업자등록번호의 기업이 없습니다" in wrong.text
    send(officer, f"{place}/merge", {"number": "124-81-00998", "reason": "같은 공장"})
    assert "한빛정밀 (124-81-00998)" in officer.see(place).text
    assert "새론금속 (120-81-47521)" in officer.see(hanbit(site)).text
    assert "한빛정밀에 합침" in officer.see("/companies/?q=새론").text


def test_people_end_move_and_are_corrected(site: Site, officer: Browser) -> None:
    saeron = new_company(site, officer)
    listed = officer.see(hanbit(site, "/people"))
    assert "H-001" in listed.text
    hana = hanbit(site, f"/people/{site.world.hana.uid}/{LONG_AGO.isoformat()}")
    officer.see(hana)
    officer.see(f"{hana}/correct")
    send(officer, f"{hana}/correct", {"employee_number": "H-002", "from_on": "2020-03-02", "reason": "오기"}, 422)
    send(officer, f"{hana}/correct", {"employee_number": "H-100", "from_on": "2020-03-02", "reason": "오기"})
    send(officer, f"{hana}/move", {"number": "120-81-47521", "employee_number": "S-1", "from_on": "2026-03-02"})
    rows = read(site, select(Employment).where(Employment.person_id == site.world.hana.id).order_by(Employment.id))
    assert [(row.employee_number, row.to_on) for row in rows] == [("H-100", date(2026, 3, 1)), ("S-1", None)]
    moved = f"{saeron}/people/{site.world.hana.uid}/2026-03-02"
    assert "한빛정밀" in officer.see(moved).text
    send(officer, f"{moved}/end", {"to_on": "2026-01-01"}, 422)
    send(officer, f"{moved}/end", {"to_on": "2026-04-01"})
    assert "끝남" in officer.see(f"{saeron}/people").text
    officer.see(f"{saeron}/people/{site.world.hana.uid}/nonsense", 404)


def test_she_makes_somebody_a_manager_and_ends_it(site: Site, officer: Browser) -> None:
    officer.see(hanbit(site))
    send(officer, hanbit(site, "/managers"), {"name": "장보람", "email": ""}, 422)
    send(officer, hanbit(site, "/managers"), {"name": "장보람", "email": "jang@hanbit.example"})
    (person,) = read(site, select(Person).where(Person.email == "jang@hanbit.example"))
    assert read(site, select(Message.kind).where(Message.person_id == person.id)) == ["invitation"]
    assert "장보람" in officer.see(hanbit(site)).text
    send(officer, hanbit(site, f"/managers/{person.uid}/end"), {})
    assert "jang@hanbit.example" not in officer.see(hanbit(site)).select_one("#managers").parent.text  # type: ignore[union-attr]
    (role,) = read(site, select(Role).where(Role.person_id == person.id))
    assert role.to_on == today() - timedelta(days=1)


def test_the_operator_looks_after_centres(site: Site, operator: Browser) -> None:
    page = operator.see("/organisations/")
    assert "부산광역시" in page.text
    send(operator, "/organisations/clusters", {"name": "금형 클러스터"})
    assert "금형 클러스터" in operator.see("/organisations/").text
    busan = "/organisations/centres/busan"
    operator.see(busan)
    day = today().isoformat()
    send(operator, f"{busan}/serve", {"serve-region": "gyeonggi", "serve-day": day})
    send(operator, f"{busan}/serve", {"serve-region": "gyeonggi", "serve-day": day}, 422)
    assert "수원전자" in site.browser_of(site.world.seoyeon).see("/companies/").text
    send(operator, f"{busan}/stop", {"stop-region": "gyeonggi", "stop-day": day})
    send(operator, f"{busan}/officer", {"officer-name": "오서진", "officer-email": "oh@busan.example"})
    (person,) = read(site, select(Person).where(Person.email == "oh@busan.example"))
    send(operator, f"{busan}/officer/{person.uid}/end", {})
    history = operator.see(busan).select(".deeds > li")
    assert [item.strong.text for item in history] == ["역할 종료", "역할 부여", "지역 담당을 끝냄", "지역을 맡음"]  # type: ignore[union-attr]
    send(operator, str(history[0].form["action"]), {})  # type: ignore[index]
    assert "oh@busan.example" in operator.see(busan).text


def test_the_programme_office_looks_and_changes_nothing(site: Site) -> None:
    office = site.browser_of(site.world.jimin)
    page = office.see(hanbit(site))
    assert not page.select("main form")
    assert "바꾸기" not in page.text


def test_pages_ask_little_however_much_there_is(site: Site, officer: Browser) -> None:
    with site.lms.database.writing() as session:
        region = site.world.busan.id
        industry = Industry(revision=11, code="25", name_ko="금속가공", name_en="Metal")
        session.add(industry)
        session.flush()
        for number in range(40):
            company = Company(
                business_number=f"99{number:08}", name=f"기업{number}", created_at=site.world.hanbit.created_at
            )
            session.add(company)
            session.flush()
            session.add(
                CompanyStatus(company_id=company.id, from_on=LONG_AGO, region_id=region, industry_id=industry.id)
            )
            person = Person(name=f"사람{number}", created_at=site.world.hanbit.created_at)
            session.add(person)
            session.flush()
            employ(session, person, site.world.hanbit, f"X-{number}")
        session.commit()
    for address, most in (
        ("/companies/", 14),
        (hanbit(site), 30),
        (hanbit(site, "/people"), 16),
        ("/organisations/", 16),
    ):
        with asked_of_database(site) as asked:
            officer.see(address)
        assert len(asked) <= most, (address, len(asked))
