"""Our pages' own Jinja environment. The host's templates, filters, globals and context processors stay the host's, and
a `base.html` of theirs is not in our way."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from pathlib import Path
from typing import Any

from flask import g, request, url_for
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import csrf, flashes, guard, i18n, static_files
from .access import current_viewer

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def static(path: str) -> str:
    """The address of a file of ours, with its content's hash, so that it may be cached for ever."""
    return url_for("lms.static", filename=path, v=_fingerprint(path))


def static_tree(path: str) -> str:
    """The same for a script that loads others by relative address: all of them change theirs when one of them changes."""
    return url_for("lms.static", filename=path, tree=static_files.current_tree())


def url(endpoint: str, **values: Any) -> str:
    """The address of one of our pages: `url("learn.home")`."""
    return url_for(f"lms.{endpoint}", **values)


def here() -> str:
    """The address of the page that is asked for, as the browser would write it after the host's name."""
    if guard.has_refused_address():
        return url("learn.home")
    return request.script_root + request.full_path.rstrip("?")


def floor(value: float) -> int:
    """For per cents: 79.6 is never shown as 80."""
    return math.floor(value + 1e-9)


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    made.globals.update(
        _=i18n.gettext,
        gettext=i18n.gettext,
        ngettext=i18n.ngettext,
        static=static,
        static_tree=static_tree,
        url=url,
        csrf_token=csrf.token,
        languages=i18n.languages,
    )
    made.filters.update(day=i18n.format_day, number=i18n.format_number, floor=floor)
    return made


def render(template: str, **context: Any) -> str:
    """A page of ours. Every page knows who looks, in which language, and what was flashed."""
    viewer = context["viewer"] if "viewer" in context else current_viewer()
    common = {
        "viewer": viewer,
        "locale": i18n.current_language(),
        "settings": g.lms.settings,
        "standalone": g.lms.is_standalone,
        "flashes": flashes.take(),
        "endpoint": (request.endpoint or "").removeprefix("lms."),
        "request_path": here(),
        "is_fragment": request.headers.get("HX-Request") == "true",
    }
    return environment().get_template(template).render(common | context)
