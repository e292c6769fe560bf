"""Where to go next."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from flask import redirect
from werkzeug.wrappers import Response

from lms.people.privacy.resident_numbers import contains_resident_number

from .templating import url


def to(endpoint: str, **values: Any) -> Response:
    """To a page of ours, by GET."""
    return redirect(url(endpoint, **values), code=303)


def onwards(address: str) -> Response:
    """To an address that we made ourselves."""
    return redirect(address, code=303)


def safe_target(wanted: str | None) -> str:
    """A path of this very site, or home: an address that somebody slipped into a link leads nowhere else.

    Browsers take `\\` for `/` and drop tabs and line ends, so `/\\evil.example` and `/<tab>/evil.example` are other sites.
    """
    if wanted and wanted.startswith("/") and wanted.isprintable() and not wanted.startswith(("//", "/\\")):
        return url("learn.home") if contains_resident_number(unquote(wanted)) else wanted
    return url("learn.home")
