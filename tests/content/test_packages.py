"""An exercise as one file: the same bytes from the same folder, and nothing unpacked that doesn't belong."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from lms.content import ContentErrors, load_exercise_facts, pack_exercise, package_digest, unpack_exercise
from lms.content.exercises import EXERCISE_LIMIT
from lms.errors import ContentError

NAMES = ["DATA.md", "data/parts.csv", "exercise.toml", "proof.toml", "source.ipynb"]


def names_in(package: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(package)).namelist()


def zipped(
    files: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED, mode: int = stat.S_IFREG | 0o644
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = compression
            archive.writestr(entry, data)
    return buffer.getvalue()


def test_the_facts_of_an_exercise(library):
    facts = load_exercise_facts(library.exercises, "count-parts")
    assert (facts.title, facts.max_points, facts.answers) == ("부품 세기", 5, ("count",))
    assert [(check.name, check.points) for check in facts.checks] == [("count-test", 5)]
    assert [(data.path, data.seed) for data in facts.data] == [("data/parts.csv", 7)]
    assert facts.digest == package_digest(pack_exercise(library.exercise))


def test_a_package_holds_the_exercise_without_its_generator(library):
    assert names_in(pack_exercise(library.exercise)) == NAMES


def test_the_same_folder_gives_the_same_bytes_whenever_and_wherever(library, tmp_path):
    before = pack_exercise(library.exercise)
    copy = tmp_path / "copy" / "count-parts"
    unpack_exercise(before, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert pack_exercise(copy) == before


def test_nothing_of_the_machine_is_in_a_package(library):
    entries = zipfile.ZipFile(io.BytesIO(pack_exercise(library.exercise))).infolist()
    assert {
        (entry.date_time, entry.create_system, entry.external_attr >> 16, entry.compress_type) for entry in entries
    } == {((1980, 1, 1, 0, 0, 0), 3, stat.S_IFREG | 0o644, zipfile.ZIP_STORED)}


def test_a_changed_exercise_has_another_digest(library):
    before = load_exercise_facts(library.exercises, "count-parts").digest
    library.change("exercises/count-parts/proof.toml", "머리글도 센다", "머리글까지 센다")
    assert load_exercise_facts(library.exercises, "count-parts").digest != before


def test_a_generator_is_no_part_of_a_version(library):
    before = pack_exercise(library.exercise)
    library.write("exercises/count-parts/make_data.py", "# faster\n")
    assert pack_exercise(library.exercise) == before


def test_an_exercise_with_mistakes_is_not_packed(library):
    library.change("exercises/count-parts/data/parts.csv", "너트", "나사")
    with pytest.raises(ContentErrors, match="another SHA-256"):
        pack_exercise(library.exercise)


def test_unpacking_gives_the_files_back(library, tmp_path):
    unpack_exercise(pack_exercise(library.exercise), tmp_path / "made" / "count-parts")
    for name in NAMES:
        made = tmp_path / "made" / "count-parts" / name
        assert made.read_bytes() == (library.exercise / name).read_bytes()
    assert os.listdir(tmp_path / "made") == ["count-parts"]


def test_unpacking_again_changes_nothing(library, tmp_path):
    package = pack_exercise(library.exercise)
    unpack_exercise(package, tmp_path / "made")
    before = (tmp_path / "made").stat()
    unpack_exercise(package, tmp_path / "made")
    assert (tmp_path / "made").stat() == before


def test_unpacking_never_writes_over_something_else(library, tmp_path):
    package = pack_exercise(library.exercise)
    unpack_exercise(package, tmp_path / "made")
    (tmp_path / "made" / "source.ipynb").write_text("{}")
    with pytest.raises(ContentError, match="made: is there already and holds something else"):
        unpack_exercise(package, tmp_path / "made")
    assert (tmp_path / "made" / "source.ipynb").read_text() == "{}"


def test_two_may_unpack_the_same_at_once(library, tmp_path):
    package = pack_exercise(library.exercise)
    folders = [tmp_path / "cache" / str(number) for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(unpack_exercise, package, folder) for folder in folders for _ in range(4)]:
            done.result()
    assert sorted(os.listdir(tmp_path / "cache")) == sorted(folder.name for folder in folders)
    assert [pack_exercise(folder) == package for folder in folders] == [True] * 20


RIGHT = {"exercise.toml": b"title = 'x'", "source.ipynb": b"{}"}


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (b"", "can't be read"),
        (b"PK\x03\x04 and no more", "can't be read"),
        (zipped({"exercise.toml": b""}), "holds no source.ipynb"),
        (zipped(RIGHT | {"../evil.py": b""}), "holds '../evil.py', which is no file of an exercise"),
        (zipped(RIGHT | {"/etc/cron.d/x": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"data/../../evil.py": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"data\\..\\evil.py": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"data/": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"other/x.csv": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"data": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"make_data.py": b""}), "which is no file of an exercise"),
        (zipped(RIGHT | {"data/.hidden": b""}), "which is no file of an exercise"),
        (zipped(RIGHT, mode=stat.S_IFLNK | 0o777), "is not a plain, stored file"),
        (zipped(RIGHT, compression=zipfile.ZIP_DEFLATED), "is not a plain, stored file"),
        (zipped(RIGHT | {f"data/{number}.csv": b"" for number in range(300)}), "holds too many files"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_package_is_refused_and_leaves_nothing(tmp_path, package, said):
    with pytest.raises(ContentError) as caught:
        unpack_exercise(package, tmp_path / "made")
    assert said in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_package_that_lies_about_its_sizes_is_refused(tmp_path):
    package = bytearray(zipped({**RIGHT, "data/a.csv": b"x" * 1000}))
    central = package.rindex(b"PK\x01\x02")
    package[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(ContentError):
        unpack_exercise(bytes(package), tmp_path / "made")
    assert os.listdir(tmp_path) == []


def test_a_package_that_is_too_large_is_refused(tmp_path):
    with pytest.raises(ContentError, match="is too large"):
        unpack_exercise(bytes(EXERCISE_LIMIT + 2_000_000), tmp_path / "made")


def test_a_damaged_package_is_refused(library, tmp_path):
    package = bytearray(pack_exercise(library.exercise))
    package[package.index("볼트".encode())] ^= 1
    with pytest.raises(ContentError, match="can't be read"):
        unpack_exercise(bytes(package), tmp_path / "made")
