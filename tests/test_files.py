"""The file store: what is there is whole, what was refused left nothing, and the same bytes are kept once."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import files as store
from lms.errors import NotFoundError
from lms.files import FileStore, StorageError
from lms.models import Database, StoredFile, make_engine
from tests.processes import run_together

CONTENT = "설비 로그".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LARGE = b"x" * 1_000_000


def everything(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_what_was_put_is_read_again(session: Session, files: FileStore) -> None:
    assert files.put(session, CONTENT, "text/csv") == DIGEST
    assert files.read(DIGEST) == CONTENT
    assert session.get_one(StoredFile, DIGEST).size == len(CONTENT)


def test_the_same_bytes_are_kept_once(session: Session, files: FileStore) -> None:
    files.put(session, CONTENT, "text/csv")
    files.put(session, CONTENT, "text/csv")
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 1
    assert everything(files.root) == [files.path(DIGEST)]


def test_what_is_not_there_is_not_found(files: FileStore) -> None:
    with pytest.raises(NotFoundError):
        files.read(DIGEST)


def test_others_on_the_machine_can_not_read(session: Session, files: FileStore) -> None:
    files.put(session, CONTENT, "text/csv")
    assert stat.S_IMODE(files.path(DIGEST).stat().st_mode) == 0o600
    assert stat.S_IMODE(files.path(DIGEST).parent.stat().st_mode) == 0o700


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a file system needs root; the limit on file sizes is tried in its place")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_keeps_nothing_and_says_so(session: Session, tiny_disk: Path) -> None:
    files = FileStore(tiny_disk / "files")
    with pytest.raises(StorageError, match="No space left on device"):
        files.put(session, LARGE, "text/csv")
    assert everything(files.root) == []
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
    files.put(session, CONTENT, "text/csv")
    assert files.read(DIGEST) == CONTENT


def put_with_a_limit(url: str, root: str) -> str:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with Database(make_engine(url)).reading() as session:
        try:
            FileStore(root).put(session, LARGE, "text/csv")
        except StorageError as error:
            return str(error)
    return "it was taken"


def test_a_refused_write_keeps_nothing_and_says_so(sqlite_url: str, tmp_path: Path) -> None:
    root = tmp_path / "files"
    assert run_together(put_with_a_limit, [(sqlite_url, str(root))]) == ["The file could not be stored: File too large"]
    assert everything(root) == []


def die_before_the_rename(root: str) -> None:
    os.replace = lambda *_: os._exit(9)
    FileStore._write(FileStore(root).path(DIGEST), CONTENT)


def test_a_process_that_dies_while_writing_leaves_no_half_file(session: Session, files: FileStore) -> None:
    with pytest.raises(EOFError):
        run_together(die_before_the_rename, [(str(files.root),)])
    assert not files.path(DIGEST).exists()
    files.put(session, CONTENT, "text/csv")
    assert files.read(DIGEST) == CONTENT


def _noting(steps: list[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*given: Any) -> Any:
        steps.append(name)
        return real(*given)

    return noted


def test_the_bytes_are_on_the_disk_before_they_get_their_name(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    for name in ("fsync", "replace"):
        monkeypatch.setattr(store.os, name, _noting(steps, name, getattr(os, name)))
    FileStore._write(files.path(DIGEST), CONTENT)
    assert steps == ["fsync", "replace", "fsync"]


def test_two_who_hand_in_the_same_bytes_at_once_both_get_through(database: Database, files: FileStore) -> None:
    put = threading.Event()

    def second() -> str:
        with database.writing() as session:
            put.wait(10)
            digest = files.put(session, CONTENT, "text/csv")
            session.commit()
        return digest

    with ThreadPoolExecutor(1) as pool, database.writing() as session:
        other = pool.submit(second)
        files.put(session, CONTENT, "text/csv")
        put.set()
        time.sleep(0.2)  # the other now waits for our row, or on SQLite for the lock
        session.commit()
        assert other.result(30) == DIGEST
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def put_and_commit(url: str, root: str) -> str:
    database = Database(make_engine(url))
    for number in range(20):
        with database.writing() as session:
            FileStore(root).put(session, b"file %d" % number, "text/csv")
            session.commit()
    database.dispose()
    return "kept"


def test_the_same_bytes_from_several_processes_at_once(database: Database, database_url: str, files: FileStore) -> None:
    assert run_together(put_and_commit, [(database_url, str(files.root))] * 3) == ["kept"] * 3
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 20
    assert len(everything(files.root)) == 20
