"""Resident registration numbers stay out: a request that brings one is refused before any view sees it, and never echoed.

Looked at are the address, what a form and its file names say, and what is sent as JSON. What is in a file is looked at by
who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from lms.people.privacy.resident_numbers import ResidentNumberError, contains_resident_number, refuse, texts_of

JSON_BYTES = 4_000_000  # more than any view of ours takes
_KEY = "lms_refused_address"
_BARE = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store, private",
}


def check_address() -> None:
    """Raises ResidentNumberError. Comes before all that would put the address into a page or another address."""
    asked = (request.path, *_texts(request.args.items(multi=True)))
    if any(contains_resident_number(text) for text in asked):
        setattr(g, _KEY, True)
        raise ResidentNumberError()


def check_body() -> None:
    """Raises ResidentNumberError."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.endpoint == "lms.missing":
        return
    refuse(*_texts(request.form.items(multi=True)))
    for name, file in request.files.items(multi=True):
        refuse(name, file.filename)
    if request.is_json:
        _check_json()


def _check_json() -> None:
    if (request.content_length or 0) > JSON_BYTES:
        raise RequestEntityTooLarge()
    try:
        refuse(*texts_of(request.get_json(silent=True)))
    except RecursionError:  # nested too deeply for its view to read it either
        return


def has_refused_address() -> bool:
    """Whether the address of this request may not be shown."""
    return bool(g.get(_KEY))


def _texts(pairs: Any) -> Iterator[str]:
    for name, value in pairs:
        yield name
        yield value


def watch_redirects(app: Flask) -> None:
    """Of an app of our own: the router itself sends addresses without their last slash on, with all they say."""

    @app.before_request
    def refuse_redirect() -> Response | None:
        if not isinstance(request.routing_exception, RequestRedirect):
            return None
        asked = (request.path, *_texts(request.args.items(multi=True)))
        return (
            Response(status=422, headers=_BARE, mimetype="text/plain")
            if any(map(contains_resident_number, asked))
            else None
        )
