"""`flask lms roster …`, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import Result
from sqlalchemy import func, select

from lms.models import Download, Employment, Person, Roster
from lms.web import cli
from tests.rosters.conftest import NEW, csv_of, row

from .site import Site

Typed = Callable[..., Result]
SOME = (
    row(number=NEW, company="새기업", region="부산", name="홍길동", employee="1"),
    row(name="김하나", employee="H-001"),
    row(name="이준호"),
    row(name="이준호", employee="H-002", department="품질"),
)


@pytest.fixture
def database_kind() -> str:
    """tests/rosters writes on each database; here it is the command."""
    return "sqlite"


@pytest.fixture
def typed(site: Site) -> Typed:
    return lambda *words: site.app.test_cli_runner().invoke(cli.lms, ["roster", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "명단.csv"
    made.write_bytes(csv_of(*SOME, encoding="cp949"))
    return made


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_check_says_each_row_and_changes_nothing(site: Site, typed: Typed, file: Path) -> None:
    result = typed("check", file, "--json")
    *rows, counts = lines(result)
    assert result.exit_code == 1
    assert [(one["row"], one["outcome"]) for one in rows] == [(2, "new"), (3, "same"), (4, "wrong"), (5, "changed")]
    assert rows[2]["reasons"][0].startswith("사번, 이메일, 생년월일이 모두 비어")
    assert (counts["total"], counts["new"], counts["changed"], counts["same"], counts["wrong"], counts["skipped"]) == (
        4, 1, 1, 1, 1, 0,
    )  # fmt: skip
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Roster)) == 0


def test_apply_once_twice_and_undo(site: Site, typed: Typed, file: Path) -> None:
    result = typed("apply", file, "--json")
    receipt = lines(result)[-1]["receipt"]
    assert (result.exit_code, [one["outcome"] for one in lines(result)[:-1]]) == (
        1,
        ["new", "same", "wrong", "changed"],
    )
    again = lines(typed("apply", file, "--json"))
    assert ([one["outcome"] for one in again[:-1]], again[-1]["receipt"]) == (["same", "same", "wrong", "same"], None)
    assert typed("undo", receipt).exit_code == 0
    with site.lms.database.reading() as session:
        assert session.scalar(select(Person.id).where(Person.name == "홍길동")) is None
        number = select(Employment.department).where(Employment.employee_number == "H-002")
        assert session.scalar(number) == ""
    result = typed("undo", receipt, "--language", "en")
    assert (result.exit_code, "undone already" in result.output) == (1, True)


def test_all_rows_right_is_status_0(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "right.csv"
    file.write_bytes(csv_of(SOME[1]))
    assert typed("check", file).exit_code == 0
    assert typed("apply", file).exit_code == 0


def test_strict_keeps_everything_out(site: Site, typed: Typed, file: Path) -> None:
    result = typed("apply", file, "--strict", "--json")
    assert (result.exit_code, lines(result)[-1]["receipt"]) == (1, None)
    with site.lms.database.reading() as session:
        assert session.scalar(select(Person.id).where(Person.name == "홍길동")) is None


@pytest.mark.parametrize("command", ["check", "apply"])
def test_what_can_not_be_read_is_status_2_with_the_reason(typed: Typed, tmp_path: Path, command: str) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"PK\x03\x04 cut")
    result = typed(command, file, "--json", "--language", "en")
    assert result.exit_code == 2
    assert lines(result)[0]["error"] == "damaged"
    assert "damaged or was cut off" in result.stderr
    assert typed(command, tmp_path / "nowhere.csv").exit_code == 2


def test_as_an_officer_within_her_regions(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(csv_of(row(number="220-81-62517", name="윤수진", employee="S-001")))
    assert typed("check", file).exit_code == 0
    assert lines(typed("check", file, "--as", "seoyeon@busan.example", "--json"))[0]["outcome"] == "wrong"
    assert "no officer" in typed("check", file, "--as", "hana@hanbit.example").output


def test_wrong_rows_are_told_in_a_table(typed: Typed, file: Path) -> None:
    said = typed("check", file, "--language", "en").output
    assert "names alone" in said.replace("\n", " ")
    assert "new 1, changed 1, same 1, wrong 1" in said


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_comes_in_without_a_change(site: Site, typed: Typed, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"out.{form}"
    assert typed("export", file).exit_code == 2
    assert typed("export", file, "--reason", "점검용 파일").exit_code == 0
    if form == "xlsx":
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        assert sheet.max_row == 4
    *rows, counts = lines(typed("check", file, "--json"))
    assert (counts["total"], counts["same"]) == (3, 3)
    assert all(one["reasons"] == [] for one in rows)
    with site.lms.database.reading() as session:
        assert session.scalars(select(Download.reason)).all() == ["점검용 파일"]
