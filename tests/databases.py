"""Fixtures: a migrated database of each kind for each test, made by copying one that was migrated once.

What most tests begin with, people or a published course, is put into such a copy once as well, and then that is copied:
see `Filling`, and tests/fillings.py for who begins with what.
"""

from __future__ import annotations

import pickle
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session

from lms.files import FileStore
from lms.migrations import upgrade
from lms.models import Database, make_engine

from .postgres import Cluster, NoPostgresError, running_cluster
from .required import do_without

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
_numbers = count(1)


@dataclass(frozen=True)
class Filling:
    """What a test's database holds at its beginning. `fill` commits it and returns rows for the test, by name; files go into
    the store that it is given. Of fillings with one name the first is used for all."""

    name: str
    fill: Callable[[Database, FileStore], dict[str, Any]]


@dataclass(frozen=True)
class Filled:
    """The rows that a filling returned, detached and this test's own, and where the files lie that it stored."""

    rows: dict[str, Any]
    stored: Path

    def put_files(self, files: FileStore) -> None:
        shutil.copytree(self.stored, files.root, dirs_exist_ok=True)


_filled: dict[URL, Filled] = {}


def filled(database: Database) -> Filled | None:
    """What a test's database was made with, if anything."""
    return _filled.get(database.engine.url)


@dataclass(frozen=True)
class _Template:
    """A database that nobody is connected to: a file, or a name in the cluster."""

    database: str
    rows: bytes
    stored: Path

    @contextmanager
    def given(self, url: str) -> Iterator[str]:
        _filled[make_url(url)] = Filled(pickle.loads(self.rows), self.stored)
        yield url
        del _filled[make_url(url)]


class _Templates(ABC):
    """The templates of one kind. `folder` is for files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, _Template] = {}

    def get(self, filling: Filling | None) -> _Template:
        name = filling.name if filling else ""
        if name not in self._made:
            self._made[name] = self._make(filling)
        return self._made[name]

    def _make(self, filling: Filling | None) -> _Template:
        copied = self.get(None) if filling else None
        number = len(self._made)
        stored = self._folder / f"files of {number}"
        stored.mkdir()
        database = self._create(number, copied)
        rows: dict[str, Any] = {}
        engine = make_engine(self._url(database))
        if filling is None:
            upgrade(engine)
        else:
            rows = filling.fill(Database(engine), FileStore(stored))
        engine.dispose()
        return _Template(database, pickle.dumps(rows), stored)

    @abstractmethod
    def _create(self, number: int, copied: _Template | None) -> str: ...

    @abstractmethod
    def _url(self, database: str) -> str: ...


class _SQLiteTemplates(_Templates):
    def _create(self, number: int, copied: _Template | None) -> str:
        made = str(self._folder / f"{number}.sqlite3")
        if copied:
            shutil.copy(copied.database, made)
        return made

    def _url(self, database: str) -> str:
        return f"sqlite:///{database}"


class _PostgresTemplates(_Templates):
    def __init__(self, folder: Path, cluster: Cluster) -> None:
        super().__init__(folder)
        self._cluster = cluster

    def _create(self, number: int, copied: _Template | None) -> str:
        made = f"lms_template_{number}"
        _create(self._cluster, made, copied)
        return made

    def _url(self, database: str) -> str:
        return self._cluster.url(database)


def _create(cluster: Cluster, name: str, copied: _Template | None) -> None:
    cluster.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY" + (f" TEMPLATE {copied.database}" if copied else ""))


@pytest.fixture(scope="session")
def _sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> _Templates:
    return _SQLiteTemplates(tmp_path_factory.mktemp("sqlite"))


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
def _postgres_templates(
    _cluster_or_reason: Cluster | str, tmp_path_factory: pytest.TempPathFactory
) -> _Templates | None:
    if isinstance(_cluster_or_reason, str):
        return None
    return _PostgresTemplates(tmp_path_factory.mktemp("postgres"), _cluster_or_reason)


@pytest.fixture
def sqlite_url(_sqlite_templates: _Templates, filling: Filling | None, tmp_path: Path) -> Iterator[str]:
    """A migrated SQLite database, for tests of what is SQLite's alone or knows no database at all."""
    file = tmp_path / "lms.sqlite3"
    template = _sqlite_templates.get(filling)
    shutil.copy(template.database, file)
    with template.given(f"sqlite:///{file}") as url:
        yield url


@pytest.fixture
def postgres_url(cluster: Cluster, _postgres_templates: _Templates | None, filling: Filling | None) -> Iterator[str]:
    """A migrated PostgreSQL database."""
    assert _postgres_templates is not None
    name = f"lms_{next(_numbers)}"
    template = _postgres_templates.get(filling)
    _create(cluster, name, template)
    with template.given(cluster.url(name)) as url:
        yield url
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
    _create(cluster, name, None)
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
