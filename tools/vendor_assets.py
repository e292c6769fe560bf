"""Fetch the browser's third-party files from npm and lay them, with their licences, under lms/web/static/vendor.

    python tools/vendor_assets.py            fetch again what package.json names (needs npm and a network)
    python tools/vendor_assets.py --check    compare the files in the tree with the list of their hashes (needs neither)

To take a new version: change package.json, run `npm install --package-lock-only`, then this, then look at the pages.
Nothing of npm is needed to run the product.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "lms/web/static/vendor"
ICONS = ROOT / "lms/web/templates/lms/_icons.html"
SUMS = "SHA256SUMS"

# The icons that pages use, by our own name. A new one: add it here and run this.
ICON_NAMES = {
    "account": "user",
    "alert": "circle-alert",
    "arrow-left": "arrow-left",
    "arrow-right": "arrow-right",
    "calendar": "calendar",
    "certificate": "award",
    "check": "check",
    "chevron-down": "chevron-down",
    "chevron-left": "chevron-left",
    "chevron-right": "chevron-right",
    "clock": "clock",
    "close": "x",
    "company": "building-2",
    "course": "book-open",
    "current": "circle-dot",
    "device": "monitor-smartphone",
    "download": "download",
    "empty": "inbox",
    "error": "wrench",
    "exercise": "notebook-pen",
    "failed": "circle-x",
    "file": "file-code",
    "flag": "flag",
    "home": "house",
    "idea": "lightbulb",
    "info": "info",
    "key": "key-round",
    "language": "languages",
    "not-run": "circle-minus",
    "page": "file-text",
    "passed": "circle-check",
    "people": "users",
    "quiz": "list-checks",
    "report": "chart-column",
    "retry": "rotate-ccw",
    "safe": "shield-check",
    "sign-out": "log-out",
    "todo": "circle",
    "upload": "upload",
    "warning": "triangle-alert",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the tree with its hashes; fetch nothing")
    if parser.parse_args(arguments).check:
        wrong = list(differences(VENDOR))
        print("\n".join(wrong) or "the vendored files are as they were fetched")  # noqa: T201
        return 1 if wrong else 0
    refresh()
    return 0


def refresh() -> None:
    versions = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package, take in TAKERS.items():
            version = versions[package]
            unpacked = fetch(package, version, locked[f"node_modules/{package}"]["integrity"], Path(scratch))
            take(unpacked, version)
    write_sums(VENDOR)


def fetch(package: str, version: str, integrity: str, scratch: Path) -> Path:
    """The unpacked package, once its hash is the locked one."""
    command = ["npm", "pack", f"{package}@{version}", "--json", "--pack-destination", str(scratch)]
    reply = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    packed = reply[0] if isinstance(reply, list) else next(iter(reply.values()))
    if packed["integrity"] != integrity:
        raise SystemExit(f"{package} {version}: the registry's hash is not the one in package-lock.json")
    target = scratch / package
    with tarfile.open(scratch / packed["filename"]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def take_htmx(package: Path, version: str) -> None:
    folder = new_folder(f"htmx-{version}")
    copy(package / "dist/htmx.min.js", folder)
    copy(package / "LICENSE", folder)


def take_katex(package: Path, version: str) -> None:
    """Script, style and the woff2 faces; the older formats are taken out of the style as well."""
    folder = new_folder(f"katex-{version}")
    copy(package / "dist/katex.min.js", folder)
    copy(package / "LICENSE", folder)
    for font in sorted((package / "dist/fonts").glob("*.woff2")):
        copy(font, folder / "fonts")
    style = (package / "dist/katex.min.css").read_text()
    (folder / "katex.min.css").write_text(re.sub(r',url\([^)]*\) format\("(?:woff|truetype)"\)', "", style))


def take_lucide(package: Path, version: str) -> None:
    """No files of its own: the shapes go into a macro's table, so that an icon costs no request."""
    copy(package / "LICENSE", new_folder(f"lucide-{version}"))
    shapes = {name: icon_shape(package / f"icons/{file}.svg") for name, file in sorted(ICON_NAMES.items())}
    rows = "\n".join(f"  {name!r}: {shape!r}," for name, shape in shapes.items())
    ICONS.write_text(
        f"{{# Lucide {version}, ISC; licence in static/vendor/lucide-{version}. Written by tools/vendor_assets.py. #}}\n"
        f"{{% set SHAPES = {{\n{rows}\n}} %}}\n"
    )


def icon_shape(file: Path) -> str:
    """What is inside the <svg>, on one line."""
    inner = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(), re.DOTALL)
    if inner is None:
        raise SystemExit(f"{file.name}: not an icon of the form that is expected")
    return re.sub(r"\s+", " ", inner[1]).replace(" />", "/>").strip().replace("> <", "><")


def take_pretendard(package: Path, version: str) -> None:
    """The variable face in its 120 subsets, of which a browser loads those that a page's letters need."""
    folder = new_folder(f"pretendard-gov-{version}")
    copy(package / "dist/LICENSE.txt", folder)
    web = package / "dist/web/variable"
    for font in sorted((web / "woff2-dynamic-subset").glob("*.woff2")):
        copy(font, folder / "woff2-dynamic-subset")
    style = (web / "pretendardvariable-gov-dynamic-subset.css").read_text()
    (folder / "pretendard-gov.css").write_text(squeeze(style))


def squeeze(style: str) -> str:
    """CSS without comments and needless blanks."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"\s*([{};:,])\s*", r"\1", style).strip()
    return style.replace(";}", "}").replace("}", "}\n")


TAKERS: dict[str, Callable[[Path, str], None]] = {
    "htmx.org": take_htmx,
    "katex": take_katex,
    "lucide-static": take_lucide,
    "pretendard-gov": take_pretendard,
}


def new_folder(name: str) -> Path:
    folder = VENDOR / name
    folder.mkdir(parents=True)
    return folder


def copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / file.name)


def write_sums(vendor: Path) -> None:
    lines = [f"{digest(file)}  {file.relative_to(vendor)}\n" for file in vendored_files(vendor)]
    (vendor / SUMS).write_text("".join(lines))


def differences(vendor: Path) -> Iterator[str]:
    """One line for each file that is missing, changed or not listed."""
    lines = (vendor / SUMS).read_text().splitlines()
    listed = {name: known for known, name in (line.split("  ", 1) for line in lines)}
    present = {str(file.relative_to(vendor)): digest(file) for file in vendored_files(vendor)}
    for name in sorted(listed.keys() | present.keys()):
        if name not in present:
            yield f"{name}: missing"
        elif name not in listed:
            yield f"{name}: not in {SUMS}"
        elif listed[name] != present[name]:
            yield f"{name}: changed"


def vendored_files(vendor: Path) -> list[Path]:
    return sorted(file for file in vendor.rglob("*") if file.is_file() and file.name != SUMS)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
