"""Fixtures: a migrated database of each kind for each test, made by copying one that was migrated once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lms.files import FileStore
from lms.migrations import upgrade
from lms.models import Database, make_engine

from .postgres import Cluster, NoPostgresError, running_cluster
from .required import do_without

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
_TEMPLATE = "lms_template"
_numbers = count(1)


def _migrate(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _cluster_or_reason() -> Iterator[Cluster | str]:
    """The cluster, or why there is none; a session's fixture must not skip, or one skip would be kept for all."""
    with ExitStack() as stack:
        try:
            found: Cluster | str = stack.enter_context(running_cluster())
        except NoPostgresError as error:
            found = str(error)
        yield found


@pytest.fixture
def cluster(_cluster_or_reason: Cluster | str) -> Cluster:
    """A running PostgreSQL of the tests' own."""
    if isinstance(_cluster_or_reason, str):
        do_without("postgres", _cluster_or_reason)
    return _cluster_or_reason


@pytest.fixture(scope="session")
def _postgres_template(_cluster_or_reason: Cluster | str) -> str:
    if isinstance(_cluster_or_reason, Cluster):
        _cluster_or_reason.execute(f"CREATE DATABASE {_TEMPLATE}")
        _migrate(_cluster_or_reason.url(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database, for tests of what is SQLite's alone or knows no database at all."""
    file = tmp_path / "lms.sqlite3"
    shutil.copy(_sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(cluster: Cluster, _postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database."""
    name = f"lms_{next(_numbers)}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE {_postgres_template} STRATEGY FILE_COPY")
    yield cluster.url(name)
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind in turn."""
    return request.getfixturevalue("sqlite_url" if database_kind == "sqlite" else "postgres_url")


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind in turn without a single table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    cluster = request.getfixturevalue("cluster")
    name = f"empty_{next(_numbers)}"
    cluster.execute(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, on SQLite and on PostgreSQL."""
    made = Database(make_engine(database_url))
    yield made
    made.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes; what a test doesn't commit is rolled back. On SQLite it is the only one that may write."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")
