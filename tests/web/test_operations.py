"""The operator's page and command: every finding has its words, and no page of it names a person."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update

from lms.models import Database, Job
from lms.operations import doctor
from lms.web import cli, findings
from lms.web.i18n import speaking

from .site import Site
from .test_queries import _asked

FACTS = {
    "late": 1,
    "failed": 1,
    "version": "1", "mb": 1.5, "folder": "x",
    "kind": "SQLite", "why": "x", "mode": "delete", "n": 2, "table": "t", "at": "1", "head": "2", "slots": 1,
    "level": "user", "wanted": "user", "seconds": 3, "first": "course x", "free": 1.0, "total": 2.0,
    "key": "0a1b2c3d", "link": 3, "entry": 4,
    "host": "0.0.0.0",
}  # fmt: skip


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_finding_has_words(site: Site, language: str) -> None:
    source = Path(doctor.__file__).read_text("utf-8")
    made = set(re.findall(r'Finding\(\s*"(\w+)", (?:"\w+"|state), "(\w+)"', source))
    assert made | {("disk", "room"), ("disk", "little")} == set(findings._SENTENCES)
    with site.app.app_context(), speaking(language):
        for topic, reason in findings._SENTENCES:
            told = findings.tell(doctor.Finding(topic, "bad", reason, FACTS))
            assert told.title
            assert told.sentence
            assert "%(" not in told.sentence + told.remedy


@pytest.mark.parametrize("path", ["", "audit", "looks", "kept", "mail/"])
def test_the_pages_of_operations_stand_under_their_entry_of_the_menu(site: Site, path: str) -> None:
    page = site.browser_of(site.world.minseo).see(f"/operations/{path}")
    assert [entry.get_text() for entry in page.select(".site-nav [aria-current]")] == ["운영"]


def test_the_page_tells_what_is_wrong_and_what_to_do(site: Site) -> None:
    operator = site.browser_of(site.world.minseo)
    page = operator.see("/operations/")
    text = page.text
    assert "최근 1분 동안 작업자의 신호가 없어" in text
    assert "flask lms worker" in text
    assert site.world.hana.name not in text


def test_the_page_asks_as_much_however_much_waits(site: Site) -> None:
    operator = site.browser_of(site.world.minseo)
    operator.see("/operations/")
    with _asked(site) as few:
        operator.see("/operations/state")
    hana = site.browser_of(site.world.hana)
    for number in range(3):
        site.hand_in(hana, site.notebook({"q1": f"answer = {number}"}))
    with _asked(site) as many:
        operator.see("/operations/state")
    assert len(many) == len(few) <= 12


def test_the_command_says_all_and_fails_where_something_is_wrong(site: Site) -> None:
    done = site.app.test_cli_runner().invoke(cli.lms, ["doctor"])
    assert done.exit_code == 1
    assert "No worker was heard of" in done.stdout
    assert "Start flask lms worker" in done.stdout
    with site.lms.database.writing() as session:
        session.execute(update(Job).values(state="done"))
        session.commit()
    rows = json.loads(site.app.test_cli_runner().invoke(cli.lms, ["doctor", "--json"]).stdout)
    by_topic = {row["topic"]: row for row in rows["findings"]}
    assert (rows["state"], by_topic["worker"]["state"], by_topic["content"]["state"]) == ("bad", "bad", "good")
    assert by_topic["worker"]["remedy"]


def test_a_backup_is_made_and_restored_by_commands(site: Site, database: Database, tmp_path: Path) -> None:
    database.dispose()  # the tests' own connection
    file = str(tmp_path / "site.tar.gz")

    def typed(*words: str) -> Result:
        return site.app.test_cli_runner().invoke(cli.lms, words)

    assert "revision" in typed("backup", file).stdout
    again = typed("backup", file)
    assert (again.exit_code, "is there already" in again.output) == (1, True)
    refused = typed("restore", file)
    assert (refused.exit_code, "--replace" in refused.output) == (1, True)
    before = site.snapshot()
    done = typed("restore", "--replace", file)
    assert done.exit_code == 0, done.output
    assert "the database that was here lies in" in done.stdout
    assert site.snapshot() == before
    upgraded = typed("upgrade")
    assert (upgraded.exit_code, "is at this program's form" in upgraded.stdout) == (0, True)
