"""What runs Python in the browser: the frame that shuts it in, our Python as text, the service worker. The same for everybody."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import cache
from typing import Any

import brotli
from flask import Blueprint, Response, abort, g, request

from lms.workspace.parcel import python_sources

from .. import access
from ..isolation import embeddable
from ..templating import STATIC, url

bp = Blueprint("kernel", __name__)

FOR_EVER = "public, max-age=31536000, immutable"
_SCRIPTS = STATIC / "js" / "workspace"


def options() -> dict[str, Any]:
    """What the workspace's page needs to know of it, for its script."""
    return {
        "frame": url("kernel.frame", digest=_digest(_frame())),
        "bundle": url("kernel.bundle", digest=_digest(_bundle())),
        "serviceWorker": url("kernel.service_worker"),
        "scope": url("kernel.service_worker").removesuffix("sw.js"),
        "static": url("static", filename=""),
        "idleMinutes": g.lms.settings.idle_minutes,
    }


@bp.get("/runs/python/<digest>.html")
@access.anyone
def frame(digest: str) -> Response:
    """The frame's document. It lies where the service worker can answer for it, and never changes, so that it is there without
    network."""
    response = _answer(_frame(), digest, "text/html")
    response.headers["Content-Security-Policy"] = _frame_policy()
    return embeddable(response)


@bp.get("/runs/python/<digest>.json")
@access.anyone
def bundle(digest: str) -> Response:
    """The worker's script and the Python in it, as text for the frame, which can fetch nothing."""
    return embeddable(_answer(_bundle(), digest, "application/json"))


@bp.get("/runs/sw.js")
@access.anyone
def service_worker() -> Response:
    """Its place is its scope: the pages of runs, of which it keeps those of exercises."""
    response = Response((_SCRIPTS / "sw.js").read_bytes(), mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return embeddable(response)


def _answer(content: bytes, digest: str, mimetype: str) -> Response:
    if digest != _digest(content):
        abort(404)
    body, encoding = content, ""
    for name, compressed in _compressed(content).items():
        if name in request.accept_encodings:
            body, encoding = compressed, name
            break
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = FOR_EVER
    response.vary.add("Accept-Encoding")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


@cache
def _compressed(content: bytes) -> dict[str, bytes]:
    return {"br": brotli.compress(content, quality=11), "gzip": gzip.compress(content, 9, mtime=0)}


@cache
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def _frame_script() -> str:
    return (_SCRIPTS / "kernel" / "frame.js").read_text("utf-8")


@cache
def _frame() -> bytes:
    head = '<meta charset="utf-8"><title>Python</title>'
    page = '<!doctype html>\n<html lang="ko"><head>{}</head><body><script>{}</script></body></html>\n'
    return page.format(head, _frame_script()).encode()


@cache
def _frame_policy() -> str:
    """Nothing goes out, nothing comes in but what the page sends: no network, no storage, no origin."""
    script = base64.b64encode(hashlib.sha256(_frame_script().encode()).digest()).decode()
    return "; ".join(
        (
            "sandbox allow-scripts",
            "default-src 'none'",
            f"script-src 'sha256-{script}' blob: 'wasm-unsafe-eval'",
            "worker-src blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )


@cache
def _bundle() -> bytes:
    worker = (_SCRIPTS / "kernel" / "worker.js").read_text("utf-8")
    return json.dumps({"worker": worker, "python": python_sources()}, ensure_ascii=False).encode()
