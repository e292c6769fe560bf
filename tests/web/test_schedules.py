"""Statements that are issued by themselves, from the page of figures to the paper and the message."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from lms.clock import today
from lms.models import Message, Person, Schedule, ScheduleTurn, Statement
from lms.reports.schedules import making
from lms.web import cli, letters
from lms.web.i18n import speaking
from lms.web.schedule_words import ScheduledPress

from . import crowd
from .browser import Browser
from .site import Site
from .test_desk import MOST, asked_of_database


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What databases differ in is tried below the pages."""
    return sqlite_url


@pytest.fixture
def officer(site: Site) -> Browser:
    """이서연's, of the Busan centre, where some companies learn."""
    crowd.fill(site, 3)
    return site.browser_of(site.world.seoyeon)


def typed(site: Site, **others: str) -> dict[str, str]:
    begin = {"name": "주간 보고", "every": "week", "weekday": "1", "monthday": "31", "hour": "7", "language": "ko"}
    return {**begin, "by": "region,company", "to": str(site.world.seoyeon.id), "do": "save", **others}


def make(site: Site, browser: Browser, **others: str) -> str:
    """Where it is."""
    browser.see("/desk/schedules/new")
    answer = browser.send("/desk/schedules/", typed(site, **others))
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def work(site: Site) -> None:
    making.issue_due(site.lms.database, ScheduledPress(site.app, ""))


def only(site: Site, table: type) -> object:
    with site.lms.database.reading() as session:
        return session.scalars(select(table)).one()


def test_from_the_figures_to_the_paper(site: Site, officer: Browser) -> None:
    assert "아직 정기 발행이 없습니다" in officer.see("/desk/schedules/").get_text()
    page = officer.see("/desk/statements/new?by=region,company")
    link = next(link for link in page.select("a.button") if "schedules/new" in str(link["href"]))
    form = officer.see(str(link["href"]))
    fields = {str(field["name"]): str(field.get("value")) for field in form.select("form[action] input[type=hidden]")}
    assert {"by": "region,company", "report": "completions"}.items() <= fields.items()
    assert "as_of" not in fields
    address = make(site, officer)
    shown = officer.see(address).get_text()
    assert "매주 월요일 07:00" in shown
    assert "아직 발행한 것이 없습니다" in shown
    officer.send(f"{address}/run", {})
    assert "기다림" in officer.see(address).get_text()
    work(site)
    made = only(site, Statement)
    assert isinstance(made, Statement)
    assert made.printed["facts"][-1] == ["정기 발행", "매주 월요일 07:00"]
    assert made.number in officer.see(address).get_text()
    assert made.number in officer.see("/desk/schedules/").get_text()
    assert "정기 발행" in officer.see(f"/desk/statements/{made.uid}").get_text()
    message = only(site, Message)
    assert isinstance(message, Message)
    with site.app.app_context(), speaking("ko"):
        letter = letters.write(message.kind, message.facts)
    assert letter.button == ("보고서 보기", f"/desk/statements/{made.uid}")
    assert officer.send(f"{address}/run", {}).status_code == 303
    assert f"오늘 것은 이미 발행되었습니다: 보고서 {made.number}호" in officer.see(address).get_text()


def test_looked_at_before_it_is_made(site: Site, officer: Browser) -> None:
    officer.see("/desk/schedules/new")
    answer = officer.send("/desk/schedules/", typed(site, every="month", do="look"))
    assert answer.status_code == 200
    assert "다음 발행: " in answer.get_data(as_text=True)
    for wrong, said in (
        ({"hour": "24"}, "날과 시각을 고르십시오"),
        ({"weekday": "x"}, "날과 시각을 고르십시오"),
        ({"name": "  "}, "이름을 적으십시오"),
        ({"to": "none"}, "한 명 이상"),
        ({"to": str(site.world.minjun.id)}, "볼 수 없는 사람"),
        ({"region": "seoul"}, "범위를 넓히십시오"),
        ({"size": "enormous"}, "조건을 적용하지 않았"),
    ):
        refused = officer.send("/desk/schedules/", typed(site, **wrong))
        assert refused.status_code == 422
        assert said in refused.get_data(as_text=True)
    with site.lms.database.reading() as session:
        assert session.scalars(select(Schedule)).all() == []


