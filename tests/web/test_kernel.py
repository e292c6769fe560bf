"""What the browser's Python is served from: the same for everybody, shut in by its own headers."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from typing import Any

import brotli
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms.web.views import kernel
from lms.workspace.parcel import python_sources

from .site import standalone


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Nothing here looks into a database."""
    folder = tmp_path_factory.mktemp("instance")
    return standalone(f"sqlite:///{folder / 'none.sqlite3'}", folder, folder)


@pytest.fixture
def options(app: Flask) -> dict[str, Any]:
    with app.test_request_context("/healthz"):
        app.preprocess_request()
        return kernel.options()


def _get(app: Flask, address: str, **headers: str) -> TestResponse:
    answer = app.test_client().get(address, headers=headers)
    assert answer.status_code == 200
    return answer


def test_the_frame_lets_nothing_out_and_runs_its_own_script_alone(app: Flask, options: dict[str, Any]) -> None:
    answer = _get(app, options["frame"])
    rules = dict(rule.partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules["sandbox"] == "allow-scripts"
    assert rules["default-src"] == rules["connect-src"] == rules["form-action"] == "'none'"
    assert rules["worker-src"] == "blob:"
    (script,) = re.findall("<script>(.*)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"].split() == [f"'sha256-{digest}'", "blob:", "'wasm-unsafe-eval'"]


def test_frame_and_bundle_are_kept_for_ever_whoever_asks(app: Flask, options: dict[str, Any]) -> None:
    """A cookie that changes must not make the browser forget them: without network there is no other copy."""
    for address in (options["frame"], options["bundle"]):
        answer = _get(app, address)
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert "Set-Cookie" not in answer.headers


def test_the_bundle_holds_all_sources_in_what_the_browser_takes(app: Flask, options: dict[str, Any]) -> None:
    plain = _get(app, options["bundle"])
    assert plain.json is not None
    assert plain.json["python"] == python_sources()
    assert "importScripts" not in plain.json["worker"]
    for name, decompress in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        answer = _get(app, options["bundle"], **{"Accept-Encoding": name})
        assert answer.headers["Content-Encoding"] == name
        assert decompress(answer.data) == plain.data
        assert len(answer.data) < 40_000


def test_the_service_worker_answers_for_runs_alone(app: Flask, options: dict[str, Any]) -> None:
    answer = _get(app, options["serviceWorker"])
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Service-Worker-Allowed" not in answer.headers
    assert options["serviceWorker"].rpartition("/")[0] + "/" == options["scope"]
    assert options["frame"].startswith(options["scope"])  # a navigation outside it would never ask the worker


def test_no_empty_package_hides_what_the_browser_needs() -> None:
    sources = python_sources()
    assert sources["lms/__init__.py"] == sources["lms/grading/__init__.py"] == ""
    named = {
        f"lms/{'/'.join(match.split('.')[1:])}.py"
        for text in sources.values()
        for match in re.findall(r"^from (lms\.[\w.]+) import", text, re.M)
    }
    assert named <= set(sources)
