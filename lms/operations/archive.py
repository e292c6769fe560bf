"""A backup as one file: a compressed tar that is written and read from end to end, in constant memory.

    manifest.json     what it is: form, program, revision, kind of database, rows of each table, digest and size of the dump
    database          the dump: an SQLite file, or what pg_dump wrote
    settings.toml     the settings without secrets, to look at
    files/<sha256>    each stored file, named by its digest
    end.json          how many files there were; without it the archive is cut short

Reading trusts nothing: names, types and sizes are held against this form and the manifest before anything is unpacked.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec

from lms.errors import LMSError

FORM = 1
MANIFEST, DATABASE, SETTINGS, END = "manifest.json", "database", "settings.toml", "end.json"
_FILE = re.compile(r"files/([0-9a-f]{64})\Z")
_MOST_TEXT = 4_000_000
_MOST_AT_ONCE = 16_000_000  # what reading a header may ask for; a forged one asks for gigabytes
_CHUNK = 1_000_000
_Kind = TypeVar("_Kind")
_LEVEL = 1  # of compression: notebooks shrink well at any, and 9 takes seven times as long


class ArchiveError(LMSError):
    """The file is no backup, is damaged, cut short or forged, or this program can't read it. Nothing was changed."""

    reason = "archive"
    sentence = "This backup can't be used: {why} Nothing was changed."


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rows` by table; `digest` and `size` are the dump's; `files` and `bytes` of all stored files together.

    `missing` are the digests that rows name and the store did not hold when the backup was made.
    """

    form: int
    program: str
    made_at: str
    kind: str
    revision: str
    rows: dict[str, int]
    digest: str
    size: int
    files: int
    bytes: int
    missing: list[str]


class _End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    files: int
    manifest: str  # digest


def _forget(tar: tarfile.TarFile) -> None:
    """What is written or read; a TarFile would remember each of a million files."""
    tar.members.clear()  # type: ignore[attr-defined]


# Writing


class Writer:
    """Puts the parts into the archive in their order."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._files = 0
        self._manifest = ""

    def manifest(self, manifest: Manifest) -> None:
        content = msgspec.json.encode(manifest)
        self._manifest = hashlib.sha256(content).hexdigest()
        self.add(MANIFEST, content)

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._put(member, io.BytesIO(content))

    def add_dump(self, path: Path) -> None:
        member = tarfile.TarInfo(DATABASE)
        member.size, member.mode = path.stat().st_size, 0o600
        with path.open("rb") as content:
            self._put(member, content)

    def add_file(self, digest: str, content: bytes) -> None:
        self.add(f"files/{digest}", content)
        self._files += 1

    def _put(self, member: tarfile.TarInfo, content: BinaryIO) -> None:
        self._tar.addfile(member, content)
        _forget(self._tar)

    def end(self) -> None:
        self.add(END, msgspec.json.encode(_End(self._files, self._manifest)))


@contextmanager
def writing(target: BinaryIO) -> Iterator[Writer]:
    with (
        gzip.GzipFile("", "wb", _LEVEL, target) as packed,
        tarfile.open(fileobj=packed, mode="w:", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield Writer(tar)


# Reading


class Part:
    """A part that is being read: its name, or the digest of a stored file, and its size in bytes."""

    def __init__(self, name: str, digest: str, size: int, source: BinaryIO) -> None:
        self.name, self.digest, self.size = name, digest, size
        self._source = source

    def copy_to(self, target: BinaryIO) -> str:
        """Copy it, and return the SHA-256 of what was copied."""
        hashed = hashlib.sha256()
        while chunk := self._source.read(_CHUNK):
            hashed.update(chunk)
            target.write(chunk)
        return hashed.hexdigest()

    def read(self) -> bytes:
        if self.size > _MOST_TEXT:
            raise ArchiveError(why=f"'{self.name}' is too large.")
        return self._source.read()


class Reader:
    """`manifest` is read at once; `parts` gives the rest in its order, each to be read before the next."""

    def __init__(self, tar: tarfile.TarFile, unpacked: _Bounded) -> None:
        self._tar, self._unpacked = tar, unpacked
        first = next(self._members(), None)
        if first is None or first.name != MANIFEST:
            raise ArchiveError(why="it is no backup of Baeum.")
        content = first.read()
        self._digest = hashlib.sha256(content).hexdigest()
        self.manifest = _decoded(content, Manifest)
        if self.manifest.form != FORM:
            raise ArchiveError(why=f"its form is {self.manifest.form}, and this program knows {FORM}.")

    def parts(self) -> Iterator[Part]:
        """Raises ArchiveError, at the latest after the last part, where anything is not as the manifest says."""
        expected = {DATABASE, SETTINGS}
        files = size = 0
        for part in self._members():
            if part.name == END:
                if _decoded(part.read(), _End) != _End(files, self._digest) or files != self.manifest.files or expected:
                    raise ArchiveError(why="it does not hold what its manifest says.")
                self._unpacked.read(_MOST_AT_ONCE)  # to its end, where the checksum of the compression is
                return
            if part.digest:
                files, size = files + 1, size + part.size
                if size > self.manifest.bytes:
                    raise ArchiveError(why="it holds more than its manifest says.")
            elif part.name not in expected or (part.name == DATABASE and part.size != self.manifest.size):
                raise ArchiveError(why=f"'{part.name}' is not what the manifest says.")
            else:
                expected.remove(part.name)
            yield part
        raise ArchiveError(why="it is cut short.")

    def _members(self) -> Iterator[Part]:
        while (member := self._tar.next()) is not None:
            found = _FILE.match(member.name)
            if not member.isreg() or not (found or member.name in (MANIFEST, DATABASE, SETTINGS, END)):
                raise ArchiveError(why=f"'{member.name[:80]}' does not belong into a backup.")
            source = self._tar.extractfile(member)
            assert source is not None
            yield Part(member.name, found[1] if found else "", member.size, cast("BinaryIO", source))
            _forget(self._tar)


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Raises ArchiveError for whatever is wrong with the file, also while the caller reads on."""
    try:
        with gzip.open(path, "rb") as packed:
            unpacked = _Bounded(packed)
            with tarfile.open(fileobj=unpacked, mode="r:") as tar:  # type: ignore[call-overload]
                yield Reader(tar, unpacked)
    except FileNotFoundError as error:
        raise ArchiveError(why=f"there is no file {error.filename}.") from None
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ArchiveError(why=f"it is damaged or cut short ({error}).") from error


class _Bounded:
    """A stream that gives no more at once than a header or a chunk needs."""

    def __init__(self, source: BinaryIO | gzip.GzipFile) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise ArchiveError(why="a header in it is forged.")
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


def _decoded(content: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise ArchiveError(why=f"its manifest can't be read ({error}).") from error
