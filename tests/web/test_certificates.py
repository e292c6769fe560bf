"""Certificates from the learner's button to the page behind the code, and what officers do with them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from uuid import UUID

import msgspec
import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select

from lms.clock import today, utcnow
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.learning import ledger
from lms.models import Certificate, Download, Person
from lms.web import work

from .browser import Browser
from .site import Site


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What databases differ in is tried below the pages."""
    return sqlite_url


def complete(site: Site, person: Person) -> None:
    with site.lms.database.writing() as session:
        enrolment = session.merge(site.enrolled[person.id], load=True)
        ledger.append(session, enrolment, "completed", effective_on=today(), recorded_at=utcnow())
        session.commit()


def newest(site: Site) -> Certificate:
    with site.lms.database.reading() as session:
        return session.scalars(select(Certificate).order_by(Certificate.id.desc()).limit(1)).one()


def run_jobs(site: Site, *kinds: str) -> None:
    worker = Worker(site.lms.database, work.handlers_of(site.lms))
    while worker.run_one("test", kinds):
        pass


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def tab(site: Site) -> str:
    return f"/desk/runs/{site.run.uid}/certificates"


def test_a_learner_takes_hers_and_anyone_sees_that_it_holds(site: Site, hana: Browser) -> None:
    complete(site, site.world.hana)
    assert hana.see("/?own=1").select_one("a[href='/certificates/']") is not None
    assert hana.get(f"/certificates/runs/{site.run.uid}.pdf").headers["Location"] == "/certificates/"
    hana.see("/certificates/")
    answer = hana.send(f"/certificates/runs/{site.run.uid}")
    row = newest(site)
    pdf = hana.see("/?own=1").select_one(".celebration a")["href"]
    assert hana.get(pdf).headers["Location"] == f"/certificates/{row.uid}.pdf"
    assert answer.headers["Location"] == f"/certificates/{row.uid}"
    page = hana.see(f"/certificates/{row.uid}")
    assert "김하나" in page.get_text()
    first = hana.get(f"/certificates/{row.uid}.pdf")
    with pikepdf.open(io.BytesIO(first.data)) as pdf:
        assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == ("ko", True)
    assert hana.get(f"/certificates/{row.uid}.pdf").data == first.data

    stranger = site.browser()
    public = stranger.get(f"/verify/{row.facts['code'].lower()}")
    text = stranger.page.get_text()  # type: ignore[union-attr]
    assert "유효한 수료증입니다" in text
    for _label, value in row.words["rows"]:
        assert value in text
    assert row.number in text
    assert "noindex" in public.headers["X-Robots-Tag"]
    stranger.see("/verify/")
    sent = stranger.send("/verify/", {"file": (io.BytesIO(first.data), "c.pdf")}, content_type="multipart/form-data")
    assert "유효한 수료증입니다" in sent.get_data(as_text=True)
    other = stranger.send("/verify/", {"file": (io.BytesIO(first.data + b" "), "c.pdf")})
    assert other.status_code == 404
    typed = stranger.send("/verify/", {"code": f" {row.token[:8]} {row.token[8:]} "})
    assert typed.headers["Location"].endswith(row.facts["code"])


def test_a_certificate_is_nobody_elses(site: Site, hana: Browser) -> None:
    complete(site, site.world.hana)
    hana.see("/certificates/")
    hana.send(f"/certificates/runs/{site.run.uid}")
    row = newest(site)
    for person in (site.world.sujin, site.world.minjun, site.world.doyun):
        browser = site.browser_of(person)
        browser.see(f"/certificates/{row.uid}", 404)
        assert browser.get(f"/certificates/{row.uid}.pdf").status_code == 404
    far = site.browser_of(site.world.minjun)
    far.see(f"/desk/runs/{site.run.uid}/certificates/{row.uid}", 404)
    far.see(f"/desk/runs/{site.run.uid}/certificates", 404)


def test_who_guesses_codes_is_stopped_and_numbers_lead_nowhere(site: Site) -> None:
    stranger = site.browser()
    for wrong in ("manufacturing-01-0001", "A" * 16, "0", "%00x", "가나다"):
        stranger.see(f"/verify/{wrong}", 404)
    statuses = {stranger.get(f"/verify/{'B' * 16}").status_code for _ in range(40)}
    assert statuses == {404, 429}


def test_an_officer_issues_replaces_and_revokes(site: Site, officer: Browser, tab: str) -> None:
    complete(site, site.world.hana)
    page = officer.see(tab)
    box = page.select_one("input[name=enrolment]")
    assert box is not None
    officer.send(tab, {"enrolment": box["value"], "language": "en"})
    old = newest(site)
    assert (old.language, old.words["heading"]) == ("en", "Certificate of completion")
    one = f"{tab}/{old.uid}"
    officer.see(one)
    assert officer.send(f"{one}/pdf", {"reason": ""}).status_code == 422
    taken = officer.send(f"{one}/pdf", {"reason": "분실하여 다시 인쇄"})
    assert taken.data.startswith(b"%PDF-")
    with site.lms.database.reading() as session:
        assert session.scalars(select(Download.reason)).all() == ["분실하여 다시 인쇄"]
    site.change(site.world.hana, name="김한나")
    officer.see(one)
    assert officer.send(f"{one}/replace", {"reason": "x"}).status_code == 422
    officer.send(f"{one}/replace", {"reason": "이름을 잘못 적음", "language": "ko"})
    new = newest(site)
    assert (new.replaces_id, new.facts["name"]) == (old.id, "김한나")
    again = officer.send(f"{one}/pdf", {"reason": "분실하여 다시 인쇄"})
    assert hashlib.sha256(again.data).digest() == hashlib.sha256(taken.data).digest()
    stranger = site.browser()
    assert new.number in stranger.see(f"/verify/{old.token}").get_text()
    officer.see(f"{tab}/{new.uid}")
    officer.send(f"{tab}/{new.uid}/revoke", {"reason": "대리 수강으로 밝혀짐"})
    said = stranger.see(f"/verify/{new.token}").get_text()
    assert "취소된 수료증입니다" in said
    assert "대리 수강" not in said
    assert "취소된 수료증입니다" in officer.see(f"/verify/{new.token}").get_text()


