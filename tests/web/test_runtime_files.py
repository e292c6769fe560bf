"""How files are sent: small, for ever under an address of their content, and to anybody, for nothing of them is anyone's own."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest

from lms.web import static_files
from lms.web.static_files import FOLDER, compress_ahead, current_tree
from tests.web.site import Site
from tests.workspace.runtime_world import LOCK, NUMBERS, make_small_world, repacked

from .browser import Browser

SCRIPT = "js/page.js"


@pytest.fixture
def database_kind() -> str:
    """Files don't hang on the database."""
    return "sqlite"


@pytest.fixture
def nobody(site: Site) -> Browser:
    return site.browser()


@pytest.fixture
def base(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a runtime's folder, in this site."""
    world = make_small_world(tmp_path, monkeypatch)
    world.folder = Path(site.lms.settings.runtime_dir)
    return f"/runtime/{world.prepare().release}/"


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_of_the_runtime_comes_as_small_as_the_browser_takes_it(
    nobody: Browser, base: str, accepts: str, encoding: str | None
) -> None:
    answer = nobody.get(base + NUMBERS, headers={"Accept-Encoding": accepts})
    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert unpacked(answer.data) == repacked(NUMBERS)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in answer.headers
    again = nobody.get(base + NUMBERS, headers={"Accept-Encoding": accepts, "If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_files_have_the_types_that_browsers_ask_for(nobody: Browser, base: str) -> None:
    types = {name: nobody.get(base + name).mimetype for name in ("pyodide.mjs", "pyodide-lock.json", NUMBERS)}
    assert list(types.values()) == ["text/javascript", "application/json", "application/octet-stream"]


@pytest.mark.parametrize("path", ["manifest.json", ".lock", "..%2f.lock", "pyodide.mjs.br", "no-such-file.whl"])
def test_only_what_the_lock_names_is_served(nobody: Browser, base: str, path: str) -> None:
    assert nobody.get(base + path).status_code == 404


def test_another_release_is_not_there(nobody: Browser, base: str) -> None:
    assert nobody.get("/runtime/0123456789abcdef/pyodide.mjs").status_code == 404
    assert base == f"/runtime/{LOCK.release}/"


def test_a_tree_names_all_scripts_and_keeps_them_for_good(nobody: Browser) -> None:
    answer = nobody.get(f"/static/t-{current_tree()}/{SCRIPT}", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(answer.data) == (FOLDER / SCRIPT).read_bytes()
    assert "immutable" in answer.headers["Cache-Control"]
    old = nobody.get(f"/static/t-of-yesterday/{SCRIPT}", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(old.data) == (FOLDER / SCRIPT).read_bytes()
    assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["../settings.py", "t-x/../../settings.py", "%2e%2e/settings.py", "js", "", "no.js"])
def test_nothing_else_than_static_files_is_sent(nobody: Browser, path: str) -> None:
    assert nobody.get(f"/static/{path}").status_code == 404


def test_texts_are_compressed_ahead_and_used(nobody: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_files, "_BEST", 4)
    monkeypatch.setattr(static_files, "_texts", lambda folder: [folder / SCRIPT])
    folder = Path(site.lms.settings.runtime_dir) / "static"
    assert compress_ahead(folder) == 2
    (folder / "of an earlier file.br").write_bytes(b"")
    assert compress_ahead(folder) == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".br", ".gz"]
    static_files._packed.cache_clear()
    sent = nobody.get(f"/static/{SCRIPT}", headers={"Accept-Encoding": "br"}).data
    assert sent == next(folder.glob("*.br")).read_bytes()
    static_files._packed.cache_clear()


def test_a_server_that_sends_files_by_itself_is_given_the_file(site: Site, base: str) -> None:
    given = []

    def send(file: object, _block: int = 0) -> list[bytes]:
        given.append(file)
        content = file.read()  # type: ignore[attr-defined]
        file.close()  # type: ignore[attr-defined]
        return [content]

    client = site.app.test_client()
    environment = {"wsgi.file_wrapper": send}
    answer = client.get(base + NUMBERS, headers={"Accept-Encoding": "br"}, environ_overrides=environment)
    assert brotli.decompress(answer.data) == repacked(NUMBERS)
    assert len(given) == 1


def test_every_script_that_a_page_names_loads_others_of_its_tree() -> None:
    """A relative address leads out of the tree only to what has a version in its folder's name."""
    for script in (FOLDER / "js/workspace").rglob("*.js"):
        for target in re.findall(r"""(?:from|import\()\s*["'](\.[^"']+)["']""", script.read_text("utf-8")):
            found = (script.parent / target).resolve()
            assert found.is_file(), (script.name, target)
            assert found.is_relative_to(FOLDER)
