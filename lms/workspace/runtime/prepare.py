"""Make the browser's Python ready to be served: fetch, verify, repack, compress.

Each step keeps what it finished under its final name, so that a run that was killed goes on where it was; the release's folder
appears only when all of it is there.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import brotli
import msgspec

from lms.errors import LMSError

from . import MANIFEST, Manifest, Runtime, RuntimeFile, find_runtime
from . import pieces as runtime_pieces
from .lock import PYODIDE_LOCK, Lock, load_lock
from .pieces import sha256

Say = Callable[[str], None]
_FONTS = Path(__file__).parents[2] / "fonts"
FONT_FILE = _FONTS / "BaeumSans-Regular.ttf"
FONT_LIST = _FONTS / "fontlist.json"
_PROGRAM = Path(__file__).with_name("compile.py")
_STARTER = Path(__file__).with_name("compile.mjs")
_PIECES = "pieces"
_KEPT_WITH = (".fast", ".br", ".gz")
_MATPLOTLIB = "matplotlib/mpl-data/"
_ZONES_FROM = "pytz"
_ROOM = 600_000_000  # bytes that a preparation may need at its height
# What every exercise needs is worth the last two per cent, which cost as much time again.
_BEST, _GOOD, _FAST = 11, 10, 5
_EVERYBODYS = ("pandas",)
_COMPILE_SECONDS = 900


class RuntimePrepareError(LMSError):
    """The runtime could not be made; what was finished is kept."""

    reason = "runtime_prepare"
    sentence = "The browser's Python could not be prepared: {why}"


def prepare(
    folder: Path, *, origin: str | None = None, is_fast: bool = False, is_thorough: bool = True, say: Say = print
) -> Runtime:
    """Have this program's release below `folder`.

    Args:
        is_thorough: read all files that are there already, in some seconds; else their sizes are held to be enough.
        origin: see `pieces.fetch`.
        is_fast: compress in seconds instead of minutes, a fifth larger; for tests. A later run without it improves it.

    Raises:
        RuntimePrepareError, RuntimeFetchError
    """
    lock = load_lock()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            runtime = find_runtime(folder)
            wrong = problems(runtime, is_thorough=is_thorough) if runtime else []
            if runtime is not None and (runtime.is_best or is_fast) and not wrong:
                return runtime
            for line in wrong:
                say(f"{line}; it is made again")
                _unlink_with_packed(folder / lock.release / line.partition(" ")[0])
            _make(lock, folder, origin, is_fast, say)
    except OSError as error:
        raise RuntimePrepareError(why=_disk(error, folder)) from error
    made = find_runtime(folder)
    if made is None:
        raise RuntimePrepareError(why=f"{folder / lock.release} was removed meanwhile")
    return made


def _make(lock: Lock, folder: Path, origin: str | None, is_fast: bool, say: Say) -> None:
    final = folder / lock.release
    part = final if final.exists() else folder / f"{lock.release}.part"
    part.mkdir(exist_ok=True)
    _reuse(lock, folder, part)
    missing = [name for name, piece in lock.pieces.items() if not _is(part / name, piece.own)]
    if missing:
        if (free := shutil.disk_usage(folder).free) < _ROOM:
            why = f"{folder} has {free / 1e6:.0f} MB of free space; it takes up to {_ROOM / 1e6:.0f}."
            raise RuntimePrepareError(why=why)
        runtime_pieces.fetch(lock, folder / _PIECES, origin, say)
        _repack(lock, folder / _PIECES, part, missing, say)
    (part / PYODIDE_LOCK).write_bytes(lock.pyodide_lock)
    files = _compress(lock, part, is_fast, say)
    manifest = Manifest(release=lock.release, is_best=not is_fast, files=files)
    _write(part / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    if part != final:
        os.rename(part, final)
    shutil.rmtree(folder / _PIECES, ignore_errors=True)
    _remove_old(folder, final)


def _reuse(lock: Lock, folder: Path, part: Path) -> None:
    """Take over what an earlier release has too, with what was compressed of it."""
    for name, piece in lock.pieces.items():
        if not (part / name).exists():
            found = (path for path in folder.glob(f"*/{name}") if path.parent.name != _PIECES and _is(path, piece.own))
            if (old := next(found, None)) is not None:
                for end in (*_KEPT_WITH, ""):  # itself last, for what is compressed in haste must be marked before
                    if (file := old.with_name(name + end)).exists():
                        shutil.copyfile(file, part / (name + end))


# Repacking


def _repack(lock: Lock, pieces: Path, part: Path, missing: list[str], say: Say) -> None:
    for name in missing:
        piece = lock.pieces[name]
        if not piece.is_repacked:
            shutil.copyfile(pieces / piece.source, part / name)
    calls = {name: call_for(lock, name) for name in missing if lock.pieces[name].is_repacked}
    if calls:
        with runtime_pieces.node(lock, pieces, say) as program:
            say(f"compiling the modules of {len(calls)} files")
            run_calls(lock, program, pieces, part, list(calls.values()))
    for name in missing:
        os.chmod(part / name, 0o644)
        found = sha256(part / name)
        if found != lock.pieces[name].own:
            (part / name).unlink()
            raise RuntimePrepareError(
                why=f"{name} came out of repacking with the sha256 {found}, not {lock.pieces[name].own}; it is not used."
            )


def call_for(lock: Lock, name: str) -> list[object]:
    """The call of `compile` that makes a file."""
    source = f"/input/{lock.pieces[name].source}"
    target = f"/output/{name}"
    if lock.pieces[name].source.startswith(_ZONES_FROM):
        version = next(package.version for package in lock.packages.values() if package.file == name)
        return ["repack_zones", source, target, version]
    return ["repack", source, target, _ADDED if name.startswith("matplotlib-") else {}]


# Files that go into matplotlib's archive, and where the compiling Python finds them.
_ADDED = {
    _MATPLOTLIB + f"fonts/ttf/{FONT_FILE.name}": f"/input/{FONT_FILE.name}",
    _MATPLOTLIB + f"fonts/ttf/{FONT_FILE.stem}-OFL.txt": "/input/OFL.txt",
    f"matplotlib/{FONT_LIST.name}": f"/input/{FONT_LIST.name}",  # in place of one that doesn't know ours
}


def run_calls(lock: Lock, program: str, pieces: Path, output: Path, calls: list[list[object]]) -> None:
    """Have the runtime's own Python repack archives of `pieces` into `output`.

    Raises:
        RuntimePrepareError: with the last of what it said.
    """
    for file in (FONT_FILE, _FONTS / "OFL.txt", FONT_LIST):
        shutil.copyfile(file, pieces / file.name)
    (pieces / PYODIDE_LOCK).write_bytes(lock.listing({}))  # it asks for one, and loads nothing by it
    with tempfile.TemporaryDirectory(prefix=".plan-", dir=pieces) as scratch:
        plan = Path(scratch) / "plan.json"
        places = {"core": pieces, "input": pieces, "output": output, "program": _PROGRAM}
        plan.write_text(json.dumps({**{name: str(path.resolve()) for name, path in places.items()}, "calls": calls}))
        command = [program, str(_STARTER), str(plan)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILE_SECONDS)
        except subprocess.TimeoutExpired:
            raise RuntimePrepareError(why=f"compiling took longer than {_COMPILE_SECONDS} s") from None
    if done.returncode != 0:
        raise RuntimePrepareError(why=f"compiling failed: {done.stderr.strip()[-1500:] or done.returncode}")


# Compressing


def _compress(lock: Lock, part: Path, is_fast: bool, say: Say) -> tuple[RuntimeFile, ...]:
    """Lay `.br` and `.gz` beside each file. A file that was compressed well is not compressed again."""
    names = [*lock.pieces, PYODIDE_LOCK]
    total = sum((part / name).stat().st_size for name in names)
    say(f"compressing {total / 1e6:.1f} MB" + ("" if is_fast else "; this takes minutes, once"))
    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        largest_first = sorted(names, key=lambda name: -(part / name).stat().st_size)
        first = {*lock.core, *(lock.packages[name].file for name in lock.closed(_EVERYBODYS))}
        running = {
            pool.submit(_compress_one, part / name, _FAST if is_fast else _BEST if name in first else _GOOD): name
            for name in largest_first
        }
        try:
            for future in as_completed(running):
                future.result()
                done += (part / running[future]).stat().st_size
                say(f"{done * 100 // total:3d} %  {running[future]}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(_file(part / name, lock) for name in names)


def _compress_one(path: Path, quality: int) -> None:
    is_fast = quality == _FAST
    zipped, best, fast = (path.with_name(path.name + end) for end in (".gz", ".br", ".fast"))
    if not zipped.exists():
        _write(zipped, gzip.compress(path.read_bytes(), 6, mtime=0))
    if best.exists() and (is_fast or not fast.exists()):
        return
    if is_fast:
        fast.touch()  # says that what lies here may be made smaller
    _write(best, brotli.compress(path.read_bytes(), quality=quality))
    if not is_fast:
        fast.unlink(missing_ok=True)


def _file(path: Path, lock: Lock) -> RuntimeFile:
    sizes = {end: path.with_name(f"{path.name}.{end}").stat().st_size for end in ("br", "gz")}
    piece = lock.pieces.get(path.name)
    digest = piece.own if piece else sha256(path)
    return RuntimeFile(name=path.name, size=path.stat().st_size, br=sizes["br"], gzip=sizes["gz"], sha256=digest)


# Looking


def problems(runtime: Runtime, *, is_thorough: bool = True) -> list[str]:
    """What is wrong with the files of a release, one line for each; `is_thorough` reads them all, else sizes are compared."""
    return [
        line for file in runtime.files.values() if (line := _problem(runtime.folder / file.name, file, is_thorough))
    ]


def _problem(path: Path, file: RuntimeFile, is_thorough: bool) -> str:
    sizes = (
        (path, file.size),
        (path.with_name(f"{path.name}.br"), file.br),
        (path.with_name(f"{path.name}.gz"), file.gzip),
    )
    for found, size in sizes:
        try:
            if found.stat().st_size != size:
                return f"{found.name} has another size"
        except OSError:
            return f"{found.name} is missing"
    if not is_thorough:
        return ""
    if sha256(path) != file.sha256:
        return f"{path.name} was changed"
    for found, unpacked in ((sizes[1][0], brotli.decompress), (sizes[2][0], gzip.decompress)):
        try:
            if unpacked(found.read_bytes()) != path.read_bytes():
                return f"{found.name} was changed"
        except (brotli.error, OSError, EOFError):
            return f"{found.name} is damaged"
    return ""


# The folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One preparation at a time; another waits until this one ends, however it ends."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unlink_with_packed(path: Path) -> None:
    """Remove a file of a release, and what was compressed from it."""
    stem = path.with_suffix("") if path.suffix in (".br", ".gz") else path
    for file in (path, *(stem.with_name(stem.name + end) for end in (".br", ".gz"))):
        file.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also where a reader has the old one open."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".write-", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest


def _remove_old(folder: Path, kept: Path) -> None:
    """All releases but this one and the newest of the others, which pages that are open may still ask for."""
    others = sorted((path.parent for path in folder.glob(f"*/{MANIFEST}")), key=lambda path: -path.stat().st_mtime)
    for release in [path for path in others if path != kept][1:]:
        shutil.rmtree(release, ignore_errors=True)


def _disk(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full; what is finished is kept. Make room and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{error.filename or folder} can't be written. Set runtime_dir to a folder that this account may write to."
        )
    return f"{error.strerror or error} ({error.filename or folder})"