def test_a_run_as_one_file(site: Site, officer: Browser, tab: str) -> None:
    for person in (site.world.hana, site.world.junho):
        if person.id not in site.enrolled:
            site.enrolled[person.id] = site.enrol(person)
        complete(site, person)
    officer.see(tab)
    officer.send(tab, {"who": "all"})
    run_jobs(site, "certificates_of_run")
    assert officer.send(f"{tab}/files", {"reason": "no"}).status_code == 422
    asked = officer.send(f"{tab}/files", {"reason": "수료식 준비"}).headers["Location"]
    officer.see(asked)
    officer.send(f"{asked}/take")
    officer.see(asked)  # says that it is not ready
    run_jobs(site, "certificates_printed")
    officer.see(asked)
    taken = officer.send(f"{asked}/take")
    with zipfile.ZipFile(io.BytesIO(taken.data)) as archive:
        assert archive.testzip() is None
        assert [name.partition(" ")[2] for name in archive.namelist()] == ["김하나.pdf", "이준호.pdf"]
    assert officer.send(f"{asked}/take").data == taken.data
    site.browser_of(site.world.minjun).see(asked, 404)


def test_who_is_done_gets_hers_without_asking(site: Site, hana: Browser) -> None:
    complete(site, site.world.hana)
    site.lms.settings = msgspec.structs.replace(site.lms.settings, site_url="https://learn.example.kr")
    with site.lms.database.writing() as session:
        assert work.certificates.is_due(session)
        queue.enqueue(session, "certificates_due", {})
        session.commit()
    run_jobs(site, "certificates_due")
    row = newest(site)
    assert row.facts["address"] == "https://learn.example.kr/verify"
    with site.lms.database.reading() as session:
        assert not work.certificates.is_due(session)
    assert "수료증" in hana.see("/messages/").get_text()


def seal() -> bytes:
    target = io.BytesIO()
    Image.new("RGBA", (200, 200), (200, 30, 30, 180)).save(target, "PNG")
    return target.getvalue()


def test_a_centres_seal_is_on_what_is_issued_from_then_on(site: Site, officer: Browser, tab: str) -> None:
    complete(site, site.world.hana)
    where = f"/desk/paper/{site.world.busan_centre.uid}"
    officer.see(where)
    given = {"policy": "by_hand", "signer_title": "원장", "signer_name": "김원장", "from_on": today().isoformat()}
    bad = officer.send(where, given | {"seal": (io.BytesIO(b"<svg/>"), "seal.svg")})
    assert bad.status_code == 422
    assert "PNG 그림이 아닙니다" in bad.get_data(as_text=True)
    assert officer.send(where, given | {"seal": (io.BytesIO(seal()), "seal.png")}).status_code == 303
    assert officer.see(where).select_one("img.paper-picture") is not None
    assert officer.get(f"{where}/specimen.pdf").data.startswith(b"%PDF-")
    site.browser_of(site.world.minjun).see(where, 404)
    with site.lms.database.reading() as session:
        assert not work.certificates.is_due(session)
    box = officer.see(tab).select_one("input[name=enrolment]")
    assert box is not None
    officer.send(tab, {"enrolment": box["value"]})
    row = newest(site)
    assert (row.facts["signer_name"], bool(row.facts["seal"])) == ("김원장", True)
    officer.see(f"{tab}/{row.uid}")
    pdf = officer.send(f"{tab}/{row.uid}/pdf", {"reason": "확인을 위해"}).data
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert [1 for one in document.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"]


def test_a_track_is_defined_and_seen(site: Site, officer: Browser, hana: Browser) -> None:
    page = officer.see("/desk/tracks")
    courses = [box["value"] for box in page.select("input[name=course]")]
    form = {"centre": str(site.world.busan_centre.uid), "slug": "data-basics", "title": "데이터 기초", "needs": "1"}
    assert officer.send("/desk/tracks", form | {"course": courses[:1]}).status_code == 422
    made = officer.send("/desk/tracks", form | {"course": courses[:2]})
    assert made.status_code == 303, made.get_data(as_text=True)
    officer.see(made.headers["Location"])
    UUID(made.headers["Location"].rpartition("/")[2])
    assert officer.send(made.headers["Location"], form | {"course": courses[:2], "needs": "3"}).status_code == 422
    assert officer.send(made.headers["Location"], form | {"course": courses[:2], "needs": "2"}).status_code == 303
    assert "데이터 기초" in hana.see("/certificates/").get_text()
