"""Migrations: they make what the models say, from every revision, from several nodes at once, and lose nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from lms import migrations
from lms.models import Base, Database, Throttle, make_engine
from tests.processes import run_together
from tests.world import at

_SCRIPTS = ScriptDirectory.from_config(migrations._config())
REVISIONS = [script.revision for script in _SCRIPTS.walk_revisions()][::-1]
LAST_RELEASED = "0009"


def migrate(url: str) -> bool:
    engine = make_engine(url)
    try:
        return migrations.upgrade(engine)
    finally:
        engine.dispose()


def migrate_to(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.upgrade(migrations._config(connection), revision)


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        command.check(migrations._config(connection))


def test_every_table_is_ours_by_name(database: Database) -> None:
    names = set(inspect(database.engine).get_table_names())
    assert names == set(Base.metadata.tables) | {migrations.VERSION_TABLE}
    assert all(name.startswith("lms_") for name in names)


@pytest.mark.parametrize("revision", ["0001", LAST_RELEASED, REVISIONS[-1]])
def test_upgrades_from_where_sites_are(empty_database_url: str, revision: str) -> None:
    engine = make_engine(empty_database_url)
    migrate_to(engine, revision)
    assert migrations.upgrade(engine) is (revision != migrations.head())
    assert migrations.current(engine) == migrations.head()
    with engine.connect() as connection:
        command.check(migrations._config(connection))
    engine.dispose()


def test_each_revision_is_a_place_to_stop_at(empty_database_url: str) -> None:
    """Up by one step after another, each in a transaction of its own; and all that is new since the last release down and
    up again."""
    engine = make_engine(empty_database_url)
    for revision in REVISIONS:
        migrate_to(engine, revision)
        assert migrations.current(engine) == revision
    for revision in REVISIONS[REVISIONS.index(LAST_RELEASED) : -1][::-1]:
        with engine.begin() as connection:
            command.downgrade(migrations._config(connection), revision)
        assert migrations.current(engine) == revision
    assert migrations.upgrade(engine) is True
    with engine.connect() as connection:
        command.check(migrations._config(connection))
    engine.dispose()


def test_a_second_upgrade_has_nothing_to_do(empty_database_url: str) -> None:
    assert migrate(empty_database_url) is True
    assert migrate(empty_database_url) is False


def test_four_nodes_that_start_together_migrate_once(empty_database_url: str) -> None:
    assert sorted(run_together(migrate, [(empty_database_url,)] * 4)) == [False, False, False, True]
    engine = make_engine(empty_database_url)
    assert migrations.current(engine) == migrations.head()
    with engine.connect() as connection:
        command.check(migrations._config(connection))
    engine.dispose()


def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(migrations.MigrationError, match=r"9999, which is newer .* Install the newer program"):
        migrations.upgrade(database.engine)
    assert migrations.current(database.engine) == "9999"


def test_foreign_keys_are_on_again_after_a_migration(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'lms.sqlite3'}", pool_size=1, max_overflow=0)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    engine.dispose()


def test_rows_that_would_point_to_nothing_stop_the_migration(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(sqlite_url)

    def lose_a_parent(config: object, revision: str) -> None:
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        connection.exec_driver_sql(
            "INSERT INTO lms_role (person_id, kind, from_on) VALUES (4711, 'operator', '2026-03-10')"
        )

    monkeypatch.setattr(migrations.command, "upgrade", lose_a_parent)
    monkeypatch.setattr(migrations, "head", lambda: "coming")
    with pytest.raises(migrations.MigrationError, match="1 rows would point to nothing, first in lms_role"):
        migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lms_role")) == 0
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    engine.dispose()


def test_the_file_is_copied_before_it_is_altered(tmp_path: Path, sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    database = Database(engine)
    with database.writing() as session:
        session.add(Throttle(key="k", window_start=at("2026-03-10"), count=3))
        session.commit()
    migrations._copy_aside(engine, "0001")
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / f"lms.sqlite3.before-{migrations.head()}")) as copy:
        assert copy.execute("SELECT count FROM lms_throttle").fetchall() == [(3,)]


def test_what_the_first_node_kept_is_left_by_the_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lms.sqlite3'}"
    engine = make_engine(url)
    migrate_to(engine, "0001")
    engine.dispose()
    assert sorted(run_together(migrate, [(url,)] * 4)) == [False, False, False, True]
    with closing(sqlite3.connect(tmp_path / f"lms.sqlite3.before-{migrations.head()}")) as copy:
        assert copy.execute(f"SELECT version_num FROM {migrations.VERSION_TABLE}").fetchall() == [("0001",)]


def test_asking_for_the_revision_waits_for_no_writer(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with Database(engine).writing() as session:
        session.add(Throttle(key="k", window_start=at("2026-03-10"), count=3))
        session.flush()
        assert migrations.current(engine) == migrations.head()
    engine.dispose()
