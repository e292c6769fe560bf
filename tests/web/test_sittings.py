"""The pages of sittings: planned by the officer, ticked by the instructor, chosen and entered by the learner."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from lms.clock import SEOUL, today, utcnow
from lms.learning.sittings import codes
from lms.models import (
    AccessEntry,
    Attendance,
    AuditEntry,
    Base,
    CompletionRule,
    Download,
    Enrolment,
    Person,
    RunInstructor,
    Sitting,
)
from tests.sittings import a_sitting

from .browser import Browser
from .site import Site


@pytest.fixture
def seoyeon(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def jihun(site: Site) -> Browser:
    """정지훈's browser, who teaches the run."""
    with site.lms.database.writing() as session:
        session.add(RunInstructor(run_id=site.run.id, person_id=site.world.jihun.id))
        session.commit()
    return site.browser_of(site.world.jihun)


def added(site: Site, **words: Any) -> Sitting:
    with site.lms.database.writing() as session:
        made = a_sitting(site.run.id, **words)
        session.add(made)
        session.commit()
    with site.lms.database.reading() as session:
        return session.get_one(Sitting, made.id)


def desk(site: Site, sitting: Sitting | None = None, what: str = "") -> str:
    place = f"/desk/runs/{site.run.uid}/sittings"
    return f"{place}/{sitting.uid}/{what}" if sitting else f"{place}{what}"


def of_hana(site: Site) -> str:
    return str(site.enrolled[site.world.hana.id].uid)


def rows(site: Site) -> list[Attendance]:
    with site.lms.database.reading() as session:
        return list(session.scalars(select(Attendance).order_by(Attendance.id)))


def typed(**words: str) -> dict[str, str]:
    day = today() + timedelta(days=3)
    said = {"title": "설비 앞에서", "kind": "test_bed", "day": day.isoformat(), "begins": "09:00", "ends": "13:00"}
    return {**said, "hours": "3.5", "place": "테스트베드", "directions": "안전화", **words}


# The officer


def test_an_officer_plans_changes_and_cancels(site: Site, seoyeon: Browser) -> None:
    page = seoyeon.see(desk(site))
    assert "집체교육이 없습니다" in page.get_text()
    seoyeon.see(desk(site, what="/new"))
    answer = seoyeon.send(desk(site, what="/new"), typed(hours="", day="내일"))
    assert answer.status_code == 422
    assert "2026-03-20처럼" in answer.get_data(as_text=True)
    assert seoyeon.send(desk(site, what="/new"), typed()).status_code == 303
    with site.lms.database.reading() as session:
        sitting = session.scalars(select(Sitting)).one()
    assert (sitting.begins_at.astimezone(SEOUL).hour, sitting.hours, sitting.kind) == (9, 3.5, "test_bed")
    page = seoyeon.see(desk(site, sitting, "edit"))
    assert page.select_one("#begins")["value"] == "09:00"  # type: ignore[index]
    seoyeon.send(desk(site, sitting, "edit"), typed(place="2층", title="설비 앞에서"))
    seoyeon.see(desk(site))
    answer = seoyeon.send(desk(site, sitting, "cancel"), {"reason": " "})
    assert answer.status_code == 422
    assert "사유" in answer.get_data(as_text=True)
    seoyeon.send(desk(site, sitting, "cancel"), {"reason": "강사 사정"})
    text = seoyeon.see(desk(site)).get_text()
    assert "2층" in text
    assert "취소됨: 강사 사정" in text
    with site.lms.database.reading() as session:
        told = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("sitting%"))).all()
    assert told == ["sitting_added", "sitting_changed", "sitting_cancelled"]


def test_a_refusal_stands_over_the_form(site: Site, seoyeon: Browser) -> None:
    seoyeon.see(desk(site, what="/new"))
    answer = seoyeon.send(desk(site, what="/new"), typed(ends="08:00"))
    assert answer.status_code == 422
    assert "시각이 맞지 않습니다" in answer.get_data(as_text=True)
    assert "설비 앞에서" in answer.get_data(as_text=True)


def test_another_date_keeps_what_was_said(site: Site, seoyeon: Browser) -> None:
    sitting = added(site, begins_at=utcnow() + timedelta(days=5))
    page = seoyeon.see(f"{desk(site, what='/new')}?date_of={sitting.uid}")
    assert page.select_one("#title")["value"] == "현장 실습"  # type: ignore[index]
    seoyeon.send(desk(site, what="/new"), typed(same_as=str(sitting.uid), hours="4", title="현장 실습"))
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count(Sitting.choice.distinct()))) == 1


# The list


