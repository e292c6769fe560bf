"""The browser's Python is made of published files and nothing else, goes on where it was, and says what went wrong."""

from __future__ import annotations

import errno
import gzip
import http.server
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import brotli
import pytest

from lms.workspace.runtime import find_runtime
from lms.workspace.runtime import prepare as runtime_prepare
from lms.workspace.runtime.command import main, show, verify
from lms.workspace.runtime.lock import PYODIDE_LOCK, load_lock
from lms.workspace.runtime.pieces import RuntimeFetchError, WrongHashError
from lms.workspace.runtime.prepare import RuntimePrepareError, problems

from .runtime_world import LOCK, NUMBERS, PUBLISHED, TABLES, SmallWorld, make_small_world, repacked

# The five that exercises are written for have the same versions in the browser as where they are graded.
THE_SAME = ("numpy", "pandas", "matplotlib", "scikit-learn")


@pytest.fixture
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallWorld:
    return make_small_world(tmp_path, monkeypatch)


def test_versions_are_those_of_the_grading_environment() -> None:
    packages = load_lock().packages
    assert {name: packages[name].version for name in THE_SAME} == {name: version(name) for name in THE_SAME}


def test_what_differs_is_listed_with_its_reason() -> None:
    lock = load_lock()
    differing = {name for name, package in lock.packages.items() if _here(name) != package.version}
    assert differing == set(lock.differs)
    assert all(lock.differs.values())


