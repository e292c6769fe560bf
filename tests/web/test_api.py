"""The read-only API: who gets in by a token, that its figures are those of the pages, and that its document says what it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import today, utcnow
from lms.models import ApiToken, AuditEntry, Download, Person, Role
from lms.people import accounts, api_tokens, codes, passwords, throttle
from lms.reports.catalogue import REPORTS
from lms.web.views import api

from . import crowd
from .site import Site
from .test_desk import csv_rows

PROBLEM = {"type", "title", "status", "detail"}


def token_of(site: Site, person: Person, days: int = 30) -> str:
    with site.lms.database.writing() as session:
        made = api_tokens.issue(session, person.id, "시험", days)
        session.commit()
    return made


def call(site: Site, path: str, token: str = "", **headers: str) -> TestResponse:
    given = {"Authorization": f"Bearer {token}"} if token else {}
    return site.app.test_client().get(f"/api/v1/{path}", headers=given | headers)


def data(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def problem(answer: TestResponse) -> tuple[int, str]:
    said = answer.get_json(force=True)
    assert answer.mimetype == "application/problem+json"
    assert set(said) == PROBLEM
    assert said["status"] == answer.status_code
    return answer.status_code, said["detail"]


# Tokens


def test_a_token_is_made_shown_once_and_taken_back(site: Site) -> None:
    officer = site.browser_of(site.world.seoyeon)
    assert officer.see("/account").select_one("a[href='/account/tokens/']")
    officer.see("/account/tokens/")
    form = {"name": " 주간  집계 ", "days": "30", "csrf_token": officer.token}
    shown = BeautifulSoup(officer.post("/account/tokens/", data=form).get_data(as_text=True), "html.parser").select_one(
        "#made"
    )
    assert shown is not None
    text = str(shown["value"])
    assert text.startswith(api_tokens.PREFIX)
    assert data(call(site, "reports", text))["reports"]
    again = officer.see("/account/tokens/")
    assert text not in str(again)
    assert "주간 집계" in again.get_text()
    with site.lms.database.reading() as session:
        (row,) = session.scalars(select(ApiToken)).all()
        assert text not in (row.token_hash, row.name)
        assert row.last_used_at is not None
        kinds = set(session.scalars(select(AuditEntry.action)))
    assert "api_token_made" in kinds
    officer.send(f"/account/tokens/{row.uid}/revoke")
    assert problem(call(site, "reports", text))[0] == 401


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("이름", "31"), ("이름", "x"), ("이름", "")])
def test_a_token_needs_a_name_and_a_lifetime(site: Site, name: str, days: str) -> None:
    officer = site.browser_of(site.world.seoyeon)
    officer.see("/account/tokens/")
    answer = officer.post("/account/tokens/", data={"name": name, "days": days, "csrf_token": officer.token})
    assert answer.status_code == 422
    with site.lms.database.reading() as session:
        assert session.scalars(select(ApiToken)).all() == []


def test_nobody_has_more_than_ten_that_are_valid(site: Site) -> None:
    for _ in range(api_tokens.MOST):
        token_of(site, site.world.seoyeon)
    with site.lms.database.writing() as session, pytest.raises(api_tokens.ApiTokenError, match="many"):
        api_tokens.issue(session, site.world.seoyeon.id, "하나 더", 30)


def test_one_cannot_take_back_anothers(site: Site) -> None:
    text = token_of(site, site.world.seoyeon)
    with site.lms.database.reading() as session:
        uid = session.scalars(select(ApiToken.uid)).one()
    other = site.browser_of(site.world.minjun)
    other.see("/account/tokens/")
    assert other.post(f"/account/tokens/{uid}/revoke", data={"csrf_token": other.token}).status_code == 404
    data(call(site, "reports", text))


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer nonsense", "Basic eDp5", "bearer  ", "Bearer 가나다".encode().decode("latin-1")]
)
def test_without_a_living_token_nobody_gets_in(site: Site, header: str) -> None:
    """A cookie opens nothing here either."""
    officer = site.browser_of(site.world.seoyeon)
    answer = officer.get("/api/v1/reports/completions", headers={"Authorization": header} if header else {})
    assert problem(answer)[0] == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_ends_with_its_day_its_person_and_her_roles(site: Site) -> None:
    text = token_of(site, site.world.seoyeon)
    with site.lms.database.writing() as session:
        later = utcnow() + timedelta(days=30)
        assert api_tokens.load(session, text, now=later) is None
        role = session.scalars(select(Role).where(Role.person_id == site.world.seoyeon.id)).one()
        role.to_on = today() - timedelta(days=1)
        session.commit()
    assert problem(call(site, "reports", text))[0] == 403
    with site.lms.database.writing() as session:
        session.get_one(Person, site.world.seoyeon.id).is_active = False
        session.commit()
    assert problem(call(site, "reports", text))[0] == 401


@pytest.mark.parametrize("way", ["her own", "by a code"])
def test_a_token_ends_with_the_password(site: Site, way: str) -> None:
    person_id, key, new = site.world.seoyeon.id, b"k" * 32, "새로운-비밀번호-하나"
    text = token_of(site, site.world.seoyeon)
    others = token_of(site, site.world.minjun)
    with site.lms.database.writing() as session:
        person = session.get_one(Person, person_id)
        if way == "her own":
            accounts.change_password(session, person, None, new)
        else:
            typed = codes.issue(session, person_id, "reset", key=key, lifetime=timedelta(hours=1))
            codes.redeem(session, typed, passwords.hash_password(new), key=key)
        session.commit()
    with site.lms.database.reading() as session:
        assert api_tokens.load(session, text) is None
        assert api_tokens.load(session, others) is not None


def test_too_many_calls_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MOST_CALLS", 3)
    monkeypatch.setattr(api, "MOST_WRONG", 2)
    text = token_of(site, site.world.seoyeon)
    for _ in range(3):
        data(call(site, "reports", text))
    answer = call(site, "reports", text)
    assert problem(answer)[0] == 429
    assert int(answer.headers["Retry-After"]) == throttle.WINDOW.total_seconds()
    assert [problem(call(site, "reports", "baeum_x"))[0] for _ in range(3)] == [401, 401, 429]
    data(call(site, "reports", token_of(site, site.world.minjun)))


# Figures


def test_the_figures_are_those_of_the_pages(site: Site) -> None:
    crowd.fill(site, 3)
    officer, text = site.browser_of(site.world.seoyeon), token_of(site, site.world.seoyeon)
    for name in ("funnel", "stops", "durations", "months", "years"):
        file = csv_rows(officer.get(f"/desk/questions/{name}.csv?run=").get_data(as_text=True))
        found = data(call(site, f"reports/{name}", text))
        heads = {column["name"]: column["header"] for column in found["columns"]}
        rows = [{heads[name]: _as_cell(value) for name, value in row.items()} for row in found["rows"]]
        assert [{head: row[head] for head in row if row[head]} for row in rows] == [
            {head: value for head, value in row.items() if value} for row in _plain(file, found)
        ], name


def _as_cell(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _plain(file: list[dict[str, str]], found: dict[str, Any]) -> list[dict[str, str]]:
    assert [set(row) for row in file] == [{column["header"] for column in found["columns"]}] * len(found["rows"])
    return file


def test_each_sees_what_the_person_sees(site: Site) -> None:
    crowd.fill(site, 2)
    for person, companies in (
        (site.world.seoyeon, {"한빛정밀", "기업 000", "기업 001"}),
        (site.world.doyun, {"한빛정밀"}),
        (site.world.jimin, {"한빛정밀", "기업 000", "기업 001"}),
    ):
        rows = data(call(site, "reports/completions?by=company", token_of(site, person)))["rows"]
        assert {row["company"] for row in rows if row["applied"]} == companies
    other = data(call(site, "reports/completions?by=company", token_of(site, site.world.minjun)))["rows"]
    assert [row for row in other if row["applied"]] == []
    assert problem(call(site, "reports/learners?reason=시험입니다", token_of(site, site.world.minseo)))[0] == 403


def test_rows_come_in_parts(site: Site) -> None:
    crowd.fill(site, 5)
    text = token_of(site, site.world.seoyeon)
    whole = data(call(site, "reports/completions?by=company", text))
    address: str | None = "reports/completions?by=company&limit=4"
    rows: list[Any] = []
    while address is not None:
        part = data(call(site, address, text))
        assert part["total"] == len(whole["rows"]) == 6
        rows += part["rows"]
        following = part["next"]
        address = following.removeprefix("/api/v1/") if following else None
        assert following is None or not urlsplit(following).netloc
    assert rows == whole["rows"]


def test_learners_need_a_reason_and_are_noted(site: Site) -> None:
    crowd.fill(site, 1)
    text = token_of(site, site.world.seoyeon)
    for reason in ("", "?reason=", "?reason=ㅇㅇ"):
        assert problem(call(site, f"reports/learners{reason}", text))[0] == 400
    first = data(call(site, "reports/learners?reason=감사 자료&limit=2", text))
    second = data(call(site, "reports/learners?reason=감사 자료&limit=2&offset=2", text))
    assert [len(first["rows"]), len(second["rows"]), first["total"]] == [2, 1, 3]
    assert {row["name"] for row in first["rows"] + second["rows"]} == {"김하나", "수강생 0-0", "수강생 0-1"}
    with site.lms.database.reading() as session:
        noted = session.scalars(select(Download)).all()
    assert [(row.report, row.form, row.rows, row.reason, row.has_persons) for row in noted] == [
        ("learners", "json", 2, "감사 자료", True),
        ("learners", "json", 1, "감사 자료", True),
    ]


@pytest.mark.parametrize(
    "words",
    [
        "as_of=2026-02-30",
        "by=planet",
        "regoin=busan",
        "limit=0",
        "limit=5001",
        "offset=-1",
        "limit=x",
        "size=huge",
        "language=fr",
    ],
)
def test_words_that_mean_nothing_are_refused(site: Site, words: str) -> None:
    status, detail = problem(call(site, f"reports/funnel?{words}", token_of(site, site.world.seoyeon)))
    assert status == 400
    name, _, value = words.partition("=")
    assert name in detail or value in detail


def test_what_is_not_there_is_told_as_a_problem(site: Site) -> None:
    text = token_of(site, site.world.seoyeon)
    assert problem(call(site, "reports/nothing", text))[0] == 404
    assert problem(call(site, "nothing/here", text))[0] == 404


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/api/v1/reports", "/api/v1/reports/funnel", "/api/v1/nothing"]
)
def test_whatever_is_asked_is_answered_by_a_problem(site: Site, path: str) -> None:
    """A form token or none, signed in or not: no page of errors."""
    officer = site.browser_of(site.world.seoyeon)
    officer.see("/account/tokens/")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for answer in (
            site.app.test_client().open(path, method=method, data={"x": "y"}),
            officer.open(path, method=method, headers={"X-CSRFToken": officer.token}),
        ):
            assert problem(answer)[0] == 405, method
            assert "GET" in answer.headers["Allow"]
    if path in ("/api/v1", "/api/v1/"):
        assert problem(site.app.test_client().get(path))[0] == 404


def test_pages_of_other_sites_may_not_read(site: Site) -> None:
    answer = call(site, "reports", token_of(site, site.world.seoyeon), Origin="https://elsewhere.example")
    assert not [name for name, _value in answer.headers.to_wsgi_list() if name.lower().startswith("access-control")]
    assert "Set-Cookie" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]


# The document


def test_the_document_names_every_route_and_is_sound(site: Site) -> None:
    found = data(call(site, "openapi.json"))
    assert found["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(found["info"])
    assert set(found["paths"]) == _routes(site)
    ids = [path["get"]["operationId"] for path in found["paths"].values()]
    assert len(ids) == len(set(ids))
    for path in found["paths"].values():
        operation = path["get"]
        names = [(one["name"], one["in"]) for one in operation.get("parameters", ())]
        assert len(names) == len(set(names))
        for one in operation.get("parameters", ()):
            Draft202012Validator.check_schema(one["schema"])
        for status, answer in operation["responses"].items():
            assert status.isdigit() or status == "default"
            assert answer["description"]
            for content in answer["content"].values():
                _check_schema(found, content["schema"])


def _routes(site: Site) -> set[str]:
    rules = [rule for rule in site.app.url_map.iter_rules() if rule.endpoint.startswith("lms.api.")]
    plain = {rule.rule for rule in rules if "<" not in rule.rule}
    assert {rule.rule for rule in rules} - plain == {"/api/v1/reports/<name>", "/api/v1/<path:_anything>"}
    plain -= {rule.rule for rule in rules if rule.endpoint == "lms.api.missing"}
    return plain | {f"/api/v1/reports/{name}" for name in REPORTS}


def _check_schema(document: dict[str, Any], schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    Draft202012Validator.check_schema(schema)


def test_each_route_answers_as_the_document_says(site: Site) -> None:
    crowd.fill(site, 3)
    text = token_of(site, site.world.jimin)
    paths = data(call(site, "openapi.json"))["paths"]
    for path, operations in paths.items():
        operation = operations["get"]
        needed = [one["name"] for one in operation.get("parameters", ()) if one["required"]]
        words = "&".join(f"{name}=시험입니다" for name in needed)
        found = data(call(site, f"{path.removeprefix('/api/v1/')}?{words}", text))
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(found)
        if path.endswith("/completions"):
            assert found["rows"]
            wrong = {**found, "rows": [{**found["rows"][0], "applied": "two"}]}
            assert not Draft202012Validator(schema).is_valid(wrong)


def test_each_refusal_is_as_the_document_says(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    text, learner = token_of(site, site.world.jimin), token_of(site, site.world.hana)
    document = data(call(site, "openapi.json"))
    schema = Draft202012Validator(document["components"]["schemas"]["Problem"])
    met: dict[str, set[str]] = {}
    for path, operations in document["paths"].items():
        below, documented = path.removeprefix("/api/v1/"), set(operations["get"]["responses"]) - {"200", "default"}
        answers = [call(site, below), call(site, below, learner), call(site, f"{below}?planet=x&language=x", text)]
        for answer in [each for each in answers if each.status_code != 200]:
            schema.validate(answer.get_json(force=True))
            assert answer.mimetype in operations["get"]["responses"][str(answer.status_code)]["content"]
            met.setdefault(path, set()).add(str(answer.status_code))
        assert met.get(path, set()) == documented - {"429"}, path
    monkeypatch.setattr(api, "MOST_CALLS", 0)
    for path, operations in document["paths"].items():
        answer = call(site, path.removeprefix("/api/v1/"), text)
        assert (answer.status_code == 429) is ("429" in operations["get"]["responses"]), path
