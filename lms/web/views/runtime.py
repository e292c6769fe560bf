"""The Python that runs in learners' browsers: its files, and what a page says about them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, g

from lms.workspace.runtime import Runtime, find_runtime

from .. import access, static_files
from ..templating import url

bp = Blueprint("runtime", __name__)

# WebAssembly is compiled while it comes only under its own type; the rest are bytes to the page.
_TYPES = {
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".zip": "application/zip",
}


def current_runtime() -> Runtime | None:
    return find_runtime(Path(g.lms.settings.runtime_dir))


def manifest_for_page(imports: Iterable[str]) -> dict[str, Any] | None:
    """What the page's script has to know to start Python for cells that import these modules; None where there is none here."""
    runtime = current_runtime()
    if runtime is None:
        return None
    some = next(iter(runtime.files))
    base = url("runtime.file", release=runtime.release, name=some).removesuffix(some)
    return runtime.document(base, imports)


@bp.get("/runtime/<release>/<name>")
@access.anyone
def file(release: str, name: str) -> Response:
    """A file of the release that is here, compressed as the browser takes it. Its address names its content."""
    runtime = current_runtime()
    if runtime is None or release != runtime.release or name not in runtime.files:
        abort(404)
    media_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
    return static_files.send_compressed(runtime.folder / name, media_type)