def _here(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return ""


def test_what_import_pandas_needs_is_at_most_12_mb() -> None:
    lock = load_lock()
    files = [
        *(name for name in lock.core if name != PYODIDE_LOCK),
        *(lock.packages[one].file for one in lock.closed(["pandas"])),
    ]
    assert sum(lock.pieces[name].br for name in files) + len(brotli.compress(lock.pyodide_lock)) <= 12_000_000


def test_an_exercise_loads_what_it_imports_and_no_more() -> None:
    lock = load_lock()
    assert lock.packages_for({"os", "numbers", "nobodys_module"}) == []
    assert set(lock.packages_for({"pandas"})) == {"numpy", "pandas", "python-dateutil", "six", "tzdata"}
    both = lock.packages_for({"sklearn", "numpy"})
    assert set(both) == {"numpy", "scipy", "joblib", "threadpoolctl", "scikit-learn"}
    assert both.index("numpy") < both.index("scipy") < both.index("scikit-learn")
    assert "matplotlib" in lock.packages_for({"mpl_toolkits"})


def test_a_prepared_runtime_is_whole(small_world: SmallWorld) -> None:
    made = small_world.prepare()
    assert problems(made) == []
    for name in (NUMBERS, TABLES):
        assert (made.folder / name).read_bytes() == repacked(name)
        assert brotli.decompress((made.folder / f"{name}.br").read_bytes()) == repacked(name)
        assert gzip.decompress((made.folder / f"{name}.gz").read_bytes()) == repacked(name)
    assert made.release in made.folder.name
    assert sorted(path.name for path in small_world.folder.iterdir()) == [".lock", made.release]
    assert [file.name for file in made.files_for({"tables"})] == ["pyodide.mjs", PYODIDE_LOCK, NUMBERS, TABLES]
    assert [file.name for file in made.files_for(())] == ["pyodide.mjs", PYODIDE_LOCK]


def test_a_second_run_changes_nothing(small_world: SmallWorld) -> None:
    before = small_world.prepare()
    times = {path: path.stat().st_mtime_ns for path in before.folder.iterdir()}
    small_world.published.rename(small_world.published.with_name("gone"))
    assert small_world.prepare() is before
    assert {path: path.stat().st_mtime_ns for path in before.folder.iterdir()} == times


def test_what_was_compressed_in_haste_is_made_smaller_later(small_world: SmallWorld) -> None:
    hasty = small_world.prepare()
    assert not hasty.is_best
    best = small_world.prepare(is_fast=False)
    assert best.is_best
    assert problems(best) == []
    assert small_world.compiled == [NUMBERS, TABLES]  # once
    assert small_world.prepare(is_fast=True) is best
    assert not list(best.folder.glob("*.fast"))


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_a_file_of_another_hash_is_not_used(small_world: SmallWorld, name: str) -> None:
    (small_world.published / name).write_bytes(PUBLISHED[name] + b"\n")
    with pytest.raises(WrongHashError) as caught:
        small_world.prepare()
    assert name in str(caught.value)
    assert LOCK.pieces[name].published in str(caught.value)
    assert find_runtime(small_world.folder) is None
    assert not (small_world.folder / "pieces" / name).exists()


def test_what_comes_out_of_repacking_has_to_be_ours(small_world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_lock: object, _program: str, _pieces: Path, output: Path, _calls: object) -> None:
        for name in (NUMBERS, TABLES):
            (output / name).write_bytes(b"something else")

    monkeypatch.setattr(runtime_prepare, "run_calls", other)
    with pytest.raises(RuntimePrepareError, match="not used"):
        small_world.prepare()
    assert find_runtime(small_world.folder) is None


def test_a_run_that_was_broken_off_goes_on_where_it_was(
    small_world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runtime_prepare, "_compress", killed)
        with pytest.raises(KeyboardInterrupt):
            small_world.prepare()
    assert find_runtime(small_world.folder) is None
    small_world.published.rename(small_world.published.with_name("gone"))
    assert problems(small_world.prepare()) == []
    assert small_world.compiled == [NUMBERS, TABLES]


def test_damage_is_found_and_mended(small_world: SmallWorld) -> None:
    made = small_world.prepare()
    (made.folder / f"{NUMBERS}.br").write_bytes(b"x" * made.files[NUMBERS].br)
    (made.folder / TABLES).write_bytes(b"y" * made.files[TABLES].size)
    (made.folder / "pyodide.mjs.gz").unlink()
    assert problems(made) == ["pyodide.mjs.gz is missing", f"{NUMBERS}.br is damaged", f"{TABLES} was changed"]
    said: list[str] = []
    assert not verify(small_world.folder, said.append)
    assert problems(small_world.prepare()) == []
    assert verify(small_world.folder, said.append)


def test_a_full_disk_says_so(small_world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(runtime_prepare, "_write", full)
    with pytest.raises(RuntimePrepareError, match="is full"):
        small_world.prepare()


def test_a_folder_that_cant_be_written_names_the_setting(small_world: SmallWorld) -> None:
    small_world.folder.write_text("a file in its place")
    with pytest.raises(RuntimePrepareError, match="runtime"):
        small_world.prepare()


def test_an_archive_and_a_folder_in_a_folder_will_do(small_world: SmallWorld, tmp_path: Path) -> None:
    packed = tmp_path / "release.tar.bz2"
    with tarfile.open(packed, "w:bz2") as archive:
        for name in PUBLISHED:
            archive.add(small_world.published / name, f"pyodide/{name}")
    small_world.prepare(origin=str(packed))
    zipped = tmp_path / "release.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(f"deep/er/{NUMBERS}", PUBLISHED[NUMBERS])
    with pytest.raises(RuntimeFetchError, match=r"not in release\.zip"):
        runtime_prepare.prepare(tmp_path / "other", origin=str(zipped), is_fast=True, say=small_world.said.append)
    within = tmp_path / "around"
    within.mkdir()
    small_world.published.rename(within / "pyodide")
    runtime_prepare.prepare(tmp_path / "third", origin=str(within), is_fast=True, say=small_world.said.append)


@pytest.fixture
def address(small_world: SmallWorld) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(small_world.published))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_will_do(small_world: SmallWorld, address: str) -> None:
    assert problems(small_world.prepare(origin=address)) == []


def test_an_address_without_the_file_says_which(small_world: SmallWorld, address: str) -> None:
    (small_world.published / TABLES).unlink()
    with pytest.raises(RuntimeFetchError, match=TABLES):
        small_world.prepare(origin=address)


def test_no_network_says_so_and_leaves_nothing_that_is_served(small_world: SmallWorld) -> None:
    with pytest.raises(RuntimeFetchError, match=r"127\.0\.0\.1:9"):
        small_world.prepare(origin="http://127.0.0.1:9/")
    with pytest.raises(RuntimeFetchError, match="there is no"):
        small_world.prepare(origin="/no/such/folder")
    said: list[str] = []
    assert not show(small_world.folder, said.append)
    assert "flask lms runtime prepare" in said[0]


def test_no_package_index_says_what_pip_said(small_world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(small_world.published))
    with pytest.raises(RuntimeFetchError, match="carrier 1 could not be fetched: ERROR"):
        small_world.prepare(origin=None)


def test_what_was_removed_or_halved_is_no_runtime(small_world: SmallWorld) -> None:
    made = small_world.prepare()
    (made.folder / "manifest.json").write_text('{"release": "')
    assert find_runtime(small_world.folder) is None
    assert problems(small_world.prepare()) == []


def test_the_command_ends_with_its_status(small_world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--folder", str(small_world.folder)]
    assert main(["show", *folder]) == 1
    assert main(["prepare", "--fast", "--from", "/no/such/folder", *folder]) == 1
    assert "there is no /no/such/folder" in capsys.readouterr().err
    assert main(["prepare", "--fast", "--from", str(small_world.published), *folder]) == 0
    assert main(["verify", *folder]) == 0
