"""The doctor: well where all is well, and each fault is found, graded and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from lms.audit import chain
from lms.clock import utcnow
from lms.jobs import queue
from lms.models import AuditEntry, Database, Employment, Job, Person, Schedule, WorkerBeat, append_only, make_engine
from lms.operations import doctor
from lms.operations.doctor import Finding
from lms.people.privacy import own_data, sealing
from lms.people.privacy.sealing import Sealer
from lms.settings import KEYS_NAME, Settings
from lms.submissions.hand_in import JOB_KIND
from tests.classroom import Classroom
from tests.web import small_course
from tests.workspace.runtime_world import NUMBERS, make_small_world
from tests.world import World


def settings(content: Path, **more: object) -> Settings:
    return Settings(secret_key="s" * 40, content_dir=str(content), **more)  # type: ignore[arg-type]


@pytest.fixture
def site(classroom: Classroom, tmp_path: Path) -> doctor.Site:
    """A published course, and a worker that lives elsewhere."""
    sealing.write_fresh(tmp_path / KEYS_NAME)
    beat(classroom.database)
    return doctor.Site(
        classroom.database,
        classroom.files,
        settings(classroom.content, runtime_dir=str(tmp_path / "runtime")),
        tmp_path,
    )


def beat(database: Database, *, seconds_ago: float = 1, isolation: str = "user") -> None:
    seen = utcnow() - timedelta(seconds=seconds_ago)
    row = WorkerBeat(name="far:1:1", slots=2, isolation=isolation, version="1", started_at=seen, seen_at=seen)
    with database.writing() as session:
        session.execute(text("DELETE FROM lms_worker"))
        session.add(row)
        session.commit()


def change_jobs(database: Database, **values: object) -> None:
    with database.writing() as session:
        session.execute(update(Job).values(**values))
        session.commit()


def found(site: doctor.Site, topic: str, *, thorough: bool = False) -> tuple[str, str]:
    """State and reason of the topic's finding."""
    one = next(finding for finding in doctor.examine(site, thorough=thorough) if finding.topic == topic)
    return one.state, one.reason


def test_all_is_well(site: doctor.Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_small_world(tmp_path, monkeypatch).prepare(is_fast=False)
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 0)
    monkeypatch.setattr(doctor, "NO_SPACE", 0)
    findings = doctor.examine(site, thorough=True)
    assert [finding for finding in findings if finding.state != "good"] == []
    assert [finding.topic for finding in findings] == [
        "database", "migrations", "worker", "isolation", "queue", "schedules", "failed", "audit", "keys", "retention", "files",
        "content", "runtime", "disk",
    ]  # fmt: skip
    assert doctor.worst(findings) == "good"


