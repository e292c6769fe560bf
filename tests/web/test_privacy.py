"""Pages about personal data: one's own, another's for those who answer for her, and the operator's."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from lms.audit import chain
from lms.clock import utcnow
from lms.models import AccessEntry, AuditEntry, Destruction, Download, Employment, Person
from lms.models.append_only import APPEND_ONLY, release
from lms.people.privacy import access_log, own_data

from .browser import Browser
from .site import Site


@pytest.fixture
def with_contact(site: Site) -> Site:
    """김하나 has given birth date and telephone."""
    with site.lms.database.writing() as session:
        person = session.get_one(Person, site.world.hana.id)
        own_data.set_contact(session, site.lms.sealer, person, birth_date=date(1990, 1, 31), phone="010-1234-5678")
        session.commit()
    return site


def _looks(site: Site) -> list[tuple]:
    with site.lms.database.reading() as session:
        rows = session.scalars(select(AccessEntry).order_by(AccessEntry.id)).all()
    return [(row.actor_id, row.action, row.person_id, row.subject, row.count) for row in rows]


# My own


def test_she_sees_what_is_kept_and_changes_what_she_gave(site: Site, hana: Browser) -> None:
    page = hana.see("/account/data")
    assert "한빛정밀" in page.get_text()
    answer = hana.send("/account/data", {"birth_date": "1990-01-31", "phone": "010-1234-5678"})
    assert answer.status_code == 303
    page = hana.see("/account/data")
    assert page.select_one("#phone")["value"] == "01012345678"  # type: ignore[index]
    assert page.select_one("#birth_date")["value"] == "1990-01-31"  # type: ignore[index]
    with site.lms.database.reading() as session:
        person = session.get_one(Person, site.world.hana.id)
        assert "1234" not in (person.phone_sealed or "")
    hana.send("/account/data", {"birth_date": "", "phone": ""})
    with site.lms.database.reading() as session:
        assert session.get_one(Person, site.world.hana.id).phone_sealed is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"birth_date": "1990-13-01", "phone": ""}, "1990-01-31"),
        ({"birth_date": "2099-01-01", "phone": ""}, "생년월일"),
        ({"birth_date": "", "phone": "전화"}, "010-1234-5678"),
        ({"birth_date": "", "phone": "1" * 60}, "너무 깁니다"),
    ],
)
def test_what_she_gives_has_to_be_right(site: Site, hana: Browser, form: dict[str, str], words: str) -> None:
    hana.see("/account/data")
    before = site.snapshot()
    answer = hana.send("/account/data", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert site.snapshot() == before


def test_she_takes_everything_with_her(with_contact: Site, hana: Browser) -> None:
    hana.see("/account/data")
    answer = hana.send("/account/data/export")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        document = json.loads(packed.read("data.json"))
        assert "계정" in packed.read("data.html").decode()
    assert document["tables"]["person"][0]["phone"] == "01012345678"
    with with_contact.lms.database.reading() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "exported_own")).one()


# Others


def test_each_look_at_her_is_noted_and_she_reads_it(with_contact: Site, hana: Browser) -> None:
    site, world = with_contact, with_contact.world
    enrolment = site.enrolled[world.hana.id].uid
    officer, instructor = site.browser_of(world.seoyeon), site.browser_of(world.jihun)
    officer.see(f"/desk/learners/{enrolment}")
    officer.see(f"/desk/companies/{world.hanbit.uid}")
    officer.see(f"/people/{world.hana.uid}")
    instructor.see(f"/classes/learners/{enrolment}")
    instructor.see(f"/classes/{site.run.uid}")
    who, teaches, her = world.seoyeon.id, world.jihun.id, world.hana.id
    assert _looks(site) == [
        (who, "learner_page", her, "", 1),
        (who, "company_people", None, f"company:{world.hanbit.uid}", 1),
        (who, "person_page", her, "", 1),
        (teaches, "learner_page", her, "", 1),
        (teaches, "class_list", None, f"run:{site.run.uid}", 1),
    ]
    told = hana.see("/account/data/looks").get_text()
    assert told.count("이서연") == 3
    assert told.count("정지훈") == 2


def test_looking_at_oneself_or_in_vain_notes_nothing(site: Site, hana: Browser) -> None:
    hana.see("/")
    hana.see("/account/data")
    far = site.browser_of(site.world.minjun)
    far.see(f"/desk/learners/{site.enrolled[site.world.hana.id].uid}", 404)
    far.see(f"/people/{site.world.hana.uid}", 404)
    assert _looks(site) == []


def test_where_a_look_cannot_be_noted_nobody_is_shown(site: Site) -> None:
    officer = site.browser_of(site.world.seoyeon)
    engine = site.lms.database.engine
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE lms_access_entry RENAME TO lms_gone"))
    answer = officer.get(f"/desk/learners/{site.enrolled[site.world.hana.id].uid}")
    assert answer.status_code == 503
    assert "김하나" not in answer.text


def test_hidden_data_are_shown_for_a_reason_that_is_kept(with_contact: Site, hana: Browser) -> None:
    site, world = with_contact, with_contact.world
    manager = site.browser_of(world.doyun)
    where = f"/people/{world.hana.uid}"
    shown = manager.see(where).get_text()
    assert "010-****-5678" in shown
    assert "1990-**-**" in shown
    assert "1234" not in shown
    refused = manager.send(f"{where}/reveal", {"reason": " ㅇ "})
    assert refused.status_code == 422
    assert "1234" not in refused.text
    answer = manager.send(f"{where}/reveal", {"reason": "비상 연락이 필요함"})
    assert "01012345678" in answer.text
    assert "1234" not in manager.see(where).get_text()
    with site.lms.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "revealed")).one()
    assert (entry.actor_id, entry.subject, entry.reason) == (
        world.doyun.id,
        f"person:{world.hana.id}",
        "비상 연락이 필요함",
    )
    assert "비상 연락이 필요함" in hana.see("/account/data/looks").get_text()


def test_the_programme_office_counts_people_and_does_not_open_them(with_contact: Site) -> None:
    office = with_contact.browser_of(with_contact.world.jimin)
    where = f"/people/{with_contact.world.hana.uid}"
    assert office.see(where).select_one("form[action$=reveal]") is None
    assert office.send(f"{where}/reveal", {"reason": "궁금해서 봅니다"}).status_code == 403


def test_without_its_keys_the_site_says_so(with_contact: Site, hana: Browser) -> None:
    with_contact.lms.sealer.path.unlink()
    answer = hana.get("/account/data")
    assert answer.status_code == 503
    assert "열쇠" in answer.text


def test_a_file_with_people_is_one_truth_in_three_places(site: Site, hana: Browser) -> None:
    officer = site.browser_of(site.world.seoyeon)
    where = f"/desk/companies/{site.world.hanbit.uid}"
    officer.see(where)
    answer = officer.send(f"{where}/people", {"form": "csv", "reason": "감사 자료 제출"})
    assert answer.status_code == 200
    with site.lms.database.reading() as session:
        download = session.scalars(select(Download)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "downloaded")).one()
    assert entry.subject == f"download:{download.id}"
    assert entry.reason == download.reason == "감사 자료 제출"
    assert _looks(site)[-1] == (site.world.seoyeon.id, "downloaded", None, f"company:{site.world.hanbit.uid}", 1)
    assert "감사 자료 제출" in hana.see("/account/data/looks").get_text()


# Operators


def _seal(site: Site) -> None:
    with site.lms.database.writing() as session:
        chain.seal(session)
        session.commit()


def test_the_operator_reads_the_audit_and_verifies_it(with_contact: Site) -> None:
    site = with_contact
    operator = site.browser_of(site.world.minseo)
    officer = site.browser_of(site.world.seoyeon)
    officer.see(f"/people/{site.world.hana.uid}")
    officer.send(f"/people/{site.world.hana.uid}/reveal", {"reason": "비상 연락이 필요함"})
    _seal(site)
    page = operator.see("/operations/audit?action=revealed&who=이서연&whom=hana@hanbit.example")
    assert len(page.select("tbody tr")) == 1
    assert "비상 연락이 필요함" in page.get_text()
    tomorrow = (utcnow() + timedelta(days=2)).date()
    for nothing in ("?who=nobody", f"?since={tomorrow}", "?until=2020-01-01", "?page=400"):
        assert operator.see(f"/operations/audit{nothing}").select("tbody tr") == []
    assert operator.see("/operations/audit?action=x&since=x&until=9999-99-99&page=-3").select("tbody tr")
    assert operator.send("/operations/audit/verify").status_code == 303
    assert "봉인된" in operator.see("/operations/audit").get_text()
    with site.lms.database.engine.begin() as connection:
        release(connection, *APPEND_ONLY)
        connection.execute(text("UPDATE lms_audit_entry SET reason = 'x' WHERE action = 'revealed'"))
    operator.send("/operations/audit/verify")
    assert "바뀌었거나" in operator.see("/operations/audit").get_text()


def test_the_operator_reads_who_looked_at_whom(site: Site) -> None:
    operator = site.browser_of(site.world.minseo)
    with site.lms.database.writing() as session:
        for number in range(60):
            access_log.note(session, "learner_page", actor_id=site.world.seoyeon.id, person_id=site.world.hana.id)
            access_log.note(session, "class_list", actor_id=site.world.jihun.id, count=number)
        session.commit()
    page = operator.see("/operations/looks?who=이서연&action=learner_page")
    assert len(page.select("tbody tr")) == 50
    assert len(operator.see(page.select_one("a[rel=next]")["href"]).select("tbody tr")) == 10  # type: ignore[index,arg-type]
    assert operator.see("/operations/looks?whom=김하나&who=정지훈").select("tbody tr") == []


def test_the_operator_has_due_people_destroyed(with_contact: Site) -> None:
    site, long_ago = with_contact, utcnow() - timedelta(days=6 * 366)
    with site.lms.database.writing() as session:
        junho = session.get_one(Person, site.world.junho.id)
        junho.created_at = long_ago
        employment = session.scalars(select(Employment).where(Employment.person_id == junho.id)).one()
        employment.from_on, employment.to_on = long_ago.date(), long_ago.date()
        session.commit()
    operator = site.browser_of(site.world.minseo)
    operator.see("/operations/kept")
    assert operator.send("/operations/kept/destroy", {"reason": ""}).status_code == 422
    assert operator.send("/operations/kept/destroy", {"reason": "보유 기간이 지남"}).status_code == 303
    assert site.grade_all() == 1
    told = operator.see("/operations/kept").get_text()
    assert "보유 기간이 지남" in told
    assert "강민서" in told
    with site.lms.database.reading() as session:
        assert session.get_one(Person, site.world.junho.id).name != "이준호"
        assert session.get_one(Person, site.world.hana.id).name == "김하나"
        assert session.scalars(select(Destruction)).one().count == 1
