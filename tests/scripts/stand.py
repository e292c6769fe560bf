"""A site of a few pages made of our own macros, served under the product's content security policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lms.web.templating import floor

WEB = Path(__file__).resolve().parents[2] / "lms/web"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
PAGE = """{% extends "lms/base.html" %}{% import "lms/_ui.html" as ui %}
{% block title %}A page{% endblock %}{% block main %}<h1>A page</h1>BODY{% endblock %}{% block scripts %}SCRIPTS{% endblock %}"""

Answer = tuple[int, str]


@dataclass(frozen=True)
class Posted:
    """A request that changes something: where to, with which token in its header, and its plain fields."""

    path: str
    token: str
    fields: dict[str, list[str]]


@dataclass
class Stand:
    """`pages` are bodies by path, `answers` what a POST to a path gets; `posted` is what came.

    `data` is JSON by path; `polls` are statuses and headers that htmx's next requests get in place of a page.
    """

    base: str = ""
    person: str = "one"
    pages: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    polls: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)

    def add(self, path: str, body: str, *scripts: str) -> str:
        """Put a page up; `scripts` are modules of ours, or a macro's name with brackets. Returns its address."""
        calls = [f"{{{{ ui.{name} }}}}" if name.endswith(")") else f'{{{{ ui.script("{name}") }}}}' for name in scripts]
        self.pages[path] = PAGE.replace("BODY", body).replace("SCRIPTS", "".join(calls))
        return self.base + path

    def render(self, path: str) -> str:
        roles = {"officer_centres": (), "instructor_centres": (), "managed_companies": ()}
        jobs = {"is_staff": False, "is_operator": False, "is_programme_office": False, "unread": 0}
        viewer = SimpleNamespace(name="김하나", uid=self.person, sign_in_id=1, **roles, **jobs)
        return (
            environment()
            .from_string(self.pages[path])
            .render(
                viewer=viewer,
                locale="ko",
                settings=SimpleNamespace(idle_minutes=10),
                standalone=True,
                flashes=[],
                endpoint="learn.home",
                request_path=path,
            )
        )


def environment() -> Environment:
    """The product's own, but for texts, which stay English, and addresses, which are the endpoints' names."""
    made = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.globals.update(
        _=lambda text, **values: text % values if values else text,
        ngettext=lambda one, many, n, **values: (one if n == 1 else many) % {"num": n, **values},
        static=lambda path: f"/static/{path}",
        url=lambda endpoint, **values: f"/{endpoint}",
        csrf_token=lambda: "the-token",
        languages=lambda: ("ko", "en"),
    )
    made.filters.update(floor=floor)
    return made


def handler(stand: Stand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if stand.polls and self.headers.get("HX-Request"):
                status, headers = stand.polls.pop(0)
                self.answer(status, b"<p>not the page</p>", "text/html", headers)
            elif path in stand.data:
                self.answer(200, stand.data[path].encode(), "application/json")
            elif path in stand.pages:
                self.answer(200, stand.render(path).encode(), "text/html; charset=utf-8")
            elif path.startswith("/static/") and (file := WEB / path[1:]).is_file():
                self.answer(200, file.read_bytes(), guess_type(file.name)[0] or "application/octet-stream")
            else:
                self.answer(404, b"", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
            stand.posted.append(Posted(self.path, self.headers.get("X-CSRFToken", ""), fields))
            status, where = stand.answers.get(self.path, (204, ""))
            if status == 303:
                self.send_response(303)
                self.send_header("Location", where)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.answer(status, stand.render(where).encode() if where else b"", "text/html; charset=utf-8")

        def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


@contextmanager
def serving() -> Iterator[Stand]:
    stand = Stand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(stand))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stand.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stand
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
