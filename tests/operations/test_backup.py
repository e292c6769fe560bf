"""Backup and restore: a site that is written to meanwhile comes back whole, and nothing else is ever unpacked."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from lms.clock import utcnow
from lms.files import FileStore
from lms.jobs import heartbeat
from lms.models import AuditEntry, Base, Database, StoredFile, make_engine
from lms.operations import archive, dumps
from lms.operations.archive import ArchiveError, Manifest
from lms.operations.backup import BackupError, backup
from lms.operations.dumps import DumpError
from lms.operations.restore import SETTINGS_NAME, RestoreError, restore
from lms.settings import Settings
from tests.classroom import Classroom
from tests.web import small_course

SETTINGS = Settings(secret_key="the key that nobody may know, of 32 letters", database_url="postgresql://u:hush@h/d")


def rows_of(database: Database) -> dict[str, list]:
    with database.engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table)))) for name, table in Base.metadata.tables.items()
        }


def tables_of(database: Database) -> list[str]:
    return inspect(database.engine).get_table_names()


def files_of(store: FileStore) -> dict[str, bytes]:
    return {path.parent.name + path.name: path.read_bytes() for path in sorted(store.root.rglob("*")) if path.is_file()}


@pytest.fixture
def target(empty_database_url: str) -> Iterator[Database]:
    """A database of the same kind without a table."""
    made = Database(make_engine(empty_database_url))
    yield made
    made.dispose()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def kept(classroom: Classroom, tmp_path: Path) -> Path:
    """A backup of a site in which 김하나 handed in."""
    classroom.hand_in()
    file = tmp_path / "site.tar.gz"
    backup(classroom.database, classroom.files, SETTINGS, file)
    return file


def test_what_is_restored_is_what_was_there(
    classroom: Classroom, kept: Path, target: Database, elsewhere: Path
) -> None:
    store = FileStore(elsewhere / "files")
    done = restore(target, store, elsewhere, kept)
    assert rows_of(target) == rows_of(classroom.database)
    assert files_of(store) == files_of(classroom.files)
    assert done.aside == ""
    assert done.manifest.rows["lms_submission"] == 1
    assert (kept.stat().st_mode & 0o777) == 0o600
    assert [path.name for path in kept.parent.glob(".*")] == []


def test_no_secret_is_in_it(kept: Path, target: Database, elsewhere: Path) -> None:
    content = gzip.decompress(kept.read_bytes())
    assert SETTINGS.secret_key.encode() not in content
    assert b"hush" not in content
    restore(target, FileStore(elsewhere / "files"), elsewhere, kept)
    assert 'language = "ko"' in (elsewhere / SETTINGS_NAME).read_text("utf-8")


def test_a_site_that_is_written_to_meanwhile(
    classroom: Classroom, tmp_path: Path, target: Database, elsewhere: Path
) -> None:
    """Each notebook and its rows are committed together; the backup holds both or neither."""
    stop, handed_in = threading.Event(), []

    def go_on() -> None:
        while not stop.is_set():
            key, right = next(iter(small_course.RIGHT.items()))
            answers = {**small_course.RIGHT, key: f"{right}\n# {len(handed_in)}"}
            handed_in.append(classroom.hand_in(answers).submission.notebook)

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        while len(handed_in) < 3:
            assert writer.is_alive()
        first = set(handed_in)
        manifest = backup(classroom.database, classroom.files, SETTINGS, tmp_path / "busy.tar.gz")
        after = len(handed_in)
        while len(handed_in) <= after:
            assert writer.is_alive()
    finally:
        stop.set()
        writer.join()
    store = FileStore(elsewhere / "files")
    restore(target, store, elsewhere, tmp_path / "busy.tar.gz")
    with target.reading() as session:
        digests = set(session.scalars(select(StoredFile.digest)))
        notebooks = set(session.scalars(text("SELECT notebook FROM lms_submission")))
        jobs = session.scalar(text("SELECT count(*) FROM lms_job"))
    assert first <= notebooks < set(handed_in)
    assert len(notebooks) == jobs == manifest.rows["lms_submission"]
    assert notebooks <= digests == set(files_of(store))
    assert manifest.missing == []


def test_a_site_with_people_is_replaced_only_when_asked_and_kept_aside(
    classroom: Classroom, kept: Path, elsewhere: Path
) -> None:
    before = rows_of(classroom.database)
    with classroom.database.writing() as session:
        session.add(AuditEntry(at=utcnow(), action="later", subject="x"))
        session.commit()
    later = rows_of(classroom.database)
    with pytest.raises(RestoreError, match="--replace"):
        restore(classroom.database, classroom.files, elsewhere, kept)
    assert rows_of(classroom.database) == later
    done = restore(classroom.database, classroom.files, elsewhere, kept, replace=True)
    assert rows_of(classroom.database) == before
    with classroom.database.engine.connect() as connection:
        if classroom.database.engine.dialect.name == "sqlite":
            aside = make_engine(f"sqlite:///{done.aside}")
            with aside.connect() as other:
                count = other.scalar(select(func.count()).select_from(AuditEntry))
            aside.dispose()
        else:
            count = connection.scalar(text(f"SELECT count(*) FROM {done.aside.split()[1]}.lms_audit_entry"))
    assert count == len(later["lms_audit_entry"])


def test_a_site_that_runs_is_left_alone(classroom: Classroom, kept: Path, elsewhere: Path) -> None:
    heartbeat._renew(classroom.database, 1, "", utcnow())
    with pytest.raises(RestoreError, match="still runs"):
        restore(classroom.database, classroom.files, elsewhere, kept, replace=True)


def test_a_database_that_somebody_has_open_is_left_alone(
    sqlite_url: str, tmp_path: Path, files: FileStore, elsewhere: Path
) -> None:
    database = Database(make_engine(sqlite_url))
    backup(database, files, SETTINGS, tmp_path / "empty.tar.gz")
    other = make_engine(sqlite_url)
    with other.connect() as web:
        web.execute(text("SELECT 1"))
        web.commit()
        with pytest.raises(DumpError, match="Stop the site"):
            restore(database, files, elsewhere, tmp_path / "empty.tar.gz")
    other.dispose()
    restore(database, files, elsewhere, tmp_path / "empty.tar.gz")
    database.dispose()


def test_a_damaged_database_can_be_replaced(sqlite_url: str, tmp_path: Path, files: FileStore, elsewhere: Path) -> None:
    database = Database(make_engine(sqlite_url))
    backup(database, files, SETTINGS, tmp_path / "sound.tar.gz")
    database.dispose()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    file.write_bytes(b"no database" * 1000)
    damaged = Database(make_engine(sqlite_url))
    with pytest.raises((RestoreError, DumpError, SQLAlchemyError)):
        restore(damaged, files, elsewhere, tmp_path / "sound.tar.gz")
    restore(damaged, files, elsewhere, tmp_path / "sound.tar.gz", replace=True)
    dumps.refuse_damage(file)
    damaged.dispose()


def test_files_that_are_lost_or_damaged_are_named(
    classroom: Classroom, tmp_path: Path, target: Database, elsewhere: Path
) -> None:
    lost = classroom.hand_in().submission.notebook
    damaged = next(digest for digest in files_of(classroom.files) if digest != lost)
    classroom.files.path(lost).unlink()
    classroom.files.path(damaged).write_bytes(b"x")
    manifest = backup(classroom.database, classroom.files, SETTINGS, tmp_path / "b.tar.gz")
    assert manifest.missing == sorted([lost, damaged])
    restore(target, FileStore(elsewhere / "files"), elsewhere, tmp_path / "b.tar.gz")
    assert rows_of(target) == rows_of(classroom.database)


def test_a_backup_is_never_written_over(kept: Path, classroom: Classroom) -> None:
    before = kept.read_bytes()
    with pytest.raises(BackupError, match="already"):
        backup(classroom.database, classroom.files, SETTINGS, kept)
    with pytest.raises(BackupError, match="No such file"):
        backup(classroom.database, classroom.files, SETTINGS, kept.parent / "no" / "such" / "folder.tar.gz")
    assert kept.read_bytes() == before


def test_another_kind_of_database_and_a_newer_form_are_refused(
    classroom: Classroom, kept: Path, target: Database, elsewhere: Path
) -> None:
    for change in ({"kind": "oracle"}, {"revision": "9999"}, {"form": 2}):
        forge(kept, elsewhere / "forged.tar.gz", manifest=lambda old, new=change: msgspec.structs.replace(old, **new))
        refused(target, elsewhere, "oracle|9999|form is 2")


# Archives that are not as they should be. What they do to the place is the same each time: nothing.


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]


def forge(
    source: Path,
    to: Path,
    *,
    parts: Change = lambda parts: None,
    manifest: Callable[[Manifest], Manifest] = lambda manifest: manifest,
) -> None:
    """A copy of a backup with changed parts."""
    with tarfile.open(source) as tar:
        found = [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    head = msgspec.json.encode(manifest(msgspec.json.decode(found[0][1], type=Manifest)))
    found[0] = (found[0][0], head)
    parts(found)
    with tarfile.open(to, "w:gz") as tar:
        for member, content in found:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))


def refused(target: Database, place: Path, match: str, name: str = "forged.tar.gz") -> None:
    store = FileStore(place / "files")
    with pytest.raises(ArchiveError, match=match):
        restore(target, store, place, place / name)
    assert tables_of(target) == []
    assert not (place / SETTINGS_NAME).exists()
    assert [path for path in place.rglob("*") if path.name.startswith(".")] == []
    assert not (place.parent / "escaped").exists()


@contextmanager
def part(parts: list[tuple[tarfile.TarInfo, bytes]], name: str) -> Iterator[int]:
    yield next(place for place, (member, _) in enumerate(parts) if member.name.startswith(name))


def _replace(name: str, content: bytes) -> Change:
    def change(parts: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        with part(parts, name) as place:
            parts[place] = (parts[place][0], content)

    return change


def _add(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Change:
    def change(parts: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        parts.insert(2, (member, b"evil" if kind == tarfile.REGTYPE else b""))

    return change


def _flip_dump(parts: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with part(parts, archive.DATABASE) as place:
        content = bytearray(parts[place][1])
        content[len(content) // 2] ^= 1
        parts[place] = (parts[place][0], bytes(content))


FORGERIES: list[tuple[str, Change, str]] = [
    ("another file's content", _replace("files/", b"{}"), "is damaged"),
    ("a flipped bit of the database", _flip_dump, "database in it is damaged"),
    ("another database's size", _replace(archive.DATABASE, b"x"), "not what the manifest says"),
    ("a path that climbs out", _add("../escaped"), "does not belong"),
    ("an absolute path", _add("/tmp/escaped"), "does not belong"),
    ("a file's name that climbs out", _add("files/../../escaped"), "does not belong"),
    ("a link", _add("files/" + "a" * 64, tarfile.SYMTYPE, "/etc/passwd"), "does not belong"),
    ("a device", _add("files/" + "a" * 64, tarfile.CHRTYPE), "does not belong"),
    ("more than it says", _add(f"files/{hashlib.sha256(b'evil').hexdigest()}"), "more than its manifest"),
    ("a file taken out", lambda parts: parts.pop(3), "not hold what its manifest"),
    ("the end taken off", lambda parts: parts.pop(), "cut short"),
    ("the database twice", lambda parts: parts.insert(2, parts[1]), "not what the manifest"),
    ("no manifest", lambda parts: parts.pop(0), "no backup"),
    ("a manifest that is none", lambda parts: parts.__setitem__(0, (parts[0][0], b"[]")), "manifest can't be read"),
    ("a manifest of another archive", _replace(archive.END, b'{"files":0,"manifest":""}'), "not hold what"),
]


@pytest.mark.parametrize(("change", "match"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
def test_a_forged_backup_changes_nothing(
    kept: Path, target: Database, elsewhere: Path, change: Change, match: str
) -> None:
    forge(kept, elsewhere / "forged.tar.gz", parts=change)
    refused(target, elsewhere, match)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_backup_that_is_cut_short_changes_nothing(
    kept: Path, target: Database, elsewhere: Path, share: float
) -> None:
    content = kept.read_bytes()
    (elsewhere / "forged.tar.gz").write_bytes(content[: int(len(content) * share)])
    refused(target, elsewhere, "damaged|cut short|no backup")


def test_what_is_no_backup_is_refused(target: Database, elsewhere: Path) -> None:
    (elsewhere / "forged.tar.gz").write_bytes(b"PK\x03\x04 something else")
    refused(target, elsewhere, "damaged")
    (elsewhere / "other.tar.gz").write_bytes(gzip.compress(b"hello" * 1000))
    refused(target, elsewhere, "damaged|no backup", "other.tar.gz")
    refused(target, elsewhere, "no file", "not-there.tar.gz")


def test_a_header_that_would_fill_the_memory_is_refused(target: Database, elsewhere: Path) -> None:
    """An extended header of two gigabytes of zeros, two megabytes when compressed."""
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 2_000_000_000
    with gzip.open(elsewhere / "forged.tar.gz", "wb", compresslevel=1) as bomb:
        bomb.write(header.tobuf())
        for _ in range(20):
            bomb.write(b"\0" * 1_000_000)
    refused(target, elsewhere, "forged")


def test_no_room_is_told_before_anything_is_unpacked(
    kept: Path, target: Database, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    with pytest.raises(RestoreError, match="needed"):
        restore(target, FileStore(elsewhere / "files"), elsewhere, kept)
    assert not (elsewhere / "files").exists()


def test_without_pg_dump_it_says_what_to_install(
    postgres_url: str, tmp_path: Path, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    database = Database(make_engine(postgres_url))
    with pytest.raises(DumpError, match="postgresql-client"):
        backup(database, files, SETTINGS, tmp_path / "b.tar.gz")
    database.dispose()
