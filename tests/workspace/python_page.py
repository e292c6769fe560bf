"""A page with Python in it and nothing else: the real frame, kernel and runtime, without a site around them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask, Response, g
from playwright.sync_api import Page, Route
from werkzeug.serving import make_server

from lms.grading import Exercise, make_starter
from lms.settings import Settings
from lms.web import static_files
from lms.web.extension import CONTENT_POLICY
from lms.web.isolation import isolate
from lms.web.views import kernel, runtime
from lms.web.workspace_data import _cell
from lms.workspace.cells import Sheet, read_sheet

_SECONDS = 120_000
_START = """async (given) => {
  const { createKernel } = await import("/static/js/workspace/kernel/kernel.js");
  window.cells = given.cells;
  window.kernel = createKernel(given);
  return await window.kernel.start() ? "ready" : window.kernel.state;
}"""
# What `start` does in a fresh Python: the page's scripts hold the kernel, so it is the same one that begins anew.
_BEGIN = """
import json
from lms.workspace.browser import kernel
from lms.workspace.browser.judging import read_cell
told, here = json.loads({options!r}), kernel.current()
here.__init__(told["language"], [read_cell(cell) for cell in told["cells"]], told["seconds"], here.sink._send)
"""
_RUN = "async ([key, source]) => { const done = await window.kernel.run(key, source); return done; }"


def app_of(runtime_dir: Path) -> Flask:
    """Serves an empty page at /, and what Python needs."""
    app = Flask("page", static_folder=None)
    ours = Blueprint("lms", __name__)
    ours.add_url_rule("/static/<path:filename>", "static", static_files.send)
    ours.register_blueprint(kernel.bp)
    ours.register_blueprint(runtime.bp)
    settings = Settings(secret_key="of the tests, of more than 32 letters", runtime_dir=str(runtime_dir))

    @app.before_request
    def here() -> None:
        g.lms = SimpleNamespace(settings=settings)

    @app.get("/")
    def page() -> Response:
        answer = Response("<!doctype html><html lang=ko><title>Python</title><body><p>.", mimetype="text/html")
        answer.headers["Content-Security-Policy"] = CONTENT_POLICY
        return isolate(answer)

    @app.get("/options/<imports>")
    def options(imports: str) -> dict[str, Any]:
        return {**kernel.options(), "runtime": runtime.manifest_for_page(imports.split(","))}

    app.register_blueprint(ours)
    return app


@contextmanager
def serving(runtime_dir: Path) -> Iterator[str]:
    """The address of that page, on a port that was free."""
    server = make_server("127.0.0.1", 0, app_of(runtime_dir), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class PythonPage:
    """A tab with one Python, in which one exercise after another is begun."""

    def __init__(self, page: Page, address: str, exercises: Sequence[Exercise]) -> None:
        """Starts Python with the data of all exercises, which have names of their own, and the libraries that they import."""
        self.page = page
        page.set_default_timeout(_SECONDS)
        files = _data_of(exercises)
        page.route("**/data-of-tests/**", lambda route: _send(route, files))
        page.goto(address)
        imports = {name for exercise in exercises for name in _sheet(exercise).imports}
        given = page.request.get(f"{address}/options/{','.join(sorted(imports)) or '-'}").json()
        given |= {
            "language": "ko",
            "cells": [],
            "files": [{"path": path, "url": f"/data-of-tests/{path}", "bytes": 0} for path in files],
            "checkSeconds": max(exercise.limits.cell_seconds for exercise in exercises),
        }
        assert page.evaluate(_START, given) == "ready"

    def begin(self, exercise: Exercise) -> None:
        """A notebook without a variable, of this exercise's cells: what the worker's start makes of a fresh Python."""
        self.sheet = _sheet(exercise)
        cells = [_cell(cell) for cell in self.sheet.cells]
        options = {"language": exercise.language, "cells": cells, "seconds": exercise.limits.cell_seconds}
        self.page.evaluate("(cells) => { window.cells.splice(0, Infinity, ...cells); }", cells)
        done = self.run("begin", _BEGIN.format(options=json.dumps(options)))
        assert done["ok"], done

    def run(self, key: str, source: str) -> dict[str, Any]:
        return self.page.evaluate(_RUN, [key, source])

    def run_all(self, answers: Mapping[str, str]) -> list[str]:
        """Each code cell once, as 모두 실행 does; returns what went wrong."""
        cells = [
            cell for cell in self.sheet.cells if cell.kind in ("given", "answer", "free") and cell.cell_type == "code"
        ]
        done = {cell.key: self.run(cell.key, answers.get(cell.key, cell.source)) for cell in cells}
        return [f"{key}: {one['error']}" for key, one in done.items() if not one["ok"]]

    def check(self) -> dict[str, str]:
        """Outcome of each visible check."""
        return {one["name"]: one["outcome"] for one in self.page.evaluate("() => window.kernel.runChecks()")}


def _data_of(exercises: Sequence[Exercise]) -> dict[str, Path]:
    found = [entry for exercise in exercises for entry in exercise.data.items()]
    assert len(dict(found)) == len(found), "two exercises have data of one name"
    return dict(found)


def _sheet(exercise: Exercise) -> Sheet:
    facts = {"checks": [_fact(exercise, check.name) for check in exercise.checks]}
    return read_sheet(json.dumps(make_starter(exercise)).encode(), facts)


def _fact(exercise: Exercise, name: str) -> dict[str, Any]:
    check = next(check for check in exercise.checks if check.name == name)
    return {
        "name": name,
        "title": check.title,
        "points": check.points,
        "message": check.message,
        "manual": check.manual,
    }


def _send(route: Route, files: Mapping[str, Path]) -> None:
    path = route.request.url.partition("/data-of-tests/")[2]
    route.fulfill(body=files[path].read_bytes(), content_type="text/csv")
