"""How our own files are sent: kept for ever where their address changes with them, and small on a poor line.

A file goes to the server in one piece wherever the server brings no way of its own to send files. Granian would else keep a
thread waiting for each slow line until the last byte is out: with twelve of them another page waited 3.6 s, this way 6 ms.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

import brotli
from flask import Response, abort, g, request, send_file
from werkzeug.http import generate_etag
from werkzeug.utils import safe_join

FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_TEXT_TYPES = frozenset(("text/css", "text/javascript", "image/svg+xml", "application/json"))
_TEXT_ENDS = frozenset((".css", ".js", ".mjs", ".svg", ".json"))
_TREE = ("js", "css")  # the folders whose files name one another by relative addresses
_WORTH_BYTES = 1000
_ENDS = {"br": ".br", "gzip": ".gz"}
_QUICK, _BEST = 9, 11


def send(filename: str, tree: str | None = None) -> Response:
    """The view of `static/`. `tree` names the content of all scripts and styles, for files that load others by relative address.

    A page that was opened before an upgrade asks for a tree that is gone; it gets today's files, to be asked for again.
    """
    path = safe_join(str(FOLDER), filename)
    if path is None or not os.path.isfile(path):
        abort(404)
    file = Path(path)
    seen = file.stat()
    media_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    is_text = media_type in _TEXT_TYPES
    encoding = _encoding() if is_text and seen.st_size > _WORTH_BYTES else ""
    content = _packed(filename, seen.st_mtime_ns, encoding) if encoding else file.read_bytes()
    named = "v" in request.args or filename.startswith("vendor/") if tree is None else tree == current_tree()
    response = _answer(Response(content, mimetype=media_type), encoding, f"{seen.st_mtime_ns}-{seen.st_size}")
    response.headers["Cache-Control"] = _FOR_EVER if named else "no-cache"
    if is_text:
        response.vary.add("Accept-Encoding")
    return response


def send_compressed(file: Path, media_type: str) -> Response:
    """A file that never changes under its address, from what lies compressed beside it: `….br` and `….gz`."""
    encoding = _encoding()
    there = file.with_name(file.name + _ENDS.get(encoding, ""))
    if "wsgi.file_wrapper" in request.environ:
        plain = send_file(there, media_type, etag=False)
    else:
        plain = Response(there.read_bytes(), mimetype=media_type)
    response = _answer(plain, encoding, f"{file.parent.name}/{file.name}")
    # Not for styles and scripts of ours: a graded notebook's page, which has no origin, takes its styles from us.
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = _FOR_EVER
    response.vary.add("Accept-Encoding")
    return response


def _answer(response: Response, encoding: str, name: str) -> Response:
    """With what both kinds have."""
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.set_etag(generate_etag(f"{name}-{encoding}".encode()))
    response.make_conditional(request)
    return response


def _encoding() -> str:
    """The smallest that the browser takes; "" for none. Browsers take brotli by https alone, and on their own machine."""
    accepted = request.accept_encodings
    return next((name for name in _ENDS if accepted.quality(name) > 0), "")


# Compressed once


@lru_cache(maxsize=512)
def _packed(name: str, _changed: int, encoding: str) -> bytes:
    content = (FOLDER / name).read_bytes()
    with suppress(OSError):
        return _place(content, encoding).read_bytes()
    return gzip.compress(content, 9, mtime=0) if encoding == "gzip" else brotli.compress(content, quality=_QUICK)


def _place(content: bytes, encoding: str) -> Path:
    return Path(g.lms.settings.runtime_dir) / "static" / (hashlib.sha256(content).hexdigest()[:32] + _ENDS[encoding])


def compress_ahead(folder: Path) -> int:
    """Lay each text of ours into `folder`, as small as can be, under a name of its content. Returns how many are new.

    Raises OSError where it can't be written; then they are compressed in memory, a little less.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = set()
    new = 0
    for file in _texts(FOLDER):
        content = file.read_bytes()
        stem = hashlib.sha256(content).hexdigest()[:32]
        kept |= {stem + end for end in _ENDS.values()}
        for encoding, end in _ENDS.items():
            if not (folder / (stem + end)).exists():
                packed = (
                    brotli.compress(content, quality=_BEST) if encoding == "br" else gzip.compress(content, 9, mtime=0)
                )
                _write(folder / (stem + end), packed)
                new += 1
    for old in folder.iterdir():
        if old.suffix in _ENDS.values() and old.name not in kept:
            old.unlink(missing_ok=True)
    return new


def _texts(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.suffix in _TEXT_ENDS and file.stat().st_size > _WORTH_BYTES:
            yield file


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


@cache
def current_tree() -> str:
    """A name for the content of all our scripts and styles."""
    digest = hashlib.sha256()
    for file in sorted(path for name in _TREE for path in (FOLDER / name).rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(FOLDER)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]
