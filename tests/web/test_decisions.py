"""Deciding on several completions in question at once, from the list of what waits to the sentence afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lms.learning import enrolments
from lms.models import LedgerEntry, Run

from .browser import Browser
from .site import Site
from .test_desk import complete, enrolment_of


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def where(site: Site) -> str:
    """Two are in question in one run: its page."""
    hana = enrolment_of(site, site.world.hana)
    with site.lms.database.writing() as session:
        run = session.get_one(Run, hana.run_id)
        junho = enrolments.enrol(session, run, site.world.junho.id)
        session.commit()
    for enrolment in (hana, junho):
        complete(site, enrolment, question=True)
    return f"/desk/waiting/runs/{run.uid}"


def kinds(site: Site) -> list[str]:
    with site.lms.database.reading() as session:
        decided = select(LedgerEntry.kind).where(LedgerEntry.actor_id == site.world.seoyeon.id)
        return list(session.scalars(decided.order_by(LedgerEntry.id)))


def test_several_are_decided_together_after_a_look_at_whom_it_concerns(
    site: Site, officer: Browser, where: str
) -> None:
    assert officer.see("/desk/waiting").select_one(f'a[href="{where}"]') is not None
    page = officer.see(where)
    sent = {"newest": str(page.select_one("[name=newest]")["value"]), "all": "1", "do": "revoked"}  # type: ignore[index]
    asked = officer.send(where, sent)
    assert asked.status_code == 200
    assert "2명" in asked.text
    assert site.world.junho.name in asked.text
    assert kinds(site) == []
    refused = officer.send(where, {**sent, "sure": "1", "reason": " "})
    assert refused.status_code == 422
    assert kinds(site) == []
    done = officer.send(where, {**sent, "sure": "1", "reason": "기준을 잘못 바꾸었음"})
    assert done.headers["Location"] == "/desk/waiting"
    assert kinds(site) == ["revoked", "revoked"]
    assert "수료 2건을 취소했습니다" in officer.see("/desk/waiting").get_text()


def test_nobody_ticked_decides_nothing(site: Site, officer: Browser, where: str) -> None:
    page = officer.see(where)
    sent = {"newest": str(page.select_one("[name=newest]")["value"]), "all": "0", "do": "upheld"}  # type: ignore[index]
    for ticked in ({}, {"enrolment": "nobody"}):
        answer = officer.send(where, {**sent, **ticked})
        assert answer.status_code == 422
        assert "아무도 고르지" in answer.text
    assert kinds(site) == []
