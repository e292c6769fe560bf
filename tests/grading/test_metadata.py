"""nbgrader's metadata, schema 0 to 3."""

from __future__ import annotations

import json

import pytest

from lms.grading.metadata import MetadataError, Role, checksum, read_role, write_role

from .conftest import ATTACKS


def role_of(meta, cell_type="code"):
    role = read_role(meta, cell_type)
    assert role is not None
    return role


def test_every_schema_reads_as_the_same_role():
    facts = {"grade_id": "q1-test", "grade": True, "solution": False, "locked": True, "points": 2}
    wanted = Role("q1-test", True, False, True, False, 2.0)
    assert read_role(facts, "code") == wanted  # schema 0 has no version
    for version in (1, 2, 3):
        assert read_role(facts | {"schema_version": version}, "code") == wanted


def test_schema_0_counts_odd_points_as_its_upgrade_does():
    facts = {"grade_id": "q", "grade": True, "solution": False}
    assert [role_of(facts | {"points": points}).points for points in ("", "2", -3)] == [0, 2, 0]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_from_schema_1_on_nothing_may_be_left_out(version):
    facts = {"grade_id": "q", "grade": True, "solution": False, "locked": True, "points": 1, "schema_version": version}
    for key in ("grade", "solution", "locked", "points"):
        with pytest.raises(MetadataError) as raised:
            read_role({name: value for name, value in facts.items() if name != key}, "code")
        assert raised.value.key == key


def test_a_newer_schema_is_refused_with_what_to_do():
    with pytest.raises(MetadataError) as raised:
        read_role({"schema_version": 4, "grade": True, "solution": False, "locked": True, "grade_id": "q"}, "code")
    assert "newer nbgrader" in raised.value.problem
    assert "0.9" in raised.value.remedy


def test_a_cell_without_any_role_is_plain():
    assert read_role(None, "code") is None
    facts = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False, "grade_id": ""}
    assert read_role(facts, "code") is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"schema_version": 4}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"grade": 1}, "grade"),
        ({"grade_id": "no blanks"}, "grade_id"),
        ({"grade_id": None}, "grade_id"),
        ({"points": -1}, "points"),
        ({"points": "2"}, "points"),
        ({"points": float("nan")}, "points"),
        ({"points": True}, "points"),
        ({"task": True}, "task"),
    ],
)
def test_what_nbgrader_refuses_is_refused_by_key(change, key):
    facts = {"schema_version": 3, "grade_id": "q", "grade": True, "solution": False, "locked": True, "points": 1}
    with pytest.raises(MetadataError) as raised:
        read_role(facts | change, "code")
    assert raised.value.key == key


def test_markdown_with_points_must_be_a_manual_answer():
    facts = {"schema_version": 3, "grade_id": "q", "grade": True, "solution": False, "locked": False, "points": 1}
    with pytest.raises(MetadataError):
        read_role(facts, "markdown")
    assert role_of(facts | {"solution": True}, "markdown").is_manual


def test_checksums_are_those_of_a_notebook_that_nbgrader_released():
    released = json.loads((ATTACKS / "release.ipynb").read_text(encoding="utf-8"))
    compared = 0
    for cell in released["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if "checksum" in meta:
            source = "".join(cell["source"])
            assert checksum(role_of(meta, cell["cell_type"]), source, cell["cell_type"]) == meta["checksum"]
            compared += 1
    assert compared > 5


def test_written_metadata_reads_as_the_same_role():
    role = Role("q1-test", True, False, True, False, 2.5)
    assert read_role(write_role(role, "x", "code"), "code") == role
