"""`flask lms demo`, as an operator types it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from lms import demo
from lms.models import Company, Person
from lms.web import cli
from lms.web.app import create_app
from tests.web.site import settings_of

from .conftest import ROOT, DemoSite, QuickGrading

Typed = Callable[..., Result]


@pytest.fixture
def app(demo_site: DemoSite, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The same site behind the command line."""
    made = create_app(tmp_path / "instance", settings_of(database_url, tmp_path, ROOT))
    yield made
    made.extensions["lms"].database.dispose()


def _type(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(cli.lms, ["demo", *words])


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # below the command both are made and removed
def test_making_and_removing(app: Flask, demo_site: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "by_engine", lambda level: QuickGrading())
    before = demo_site.rows()
    few = _type(app)
    assert few.exit_code == 0, few.output
    assert "hana@hanbit.example" in few.output
    assert "--full" in few.output
    all_of_it = _type(app, "--full")
    assert all_of_it.exit_code == 0, all_of_it.output
    assert "grading the notebooks" in all_of_it.output
    with demo_site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Company)) == 60
    again = _type(app, "--full")
    assert again.exit_code == 0
    assert "grading" not in again.output
    removed = _type(app, "--remove")
    assert "took away the demonstration" in removed.output
    assert demo_site.rows() == before
    assert not (demo_site.instance / demo.FILE).exists()
    assert _type(app, "--remove").output == "there is no demonstration here\n"


def test_a_site_of_real_people_has_to_ask_for_it(app: Flask, demo_site: DemoSite) -> None:
    added = app.test_cli_runner().invoke(
        cli.lms, ["user", "add", "--name", "하지민", "--email", "jimin@plant.example", "--role", "operator"]
    )
    assert added.exit_code == 0, added.output
    refused = _type(app)
    assert refused.exit_code == 1
    assert "--beside-real-data" in refused.output
    left = _type(app, "--if-alone")
    assert left.exit_code == 0, left.output
    assert "no demonstration is made" in left.output
    with demo_site.database.reading() as session:
        assert session.scalars(select(Person.name)).all() == ["하지민"]
    assert _type(app, "--beside-real-data").exit_code == 0


def test_removing_stands_alone(app: Flask) -> None:
    wrong = _type(app, "--remove", "--full")
    assert wrong.exit_code == 2
    assert "--remove stands alone" in wrong.output
