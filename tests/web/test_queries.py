"""A learner's page asks the database at most eight times, however much there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from lms.clock import today
from lms.models import Enrolment, Submission
from lms.submissions import hand_in
from lms.web import courseware
from lms.workspace import sheets
from tests.world import load, unit

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE, FIRST_PAGE, QUIZ

MOST = 8


@contextmanager
def _asked(site: Site) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile, without those that begin a transaction."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(site.lms.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(site.lms.database.engine, "before_cursor_execute", note)


def _fill(site: Site, browser: Browser, number: int) -> str:
    """So many runs, tries and graded submissions of 김하나's. Returns the address of the last submission."""
    for _ in range(number - 1):
        site.enrol(site.world.hana, site.open_run(today() - timedelta(days=9), today() + timedelta(days=9)))
    browser.see(site.address(QUIZ))
    for _ in range(number):
        browser.send(f"{site.address(QUIZ)}/quiz", {"number": "117"})
    for uid in _hand_in(site, number):
        site.grade_by_hand(uid)
    with site.lms.database.reading() as session:
        return f"/submissions/{session.scalars(select(Submission.uid).order_by(Submission.id.desc())).first()}"


def _hand_in(site: Site, number: int) -> list[UUID]:
    made = []
    for turn in range(number):
        with site.lms.database.writing() as session:
            enrolment: Enrolment = load(session, site.enrolled[site.world.hana.id].id)
            found = hand_in.submit(
                session,
                site.lms.files,
                site.lms.exercises,
                enrolment,
                unit(enrolment, EXERCISE),
                site.notebook() + b" " * turn,
                file_name="n.ipynb",
                max_bytes=10_000_000,
            )
            session.commit()
            made.append(found.submission.uid)
    return made


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_asks_eight_times_at_most(site: Site, hana: Browser, number: int) -> None:
    submission = _fill(site, hana, number)
    pages = [
        "/",
        "/account",
        "/courses/",
        site.address(),
        site.address(FIRST_PAGE),
        site.address(QUIZ),
        f"{site.address(QUIZ)}?attempt=1",
        site.address(EXERCISE),
        f"{site.address(EXERCISE)}/starter.ipynb",
        f"{site.address(EXERCISE)}/draft",
        f"{site.address(EXERCISE)}/work.ipynb",
        f"{site.address(EXERCISE)}/attempts",
        f"{site.address(EXERCISE)}/data/parts.csv",
        f"{site.address()}/media/bars.svg",
        submission,
        f"{submission}/feedback",
        f"{submission}/notebook",
        f"{submission}/result",
        f"{submission}/cells",
    ]
    counts = {}
    for page in pages:
        courseware._parsed.cache_clear()  # as in a process that has just begun
        sheets._known.clear()
        with _asked(site) as asked:
            assert hana.get(page).status_code == 200, page
        counts[page] = len(asked)
    assert {page: count for page, count in counts.items() if not 0 < count <= MOST} == {}


def test_a_waiting_submission_is_asked_for_cheaply(site: Site, hana: Browser) -> None:
    """Its page asks again every few seconds, in every browser that waits."""
    where = site.hand_in(hana, site.notebook()).headers["Location"]
    with _asked(site) as asked:
        hana.see(where)
    assert 0 < len(asked) <= MOST


@pytest.mark.parametrize("path", ["/static/css/base.css", "/healthz", "/no/such/page"])
def test_what_is_nobodys_asks_nothing_for_a_stranger(site: Site, path: str) -> None:
    with _asked(site) as asked:
        site.browser().get(path)
    assert asked == []


def test_looking_writes_nothing(site: Site, hana: Browser) -> None:
    where = site.hand_in(hana, site.notebook()).headers["Location"]
    before = site.snapshot()
    for path in ("/", site.address(), *map(site.address, small_course.UNIT_KEYS), where, "/account", "/account/state"):
        assert hana.get(path).status_code == 200
    assert site.snapshot() == before
