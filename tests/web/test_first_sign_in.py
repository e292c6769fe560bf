"""The first sign-in and a forgotten password, from the page to the mail and back; no code and no address is left anywhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms import messages
from lms.clock import today
from lms.jobs.worker import Worker
from lms.messages.kinds import KINDS
from lms.models import Base, Employment, Person
from lms.people import accounts, codes, invitations
from lms.web import letters, work
from lms.web.i18n import speaking
from tests.messages.sink import Sink, listening
from tests.world import World

from .browser import Browser
from .site import Site, open_site, standalone

NEW = "새벽-용접-불꽃-하나"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as made:
        yield made


@pytest.fixture
def posting(database_url: str, world: World, small_content: Path, tmp_path: Path, sink: Sink) -> Iterator[Site]:
    """A site with a mail server."""
    app = standalone(
        database_url,
        tmp_path,
        small_content,
        site_url="https://learn.example",
        mail_host="127.0.0.1",
        mail_port=sink.port,
        mail_security="none",
        mail_from="Baeum <learn@site.example>",
    )
    yield open_site(app, world, small_content)
    app.extensions["lms"].database.dispose()


def do_all(site: Site) -> None:
    worker = Worker(site.lms.database, work.handlers_of(site.lms))
    while worker.run_one("the worker of the tests"):
        pass


def add_worker(site: Site, name: str = "윤서아", number: str = "H-777", email: str | None = None) -> Person:
    """One of 한빛정밀 who has never signed in."""
    with site.lms.database.writing() as session:
        person = accounts.create_person(session, name=name, email=email)
        session.add(
            Employment(
                person_id=person.id,
                company_id=site.world.hanbit.id,
                employee_number=number,
                department="생산1팀",
                from_on=today() - timedelta(days=2),
            )
        )
        session.commit()
    return person


def a_code(site: Site, person: Person, kind: str = "slip") -> str:
    with site.lms.database.writing() as session:
        code = codes.issue(session, person.id, kind, key=site.lms.code_key, lifetime=timedelta(days=3))
        session.commit()
    return code


def choose(browser: Browser, code: str, password: str = NEW) -> str:
    """Through both pages. Returns where it leads."""
    browser.see("/first")
    assert browser.send("/first", {"code": code}).status_code == 200
    answer = browser.send("/first/password", {"code": code, "new": password, "again": password})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def agree(browser: Browser) -> None:
    browser.see("/consents/")
    answer = browser.send("/consents/", {"given": ["personal-data", "third-parties"], "next": "/"})
    assert answer.headers["Location"] == "/"


def test_from_a_slip_to_the_courses(site: Site) -> None:
    person = add_worker(site)
    browser = site.browser()
    assert choose(browser, a_code(site, person)) == "/"
    assert browser.get("/").headers["Location"] == "/consents/?next=/"
    agree(browser)
    assert "윤서아" in browser.see("/").get_text()
    again = site.browser()
    again.see("/sign-in")
    form = {"by": "number", "company": "한빛정밀", "employee_number": "H-777", "password": NEW}
    assert again.send("/sign-in", form).status_code == 303


def test_before_a_password_is_chosen_she_sees_whose_code_it_is(site: Site) -> None:
    browser = site.browser()
    browser.see("/first")
    browser.send("/first", {"code": a_code(site, add_worker(site))})
    text = browser.page.get_text()
    assert "윤서아" in text
    assert "한빛정밀" in text
    assert "H-777" in text


@pytest.mark.parametrize("code", ["ABCD-EFGH-JKMN", "x", "'; --", "가나다"])
def test_a_wrong_code_tells_nothing_and_is_counted(site: Site, code: str) -> None:
    browser = site.browser()
    browser.see("/first")
    answer = browser.send("/first", {"code": code})
    assert answer.status_code == 422
    assert code not in browser.page.select_one("main").get_text()  # type: ignore[union-attr]
    for _ in range(codes.TRIES_OF_ADDRESS):
        with site.lms.database.writing() as session:
            codes.note_wrong(session, address="127.0.0.1")
            session.commit()
    assert browser.send("/first", {"code": code}).status_code == 429


def test_a_used_code_opens_nothing(site: Site) -> None:
    code = a_code(site, add_worker(site))
    choose(site.browser(), code)
    browser = site.browser()
    browser.see("/first")
    assert browser.send("/first", {"code": code}).status_code == 422
    form = {"code": code, "new": "딴-사람의-새-비밀번호", "again": "딴-사람의-새-비밀번호"}
    assert browser.send("/first/password", form).status_code == 422


@pytest.mark.parametrize(("new", "again"), [("short", "short"), (NEW, NEW + "x"), ("", "")])
def test_a_password_that_is_not_taken_leaves_the_code(site: Site, new: str, again: str) -> None:
    code = a_code(site, add_worker(site))
    browser = site.browser()
    browser.see("/first")
    assert browser.send("/first/password", {"code": code, "new": new, "again": again}).status_code == 422
    choose(browser, code)


# Slips, from the officer's page


def test_an_officer_prints_slips_by_which_people_come_in(posting: Site) -> None:
    site = posting
    add_worker(site)
    officer = site.browser_of(site.world.seoyeon)
    assert "한빛정밀" in officer.see("/slips/").get_text()
    answer = officer.send("/slips/", {"company": str(site.world.hanbit.uid), "reason": "입과 안내"})
    where = answer.headers["Location"]
    assert "만들고 있습니다" in officer.see(where).get_text()
    do_all(site)
    assert "인쇄할 수 있습니다" in officer.see(where).get_text()
    assert "알림, 새 알림 1개" in officer.page.get_text()
    pdf = officer.send(f"{where}/sheets/1")
    assert pdf.data.startswith(b"%PDF-")
    assert "no-store" in pdf.headers["Cache-Control"]
    officer.see(where)
    assert officer.send(f"{where}/discard").status_code == 303
    officer.see(where)
    assert officer.send(f"{where}/sheets/1").status_code == 400
    assert officer.send(f"{where}/sheets/{'9' * 25}").status_code == 404


def test_one_code_is_shown_once_on_the_answer(site: Site) -> None:
    manager = site.browser_of(site.world.doyun)
    where = f"/slips/companies/{site.world.hanbit.uid}"
    manager.see(f"{where}?all=1")
    path = f"{where}/people/{site.world.hana.uid}/code"
    assert manager.send(path, {"reason": ""}).status_code == 422
    answer = manager.send(path, {"reason": "비밀번호 분실"})
    page = answer.get_data(as_text=True)
    found = re.search(r'class="code-shown">([A-Z2-9-]+)<', page)
    assert found is not None
    assert found[1] not in manager.see(where).get_text()
    browser = site.browser()
    assert choose(browser, found[1]) == "/"


# By mail


def code_of(sink: Sink) -> str:
    body = sink.mails[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"https://learn\.example/first#([A-Z2-9]{12})", body.get_content())
    assert found is not None
    return found[1]


def test_an_invitation_leads_to_the_courses(posting: Site, sink: Sink) -> None:
    add_worker(posting, email="seoa@hanbit.example")
    officer = posting.browser_of(posting.world.seoyeon)
    officer.see(f"/slips/companies/{posting.world.hanbit.uid}")
    officer.send(f"/slips/companies/{posting.world.hanbit.uid}/invite")
    officer.see("/slips/")
    assert officer.send("/slips/invitations", {"company": str(posting.world.hanbit.uid)}).status_code == 303
    do_all(posting)
    assert sink.recipients == ["seoa@hanbit.example"]
    choose(posting.browser(), code_of(sink))


def test_a_forgotten_password_is_chosen_anew(posting: Site, sink: Sink) -> None:
    old = posting.browser_of(posting.world.hana)
    browser = posting.browser()
    browser.see("/forgotten")
    browser.send("/forgotten", {"email": " HANA@hanbit.example"})
    do_all(posting)
    assert sink.recipients == ["hana@hanbit.example"]
    choose(browser, code_of(sink))
    assert old.get("/").headers["Location"].startswith("/sign-in")
    do_all(posting)
    assert "김하나" not in sink.mails[-1]["Subject"]
    assert len(sink.mails) == 2  # she hears that it was done


def test_whether_there_is_an_account_is_told_to_nobody(posting: Site, sink: Sink) -> None:
    posting.change(posting.world.sujin, is_active=False)
    pages, written = [], []
    for email in ("hana@hanbit.example", "nobody@hanbit.example", "sujin@suwon.example"):
        browser = posting.browser()
        browser.see("/forgotten")
        before = posting.snapshot()
        answer = browser.send("/forgotten", {"email": email})
        pages.append((answer.status_code, browser.page.select_one("main").get_text()))  # type: ignore[union-attr]
        after = posting.snapshot()
        written.append({name for name in after if len(after[name]) != len(before[name])})
    assert len(set(pages)) == 1
    assert written[1] == written[2] <= written[0]
    do_all(posting)
    assert sink.recipients == ["hana@hanbit.example"]


def test_nobodys_mailbox_is_flooded(posting: Site, sink: Sink) -> None:
    browser = posting.browser()
    browser.see("/forgotten")
    answers = [browser.send("/forgotten", {"email": "hana@hanbit.example"}).status_code for _ in range(32)]
    do_all(posting)
    assert answers == [200] * 30 + [429] * 2
    assert len(sink.mails) == 3


def test_without_a_mail_server_the_page_says_whom_to_ask(site: Site) -> None:
    browser = site.browser()
    assert browser.see("/forgotten").select_one("form[action$='/forgotten']") is None
    assert browser.send("/forgotten", {"email": "hana@hanbit.example"}).status_code == 404


# Nothing is left


def test_no_code_lies_in_the_database_the_files_or_the_log(
    posting: Site, sink: Sink, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("lms").propagate = True
    add_worker(posting, email="seoa@hanbit.example")
    with posting.lms.database.writing() as session:
        person = session.scalars(select(Person).where(Person.name == "윤서아")).one()
        invitations.invite(session, [person.id], actor_id=None, subject="x")
        session.commit()
    do_all(posting)
    code = code_of(sink)
    browser = posting.browser()
    browser.see("/first")
    browser.send("/first", {"code": code[:-1] + "x"})
    choose(browser, code)
    wanted = (code, codes.shown(code), NEW)
    with posting.lms.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = repr(session.execute(select(table)).all())
            assert not any(secret in rows for secret in wanted), table.name
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret.encode() in content for secret in wanted), file
    assert not any(secret in caplog.text for secret in wanted)


# Words


_RUN = {"run": "x", "number": 2, "course": "제조데이터 첫걸음", "begins": "2026-03-02", "ends": "2026-03-31"}
_OF_WEEK = {**_RUN, "people": 9, "need": 1, "due": 2, "completed": 3}
SAMPLES: dict[str, dict[str, Any]] = {
    "invitation": {"until": "2026-03-24T00:00:00+00:00"},
    "password_reset": {"minutes": 30},
    "password_chosen": {"at": "2026-03-24T00:00:00+00:00"},
    "code_given": {"by": "박도윤", "company": "한빛정밀"},
    "slips_made": {"title": "한빛정밀", "companies": 3, "people": 20, "batch": "x"},
    "export_made": {"rows": 51000, "export": "x"},
    "statement_scheduled": {"name": "월간 보고", "as_of": "2026-03-31", "number": "2026-0012", "statement": "x"},
    "schedule_failed": {
        "name": "월간 보고",
        "as_of": "2026-03-31",
        "schedule": "x",
        "reason": "too_many",
        "facts": {"rows": 3000, "most": 2000},
    },
    "schedule_stopped": {"name": "월간 보고", "as_of": "2026-03-31", "schedule": "x", "maker": "이서연"},
    **{
        kind: {
            "run": "x",
            "course": "제조데이터 첫걸음",
            "number": 2,
            "from_number": 1,
            "learn_from": "2026-04-01",
            "learn_to": "2026-04-30",
            "last_day": "2026-05-10",
            "place": 3,
            "reason": "교대 근무",
        }
        for kind in (
            "moved_up",
            "application_waiting",
            "application_refused",
            "withdrawn",
            "transferred",
            "extended",
        )
    },
    **dict.fromkeys(("enrolled", "run_starts", "not_begun", "deadline"), _RUN),
    "certificate_ready": {"course": "제조데이터 첫걸음", "path": "/certificates/x"},
    "completed": {**_RUN, "on": "2026-03-24"},
    "sitting_tomorrow": {**_RUN, "at": "2026-03-24T00:00:00+00:00", "place": "부산", "sitting": "집체교육"},
    "bulletin": {**_RUN, "subject": "{과정}", "text": "{이름} 님\n\n{마지막 날}까지", "name": "김하나", "by": "이서연"},
    **{key: {"runs": [_OF_WEEK], "more": 1, "week": "2026-W10"} for key in ("digest_company", "digest_officer")},
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_kind_of_message_has_its_words(site: Site, language: str) -> None:
    assert set(letters.WORDS) == set(KINDS) == set(SAMPLES)
    with site.app.test_request_context(), speaking(language):
        for kind, facts in SAMPLES.items():
            letter = letters.write(kind, facts)
            assert letter.subject
            assert all(letter.paragraphs)
        assert letters.write("of an earlier version", {}).paragraphs


def test_messages_are_read_in_the_site(site: Site, hana: Browser) -> None:
    with site.lms.database.writing() as session:
        for _ in range(3):
            messages.send(session, site.world.hana.id, "code_given", SAMPLES["code_given"])
        session.commit()
    page = hana.see("/messages/")
    assert len(page.select(".message-new")) == 3
    where = str(page.select_one(".message-link")["href"])  # type: ignore[index]
    assert "박도윤" in hana.see(where).select_one("article").get_text()  # type: ignore[union-attr]
    assert len(hana.see("/messages/").select(".message-new")) == 2
    hana.send("/messages/read")
    assert hana.see("/messages/").select(".message-new") == []
    assert site.browser_of(site.world.sujin).get(where).status_code == 404


def test_who_withdraws_is_asked_again_before_she_goes_on(site: Site, hana: Browser) -> None:
    agree(hana)
    assert hana.get("/").status_code == 200
    hana.see("/consents/")
    hana.send("/consents/personal-data", {"agree": "0"})
    assert hana.get("/account").headers["Location"] == "/consents/?next=/account"
    assert hana.send("/consents/", {"given": ["news"]}).status_code == 422
    agree(hana)
    assert hana.get("/account").status_code == 200


def test_staff_are_not_held_up(site: Site) -> None:
    for person in (site.world.seoyeon, site.world.doyun, site.world.minseo):
        browser = site.browser_of(person)
        browser.see("/consents/")
        browser.send("/consents/personal-data", {"agree": "0"})
        assert browser.get("/account").status_code == 200


def test_an_operator_sees_what_did_not_arrive(posting: Site, sink: Sink) -> None:
    sink.says["hana@hanbit.example"] = "550 hana@hanbit.example is nobody"
    with posting.lms.database.writing() as session:
        messages.send(session, posting.world.hana.id, "code_given", SAMPLES["code_given"])
        session.commit()
    do_all(posting)
    operator = posting.browser_of(posting.world.minseo)
    text = operator.see("/operations/mail/").get_text()
    assert "the server answered 550" in text
    assert "hana@" not in text
    sink.says.clear()
    operator.send("/operations/mail/")
    do_all(posting)
    assert len(sink.mails) == 1
