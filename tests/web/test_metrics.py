"""Figures for Prometheus, the health addresses, and what the log says of a request: nothing that names a person."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from lms.clock import utcnow
from lms.jobs import heartbeat
from lms.models import Job
from lms.web import logs, metrics

from .browser import Browser
from .site import Site, standalone
from .small_course import EXERCISE

ROOT = Path(__file__).resolve().parents[2]


def figures(site: Site, **headers: str) -> dict[str, float]:
    """By name and labels, as Prometheus reads them."""
    answer = site.browser().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}": sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def requests_to(site: Site, route: str, status: str = "200") -> float:
    labels = json.dumps({"method": "GET", "route": route, "status": status}, sort_keys=True)
    return figures(site).get(f"lms_request_seconds_count{labels}", 0)


# Metrics


def test_requests_are_counted_by_rule_and_not_by_path(site: Site, hana: Browser) -> None:
    route = "/runs/<uuid:run>/units/<key>"
    before = requests_to(site, route)
    hana.see(site.address(EXERCISE))
    assert requests_to(site, route) == before + 1
    everything = site.browser().get("/metrics").get_data(as_text=True)
    assert str(site.run.uid) not in everything
    assert site.world.hana.name not in everything


def test_the_queue_and_the_workers_as_they_are(site: Site, hana: Browser) -> None:
    site.hand_in(hana, site.notebook())
    with site.lms.database.writing() as session:
        session.execute(update(Job).values(run_at=utcnow() - timedelta(seconds=40)))
        session.commit()
    heartbeat._renew(site.lms.database, 3, "user", utcnow())
    now = figures(site)
    assert now['lms_jobs{"kind": "grade", "state": "due"}'] == 1
    assert 40 <= now['lms_job_oldest_seconds{"kind": "grade"}'] < 100
    assert (now["lms_database_up{}"], now["lms_workers{}"], now["lms_worker_slots{}"]) == (1, 1, 3)
    assert now["lms_worker_heartbeat_age_seconds{}"] >= 0


def test_without_a_database_the_rest_is_told(site: Site) -> None:
    with site.lms.database.writing() as session:
        session.execute(text("ALTER TABLE lms_job RENAME TO elsewhere"))
        session.commit()
    assert figures(site)["lms_database_up{}"] == 0


def test_jobs_are_counted_by_outcome() -> None:
    before = _count_of_jobs()
    metrics.observe_job("grade", "graded", 0.4)
    assert _count_of_jobs() == before + 1


def _count_of_jobs() -> float:
    return metrics._own.get_sample_value("lms_job_seconds_count", {"kind": "grade", "outcome": "graded"}) or 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"X-Forwarded-For": "203.0.113.9"}, 404), ({"Forwarded": "for=203.0.113.9"}, 404)],
)
def test_only_this_machine_may_look(site: Site, headers: dict[str, str], status: int) -> None:
    assert site.browser().get("/metrics", headers=headers).status_code == status
    assert site.browser().get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


def test_with_a_token_only_who_has_it(sqlite_url: str, tmp_path: Path, small_content: Path) -> None:
    app = standalone(sqlite_url, tmp_path, small_content, metrics_token="a long token")
    ask = app.test_client().get
    assert ask("/metrics").status_code == 404
    assert ask("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert ask("/metrics", headers={"Authorization": "Bearer a long token"}, environ_base=far).status_code == 200
    app.extensions["lms"].database.dispose()


def test_several_processes_count_together(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "histogram_1.db").touch()  # of a process that was killed as it began
    program = "from lms.web import metrics; metrics.observe_request('GET', '/', 200, 0.1)"
    look = (
        "from lms.models import Database, make_engine; from lms.web import metrics; "
        "print(metrics.collect(Database(make_engine('sqlite://'))).decode())"
    )
    environment = os.environ | {metrics.FOLDER_VARIABLE: str(folder), "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    told = subprocess.run([sys.executable, "-c", look], env=environment, check=True, capture_output=True, text=True)
    assert 'lms_request_seconds_count{method="GET",route="/",status="200"} 2.0' in told.stdout


def test_the_shared_folder_is_ours_alone_and_begins_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(metrics.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(metrics, "_MEMORY", tmp_path / "memory")
    instance = tmp_path / "instance"
    assert metrics.fresh_folder(instance) == instance / "metrics"  # no such place
    (tmp_path / "memory").mkdir()
    folder = metrics.fresh_folder(instance)
    assert (folder.parent, folder.stat().st_mode & 0o777) == (tmp_path / "memory", 0o700)
    (folder / "histogram_1.db").write_bytes(b"of an earlier start")
    assert list(metrics.fresh_folder(instance).iterdir()) == []
    folder.rmdir()
    folder.symlink_to(tmp_path)  # somebody was there first
    assert metrics.fresh_folder(instance) == instance / "metrics"
    monkeypatch.setenv(metrics.FOLDER_VARIABLE, str(tmp_path / "given"))
    assert metrics.fresh_folder(instance) == tmp_path / "given"


def test_what_can_not_be_counted_is_done_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(metrics._requests, "labels", full)
    monkeypatch.setattr(metrics._jobs, "labels", full)
    metrics.observe_request("GET", "/", 200, 0.1)
    metrics.observe_job("grade", "graded", 0.1)


# Health


def health(app: Flask) -> tuple[int, dict]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


def test_readiness_tells_of_worker_and_queue_and_serves_on(site: Site, hana: Browser) -> None:
    assert health(site.app) == (
        200,
        {"status": "degraded", "database": True, "migrated": True, "worker": False, "queue_seconds": 0},
    )
    heartbeat._renew(site.lms.database, 1, "user", utcnow())
    assert health(site.app)[1]["status"] == "ok"
    site.hand_in(hana, site.notebook())
    with site.lms.database.writing() as session:
        session.execute(update(Job).values(run_at=utcnow() - timedelta(seconds=700)))
        session.commit()
    status, told = health(site.app)
    assert (status, told["status"], told["worker"]) == (200, "degraded", True)
    assert told["queue_seconds"] >= 700


def test_an_older_form_is_not_ready(site: Site) -> None:
    with site.lms.database.writing() as session:
        session.execute(text("UPDATE lms_alembic_version SET version_num = '0001'"))
        session.commit()
    assert health(site.app) == (503, {"status": "unavailable", "database": True, "migrated": False})


# The log


@contextmanager
def logged(form: str) -> Iterator[io.StringIO]:
    logger = logging.getLogger("lms")
    logs.set_up(form)
    written = io.StringIO()
    handler = logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    try:
        yield written
    finally:
        logs.set_up("text")


def test_a_request_and_its_job_have_the_same_number(site: Site, hana: Browser) -> None:
    with logged("json") as written:
        site.hand_in(hana, site.notebook())
        site.grade_all()
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    handed_in = next(line for line in lines if line.get("route", "").endswith("/submissions"))
    graded = next(line for line in lines if "job" in line)
    assert (handed_in["method"], handed_in["status"]) == ("POST", 303)
    assert handed_in["ms"] > 0
    assert graded["kind"] == "grade"
    assert graded["request"] == handed_in["request"]


def test_a_line_names_nobody(site: Site, hana: Browser) -> None:
    with logged("json") as written:
        hana.see("/")
        hana.see("/account")
        site.browser_of(site.world.minseo).see("/operations/")
    text_of_all = written.getvalue()
    for secret in (str(site.world.hana.uid), site.world.hana.name, site.world.hana.email or "no e-mail"):
        assert secret not in text_of_all
    people = [line["person"] for line in map(json.loads, text_of_all.splitlines()) if "person" in line]
    assert len(set(people)) == 2
    assert people.count(people[0]) >= 2


def test_a_number_is_taken_from_a_trusted_proxy_alone(sqlite_url: str, tmp_path: Path, small_content: Path) -> None:
    for hops, expected in ((1, True), (0, False)):
        app = standalone(sqlite_url, tmp_path, small_content, trusted_proxies=hops)
        ask = app.test_client().get
        answer = ask("/sign-in", headers={"X-Request-ID": "proxy-0123456789"})
        assert (answer.headers["X-Request-ID"] == "proxy-0123456789") is expected
        forged = ask("/sign-in", headers={"X-Request-ID": "x" * 65})
        assert len(forged.headers["X-Request-ID"]) == 8
        app.extensions["lms"].database.dispose()


def test_people_get_no_line_for_each_request(site: Site, hana: Browser) -> None:
    with logged("text") as written:
        hana.see("/")
    assert written.getvalue() == ""


def test_machines_that_ask_every_second_leave_no_line(site: Site) -> None:
    with logged("json") as written:
        for path in ("/healthz", "/readyz", "/metrics"):
            site.browser().get(path)
    assert written.getvalue() == ""