def test_changed_paused_and_deleted(site: Site, officer: Browser) -> None:
    address = make(site, officer)
    assert officer.see(f"{address}/edit").select_one("input[name=name]")["value"] == "주간 보고"  # type: ignore[index]
    assert officer.send(f"{address}/edit", typed(site, name="")).status_code == 422
    changed = officer.send(f"{address}/edit", typed(site, name="월간 보고", every="month", hour="9"))
    assert changed.status_code == 303
    assert "매월 말일 09:00" in officer.see(address).get_text()
    officer.send(f"{address}/pause", {})
    assert "일시 중지했습니다" in officer.see(address).get_text()
    officer.send(f"{address}/run", {})
    assert "먼저 다시 진행하십시오" in officer.see(address).get_text()
    officer.send(f"{address}/resume", {})
    other = site.browser_of(site.world.jimin)
    assert "월간 보고" in other.see("/desk/schedules/").get_text()
    assert other.get(f"{address}/edit").status_code == 404
    other.see(address)
    other.send(f"{address}/remove", {})
    assert "볼 수 없는 사람" in other.see(address).get_text()
    stranger = site.browser_of(site.world.minjun)
    assert stranger.get(address).status_code == 404
    officer.send(f"{address}/remove", {})
    assert officer.get(address).status_code == 404


def test_what_failed_is_said_and_tried_again(site: Site, officer: Browser) -> None:
    address = make(site, officer, to=str(site.world.jimin.id))
    with site.lms.database.writing() as session:
        schedule = session.scalars(select(Schedule)).one()
        common = {"schedule_id": schedule.id, "due_at": schedule.created_at, "next_try_at": schedule.created_at}
        session.add(
            ScheduleTurn(
                due_on=today(), state="failed", reason="too_many", facts={"rows": 3000, "most": 2000}, **common
            )
        )
        session.get_one(Person, site.world.jimin.id).is_active = False
        session.commit()
    shown = officer.see(address)
    assert "3,000줄" in shown.get_text()
    assert "이제 볼 수 없어 받지 못함" in shown.get_text()
    again = shown.select_one("input[name=due_on]")
    assert again is not None
    officer.send(f"{address}/again", {"due_on": str(again["value"])})
    work(site)
    assert "볼 수 없어 알리지 않음: 한지민" in officer.see(address).get_text()
    assert officer.send(f"{address}/again", {"due_on": "soon"}).status_code == 404


def test_pages_ask_as_often_however_many_there_are(site: Site, officer: Browser) -> None:
    counts = []
    for number in (1, 2):
        addresses = [make(site, officer) for _ in range(number)]
        for address in addresses:
            officer.send(f"{address}/run", {})
        work(site)
        pages = ("/desk/schedules/", "/desk/schedules/new?by=region", addresses[0], f"{addresses[0]}/edit")
        for page in pages:
            with asked_of_database(site) as asked:
                officer.see(page)
            counts.append(len(asked))
    assert counts[:4] == counts[4:]
    assert max(counts) <= MOST


def test_one_that_asks_for_what_is_no_more_can_be_deleted(site: Site, officer: Browser) -> None:
    address = make(site, officer)
    with site.lms.database.writing() as session:
        session.scalars(select(Schedule)).one().question = {"by": ["moon"]}
        session.commit()
    officer.send(f"{address}/run", {})
    work(site)
    assert "더는 물을 수 없는 질문입니다" in officer.see(address).get_text()
    officer.see(f"{address}/edit")
    officer.send(f"{address}/remove", {})
    assert officer.get(address).status_code == 404


def test_on_the_command_line(site: Site, officer: Browser) -> None:
    run = site.app.test_cli_runner().invoke
    assert "No report is issued by itself" in run(cli.lms, ["report", "schedules"]).output
    make(site, officer)
    (row,) = json.loads(run(cli.lms, ["report", "schedules", "--json"]).output)
    assert (row["name"], row["state"], row["when"], row["last"]) == ("주간 보고", "active", "매주 월요일 07:00", None)
    assert "주간" in run(cli.lms, ["report", "schedules"]).output
