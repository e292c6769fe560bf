"""The portal after Baeum was mounted is the portal as it was: pages, headers, cookies, errors, hooks, commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.site import Site

from .conftest import HANA, PASSWORD, add_user, sign_in, token

_TOKEN = re.compile(r'(name="csrf_token"[^>]*value=")[^"]*')


def _told(app: Flask, response: TestResponse) -> dict[str, Any]:
    """All that a browser is told, without what is random or the time: tokens, and the cookie's signature."""
    headers = [
        (name, value) for name, value in response.headers if name not in ("Date", "Set-Cookie", "Content-Length")
    ]
    cookies = [re.sub(r"=[^;]*", "=…", cookie, count=1) for cookie in response.headers.getlist("Set-Cookie")]
    body = _TOKEN.sub(r"\1…", response.get_data(as_text=True))
    return {"status": response.status, "headers": headers, "cookies": cookies, "body": body}


def _session(client: FlaskClient) -> dict[str, Any]:
    with client.session_transaction() as session:
        return {key: "…" if key == "csrf_token" else value for key, value in session.items()}


def _walk(app: Flask, between: Callable[[FlaskClient], None] = lambda client: None) -> Iterator[tuple[str, Any]]:
    """Everything that can be done in the portal, step by step, with what it told and what its session holds."""
    client = app.test_client()
    add_user(app, HANA)

    def step(method: str, path: str, **kwargs: Any) -> tuple[str, Any]:
        told = _told(app, client.open(path, method=method, buffered=True, **kwargs))
        return f"{method} {path}", told | {"session": _session(client)}

    for path in ("/", "/sign-in", "/sign-in?next=/x", "/nothing", "/learnable", "/broken", "/static/portal.css"):
        yield step("GET", path)
    for method in ("HEAD", "OPTIONS", "POST", "PUT"):
        yield step(method, "/")
    yield step("POST", "/sign-in", data={"number": HANA.number, "password": PASSWORD})
    form = {"csrf_token": token(client, "/sign-in"), "number": HANA.number}
    yield step("POST", "/sign-in", data=form | {"password": "wrong"})
    yield step("GET", "/sign-in")
    yield step("POST", "/sign-in", data=form | {"password": PASSWORD})
    between(client)
    yield step("GET", "/")
    yield step("POST", "/notices", data={"text": "내일 점검"})
    yield step("POST", "/notices", data={"text": "x" * 70_000})
    yield step("POST", "/notices", data={"csrf_token": token(client, "/"), "text": "내일 점검"})
    between(client)
    yield step("GET", "/")
    yield step("POST", "/sign-out", data={"csrf_token": token(client, "/")})
    between(client)
    yield step("GET", "/")
    yield step("GET", "/notices")
    yield step("POST", "/notices", data={"csrf_token": token(client, "/"), "text": "…"})


def test_every_answer_is_as_before(bare: Flask, mounted: Flask) -> None:
    before, after = list(_walk(bare)), list(_walk(mounted))
    assert {told["status"][:3] for _, told in before} >= {"200", "302", "400", "404", "405", "413", "500"}
    for (step, was), (_, now) in zip(before, after, strict=True):
        assert now == was, step


def test_every_answer_is_as_before_between_visits_to_us(bare: Flask, site: Site) -> None:
    """Also when the same browser looks at our pages in between: a flash waits, the session keeps what it held."""

    def visit(client: FlaskClient) -> None:
        for path in ("/learn/", "/learn/account", "/learn/nothing"):
            client.get(path)

    def without_ours(told: dict[str, Any]) -> dict[str, Any]:
        session = {key: value for key, value in told["session"].items() if not key.startswith("lms_")}
        return told | {"session": session | {"visits": "…"}}  # the portal counts visits to our pages too

    for (step, was), (_, now) in zip(_walk(bare), _walk(site.app, visit), strict=True):
        assert without_ours(now) == without_ours(was), step


def _parts(app: Flask) -> dict[str, Any]:
    """What an extension could have changed app-wide, by name."""
    names = lambda functions: [f"{function.__module__}.{function.__qualname__}" for function in functions]  # noqa: E731
    return {
        "config": {key: value for key, value in app.config.items() if not key.startswith("LMS_")},
        "filters": sorted(app.jinja_env.filters),
        "tests": sorted(app.jinja_env.tests),
        "globals": sorted(app.jinja_env.globals),
        "templates": sorted(app.jinja_env.list_templates()),
        "template context": names(app.template_context_processors[None]),
        "error handlers": {
            code: {error.__name__: names([handler]) for error, handler in handlers.items()}
            for code, handlers in app.error_handler_spec[None].items()
            if handlers
        },
        "before": names(app.before_request_funcs.get(None, ())),
        "after": names(app.after_request_funcs.get(None, ())),
        "teardown": names([*app.teardown_request_funcs.get(None, ()), *app.teardown_appcontext_funcs]),
        "values": names([*app.url_value_preprocessors.get(None, ()), *app.url_default_functions.get(None, ())]),
        "commands": sorted(app.cli.commands),
        "rules": sorted(
            f"{rule} {sorted(rule.methods or ())}" for rule in app.url_map.iter_rules() if _is_host(rule.rule)
        ),
        "converters": sorted(app.url_map.converters),
        "login": [app.login_manager.login_view, names([app.login_manager._user_callback])],  # type: ignore[attr-defined]
        "session": type(app.session_interface),
        "json": type(app.json),
        "response": app.response_class,
        "extensions": sorted(set(app.extensions) - {"lms"}),
    }


def _is_host(rule: str) -> bool:
    return rule != "/learn" and not rule.startswith("/learn/")


def test_nothing_is_set_up_app_wide(bare: Flask, mounted: Flask) -> None:
    was, now = _parts(bare), _parts(mounted)
    for part in ("SECRET_KEY", "SESSION_COOKIE_NAME", "MAX_CONTENT_LENGTH"):
        assert now["config"][part] == was["config"][part]
    assert now == was


def test_its_command_still_answers(mounted: Flask) -> None:
    done = mounted.test_cli_runner().invoke(args=["hello"])
    assert done.output == "안녕하십니까, 한빛정밀입니다.\n"


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_its_pages_are_made_of_its_templates(site: Site, path: str) -> None:
    """It has a base.html, a filter `day` and a value `settings`, and so have we."""
    browser = site.browser()
    sign_in(browser, HANA)
    browser.see("/learn/")
    text = browser.get(path).get_data(as_text=True)
    assert "문의: 내선 1234" in text
    assert "/learn/static" not in text
