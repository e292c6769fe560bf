"""`flask lms audit …` and `flask lms privacy …`."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select, text

from lms import audit
from lms.clock import utcnow
from lms.models import Destruction, Employment, Person
from lms.models.append_only import APPEND_ONLY, release
from lms.web.cli import lms

from .site import Site


@pytest.fixture
def database_kind() -> str:
    """The rooms' own tests go over both."""
    return "sqlite"


def _run(site: Site, *words: str) -> Result:
    return site.app.test_cli_runner().invoke(lms, list(words))


def _write(site: Site, count: int = 3) -> None:
    with site.lms.database.writing() as session:
        for _ in range(count):
            audit.record(session, "role_given", actor_id=site.world.minseo.id, subject=f"person:{site.world.hana.id}")
        session.commit()


def test_the_audit_is_sealed_listed_and_verified(site: Site) -> None:
    _write(site)
    assert "entries sealed" in _run(site, "audit", "seal").output
    head = _run(site, "audit", "head").output.strip()
    assert _run(site, "audit", "verify", "--head", head).exit_code == 0
    listed = _run(site, "audit", "list", "--action", "role_given", "--json").output.splitlines()
    assert [json.loads(line)["actor"] for line in listed] == [site.world.minseo.id] * 3
    plain = _run(site, "audit", "list", "--subject", f"person:{site.world.hana.id}").output
    assert plain.count("강민서") == 3
    with site.lms.database.engine.begin() as connection:
        release(connection, *APPEND_ONLY)
        changed = connection.scalar(text("SELECT max(id) - 1 FROM lms_audit_entry"))
        connection.execute(text(f"UPDATE lms_audit_entry SET actor_id = 1 WHERE id = {changed}"))
    found = _run(site, "audit", "verify")
    assert found.exit_code == 1
    assert f"entry {changed}" in found.output
    told = json.loads(_run(site, "audit", "verify", "--json").output)
    assert (told["problem"], told["entry"]) == ("changed", changed)
    assert _run(site, "audit", "verify", "--head", "nonsense").exit_code == 1


def test_due_people_are_said_before_they_go(site: Site) -> None:
    assert "Nobody is due" in _run(site, "privacy", "destroy", "--reason", "기간이 지남").output
    long_ago = utcnow() - timedelta(days=6 * 366)
    with site.lms.database.writing() as session:
        session.get_one(Person, site.world.junho.id).created_at = long_ago
        employment = session.scalars(select(Employment).where(Employment.person_id == site.world.junho.id)).one()
        employment.from_on = employment.to_on = long_ago.date()
        session.commit()
    assert "1 people are due; nothing" in _run(site, "privacy", "destroy", "--reason", "기간이 지남").output
    assert site.count(Destruction) == 0
    assert "People who left" in _run(site, "privacy", "due").output
    assert _run(site, "privacy", "destroy", "--reason", "기간이 지남", "--yes").exit_code == 0
    assert site.grade_all() == 1
    assert "기간이 지남" in _run(site, "privacy", "records").output


def test_one_who_asks_is_erased_when_she_has_left(site: Site) -> None:
    who = ("--company", "한빛정밀", "--employee-number", "H-002", "--reason", "본인이 요청함")
    refused = _run(site, "privacy", "erase", *who)
    assert refused.exit_code == 1
    assert "in_use" in refused.output
    with site.lms.database.writing() as session:
        employment = session.scalars(select(Employment).where(Employment.person_id == site.world.junho.id)).one()
        employment.to_on = utcnow().date() - timedelta(days=1)
        session.commit()
    assert _run(site, "privacy", "erase", *who).exit_code == 0
    with site.lms.database.reading() as session:
        assert session.get_one(Person, site.world.junho.id).name == "(파기)"
    assert _run(site, "privacy", "erase", *who).exit_code == 1
    assert _run(site, "privacy", "erase", "--reason", "누구를 말함").exit_code == 2


def test_a_persons_export_goes_into_a_new_file(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "hana.zip"
    assert _run(site, "privacy", "export", "--email", "hana@hanbit.example", "-o", str(file)).exit_code == 0
    with zipfile.ZipFile(file) as packed:
        assert json.loads(packed.read("data.json"))["tables"]["person"][0]["name"] == "김하나"
    assert file.stat().st_mode & 0o777 == 0o600
    again = _run(site, "privacy", "export", "--email", "hana@hanbit.example", "-o", str(file))
    assert again.exit_code == 1
    assert _run(site, "privacy", "export", "--email", "x@y.kr", "-o", str(tmp_path / "x")).exit_code == 1


def test_the_keys_are_changed_while_it_runs(site: Site) -> None:
    before = site.lms.sealer.key_names
    assert _run(site, "privacy", "change-keys").exit_code == 0
    assert site.lms.sealer.key_names[1:] == before
    assert _run(site, "privacy", "drop-keys").exit_code == 0
    assert len(site.lms.sealer.key_names) == 1
