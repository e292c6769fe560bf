"""`flask lms regrade`, as an operator types it, with the real sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from lms.clock import utcnow
from lms.models import Grade
from lms.web import cli
from tests.classroom import publish_small_course

from . import small_course
from .site import Site
from .small_course import COURSE, EXERCISE

pytestmark = pytest.mark.sandbox
Typed = Callable[..., Result]


@pytest.fixture
def small_content(tmp_path: Path) -> Path:
    """A folder of our own: these tests publish new versions."""
    return small_course.write(tmp_path / "content of the tests")


@pytest.fixture
def typed(site: Site) -> Typed:
    return lambda *words: site.app.test_cli_runner().invoke(cli.lms, words)


@pytest.fixture
def mended(site: Site, small_content: Path) -> Site:
    """김하나 handed in a half of it; by the version published since she gets it all."""
    hana = site.browser_of(site.world.hana)
    site.hand_in(hana, site.notebook(small_course.HALF))
    site.grade_all()
    source = small_content / "exercises" / EXERCISE / "source.ipynb"
    before = source.read_text("utf-8")
    after = before.replace("assert abs(rate(200, 50) - 0.75) < 1e-9", "assert 0 < rate(200, 50) < 1")
    assert after != before
    source.write_text(after, "utf-8")
    with site.lms.database.writing() as session:
        publish_small_course(session, site.lms.files, small_content)
        session.commit()
    return site


def points(site: Site) -> list[float | None]:
    with site.lms.database.reading() as session:
        return list(session.scalars(select(Grade.points).order_by(Grade.id)))


def test_a_dry_run_says_who_would_gain_and_writes_nothing(mended: Site, typed: Typed) -> None:
    said = typed("regrade", EXERCISE, "--dry-run")
    assert said.exit_code == 0, said.output
    assert "1 gain, 0 lose, 0 stay" in said.output
    assert "Nothing was written." in said.output
    assert points(mended) == [4]


def test_it_writes_once_and_tells_programs_what(mended: Site, typed: Typed) -> None:
    said = typed("regrade", EXERCISE, "--run", f"{COURSE}:{mended.run.number}", "--json", "--reason", "검사를 고침")
    assert said.exit_code == 0, said.output
    (facts,) = json.loads(said.stdout)
    assert (facts["run"], facts["written"], facts["kept"]) == (str(mended.run.uid), True, [])
    (row,) = facts["rows"]
    assert (row["name"], row["change"], row["before"]["points"], row["after"]["points"]) == ("김하나", "gain", 4, 10)
    assert points(mended) == [4, 10]
    again = typed("regrade", EXERCISE)
    assert (again.exit_code, points(mended)) == (0, [4, 10])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-such-exercise"], "no exercise 'no-such-exercise'"),
        ([EXERCISE, "--run", "x:1"], "no run 'x:1'"),
        ([EXERCISE, "--run", "x:y"], "names no run"),
        ([EXERCISE, "--run", "x"], "names no run"),
        ([EXERCISE, "--run", "x:" + "9" * 30], "There is no run"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(site: Site, typed: Typed, words: list[str], says: str) -> None:
    said = typed("regrade", *words)
    assert said.exit_code == 1
    assert says in said.output


def test_a_closed_run_is_left_alone(site: Site, typed: Typed) -> None:
    site.change(site.run, closed_at=utcnow())
    said = typed("regrade", EXERCISE)
    assert said.exit_code == 1
    assert "No run that is not closed" in said.output
