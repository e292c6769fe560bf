"""Fixtures of the web's tests: sites with people in them, and browsers that look at every answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Filling
from tests.world import World

from . import small_course
from .browser import Browser
from .site import Site, filling_of, open_site, standalone


@pytest.fixture(scope="session")
def small_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small course and its exercise."""
    return small_course.write(tmp_path_factory.mktemp("content"))


@pytest.fixture
def filling(request: pytest.FixtureRequest, filling: Filling | None, tmp_path: Path) -> Filling | None:
    """With a site, its course as well, but where a test writes content of its own."""
    if filling is None or filling.name != "world" or "small_content" not in request.fixturenames:
        return filling
    content: Path = request.getfixturevalue("small_content")
    return filling if content.is_relative_to(tmp_path) else filling_of(content)


@pytest.fixture
def site(database_url: str, world: World, small_content: Path, tmp_path: Path) -> Iterator[Site]:
    """Baeum alone, on each kind of database; 김하나 is in a run of the small course."""
    app = standalone(database_url, tmp_path, small_content)
    yield open_site(app, world, small_content)
    app.extensions["lms"].database.dispose()


@pytest.fixture
def hana(site: Site) -> Browser:
    """김하나's browser, in which she is signed in."""
    return site.browser_of(site.world.hana)