def test_a_tick_is_kept_and_shown(site: Site, jihun: Browser) -> None:
    sitting = added(site)
    jihun.see(desk(site, sitting))
    answer = jihun.send(desk(site, sitting, "mark"), {"enrolment": of_hana(site), "what": "late", "seen": "0"})
    assert answer.status_code == 303
    page = jihun.see(desk(site, sitting))
    pressed = page.select_one(f"#at-{of_hana(site)} [aria-pressed=true]")
    assert pressed is not None
    assert pressed.get_text() == "지각"
    assert "번호로" not in page.select_one(f"#at-{of_hana(site)}").get_text()  # type: ignore[union-attr]
    with site.lms.database.reading() as session:
        looks = session.scalars(select(AccessEntry.action).where(AccessEntry.action == "attendance_list")).all()
    assert len(looks) == 2


def test_who_ticks_an_old_page_is_told(site: Site, jihun: Browser) -> None:
    sitting = added(site)
    jihun.see(desk(site, sitting))
    for what in ("present", "absent"):
        answer = jihun.send(desk(site, sitting, "mark"), {"enrolment": of_hana(site), "what": what, "seen": "0"})
    assert answer.status_code == 422
    assert "그 사이 다른 사람이" in answer.get_data(as_text=True)
    assert [row.presence for row in rows(site)] == ["present"]


def test_a_correction_after_the_end_asks_for_its_reason(site: Site, jihun: Browser) -> None:
    sitting = added(site, begins_at=utcnow() - timedelta(hours=6))
    path, mine = desk(site, sitting, "mark"), {"enrolment": of_hana(site)}
    jihun.see(desk(site, sitting))
    jihun.send(desk(site, sitting, "rest"), {"what": "present"})
    answer = jihun.send(path, {**mine, "what": "absent"})
    assert answer.status_code == 422
    chosen = jihun.page.select_one(f"#what-{of_hana(site)} option[selected]")
    assert chosen is not None
    assert chosen["value"] == "absent"
    jihun.send(path, {**mine, "what": "absent", "reason": "대리 출석 확인"})
    assert "대리 출석 확인" in jihun.see(desk(site, sitting)).get_text()
    assert [row.presence for row in rows(site)] == ["present", "absent"]
    assert jihun.send(path, {**mine, "what": "late", "arrived": "언제"}).status_code == 422


def test_the_list_for_signatures_is_noted_with_its_reason(site: Site, jihun: Browser) -> None:
    sitting = added(site)
    jihun.see(desk(site, sitting))
    assert jihun.send(desk(site, sitting, "sheet"), {"reason": ""}).status_code == 422
    answer = jihun.send(desk(site, sitting, "sheet"), {"reason": "출석 서명"})
    assert answer.data.startswith(b"%PDF-")
    with site.lms.database.reading() as session:
        taken = session.scalars(select(Download)).one()
    assert (taken.report, taken.reason, taken.rows) == ("signatures", "출석 서명", 1)


def test_todays_sittings_stand_first(site: Site, jihun: Browser) -> None:
    begins = utcnow().astimezone(SEOUL).replace(hour=12)
    sitting = added(site, begins_at=begins)
    page = jihun.see("/classes/")
    first = page.select_one("main section")
    assert first is not None
    assert "현장 실습" in first.get_text()
    assert str(sitting.uid) in str(first.select_one("a")["href"])  # type: ignore[index]


# The code


def test_the_screen_shows_a_code_that_a_learner_enters(site: Site, jihun: Browser, hana: Browser) -> None:
    sitting = added(site, asks_leaving=True)
    page = jihun.see(desk(site, sitting, "screen"))
    assert str(sitting.uid) in str(page.select_one(".screen-address"))
    told = json.loads(jihun.get(desk(site, sitting, "screen/now")).data)
    assert told["state"] == "on"
    assert 1 <= told["seconds"] <= codes.STEP
    hana.see(f"/sittings/{sitting.uid}")
    assert hana.send(f"/sittings/{sitting.uid}", {"code": told["code"], "what": "arriving"}).status_code == 303
    assert "입실을 기록했습니다" in hana.see(f"/sittings/{sitting.uid}").get_text()
    (row,) = rows(site)
    assert (row.source, row.actor_id, row.awaits_leaving, row.hours) == ("code", None, True, 0)
    told = json.loads(jihun.get(desk(site, sitting, "screen/now")).data)
    assert told["there"] == 1
    hana.send(f"/sittings/{sitting.uid}", {"code": told["code"], "what": "leaving"})
    assert rows(site)[-1].left_at is not None


def test_guessing_is_stopped_and_told(site: Site, hana: Browser) -> None:
    sitting = added(site)
    hana.see(f"/sittings/{sitting.uid}")
    answers = [hana.send(f"/sittings/{sitting.uid}", {"code": "123456"}) for _ in range(codes.TRIES_OF_PERSON + 1)]
    assert [answer.status_code for answer in answers] == [422] * codes.TRIES_OF_PERSON + [429]
    assert "강사에게" in answers[-1].get_data(as_text=True)
    assert rows(site) == []


