"""The portal with and without Baeum in it, its people, and their browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examples.host_site.people import Database, User
from examples.host_site.portal import make_portal
from tests.web import small_course
from tests.web.browser import Browser
from tests.web.site import Site, open_site
from tests.world import World

PASSWORD = "portal-password"
HANA = User("H-001", "김하나", "hana@hanbit.example", True)
SUJIN = User("S-001", "윤수진", "sujin@suwon.example", True)
# Says that the officer's address is his; the portal has not made sure.
LIAR = User("H-666", "거짓말", "seoyeon@busan.example", False)


@pytest.fixture
def database_kind() -> str:
    """What a mount changes doesn't hang on the database."""
    return "sqlite"


@pytest.fixture(scope="session")
def small_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_course.write(tmp_path_factory.mktemp("content"))


def make(folder: Path, *, with_learning: bool, **config: object) -> Flask:
    config = {"SECRET_KEY": "the portal's own secret"} | config
    return make_portal(folder, with_learning=with_learning, config=config)


@pytest.fixture
def bare(tmp_path: Path) -> Flask:
    """The portal as it was before Baeum was mounted."""
    return make(tmp_path / "bare", with_learning=False)


@pytest.fixture
def mounted(database_url: str, small_content: Path, tmp_path: Path) -> Iterator[Flask]:
    """The portal with Baeum under /learn."""
    app = make(
        tmp_path / "mounted", with_learning=True, LMS_DATABASE_URL=database_url, LMS_CONTENT_DIR=str(small_content)
    )
    yield app
    app.extensions["lms"].database.dispose()


@pytest.fixture
def site(mounted: Flask, world: World, small_content: Path) -> Site:
    """The mounted portal; 김하나 is in a run of the small course."""
    return open_site(mounted, world, small_content, prefix="/learn")


def sign_in(browser: FlaskClient, user: User) -> None:
    """Sign in to the portal by its own form; at the first time the portal is told of the person."""
    add_user(browser.application, user)
    form = {"csrf_token": token(browser, "/sign-in"), "number": user.number, "password": PASSWORD}
    assert browser.post("/sign-in", data=form).status_code == 302


def add_user(app: Flask, user: User) -> None:
    Database(Path(app.instance_path) / "portal.sqlite3").add_user(user, PASSWORD)


def token(browser: FlaskClient, path: str) -> str:
    """The portal's own form token on one of its pages."""
    text = browser.get(path).get_data(as_text=True)
    return text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def sign_out(browser: Browser) -> None:
    browser.post("/sign-out", data={"csrf_token": token(browser, "/")})
