"""Applications as those see them who apply, agree, decide and are put down."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select, update

from lms.clock import today
from lms.learning.applications import admission, extensions
from lms.models import Application, Employment, Enrolment, LedgerEntry, Person, Run, RunLink
from lms.models.base import new_uid
from lms.people.passwords import hash_password
from tests.sittings import a_sitting
from tests.world import PASSWORD, agree, at, employ

from . import small_course
from .browser import Browser
from .site import Site

# One syllable, forty, hanja, Latin without a space: pages hold them all.
NAMES = ("린", "가" * 40, "金하나(金夏娜)", "Maximiliana-Konstantinopolitanskaja")


@pytest.fixture
def run(site: Site) -> Run:
    """A later run of the small course that takes applications, of which the officer decides."""
    made = site.open_run(today() + timedelta(days=70), today() + timedelta(days=100))
    return change(site, made, apply_from=today(), apply_to=today() + timedelta(days=9))


def change(site: Site, run: Run, approval: str = "", **fields: object) -> Run:
    with site.lms.database.writing() as session:
        found = session.get_one(Run, run.id)
        for name, value in fields.items():
            setattr(found, name, value)
        if approval:
            admission.change(session, found, approval=approval, moves_up_days=7, actor_id=None)
        session.commit()
    return found


def officer_of(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


def desk(run: Run, rest: str = "") -> str:
    return f"/desk/runs/{run.uid}/people{rest}"


def text_of(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def application_of(site: Site, person: Person) -> Application:
    with site.lms.database.reading() as session:
        return session.scalars(
            select(Application).where(Application.person_id == person.id).order_by(Application.id.desc()).limit(1)
        ).one()


def test_who_applies_too_late_is_told_so(site: Site, hana: Browser, run: Run) -> None:
    hana.see("/courses/")
    change(site, run, apply_from=today() - timedelta(days=9), apply_to=today() - timedelta(days=1))
    assert hana.send(f"/courses/{run.uid}/apply").status_code == 303
    assert "오늘은 신청을 받지 않습니다" in text_of(hana.see("/courses/"))
    change(site, run, apply_from=None, apply_to=None)
    assert hana.send(f"/courses/{run.uid}/apply").status_code == 404


def test_from_applying_to_a_seat_and_back(site: Site, hana: Browser, run: Run) -> None:
    hana.see("/courses/")
    hana.send(f"/courses/{run.uid}/apply")
    made = application_of(site, site.world.hana)
    assert made.state == "applied"
    officer = officer_of(site)
    assert "김하나" in text_of(officer.see(desk(run)))
    officer.send(desk(run, "/decide"), {"application": str(made.uid), "do": "accept"})
    assert application_of(site, site.world.hana).state == "accepted"
    hana.see("/courses/")
    hana.send(f"/runs/{run.uid}/leave")
    row = officer.see(desk(run) + "?state=withdrawn")
    assert "김하나" in text_of(row)
    with site.lms.database.reading() as session:
        enrolment = session.scalars(
            select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.person_id == site.world.hana.id)
        ).one()
    assert enrolment.state == "withdrawn"
    officer.send(desk(run, f"/{enrolment.uid}/back"))
    assert "김하나" in text_of(officer.see(desk(run)))


def test_a_refusal_is_told_with_its_reason(site: Site, hana: Browser, run: Run) -> None:
    hana.see("/courses/")
    hana.send(f"/courses/{run.uid}/apply")
    uid = str(application_of(site, site.world.hana).uid)
    officer = officer_of(site)
    officer.see(desk(run))
    officer.send(desk(run, "/decide"), {"application": uid, "do": "refuse", "reason": ""})
    assert application_of(site, site.world.hana).state == "applied"
    officer.send(desk(run, "/decide"), {"application": uid, "do": "refuse", "reason": "다음 차수 <권장>"})
    told = text_of(hana.see("/courses/"))
    assert "다음 차수 <권장>" in told
    assert "센터의 이서연 담당자가" in told


def test_her_place_on_the_list_is_shown_and_may_be_given_up(site: Site, hana: Browser, run: Run) -> None:
    change(site, run, approval="none", seats=0)
    hana.see("/courses/")
    hana.send(f"/courses/{run.uid}/apply")
    made = application_of(site, site.world.hana)
    assert made.state == "waiting"
    assert "대기 1번" in text_of(hana.see("/courses/"))
    hana.send(f"/applications/{made.uid}/withdraw")
    assert application_of(site, site.world.hana).state == "withdrawn"


def test_a_manager_agrees_for_her_own_people_alone(site: Site, hana: Browser, run: Run) -> None:
    change(site, run, approval="both")
    hana.see("/courses/")
    hana.send(f"/courses/{run.uid}/apply")
    uid = str(application_of(site, site.world.hana).uid)
    with site.lms.database.writing() as session:
        session.execute(update(Application).values(company_id=site.world.suwon.id))
        session.commit()
    manager = site.browser_of(site.world.doyun)
    assert "김하나" not in text_of(manager.see("/company/applications/"))
    assert "결정할 것" not in text_of(manager.see("/company/"))
    manager.send("/company/applications/decide", {"application": uid, "do": "approve"})
    assert application_of(site, site.world.hana).state == "applied"
    with site.lms.database.writing() as session:
        session.execute(update(Application).values(company_id=site.world.hanbit.id))
        session.commit()
    assert "김하나" in text_of(manager.see("/company/applications/"))
    assert "결정할 것 1건" in text_of(manager.see("/company/"))
    manager.send("/company/applications/decide", {"application": uid, "do": "approve"})
    assert application_of(site, site.world.hana).state == "approved"
    assert "결정할 것" not in text_of(manager.see("/company/"))


def test_a_company_s_people_are_put_down_after_a_look(site: Site, run: Run) -> None:
    world = site.world
    change(site, run, seats=1)
    with site.lms.database.writing() as session:
        session.execute(update(Employment).values(department="용접"))
        session.commit()
    officer = officer_of(site)
    found = officer.get(desk(run, "/enrol?q=한빛"))
    assert (found.status_code, found.location) == (303, desk(run, f"/enrol?company={world.hanbit.uid}"))
    page = officer.see(desk(run, f"/enrol?company={world.hanbit.uid}"))
    assert {"김하나", "이준호"} <= set(text_of(page).split())
    form = {"company": str(world.hanbit.uid), "department": "용접"}
    shown = officer.send(desk(run, "/enrol"), form)
    assert shown.status_code == 200
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 0
    people = [str(one["value"]) for one in BeautifulSoup(shown.data, "lxml").select("input[name=person]")]
    everybody = officer.send(desk(run, "/enrol"), {"company": str(world.hanbit.uid), "do": "everybody"})
    assert [str(one["value"]) for one in BeautifulSoup(everybody.data, "lxml").select("input[name=person]")] == people
    officer.send(desk(run, "/enrol"), {"company": str(world.hanbit.uid), "person": people, "do": "enrol"})
    assert application_of(site, world.hana).state == "accepted"
    assert application_of(site, world.junho).state == "waiting"
    history = text_of(officer.see(f"/desk/runs/{run.uid}/"))
    assert "2명" in history
    assert "김하나" not in history
    page = officer.see(desk(run))
    assert page.select_one("input[name=application][form=waiters]") is not None
    undo = page.select_one("form[action*='/sets/']")
    assert undo is not None
    officer.send(str(undo["action"]))
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Application)) == 0


def test_a_manager_puts_people_down_for_the_centre_to_decide(site: Site, run: Run) -> None:
    world = site.world
    manager = site.browser_of(world.doyun)
    where = f"/company/applications/{world.hanbit.uid}/{run.uid}"
    manager.see(where)
    assert manager.send(where, {}).status_code == 422
    form = {"person": str(world.junho.uid)}
    assert "이준호" in manager.send(where, form).get_data(as_text=True)
    manager.send(where, {**form, "do": "enrol"})
    assert application_of(site, world.junho).state == "approved"
    assert manager.get(f"/company/applications/{world.suwon.uid}/{run.uid}").status_code == 404
    undo = manager.see("/company/applications/").select_one("form[action*='/sets/']")
    assert undo is not None
    manager.send(str(undo["action"]))
    assert "이준호" not in text_of(manager.see("/company/applications/"))


def test_more_time_and_a_later_run(site: Site, run: Run) -> None:
    world = site.world
    mine = site.enrol(world.hana, run)
    officer = officer_of(site)
    officer.see(desk(run))
    ticked = {"enrolment": str(mine.uid)}
    assert "연장" in officer.send(desk(run, "/change"), {**ticked, "deed": "extend"}).get_data(as_text=True)
    day = (run.learn_to + timedelta(days=7)).isoformat()
    wrong = {**ticked, "deed": "extend", "do": "1", "learn_to": day, "reason": ""}
    assert officer.send(desk(run, "/change"), wrong).status_code == 422
    officer.send(desk(run, "/change"), {**wrong, "reason": "출장"})
    assert "출장" in text_of(officer.see(desk(run) + "?state=extended"))
    later = site.open_run(run.learn_to + timedelta(days=20), run.learn_to + timedelta(days=50))
    page = officer.send(desk(run, "/change"), {**ticked, "deed": "transfer"}).get_data(as_text=True)
    assert str(later.uid) in page
    form = {**ticked, "deed": "transfer", "do": "1", "to": str(later.uid), "reason": "교대 근무"}
    officer.send(desk(run, "/change"), form)
    assert "김하나" in text_of(officer.see(desk(later)))
    assert "교대 근무" in text_of(officer.see(desk(run) + "?state=withdrawn"))


def test_a_link_leads_in_until_it_is_revoked(site: Site, hana: Browser, run: Run) -> None:
    officer = officer_of(site)
    officer.see(desk(run))
    form = {"last_day": run.learn_from.isoformat(), "most_uses": "5", "is_direct": "1"}
    officer.send(desk(run, "/links"), {**form, "most_uses": "many"})
    officer.send(desk(run, "/links"), form)
    with site.lms.database.reading() as session:
        link = session.scalars(select(RunLink)).one()
    assert f"/join/{link.uid}" in str(officer.see(desk(run)))
    assert site.browser().get(f"/join/{link.uid}").status_code == 303  # first one signs in
    with site.lms.database.writing() as session:
        session.add(a_sitting(run.id, place="부산테크노파크 3층"))
        session.commit()
    assert "부산테크노파크 3층" in text_of(hana.see(f"/join/{link.uid}"))
    hana.send(f"/join/{link.uid}")
    assert application_of(site, site.world.hana).state == "accepted"
    officer.send(desk(run, f"/links/{link.uid}/revoke"))
    other = site.browser_of(site.world.sujin)
    assert other.get(f"/join/{link.uid}").status_code == other.get(f"/join/{new_uid()}").status_code == 404


def test_the_officer_of_another_centre_finds_nothing(site: Site, run: Run) -> None:
    stranger = site.browser_of(site.world.minjun)
    stranger.see("/desk/")
    assert stranger.get(desk(run)).status_code == 404
    for rest in ("/decide", "/admission", "/enrol", "/change", "/links"):
        assert stranger.send(desk(run, rest)).status_code == 404


def test_how_applications_are_decided_is_set(site: Site, run: Run) -> None:
    officer = officer_of(site)
    officer.see(desk(run))
    officer.send(desk(run, "/admission"), {"approval": "none", "moves_up_days": "three"})
    officer.send(desk(run, "/admission"), {"approval": "none", "moves_up_days": "3"})
    with site.lms.database.reading() as session:
        found = admission.of_run(session, run.id)
    assert (found.approval, found.moves_up_days) == ("none", 3)


def test_forty_browsers_in_the_same_second_share_ten_seats(site: Site, run: Run) -> None:
    change(site, run, approval="none", seats=10)
    with site.lms.database.writing() as session:
        hashed = hash_password(PASSWORD)
        people = [
            Person(
                name=NAMES[number % len(NAMES)],
                email=f"p{number}@hanbit.example",
                password_hash=hashed,
                created_at=at("2026-01-02"),
                roles=[],
                language="ko",
            )
            for number in range(40)
        ]
        session.add_all(people)
        session.flush()
        for person in people:
            employ(session, person, site.world.hanbit, f"P-{person.id}")
        agree(session, *people)
        session.commit()
    browsers = [site.browser_of(person) for person in people]
    for browser in browsers:
        browser.see("/courses/")
    barrier = Barrier(8)

    def press(browser: Browser) -> int:
        barrier.wait(60)
        return browser.send(f"/courses/{run.uid}/apply").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(press, browsers)) == {303}
    with site.lms.database.reading() as session:
        states = Counter(session.scalars(select(Application.state)))
        assert session.scalar(select(func.count()).where(Enrolment.run_id == run.id)) == 10
    assert states == {"accepted": 10, "waiting": 30}
    page = officer_of(site).see(desk(run))
    assert {name for name in NAMES if name in text_of(page)} == set(NAMES)


def test_whoever_has_more_time_goes_on_when_the_run_is_over(site: Site, hana: Browser) -> None:
    """Home, the run's page, a page's end and the workspace all hold to her own last day."""
    mine = site.enrolled[site.world.hana.id]
    yesterday = today() - timedelta(days=1)
    change(site, site.run, learn_to=yesterday)
    done = f"{site.address(small_course.FIRST_PAGE)}/done"
    hana.see("/")
    hana.send(done)
    with site.lms.database.writing() as session:
        assert session.scalars(select(LedgerEntry.kind)).all() == ["enrolled"]
        run = session.get_one(Run, site.run.id)
        extensions.extend(
            session, run, today() + timedelta(days=2), enrolment_ids=[mine.id], reason="출장", actor_id=None
        )
        session.commit()
    assert "3일 남음" in text_of(hana.see("/"))
    assert "연장되었습니다" in text_of(hana.see(site.address()))
    hana.send(done)
    with site.lms.database.reading() as session:
        assert session.scalars(select(LedgerEntry.kind)).all() == ["enrolled", "unit_done"]
    assert site.hand_in(hana, site.notebook()).status_code == 303
