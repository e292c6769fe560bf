"""Pyodide as it is published, on a page of its own: what the workspace is measured against. Served by the same server."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import brotli

from lms.workspace.runtime.lock import load_lock

FOLDER = Path(os.environ.get("BAEUM_UNTOUCHED", "."))
_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json", ".js": "text/javascript"}
_ENDS = {"br": ".br", "gzip": ".gz", "": ""}
_WORKER = """
import { loadPyodide } from "/pyodide.mjs";
const python = await loadPyodide({ indexURL: "/", packages: ["pandas"] });
python.runPython("import pandas");
postMessage("done");
"""
_PAGE = """<!doctype html><html lang="en"><title>Pyodide</title><body data-python="loading"><script>
new Worker("/worker.js", { type: "module" }).onmessage = () => { document.body.dataset.python = "ready"; };
</script></body></html>"""


def listing() -> str:
    """The list of packages with the published files and what Pyodide's own says they need."""
    lock = load_lock()
    needs = {
        "pandas": ["numpy", "python-dateutil", "pytz"],
        "python-dateutil": ["six"],
        "numpy": [],
        "pytz": [],
        "six": [],
    }
    files = {package.file: name for name, package in lock.packages.items()}
    rows = {}
    for served, piece in lock.pieces.items():
        name = files.get(served, "").replace("tzdata", "pytz")
        if name in needs:
            row = {
                "name": name,
                "version": "1",
                "file_name": piece.source,
                "install_dir": "site",
                "sha256": piece.published,
            }
            more = {"imports": [name], "depends": needs[name], "package_type": "package", "unvendored_tests": False}
            rows[name] = row | more
    return json.dumps({"info": lock.info, "packages": rows})


@cache
def _sent(name: str, encoding: str) -> bytes:
    """Text and WebAssembly as small as can be, as any site would have it, from beside the file; wheels stay as they are."""
    made = {"": _PAGE, "worker.js": _WORKER, "pyodide-lock.json": listing()}
    if name not in made:
        return (FOLDER / (name + _ENDS[encoding])).read_bytes()
    content = made[name].encode()
    return brotli.compress(content) if encoding == "br" else gzip.compress(content) if encoding == "gzip" else content


def app(environment: dict[str, str], start: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    name = environment["PATH_INFO"].lstrip("/")
    kind = _TYPES.get(Path(name).suffix, "text/html; charset=utf-8" if not name else "application/octet-stream")
    accepted = environment.get("HTTP_ACCEPT_ENCODING", "")
    worth = not name or Path(name).suffix in _TYPES
    encoding = next((one for one in ("br", "gzip") if one in accepted), "") if worth else ""
    try:
        content = _sent(name, encoding)
    except OSError:
        start("404 Not Found", [("Content-Length", "0")])
        return [b""]
    headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    headers.append(("Cache-Control", "public, max-age=31536000, immutable" if name else "no-cache"))
    start("200 OK", headers + ([("Content-Encoding", encoding)] if encoding else []))
    return [content]