def test_the_browsers_python_is_missed_and_damage_found(
    site: doctor.Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_small_world(tmp_path, monkeypatch)
    assert found(site, "runtime") == ("warn", "missing")
    made = world.prepare()
    assert found(site, "runtime", thorough=True) == ("good", "large")
    file = made.folder / NUMBERS
    file.write_bytes(b"x" * file.stat().st_size)
    assert found(site, "runtime") == ("good", "large")  # a page that renews itself reads no files
    assert found(site, "runtime", thorough=True) == ("bad", "damaged")
    world.prepare(is_fast=False)
    assert found(site, "runtime", thorough=True) == ("good", "ready")


def test_keys_that_are_missing_or_others(site: doctor.Site, world: World) -> None:
    path = site.instance / KEYS_NAME
    sealer = Sealer(path)
    with site.database.writing() as session:
        person = session.get_one(Person, world.hana.id)
        own_data.set_contact(session, sealer, person, birth_date=None, phone="010-1234-5678")
        session.commit()
    assert found(site, "keys", thorough=True) == ("good", "open")
    kept = path.read_text()
    path.unlink()
    assert found(site, "keys", thorough=True) == ("bad", "no_keys")
    sealing.write_fresh(path)
    assert found(site, "keys", thorough=True) == ("bad", "unknown_key")
    path.write_text("nothing")
    assert found(site, "keys", thorough=True) == ("bad", "bad_keys")
    path.write_text(kept)
    assert found(site, "keys", thorough=True) == ("good", "open")


def test_an_audit_that_is_behind_or_was_changed(site: doctor.Site) -> None:
    long_ago = utcnow() - timedelta(hours=2)
    with site.database.writing() as session:
        session.add(AuditEntry(at=long_ago, actor_id=None, action="x"))
        session.commit()
    assert found(site, "audit") == ("warn", "behind")
    with site.database.writing() as session:
        chain.seal(session)
        session.commit()
    assert found(site, "audit", thorough=True) == ("good", "sealed")
    with site.database.engine.begin() as connection:
        append_only.release(connection, *append_only.APPEND_ONLY)
        connection.execute(text("UPDATE lms_audit_entry SET action = 'y'"))
    assert found(site, "audit", thorough=True) == ("bad", "tampered")


def test_people_who_are_due(site: doctor.Site, world: World) -> None:
    with site.database.writing() as session:
        person = session.get_one(Person, world.sujin.id)
        employment = session.scalars(select(Employment).where(Employment.person_id == person.id)).one()
        person.created_at = utcnow() - timedelta(days=3000)
        employment.from_on = employment.to_on = person.created_at.date()
        session.commit()
    assert found(site, "retention", thorough=True) == ("warn", "due")


def test_the_gravest_counts() -> None:
    good, warn, bad = (Finding("queue", state, "flows") for state in ("good", "warn", "bad"))
    assert [doctor.worst(found) for found in ([good], [good, warn], [warn, bad, good])] == ["good", "warn", "bad"]


def test_no_worker(site: doctor.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(site.database, seconds_ago=90)
    assert found(site, "worker") == ("bad", "none")
    assert "isolation" not in {finding.topic for finding in doctor.examine(site)}
    monkeypatch.setattr(doctor, "_probed_level", lambda: "landlock")
    assert found(site, "isolation", thorough=True) == ("bad", "below")
    monkeypatch.setattr(doctor, "_probed_level", lambda: "")
    assert found(site, "isolation", thorough=True) == ("bad", "unknown")


@pytest.mark.sandbox
def test_without_a_worker_this_machine_is_asked() -> None:
    assert doctor._probed_level() in doctor.LEVELS


@pytest.mark.parametrize(("level", "said"), [("landlock", ("bad", "below")), ("full", ("good", "reached"))])
def test_the_level_that_the_worker_tells(site: doctor.Site, level: str, said: tuple[str, str]) -> None:
    beat(site.database, isolation=level)
    assert found(site, "isolation") == said


def test_no_isolation_is_wrong_even_where_it_is_allowed(site: doctor.Site) -> None:
    beat(site.database, isolation="none")
    lax = doctor.Site(site.database, site.files, settings(Path(), grading_isolation="none"), site.instance)
    assert found(lax, "isolation") == ("bad", "open")


@pytest.mark.parametrize(
    ("seconds", "said"), [(60, ("good", "flows")), (200, ("warn", "waits")), (700, ("bad", "waits"))]
)
def test_the_age_of_the_queue(site: doctor.Site, classroom: Classroom, seconds: int, said: tuple[str, str]) -> None:
    classroom.hand_in()
    change_jobs(site.database, run_at=utcnow() - timedelta(seconds=seconds))
    assert found(site, "queue") == said


def test_jobs_that_wait_for_another_try_say_why_on_the_command_line_alone(
    site: doctor.Site, classroom: Classroom
) -> None:
    classroom.hand_in()
    change_jobs(site.database, run_at=utcnow() + timedelta(minutes=5), error="no sandbox")
    assert found(site, "retries") == ("warn", "waiting")
    whys = [
        finding.facts["why"]
        for thorough in (False, True)
        for finding in doctor.examine(site, thorough=thorough)
        if finding.topic == "retries"
    ]
    assert whys == ["", "no sandbox"]


def test_a_job_that_was_asked_for_tomorrow_is_no_fault(site: doctor.Site) -> None:
    now = utcnow()
    with site.database.writing() as session:
        queue.enqueue(session, "forget_slips", {}, now=now + timedelta(days=1))
        session.commit()
    with site.database.reading() as session:
        assert queue.backlog(session, now) == []
    assert "retries" not in {finding.topic for finding in doctor.examine(site)}


def test_jobs_that_were_given_up(site: doctor.Site, classroom: Classroom) -> None:
    classroom.hand_in()
    change_jobs(site.database, state="failed")
    assert found(site, "failed") == ("bad", "some")


def test_reports_that_should_have_been_issued(site: doctor.Site, world: World) -> None:
    made = Schedule(
        maker_id=world.seoyeon.id,
        name="월간 보고",
        report="completions",
        question={},
        language="ko",
        scope={},
        every="month",
        on_day=1,
        hour=7,
        address="",
        next_at=utcnow() - timedelta(minutes=59),
        created_at=utcnow(),
    )
    with site.database.writing() as session:
        session.add(made)
        session.commit()
    assert found(site, "schedules") == ("good", "in_time")
    with site.database.writing() as session:
        session.execute(update(Schedule).values(next_at=utcnow() - timedelta(minutes=61)))
        session.commit()
    assert found(site, "schedules") == ("warn", "troubles")


def test_the_backlog_by_kind(site: doctor.Site, classroom: Classroom) -> None:
    classroom.hand_in()
    now = utcnow()
    change_jobs(site.database, run_at=now - timedelta(seconds=30))
    with site.database.writing() as session:
        for state in ("done", "running", "failed"):
            queue.enqueue(session, "mail", {}, now=now).state = state
        session.commit()
    with site.database.reading() as session:
        grading, mail = queue.backlog(session, now)
    assert (grading.kind, grading.due, round(grading.oldest_seconds)) == (JOB_KIND, 1, 30)
    assert (mail.due, mail.running, mail.failed, mail.later) == (0, 1, 1, 0)


def test_a_file_that_is_gone_or_cut_short(site: doctor.Site, classroom: Classroom) -> None:
    digest = classroom.hand_in().submission.notebook
    assert found(site, "files", thorough=True) == ("good", "there")
    site.files.path(digest).write_bytes(b"{")
    assert found(site, "files", thorough=True) == ("bad", "missing")
    site.files.path(digest).unlink()
    assert found(site, "files", thorough=True) == ("bad", "missing")


def test_content_that_changed_or_is_wrong(site: doctor.Site, tmp_path: Path) -> None:
    changed = small_course.write(tmp_path / "changed")
    elsewhere = doctor.Site(site.database, site.files, settings(changed), site.instance)
    assert found(elsewhere, "content", thorough=True) == ("good", "published")
    page = next((changed / "courses").glob("*/pages/*.md"))
    page.write_text(page.read_text("utf-8") + "\n한 줄 더.\n", "utf-8")
    assert found(elsewhere, "content", thorough=True) == ("warn", "unpublished")
    next((changed / "courses").glob("*/course.toml")).write_text("titel = 1", "utf-8")
    assert found(elsewhere, "content", thorough=True) == ("bad", "wrong")


@pytest.mark.parametrize(("limit", "state"), [("LITTLE_SPACE", "warn"), ("NO_SPACE", "bad")])
def test_little_space(site: doctor.Site, monkeypatch: pytest.MonkeyPatch, limit: str, state: str) -> None:
    monkeypatch.setattr(doctor, limit, 1 << 60)
    assert found(site, "disk") == (state, "little")


def test_settings_that_leave_a_door_open(site: doctor.Site) -> None:
    def with_settings(**more: object) -> tuple[str, str]:
        return found(doctor.Site(site.database, site.files, settings(Path(), **more), site.instance), "settings")

    assert with_settings(trusted_proxies=1) == ("warn", "open_cookies")
    assert with_settings(host="0.0.0.0") == ("warn", "open_address")


def test_an_older_form_of_the_tables(site: doctor.Site) -> None:
    with site.database.writing() as session:
        session.execute(text("UPDATE lms_alembic_version SET version_num = '0001'"))
        session.commit()
    findings = {finding.topic: finding for finding in doctor.examine(site, thorough=True)}
    assert (findings["migrations"].state, findings["migrations"].facts["at"]) == ("bad", "0001")
    assert "queue" not in findings


def test_a_database_that_is_away(tmp_path: Path, site: doctor.Site) -> None:
    away = Database(make_engine(f"sqlite:///{tmp_path}/no/such/folder/lms.sqlite3"))
    assert found(doctor.Site(away, site.files, site.settings, site.instance), "database") == ("bad", "away")


def test_rows_that_point_to_nothing_and_a_damaged_file(sqlite_url: str, site: doctor.Site) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    own = Database(make_engine(sqlite_url))
    here = doctor.Site(own, site.files, site.settings, site.instance)
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("INSERT INTO lms_role (person_id, kind, from_on) VALUES (999, 'operator', '2026-01-01')")
    assert found(here, "database") == ("good", "answers")
    assert found(here, "database", thorough=True) == ("bad", "orphans")
    own.dispose()
    content = bytearray(file.read_bytes())
    content[8 * 4096 : 9 * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    assert found(here, "database", thorough=True)[0] == "bad"
    own.dispose()
