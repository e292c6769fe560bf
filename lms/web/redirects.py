"""Where to go next."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from .templating import url


def to(endpoint: str, **values: Any) -> Response:
    """To a page of ours, by GET."""
    return redirect(url(endpoint, **values), code=303)


def safe_target(wanted: str | None) -> str:
    """A path of this very site, or home: an address that somebody slipped into a link leads nowhere else."""
    if wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted:
        return (
            request.script_root + wanted
            if request.script_root and not wanted.startswith(request.script_root)
            else wanted
        )
    return url("learn.home")