def test_a_sitting_that_is_over_shows_no_code_and_takes_none(site: Site, jihun: Browser, hana: Browser) -> None:
    sitting = added(site, begins_at=utcnow() - timedelta(hours=5))
    assert json.loads(jihun.get(desk(site, sitting, "screen/now")).data)["code"] == ""
    page = hana.see(f"/sittings/{sitting.uid}")
    assert page.select_one("#code") is None
    code = codes.code_at(site.lms.code_key, sitting.uid, utcnow())
    answer = hana.send(f"/sittings/{sitting.uid}", {"code": code})
    assert "더 받지 않습니다" in answer.get_data(as_text=True)
    assert rows(site) == []


def test_the_code_is_kept_nowhere(site: Site, hana: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sitting = added(site)
    hana.see(f"/sittings/{sitting.uid}")
    code = codes.code_at(site.lms.code_key, sitting.uid, utcnow())
    assert hana.send(f"/sittings/{sitting.uid}", {"code": "12 33 21"}).status_code == 422
    assert hana.send(f"/sittings/{sitting.uid}", {"code": code}).status_code == 303
    with site.lms.database.reading() as session:
        kept = "".join(str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)))
    assert str(sitting.uid) in kept
    assert not any(typed in kept + caplog.text for typed in (f"'{code}'", "12 33 21", "123321"))


# The learner


def test_a_learner_chooses_a_date_on_the_page_of_her_run(site: Site, hana: Browser) -> None:
    soon = utcnow() + timedelta(days=5)
    first = added(site, begins_at=soon, expects="seated", seats=1)
    second = added(site, begins_at=soon + timedelta(days=1), expects="seated", seats=1, choice=first.choice)
    hana.see(site.address())
    hana.send(f"/sittings/{first.uid}/seat")
    page = hana.see(site.address())
    cards = page.select("#sittings li.card")
    assert ["신청한 일정" in card.get_text() for card in cards] == [True, False]
    hana.send(f"/sittings/{second.uid}/seat")
    hana.send(f"/sittings/{second.uid}/seat", {"what": "give_up"})
    cards = hana.see(site.address()).select("#sittings li.card")
    assert ["신청한 일정" in card.get_text() for card in cards] == [False, False]


def test_home_tells_of_the_sitting_and_of_the_hours_that_are_missing(site: Site, hana: Browser) -> None:
    added(site)
    with site.lms.database.writing() as session:
        session.add(CompletionRule(run_id=site.run.id, progress=80, score=60, attendance=75, recorded_at=utcnow()))
        session.commit()
    text = hana.see("/").get_text()
    assert "오늘 집체교육: 현장 실습" in text
    assert "화면의 출석 번호 입력" in text
    assert "집체교육에 3시간 더 출석하십시오" in text
    assert "75 % 이상 출석해야" in hana.see(site.address()).get_text()


def test_home_asks_for_no_code_once_presence_is_noted(site: Site, hana: Browser) -> None:
    sitting = added(site)
    added(site, begins_at=utcnow() - timedelta(minutes=5), title="테스트베드", expects="seated", seats=1)
    hana.see(f"/sittings/{sitting.uid}")
    hana.send(f"/sittings/{sitting.uid}", {"code": codes.code_at(site.lms.code_key, sitting.uid, utcnow())})
    text = hana.see("/").get_text()
    assert "번호로 출석" in text
    assert "화면의 출석 번호 입력" not in text
    assert "테스트베드" not in text, "she has no seat there"
    assert "번호 입력" not in hana.see(site.address()).select_one("#sittings").get_text()


def test_a_calendar_takes_it(site: Site, hana: Browser) -> None:
    sitting = added(site)
    answer = hana.get(f"/sittings/{sitting.uid}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert b"SUMMARY:" in answer.data


def test_pages_ask_the_same_however_many_there_are(site: Site, jihun: Browser, hana: Browser) -> None:
    soon = utcnow() + timedelta(days=5)
    sittings = [added(site, begins_at=soon + timedelta(days=day), expects="seated", seats=9) for day in range(3)]
    with site.lms.database.writing() as session:
        people = [Person(name=f"사람{n}", created_at=utcnow(), roles=[]) for n in range(3)]
        session.add_all(people)
        session.flush()
        one = session.get_one(Enrolment, site.enrolled[site.world.hana.id].id)
        columns = ("run_id", "company_id", "region_id", "company_status_id", "state", "enrolled_at")
        session.add_all(
            Enrolment(person_id=person.id, **{name: getattr(one, name) for name in columns}) for person in people
        )
        session.commit()
    on = added(site)
    few = {path: _asked(site, jihun, path) for path in (desk(site), desk(site, on))}
    many = [added(site, begins_at=soon + timedelta(days=day)) for day in range(3, 8)]
    assert len(sittings + many) == 8
    assert _asked(site, jihun, desk(site)) == few[desk(site)]
    assert max(few.values()) <= 12
    assert _asked(site, hana, site.address()) <= 8


def _asked(site: Site, browser: Browser, path: str) -> int:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            said.append(statement)

    event.listen(site.lms.database.engine, "before_cursor_execute", note)
    try:
        browser.see(path)
    finally:
        event.remove(site.lms.database.engine, "before_cursor_execute", note)
    return len(said)
