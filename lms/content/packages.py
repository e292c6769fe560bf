"""An exercise as one file: the same folder gives the same bytes on each machine, so that a hash can name it."""

from __future__ import annotations

import errno
import io
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path

import msgspec

from lms.content.exercises import (
    EXERCISE_LIMIT,
    NOTEBOOK,
    OPTIONAL,
    ExerciseFacts,
    exercise_folder,
    package_digest,
    read_exercise,
)
from lms.content.files import PART, Folder, is_content_folder
from lms.content.problems import Problems
from lms.errors import ContentError

REQUIRED = ("exercise.toml", NOTEBOOK)
MOST_FILES = 200
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say


def load_exercise_facts(root: Path, slug: str) -> ExerciseFacts:
    """The facts of root/slug with the digest of its package. ContentErrors with all that is wrong."""
    problems = Problems()
    facts = read_exercise_facts(root, slug, problems)
    problems.raise_if_any()
    assert facts is not None
    return facts


def read_exercise_facts(root: Path, slug: str, problems: Problems) -> ExerciseFacts | None:
    """As `load_exercise_facts`, into `problems`; None if there are any."""
    before = len(problems.errors)
    folder = exercise_folder(root / slug, problems)
    facts = read_exercise(folder, slug) if is_content_folder(folder, slug) else None
    if facts is None or len(problems.errors) > before:
        return None
    return msgspec.structs.replace(facts, digest=package_digest(_pack(folder, facts.files)))


def pack_exercise(path: Path) -> bytes:
    """A zip of exercise.toml, source.ipynb, the data, DATA.md and proof.toml. ContentErrors if its form is wrong."""
    problems = Problems()
    folder = exercise_folder(path, problems)
    facts = read_exercise(folder, path.name) if is_content_folder(folder, path.name) else None
    problems.raise_if_any()
    assert facts is not None
    return _pack(folder, facts.files)


def _pack(folder: Folder, files: tuple[str, ...]) -> bytes:
    """Stored and not deflated: what a compressor gives differs with its version, and the hash with it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for relative in sorted(files):
            entry = zipfile.ZipInfo(relative, EPOCH)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            data = folder.read_bytes(relative, limit=EXERCISE_LIMIT)
            folder.problems.raise_if_any()
            assert data is not None
            package.writestr(entry, data)
    return buffer.getvalue()


def unpack_exercise(package: bytes, path: Path) -> None:
    """Write a package into the folder `path`. ContentError, and nothing written, if it is none.

    The folder appears whole or not at all. Again, or two at once, is no error; a folder with anything else in it is.
    """
    files = _read_package(package)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _must_hold(path, files)
        return
    made = Path(tempfile.mkdtemp(prefix=".unpack-", dir=path.parent))
    try:
        for relative, data in files.items():
            target = made / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        made.chmod(0o755)
        try:
            made.rename(path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            _must_hold(path, files)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _must_hold(path: Path, files: dict[str, bytes]) -> None:
    found = {inner.relative_to(path).as_posix(): inner for inner in path.rglob("*") if not inner.is_dir()}
    if set(found) != set(files) or any(found[name].read_bytes() != data for name, data in files.items()):
        raise ContentError(path.name, "", "is there already and holds something else", "Unpack into a new folder.")


def _read_package(package: bytes) -> dict[str, bytes]:
    if len(package) > EXERCISE_LIMIT + 1_000_000:
        raise _refused("is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _refused(f"can't be read: {error}") from error
    for name in REQUIRED:
        if name not in files:
            raise _refused(f"holds no {name}")
    return files


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Only plain files of our own names, stored as they are: so the sizes that it says are the sizes that it has."""
    names = [entry.filename for entry in entries]
    if len(names) > MOST_FILES or len(set(names)) != len(names):
        raise _refused("holds too many files, or one twice")
    for entry in entries:
        mode = entry.external_attr >> 16
        parts = entry.filename.split("/")
        is_ours = entry.filename in (*REQUIRED, *OPTIONAL) or (len(parts) > 1 and parts[0] == "data")
        if not is_ours or not all(PART.fullmatch(part) for part in parts):
            raise _refused(f"holds '{entry.filename[:80]}', which is no file of an exercise")
        if (mode and not stat.S_ISREG(mode)) or entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise _refused(f"'{entry.filename}' is not a plain, stored file")
    if sum(entry.file_size for entry in entries) > EXERCISE_LIMIT:
        raise _refused("is too large")


def _refused(problem: str) -> ContentError:
    return ContentError("package", "", problem, "Make it again with pack_exercise.")
