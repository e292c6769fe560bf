"""How our own files are sent: kept for ever where their address changes with them, and small on a poor line."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Response, request

FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_TEXT_TYPES = frozenset(("text/css", "text/javascript", "image/svg+xml", "application/json"))
_WORTH_BYTES = 1000


@lru_cache(maxsize=256)
def _zipped(name: str, _changed: float) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), 9, mtime=0)


def prepare(response: Response) -> None:
    """Cache and compress a file of `static/`. An address with `?v=` names a content, a folder of `vendor/` a version."""
    if response.status_code not in (200, 304):
        return
    name = (request.view_args or {})["filename"]
    if "v" in request.args or name.startswith("vendor/"):
        response.headers["Cache-Control"] = _FOR_EVER
    if response.mimetype not in _TEXT_TYPES or response.status_code != 200:
        return
    response.vary.add("Accept-Encoding")
    file = FOLDER / name
    if "gzip" in request.accept_encodings and file.stat().st_size > _WORTH_BYTES and "Range" not in request.headers:
        response.direct_passthrough = False
        response.set_data(_zipped(name, file.stat().st_mtime))
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(f"{response.get_etag()[0]}-gzip")
