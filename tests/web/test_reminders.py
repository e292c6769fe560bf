"""An officer writes to those who have not finished; each reads the own words; mails are refused without signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lms import messages
from lms.jobs.worker import Worker
from lms.learning.reminders import bulletins
from lms.messages import choices, unreachable, way_out
from lms.models import Bulletin, Job, Message
from lms.web import work

from .browser import Browser
from .site import Site


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


def compose(site: Site, **asked: object) -> str:
    scope = asked or {"run": site.run.uid}
    return "/notices/new?" + "&".join(f"{name}={value}" for name, value in {"who": "unfinished", **scope}.items())


def form_of(page: object) -> dict[str, str]:
    """What the page's form would send."""
    form = page.select_one("form.form")  # type: ignore[attr-defined]
    fields = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    lines = form.select_one("textarea").get_text().removeprefix("\n")
    return fields | {"body": lines.replace("\n", "\r\n")}  # as browsers send it


def job_done(site: Site) -> None:
    """As if the minute were over."""
    with site.lms.database.writing() as session:
        for job in session.scalars(select(Job).where(Job.kind == bulletins.SEND)):
            job.run_at -= timedelta(hours=1)
        session.commit()
    worker = Worker(site.lms.database, work.handlers_of(site.lms))
    while worker.run_one("w", [bulletins.SEND]):
        pass


def test_a_reminder_is_three_clicks_from_the_run(site: Site, officer: Browser, hana: Browser) -> None:
    tab = officer.see(f"/desk/runs/{site.run.uid}/notices")
    link = next(link for link in tab.select("a[href]") if "who=unfinished" in str(link["href"]))
    page = officer.see(str(link["href"]))
    assert "김하나" in page.select_one(".callout").get_text()  # type: ignore[union-attr]
    answer = officer.post("/notices/new", data=form_of(page) | {"do": "send"})
    assert answer.status_code == 303
    shown = officer.see(answer.headers["Location"])
    assert shown.select_one("form[action$='/undo']")
    listed = officer.see(f"/desk/runs/{site.run.uid}/notices").select_one("td a[href*='/notices/']").get_text()  # type: ignore[union-attr]
    assert listed == shown.select_one("h1").get_text() == "양품 세기 안내"  # type: ignore[union-attr]
    job_done(site)
    assert not officer.see(answer.headers["Location"]).select_one("form[action$='/undo']")
    with site.lms.database.reading() as session:
        message = session.scalars(
            select(Message).where(Message.kind == "bulletin", Message.person_id == site.world.hana.id)
        ).one()
    text = hana.see(f"/messages/{message.uid}").select_one("main").get_text()  # type: ignore[union-attr]
    assert "김하나 님" in text
    assert "이서연" in text
    assert "{" not in text


def test_what_was_not_seen_is_shown_before_it_is_sent(site: Site, officer: Browser) -> None:
    form = form_of(officer.see(compose(site))) | {"do": "send", "body": "<b>{이름}</b> 님\n\n새 글입니다."}
    answer = officer.post("/notices/new", data=form)
    assert answer.status_code == 200
    assert "&lt;b&gt;김하나&lt;/b&gt;" in answer.get_data(as_text=True)
    with site.lms.database.reading() as session:
        assert session.scalars(select(Bulletin)).all() == []


def test_a_place_that_stands_for_nothing_is_told_at_the_text(site: Site, officer: Browser) -> None:
    form = form_of(officer.see(compose(site))) | {"do": "look", "body": "{성명} 님"}
    answer = officer.post("/notices/new", data=form)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "“{성명}”" in text
    assert 'aria-invalid="true"' in text


def test_a_manager_writes_to_the_own_people_and_to_no_others(site: Site) -> None:
    manager = site.browser_of(site.world.doyun)
    page = manager.see(compose(site, company=site.world.hanbit.uid))
    answer = manager.post("/notices/new", data=form_of(page) | {"do": "send"})
    assert answer.status_code == 303
    assert manager.get(compose(site, company=site.world.suwon.uid)).status_code == 404
    assert manager.get(compose(site, company="x")).status_code == 404
    assert site.browser_of(site.world.seoyeon).get(answer.headers["Location"]).status_code == 404
    assert manager.post(answer.headers["Location"] + "/undo", data={"csrf_token": manager.token}).status_code == 303
    job_done(site)
    with site.lms.database.reading() as session:
        assert session.scalars(select(Message).where(Message.kind == "bulletin")).all() == []


def test_whose_mail_comes_back_is_told_to_her_and_to_those_who_write(
    site: Site, officer: Browser, hana: Browser
) -> None:
    with site.lms.database.writing() as session:
        unreachable.mark(session, site.world.hana.id, "hana@hanbit.example", "the server answered 550")
        session.commit()
    assert "김하나" in officer.see(f"/desk/runs/{site.run.uid}/notices").select_one(".callout").get_text()  # type: ignore[union-attr]
    assert "hana@hanbit.example" in hana.see("/messages/").get_text()
    hana.send("/messages/address")
    assert "hana@hanbit.example" not in hana.see("/messages/").get_text()


def test_a_mail_program_refuses_a_topic_by_itself(site: Site) -> None:
    key = way_out.key_of(site.lms.settings.secret_key)
    address = f"/messages/off/{way_out.token_of(site.world.hana.uid, 'reminders', key)}"
    stranger = site.browser()

    def topics() -> frozenset[str]:
        with site.lms.database.reading() as session:
            return choices.mail_topics(session, site.world.hana.id)

    assert stranger.get(address).status_code == 200
    assert "reminders" in topics()
    assert stranger.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert "reminders" not in topics()
    assert "learning" in topics()
    assert stranger.post(address, data={"on": "1"}).status_code == 200
    assert "reminders" in topics()
    assert stranger.post(address[:-1]).status_code == 404


def test_learners_choose_among_what_they_get(site: Site, hana: Browser) -> None:
    offered = {str(field["value"]) for field in hana.see("/messages/").select("input[name=mail]")}
    if offered:
        assert offered == {"learning", "reminders", "letters", "news"}
    hana.send("/messages/choices", {"mail": "letters"})
    with site.lms.database.reading() as session:
        assert choices.mail_topics(session, site.world.hana.id) == {"letters", "desk", "digest"}


def test_every_kind_leads_to_a_page_that_is_there(site: Site, hana: Browser) -> None:
    facts = {
        "run": str(site.run.uid), "number": 1, "course": "x", "begins": "2026-03-02", "ends": "2026-03-31",
        "on": "2026-03-24", "at": "2026-03-24T00:00:00+00:00", "place": "부산", "sitting": "집체교육",
        "subject": "x", "text": "x", "name": "x", "by": "x",
    }  # fmt: skip
    kinds = ("enrolled", "run_starts", "not_begun", "deadline", "completed", "sitting_tomorrow", "bulletin")
    with site.lms.database.writing() as session:
        for kind in kinds:
            messages.send(session, site.world.hana.id, kind, facts)
        session.commit()
    with site.lms.database.reading() as session:
        uids = session.scalars(select(Message.uid).where(Message.kind.in_(kinds))).all()
    for uid in uids:
        button = hana.see(f"/messages/{uid}").select_one("article a.button")
        assert button is not None
        assert hana.get(str(button["href"])).status_code == 200
    assert len(uids) == len(kinds)
