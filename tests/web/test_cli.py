"""`flask lms …`, as an operator types it."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select, update

from lms.clock import today
from lms.grading import IsolationReport
from lms.jobs.chores import put_in
from lms.jobs.worker import Worker
from lms.models import CourseVersion, Download, Person, Role
from lms.models.rollups import RollupDue, RollupStep
from lms.reports.rollups import work as rollups
from lms.web import cli
from lms.web.app import create_app
from lms.web.cli.site import isolation_note
from tests.world import PASSWORD

from . import small_course
from .browser import Browser
from .site import Site, settings_of
from .small_course import EXERCISE, FIRST_PAGE, QUIZ, SECOND_PAGE

Typed = Callable[..., Result]


def _typed(app: Flask) -> Typed:
    return lambda *words: app.test_cli_runner().invoke(cli.lms, words)


@pytest.fixture
def typed(site: Site) -> Typed:
    return _typed(site.app)


def _right(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def _wrong(result: Result) -> str:
    """What is said in words: a usage error or one of ours, never a traceback."""
    assert result.exit_code in (1, 2), (result.output, result.exception)
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output


# A site from nothing


@pytest.fixture
def empty(empty_database_url: str, small_content: Path, tmp_path: Path) -> Iterator[Flask]:
    """A site of which nothing is prepared, on content of its own."""
    content = shutil.copytree(small_content, tmp_path / "content")
    app = create_app(tmp_path / "instance", settings_of(empty_database_url, tmp_path, content))
    yield app
    app.extensions["lms"].database.dispose()


def test_init_makes_a_site_and_again_changes_nothing(empty: Flask) -> None:
    typed = _typed(empty)
    assert "brought the database to the newest form" in _right(typed("init"))
    assert _right(typed("init")) == "content is as published (2 courses and exercises)\n"


def test_init_writes_a_configuration_where_there_is_none(
    tmp_path: Path, small_content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMS_CONTENT_DIR", str(small_content))
    made: list[Flask] = []

    def make() -> Flask:
        made.append(create_app(tmp_path / "instance"))
        return made[-1]

    app = Flask("runner")
    for _ in range(2):
        runner = app.test_cli_runner()
        result = runner.invoke(
            cli.lms, ["init", "--instance", str(tmp_path / "instance")], obj=ScriptInfo(create_app=make)
        )
        assert result.exit_code == 0, result.output
    assert (tmp_path / "instance/lms.toml").stat().st_mode & 0o777 == 0o600
    assert made[0].secret_key == made[1].secret_key
    for site in made:
        site.extensions["lms"].database.dispose()


def test_new_content_is_published_beside_the_old(empty: Flask) -> None:
    typed = _typed(empty)
    _right(typed("init"))
    small_course.write(
        Path(empty.extensions["lms"].settings.content_dir), page=small_course.WHY + "\n다시 쓴 첫 쪽입니다.\n"
    )
    assert _right(typed("content", "sync")) == "published course count-parts\n"
    with empty.extensions["lms"].database.reading() as session:
        assert len(session.scalars(select(CourseVersion)).all()) == 2


def test_wrong_content_is_named_and_nothing_is_published(empty: Flask) -> None:
    typed = _typed(empty)
    folder = Path(empty.extensions["lms"].settings.content_dir) / "courses" / small_course.COURSE
    text = (folder / "course.toml").read_text("utf-8")
    (folder / "course.toml").write_text(text.replace("minutes = 10", "minuts = 10"), "utf-8")
    for command in (("init",), ("content", "sync"), ("check",)):
        said = _wrong(typed(*command))
        assert "course.toml" in said
        assert "minuts" in said
    with empty.extensions["lms"].database.reading() as session:
        assert session.scalars(select(CourseVersion)).all() == []


def test_serving_waits_for_the_database(empty: Flask) -> None:
    assert "flask lms init" in _wrong(_typed(empty)("serve"))


def test_demonstration_data_needs_its_course(empty: Flask) -> None:
    typed = _typed(empty)
    _right(typed("init"))
    assert "content sync" in _wrong(typed("demo"))


# People


def _password(said: str) -> str:
    return said.rpartition(" ")[2].strip()


def test_a_person_is_added_and_changes_the_first_password(site: Site, typed: Typed) -> None:
    said = _right(typed("user", "add", "--name", "새사람", "--email", "New@site.example", "--role", "operator"))
    browser = site.browser()
    assert browser.sign_in("new@site.example", _password(said)).headers["Location"] == "/account/password"
    assert "새사람" in _right(typed("user", "list"))


def test_a_worker_is_added_with_an_employee_number(site: Site, typed: Typed) -> None:
    said = _right(typed("user", "add", "--name", "새일꾼", "--company", "124-81-00998", "--employee-number", "H-077"))
    browser = site.browser()
    browser.see("/sign-in?by=number")
    form = {"by": "number", "company": "한빛정밀", "employee_number": "H-077", "password": _password(said)}
    assert browser.send("/sign-in", form).status_code == 303


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "가", "--email", "hana@hanbit.example"), "email_taken"),
        (("--name", "가", "--email", "none"), "email_malformed"),
        (("--name", "가"), "--email"),
        (("--email", "a@b.kr"), "--name"),
        (("--name", "가", "--employee-number", "1"), "--company"),
        (("--name", "가", "--email", "a@b.kr", "--role", "boss"), "boss"),
        (("--name", "가", "--email", "a@b.kr", "--role", "officer"), "needs_centre"),
        (("--name", "가", "--email", "a@b.kr", "--role", "officer", "--centre", "moon"), "moon"),
        (("--name", "가", "--email", "a@b.kr", "--company", "123-45-67890"), "123-45-67890"),
        (("--name", "가", "--company", "124-81-00998", "--employee-number", "H-001"), "H-001"),
    ],
)
def test_what_is_wrong_with_a_person_is_said_and_nobody_is_added(
    site: Site, typed: Typed, words: tuple[str, ...], said: str
) -> None:
    before = site.count(Person), site.count(Role)
    assert said in _wrong(typed("user", "add", *words))
    assert (site.count(Person), site.count(Role)) == before


def test_a_new_password_ends_every_sign_in(site: Site, typed: Typed, hana: Browser) -> None:
    said = _right(typed("user", "password", "hana@hanbit.example"))
    assert hana.get("/").headers["Location"] == "/sign-in?next=/"
    assert site.browser().sign_in("hana@hanbit.example", PASSWORD).status_code == 422
    assert site.browser().sign_in("hana@hanbit.example", _password(said)).status_code == 303
    assert "nobody@x.kr" in _wrong(typed("user", "password", "nobody@x.kr"))


def test_who_has_no_e_mail_gets_a_new_password_too(site: Site, typed: Typed) -> None:
    employee = ("--company", "124-81-00998", "--employee-number", "H-088")
    _right(typed("user", "add", "--name", "새일꾼", *employee))
    said = _right(typed("user", "password", *employee))
    browser = site.browser()
    browser.see("/sign-in?by=number")
    form = {"by": "number", "company": "한빛정밀", "employee_number": "H-088", "password": _password(said)}
    assert browser.send("/sign-in", form).headers["Location"] == "/account/password"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "EMAIL"),
        (("--company", "124-81-00998"), "EMAIL"),
        (("hana@hanbit.example", "--company", "124-81-00998", "--employee-number", "H-001"), "EMAIL"),
        (("--company", "124-81-00998", "--employee-number", "none"), "none"),
    ],
)
def test_a_new_password_is_for_one_account(typed: Typed, words: tuple[str, ...], said: str) -> None:
    assert said in _wrong(typed("user", "password", *words))


# The worker


def test_a_worker_says_at_its_start_what_the_machine_lacks() -> None:
    missing = (("namespaces", "sysctl -w …"),)
    assert isolation_note(IsolationReport("full", ()), "full") is None
    level, line = isolation_note(IsolationReport("user", missing), "user") or (0, "")
    assert (level, "doctor" in line) == (logging.INFO, True)
    level, line = isolation_note(IsolationReport("landlock", missing), "user") or (0, "")
    assert level == logging.ERROR
    assert line.startswith("nothing is graded: isolation is landlock, user is required.")


# Reports


def _complete(site: Site, browser: Browser) -> None:
    """김하나 completes her run."""
    browser.see("/")
    for key in (FIRST_PAGE, SECOND_PAGE):
        browser.send(f"{site.address(key)}/done")
    browser.send(f"{site.address(QUIZ)}/quiz", {"number": "117"})
    where = site.hand_in(browser, site.notebook()).headers["Location"]
    site.grade_by_hand(UUID(where.rpartition("/")[2]))


def _csv(said: Result) -> list[dict[str, str]]:
    _right(said)
    return list(csv.DictReader(io.StringIO(said.stdout_bytes.decode("utf-8-sig"))))


def _completed(said: Result) -> int:
    return sum(row["completed"] for row in json.loads(_right(said))["rows"])


def test_a_completion_is_counted_today_and_not_yesterday(site: Site, typed: Typed, hana: Browser) -> None:
    """What yesterday was known stays as it was known."""
    yesterday = str(today() - timedelta(days=1))
    ask = ("report", "completion", "--by", "region,company", "--format", "json")
    before, before_yesterday = _completed(typed(*ask)), _right(typed(*ask, "--as-of", yesterday))
    _complete(site, hana)
    assert _completed(typed(*ask)) == before + 1
    assert _right(typed(*ask, "--as-of", yesterday)) == before_yesterday


def test_the_worker_folds_and_the_sums_are_verified_and_mended(site: Site, typed: Typed, hana: Browser) -> None:
    ask = ("report", "completion", "--by", "region,company", "--format", "json")
    _complete(site, hana)
    told, completed = _right(typed(*ask)), _completed(typed(*ask))
    database = site.lms.database
    put_in(database, rollups.CHORES)
    Worker(database, rollups.HANDLERS).run_one("a worker", kinds=rollups.HANDLERS)
    with database.reading() as session:
        assert session.scalars(select(RollupDue.c.entry_id)).first() is None
    assert _right(typed(*ask)) == told
    assert "what the ledger says" in _right(typed("report", "rebuild", "--verify"))

    with database.writing() as session:
        session.execute(update(RollupStep).values(completed=RollupStep.c.completed + 1))
        session.commit()
    assert _completed(typed(*ask)) > completed
    said = _wrong(typed("report", "rebuild", "--verify"))
    assert "lms_rollup_step, run" in said
    assert "completed -" in said
    assert "mended" in _right(typed("report", "rebuild"))
    assert _right(typed(*ask)) == told


def test_a_report_is_a_table_that_excel_opens(site: Site, typed: Typed, hana: Browser) -> None:
    _complete(site, hana)
    done = typed("report", "completion", "--by", "company", "--format", "csv")
    assert done.stdout_bytes.startswith("\ufeff".encode())
    rows = _csv(done)
    assert any("한빛정밀" in row.values() for row in rows)
    assert "한빛정밀" in _right(typed("report", "completion", "--by", "company"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "colour"), "colour"),
        (("--as-of", "yesterday"), "2026-07-31"),
        (("--as-of", "2999-01-01"), "2999-01-01"),
        (("--format", "pdf"), "pdf"),
        (("--format", "xlsx"), "--output"),
        (("--format", "table", "--output", "figures.csv"), "csv, json or xlsx"),
        (("--region", "pusan"), "busan"),
        (("--size", "tiny"), "micro, small"),
        (("--run", "first-steps"), "oee-2"),
    ],
)
def test_a_question_that_can_not_be_answered(typed: Typed, words: tuple[str, ...], said: str) -> None:
    assert said in _wrong(typed("report", "completion", *words))


def test_a_part_is_asked_for_by_options(site: Site, typed: Typed, hana: Browser) -> None:
    ask = ("report", "completion", "--by", "company,size", "--format", "json")
    words = ("--region", "busan", "--size", "small", "--size", "medium", "--run", "current", "--reading", "effective")
    told = json.loads(_right(typed(*ask, *words)))
    assert (told["region"], told["size"], told["run"]) == (["busan"], ["small", "medium"], ["current"])
    assert told["reading"] == "effective"
    assert [(row["company"], row["enrolled"]) for row in told["rows"]] == [("한빛정밀", 1)]
    assert json.loads(_right(typed(*ask, "--region", "gyeonggi")))["rows"][0]["company"] == "수원전자"


@pytest.mark.parametrize(("name", "starts"), [("a.csv", b"\xef\xbb\xbf"), ("a.xlsx", b"PK"), ("a.json", b"{")])
def test_a_file_is_what_its_name_says_and_is_noted(
    site: Site, typed: Typed, tmp_path: Path, name: str, starts: bytes
) -> None:
    said = _right(typed("report", "completion", "--by", "region", "--output", str(tmp_path / name)))
    assert (tmp_path / name).read_bytes().startswith(starts)
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).one()
    assert (noted.actor_id, noted.form, noted.report) == (None, name.rpartition(".")[2], "completion")
    assert f"{noted.rows} rows" in said


# Grading without a site


@pytest.mark.sandbox
def test_a_notebook_is_graded_without_a_site(site: Site, typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_bytes(site.notebook(small_course.HALF))
    exercise = str(Path(site.lms.settings.content_dir) / "exercises" / EXERCISE)
    done = typed("grade", exercise, str(tmp_path / "n.ipynb"), "--json")
    assert json.loads(done.stdout.strip().splitlines()[-1])["points"] == 4


def test_runs_are_listed_shown_and_closed_by_their_officer(site: Site, typed: Typed) -> None:
    over = site.open_run(today() - timedelta(days=30), today() - timedelta(days=1))
    site.enrol(site.world.hana, over)
    listed = {row["id"]: row for row in json.loads(_right(typed("run", "list", "--json")))}
    assert (listed[str(over.uid)]["state"], listed[str(over.uid)]["enrolled"]) == ("review", 1)
    assert json.loads(_right(typed("run", "list", "--centre", "gyeonggi", "--json"))) == []
    assert [row["id"] for row in json.loads(_right(typed("run", "list", "--state", "review", "--json")))] == [
        str(over.uid)
    ]
    shown = json.loads(_right(typed("run", "show", str(over.uid), "--json")))
    assert (shown["closing"], shown["obstacles"]) == (None, [])
    assert "there" in _wrong(typed("run", "close", str(over.uid), "--as", site.world.minjun.email or ""))
    assert "officer" in _wrong(typed("run", "close", str(over.uid), "--as", site.world.hana.email or ""))
    done = _right(typed("run", "close", str(over.uid), "--as", site.world.seoyeon.email or ""))
    assert "not_completed 1" in done
    assert json.loads(_right(typed("run", "show", str(over.uid), "--json")))["state"] == "closed"


def test_a_run_that_can_not_be_closed_says_why(site: Site, typed: Typed) -> None:
    officer = site.world.seoyeon.email or ""
    assert "학습 기간이" in _wrong(typed("run", "close", str(site.run.uid), "--as", officer))
    assert json.loads(_right(typed("run", "show", str(site.run.uid), "--json")))["state"] == "running"
    assert "There is no run 'x'" in _wrong(typed("run", "show", "x"))
    assert "no centre" in _wrong(typed("run", "list", "--centre", "mars"))


def test_each_command_has_help() -> None:
    commands = [("lms", cli.lms)]
    for path, command in commands:
        assert command.help, path
        commands += [(f"{path} {name}", child) for name, child in getattr(command, "commands", {}).items()]
    assert {path for path, _ in commands} >= {
        f"lms {name}"
        for name in (
            "init",
            "content sync",
            "demo",
            "user add",
            "serve",
            "worker",
            "grade",
            "report completion",
            "check",
        )
    }
