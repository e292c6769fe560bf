"""Upgrades: a backup first, and the way back where a migration breaks, on its own or afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from lms import migrations
from lms.clock import utcnow
from lms.jobs import heartbeat
from lms.models import Database, make_engine
from lms.operations.archive import ArchiveError
from lms.operations.restore import RestoreError, restore
from lms.operations.upgrade import FOLDER, StuckError, UpgradeError, upgrade
from lms.settings import Settings
from tests.classroom import Classroom

from .test_backup import rows_of

SETTINGS = Settings(secret_key="s" * 40)
NEXT = """
from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "9998", "{after}", None, None

def upgrade():
    op.create_table("lms_later", sa.Column("id", sa.Integer(), primary_key=True))
    {more}
"""


def add_migration(monkeypatch: pytest.MonkeyPatch, folder: Path, more: str = "") -> None:
    """Have the program know one more revision, after the newest."""
    after = migrations.head()
    scripts = shutil.copytree(Path(migrations.__file__).parent, folder / "migrations")
    (scripts / "versions" / "9998_later.py").write_text(NEXT.format(after=after, more=more), "utf-8")

    def config(connection: Connection | None = None) -> Config:
        made = Config(attributes={"connection": connection})
        made.set_main_option("script_location", str(scripts))
        made.set_main_option("path_separator", "os")
        return made

    monkeypatch.setattr(migrations, "_config", config)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


def has_later(database: Database) -> bool:
    return inspect(database.engine).has_table("lms_later")


def test_an_upgrade_leaves_the_way_back(
    classroom: Classroom, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom.hand_in()
    before, at = rows_of(classroom.database), migrations.head()
    add_migration(monkeypatch, tmp_path)
    done = upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert (done.before, done.after) == (at, "9998")
    assert done.file is not None
    assert done.file.parent == instance / FOLDER
    assert has_later(classroom.database)
    restore(classroom.database, classroom.files, instance, done.file, replace=True)
    assert not has_later(classroom.database)
    assert (migrations.current(classroom.database.engine), rows_of(classroom.database)) == (at, before)


@pytest.mark.parametrize(
    "more",
    [
        'raise RuntimeError("the press is stuck")',
        'op.execute("DELETE FROM lms_submission"); op.execute("UPDATE nothing SET x = 1")',
    ],
)
def test_a_broken_migration_leads_back_to_the_backup(
    classroom: Classroom, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    classroom.hand_in()
    before, at = rows_of(classroom.database), migrations.head()
    add_migration(monkeypatch, tmp_path, more)
    with pytest.raises(UpgradeError, match="brought back") as caught:
        upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert (caught.value.facts["revision"], caught.value.facts["file"].exists()) == (at, True)
    assert not has_later(classroom.database)
    assert (migrations.current(classroom.database.engine), rows_of(classroom.database)) == (at, before)


def test_what_breaks_after_the_migration_was_committed_leads_back_too(
    classroom: Classroom, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(classroom.database)
    add_migration(monkeypatch, tmp_path)

    def break_down(*_: object) -> None:
        with classroom.database.writing() as session:
            assert has_later(classroom.database)
            session.execute(text("DELETE FROM lms_ledger_entry"))
            session.commit()
        raise RuntimeError("the press is stuck")

    monkeypatch.setattr("lms.operations.upgrade.reference_data.load", break_down)
    with pytest.raises(UpgradeError, match="the press is stuck"):
        upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert not has_later(classroom.database)
    assert rows_of(classroom.database) == before


def test_where_going_back_fails_both_are_told(
    classroom: Classroom, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_migration(monkeypatch, tmp_path, 'raise RuntimeError("the press is stuck")')

    def gone(*_: object, **__: object) -> None:
        raise ArchiveError(why="the disk is gone.")

    monkeypatch.setattr("lms.operations.upgrade.restore", gone)
    with pytest.raises(StuckError, match=r"the press is stuck.*the disk is gone.*restore --replace"):
        upgrade(classroom.database, classroom.files, SETTINGS, instance)


def test_nothing_to_do(classroom: Classroom, instance: Path) -> None:
    done = upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert done.file is None
    assert list(instance.iterdir()) == []


def test_an_empty_database_is_only_migrated(empty_database_url: str, classroom: Classroom, instance: Path) -> None:
    empty = Database(make_engine(empty_database_url))
    done = upgrade(empty, classroom.files, SETTINGS, instance)
    assert (done.before, done.file, migrations.current(empty.engine)) == ("", None, migrations.head())
    empty.dispose()


def test_a_site_that_runs_is_not_changed(
    classroom: Classroom, instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_migration(monkeypatch, tmp_path)
    heartbeat._renew(classroom.database, 1, "", utcnow())
    with pytest.raises(RestoreError, match="still runs"):
        upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert not has_later(classroom.database)


def test_a_newer_database_is_refused(classroom: Classroom, instance: Path) -> None:
    with classroom.database.writing() as session:
        session.execute(text("UPDATE lms_alembic_version SET version_num = '9999'"))
        session.commit()
    with pytest.raises(migrations.MigrationError, match="newer than this program"):
        upgrade(classroom.database, classroom.files, SETTINGS, instance)
    assert list(instance.iterdir()) == []
