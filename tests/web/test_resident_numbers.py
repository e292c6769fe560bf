"""Resident registration numbers stay out: planted through every route that takes anything, none is stored, echoed or logged."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lms.models import Base, Person, Submission
from lms.people import roles
from lms.web import logs

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE

WAYS = ("900101-1234568", "9001011234568", "９００１０１－１２３４５６８", "900101 - 1234568", "1990.01.01-1234568")
TRACE = re.compile(r"(900101|９００１０１|01\.01|0101).{0,6}?(1234568|１２３４５６８)")
NOBODY = "0190a000-0000-7000-8000-000000000000"


@pytest.fixture
def log(site: Site) -> Iterator[io.StringIO]:
    """What the site logs, in the form for collectors, which has a line for each request."""
    logs.set_up("json")
    handler = logging.getLogger("lms").handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    said = io.StringIO()
    handler.setStream(said)
    yield said
    logs.set_up("text")


@pytest.fixture
def anybody(site: Site) -> Browser:
    """Somebody who may open every page."""
    hana = site.world.hana
    with site.lms.database.writing() as session:
        person = session.get_one(Person, hana.id)
        for kind in ("operator", "programme_office"):
            roles.grant(session, person, kind)
        for kind in ("officer", "instructor"):
            roles.grant(session, person, kind, centre_id=site.world.busan_centre.id)
        roles.grant(session, person, "company_manager", company_id=site.world.hanbit.id)
        session.commit()
    return site.browser_of(hana)


def _address(site: Site, rule: Rule, number: str) -> str:
    """The route's address with the number wherever text may stand."""

    def value(found: re.Match[str]) -> str:
        kind = (found[1] or "").split("(")[0]
        if kind == "uuid":
            return NOBODY
        if kind == "any":
            return found[0].split("(")[1].split(",")[0].strip(") '\"")
        return "1" if kind == "int" else quote(number)

    return re.sub(r"<(?:([^:<>]+):)?[^<>]+>", value, rule.rule)


def _routes(site: Site) -> list[tuple[str, Rule]]:
    return [
        (method, rule)
        for rule in site.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint.startswith("lms.") and rule.endpoint != "lms.sign_in.end"
    ]


def _is_clean(answer: TestResponse) -> bool:
    said = (answer.get_data(as_text=True), str(answer.headers))
    return not any(TRACE.search(text) for text in said)


def _kept(site: Site) -> Iterator[str]:
    with site.lms.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield f"{table.name}: {tuple(row)}"
    for folder in (site.lms.files.root, site.lms.instance):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in (".sqlite3", ".keys"):
                yield f"{path}: {path.read_bytes().decode(errors='replace')}"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # refused before anything is kept
def test_no_way_in(site: Site, anybody: Browser, log: io.StringIO) -> None:
    ways = cycle(WAYS)
    for method, rule in _routes(site):
        number = next(ways)
        asked = [f"{_address(site, rule, NOBODY)}?q={quote(number)}", _address(site, rule, number)]
        for address in asked:
            answer = FlaskClient.open(anybody, address, method=method, buffered=True)
            planted = TRACE.search(address) or quote(number) in address
            assert not planted or answer.status_code == 422, (method, address, answer.status)
            assert _is_clean(answer), (method, address)
        if method == "GET" or rule.endpoint == "lms.missing":
            continue
        address = _address(site, rule, "x")
        for body in _bodies(anybody, number):
            answer = FlaskClient.open(anybody, address, method=method, buffered=True, **body)
            assert answer.status_code == 422, (method, address, list(body), answer.status)
            assert _is_clean(answer), (method, address)
    assert [text[:200] for text in _kept(site) if TRACE.search(text)] == []
    assert "GET" in log.getvalue()
    assert not TRACE.search(log.getvalue())


def _bodies(browser: Browser, number: str) -> list[dict[str, Any]]:
    browser.see("/account")
    token = {"csrf_token": browser.token}
    nested = {"answers": {"q1": ["# ", number]}, "own": [{"source": f"x = '{number}'"}]}
    headers = {"X-CSRFToken": browser.token, "Accept": "application/json"}
    return [
        {"data": token | {"reason": f"주민번호 {number} 확인"}},
        {"data": token | {number: "x"}},
        {"data": token | {"notebook": FileStorage(io.BytesIO(b"{}"), f"{number}.ipynb")}},
        {"json": nested, "headers": headers},
    ]


@pytest.mark.parametrize("number", WAYS[:4])
def test_a_notebook_with_one_is_refused_on_its_page(site: Site, hana: Browser, log: io.StringIO, number: str) -> None:
    made = json.loads(site.notebook())
    cell = next(cell for cell in made["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))
    cell["source"] = ["total = 117\n", f"# 담당: {number[:4]}", number[4:]]
    answer = site.hand_in(hana, json.dumps(made).encode())
    assert answer.status_code == 422
    assert "주민등록번호" in answer.text
    assert _is_clean(answer)
    assert site.count(Submission) == 0
    assert [text[:200] for text in _kept(site) if TRACE.search(text)] == []
    assert not TRACE.search(log.getvalue())


def test_one_in_an_output_is_refused_too(site: Site, hana: Browser) -> None:
    made = json.loads(site.notebook())
    code = next(cell for cell in made["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["홍길동 900101-1234567\n"]}]
    assert site.hand_in(hana, json.dumps(made).encode()).status_code == 422


def test_measured_values_and_lots_are_no_such_numbers(site: Site, hana: Browser) -> None:
    made = json.loads(site.notebook(small_course.RIGHT))
    code = next(cell for cell in made["cells"] if cell["cell_type"] == "code")
    text = "1704067200000 8801043157735 0.9001011234568 240131-0000123 20240131-1000123\n"
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [text]}]
    assert site.hand_in(hana, json.dumps(made).encode()).status_code == 303


def test_nobody_is_led_on_with_one_in_the_address(site: Site, log: io.StringIO) -> None:
    """Not to the sign-in, nor by a form that names the page on which it stood, nor by the router's own redirects."""
    number = WAYS[0]
    stranger = site.browser()
    for path in (f"/account?x={number}", f"/desk?x={number}", f"/runs/{number}", f"/static/{number}.css"):
        answer = stranger.get(path)
        assert answer.status_code == 422, path
        assert _is_clean(answer), path
    stranger.see("/sign-in")
    answer = stranger.send("/account/stay", {"page": f"/account?x={number}"})
    assert _is_clean(answer)
    answer = stranger.send(f"/sign-in?next=/account?x={number}", {"by": "email", "email": "a@b.kr", "password": "x"})
    assert answer.status_code == 422
    assert _is_clean(answer)
    assert site.address(EXERCISE)
    assert not TRACE.search(log.getvalue())


def test_a_fault_that_quotes_one_is_logged_without(site: Site, hana: Browser, log: io.StringIO) -> None:
    def fail() -> str:
        raise ValueError(f"cannot convert {WAYS[0]} ({WAYS[1]})")

    access = site.app.view_functions["lms.account.page"]
    fail.lms_access = access.lms_access  # type: ignore[attr-defined]
    site.app.view_functions["lms.account.page"] = fail
    assert hana.get("/account").status_code == 500
    assert "cannot convert" in log.getvalue()
    assert not TRACE.search(log.getvalue())
