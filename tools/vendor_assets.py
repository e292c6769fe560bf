"""Fetch the browser's third-party files from npm and lay them, with their licences, under lms/web/static/vendor.

    python tools/vendor_assets.py              fetch again what package.json names (needs npm, Node and a network)
    python tools/vendor_assets.py echarts      the same for the packages that are named
    python tools/vendor_assets.py --check      compare the files in the tree with the list of their hashes (needs neither)

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
MAP = ROOT / "lms/web/templates/lms/_map_shapes.html"
PLOT_ENTRY = ROOT / "tools/plot_library.js"
EDITOR_ENTRIES = ROOT / "tools/editor_library"
BROWSERS = "chrome88,firefox98,safari15.4"  # docs/design/looks.md
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
    "filter": "sliders-horizontal",
    "flag": "flag",
    "hidden": "eye-off",
    "history": "history",
    "home": "house",
    "idea": "lightbulb",
    "indent": "indent-increase",
    "info": "info",
    "key": "key-round",
    "language": "languages",
    "mail": "mail",
    "map": "map",
    "menu": "ellipsis",
    "not-run": "circle-minus",
    "outdent": "indent-decrease",
    "page": "file-text",
    "passed": "circle-check",
    "people": "users",
    "printer": "printer",
    "quiz": "list-checks",
    "report": "chart-column",
    "retry": "rotate-ccw",
    "run": "play",
    "run-all": "chevrons-right",
    "safe": "shield-check",
    "sign-out": "log-out",
    "slow": "hourglass",
    "sort-down": "arrow-down",
    "sort-none": "arrow-up-down",
    "sort-up": "arrow-up",
    "stop": "square",
    "target": "target",
    "todo": "circle",
    "trend": "trending-up",
    "undo": "undo-2",
    "upload": "upload",
    "warning": "triangle-alert",
}


# The map's names of its shapes, and our slugs. Gwangju and South Jeolla have been one region since 2026-07-01.
MAP_REGIONS = {
    "north-chungcheong": "chungbuk",
    "south-chungcheong": "chungnam",
    "north-gyeongsang": "gyeongbuk",
    "south-gyeongsang": "gyeongnam",
    "north-jeolla": "jeonbuk",
    "south-jeolla": "jeonnam",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", metavar="package", help="only this of package.json")
    parser.add_argument("--check", action="store_true", help="compare the tree with its hashes; fetch nothing")
    wanted = parser.parse_args(arguments)
    if unknown := set(wanted.packages) - TAKERS.keys():
        parser.error(f"nothing is taken of {', '.join(sorted(unknown))}; choose from {', '.join(TAKERS)}")
    if wanted.check:
        wrong = list(differences(VENDOR))
        print("\n".join(wrong) or "the vendored files are as they were fetched")  # noqa: T201
        return 1 if wrong else 0
    refresh(wanted.packages or list(TAKERS))
    return 0


def refresh(packages: list[str]) -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package in packages:
            unpacked, version = fetch(package, Path(scratch))
            TAKERS[package](unpacked, version)
    write_sums(VENDOR)


def fetch(package: str, scratch: Path) -> tuple[Path, str]:
    """The package unpacked, once its hash is the locked one, and its version."""
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"][f"node_modules/{package}"]
    version, integrity = locked["version"], locked["integrity"]
    command = ["npm", "pack", f"{package}@{version}", "--json", "--pack-destination", str(scratch)]
    reply = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    packed = reply[0] if isinstance(reply, list) else next(iter(reply.values()))
    if packed["integrity"] != integrity:
        raise SystemExit(f"{package} {version}: the registry's hash is not the one in package-lock.json")
    target = scratch / package
    with tarfile.open(scratch / packed["filename"].replace("@", "").replace("/", "-")) as archive:
        archive.extractall(target, filter="data")
    return target / "package", version


def take_htmx(package: Path, version: str) -> None:
    folder = new_folder("htmx", version)
    copy(package / "dist/htmx.min.js", folder)
    copy(package / "LICENSE", folder)


def take_katex(package: Path, version: str) -> None:
    """Script, style and the woff2 faces; the older formats are taken out of the style as well."""
    folder = new_folder("katex", version)
    copy(package / "dist/katex.min.js", folder)
    copy(package / "LICENSE", folder)
    for font in sorted((package / "dist/fonts").glob("*.woff2")):
        copy(font, folder / "fonts")
    style = (package / "dist/katex.min.css").read_text()
    (folder / "katex.min.css").write_text(re.sub(r',url\([^)]*\) format\("(?:woff|truetype)"\)', "", style))


def take_lucide(package: Path, version: str) -> None:
    """No files of its own: the shapes go into a macro's table, so that an icon costs no request."""
    copy(package / "LICENSE", new_folder("lucide", version))
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
    folder = new_folder("pretendard-gov", version)
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


def take_echarts(package: Path, version: str) -> None:
    """One script of what our plots use: half of the whole. The same versions give the same bytes on any machine."""
    folder = new_folder("echarts", version)
    copy(package / "LICENSE", folder)
    copy(package / "NOTICE", folder)
    copy(package / "licenses/LICENSE-d3", folder)
    with tempfile.TemporaryDirectory() as made:
        modules = Path(made) / "node_modules"
        shutil.copytree(package, modules / "echarts")
        for name, licence in (("zrender", "LICENSE"), ("tslib", "LICENSE.txt")):
            shutil.copytree(fetch(name, Path(made))[0], modules / name)
            shutil.copyfile(modules / name / licence, folder / f"LICENSE-{name}")
        shutil.copyfile(PLOT_ENTRY, Path(made) / PLOT_ENTRY.name)
        bundler = fetch("esbuild-wasm", Path(made))[0] / "bin/esbuild"
        options = ["--format=iife", "--global-name=echarts"]
        (folder / "echarts.min.js").write_text(bundle(bundler, Path(made), PLOT_ENTRY.name, *options) + "\n")


# Everything that the editor's two entries import, ours first.
EDITOR_PARTS = (
    "@codemirror/autocomplete",
    "@codemirror/commands",
    "@codemirror/language",
    "@codemirror/state",
    "@codemirror/streamparser",
    "@codemirror/view",
    "@lezer/common",
    "@lezer/highlight",
    "@lezer/lr",
    "@marijn/find-cluster-break",
    "crelt",
    "style-mod",
    "w3c-keyname",
)


def take_editor(_package: Path, _version: str) -> None:
    """The editor, and what of it comes after the page, as two modules.

    Named by what is in them, not by one of the many versions: the address of a vendored file is kept for ever.
    """
    with tempfile.TemporaryDirectory() as made:
        modules = Path(made) / "node_modules"
        licences = {}
        for name in EDITOR_PARTS:
            shutil.copytree(fetch(name, Path(made))[0], modules / name)
            licences[name] = (modules / name / "LICENSE").read_text()
            say_free_of_side_effects(modules / name / "package.json")
        shutil.copytree(EDITOR_ENTRIES, Path(made), dirs_exist_ok=True)
        bundler = fetch("esbuild-wasm", Path(made))[0] / "bin/esbuild"
        out = Path(made) / "out"
        options = ["--format=esm", f"--outdir={out}"]
        bundle(bundler, Path(made), "editor.js", *options)
        shared = [f"--alias:@codemirror/{name}=./editor.js" for name in ("state", "view")]
        bundle(bundler, Path(made), "completion.js", *options, *shared, "--external:./editor.js")
        scripts = sorted(out.glob("*.js"))
        content = hashlib.sha256(b"".join(script.read_bytes() for script in scripts)).hexdigest()
        folder = new_folder("codemirror", f"6-{content[:10]}")
        for script in scripts:
            copy(script, folder)
    (folder / "LICENSE").write_text(join_licences(licences))


def say_free_of_side_effects(file: Path) -> None:
    """So that the bundler leaves out what nobody uses: all of the family are, and not all say so."""
    file.write_text(json.dumps(json.loads(file.read_text()) | {"sideEffects": False}))


def join_licences(licences: dict[str, str]) -> str:
    """Each text once, under the names of the packages that have it."""
    owners: dict[str, list[str]] = {}
    for name, text in licences.items():
        owners.setdefault(text.strip(), []).append(name)
    return "\n\n".join(f"{', '.join(names)}:\n\n{text}" for text, names in owners.items()) + "\n"


def take_dompurify(package: Path, version: str) -> None:
    """As a module, made small: the minified file of the package is none."""
    folder = new_folder("dompurify", version)
    copy(package / "LICENSE", folder)
    with tempfile.TemporaryDirectory() as made:
        copy(package / "dist/purify.es.mjs", Path(made))
        bundler = fetch("esbuild-wasm", Path(made))[0] / "bin/esbuild"
        (folder / "purify.js").write_text(bundle(bundler, Path(made), "purify.es.mjs", "--format=esm") + "\n")


def bundle(bundler: Path, folder: Path, *options: str) -> str:
    """What esbuild writes to stdout: the script, where no folder is given for it."""
    common = ["--bundle", "--minify", "--legal-comments=none", f"--target={BROWSERS}"]
    common.append('--define:process.env.NODE_ENV="production"')
    command = ["node", str(bundler), *options, *common]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout.strip()


def take_map(package: Path, version: str) -> None:
    """No files of its own: the outlines go into a table that a macro draws, so that each can have its colour."""
    copy(package / "LICENSE.md", new_folder("south-korea-map", version))
    source = (package / "south-korea.svg").read_text()
    box = re.search(r'viewBox="([^"]+)"', source)
    outlines = {}
    for tag in re.findall(r"<path[^>]*>", source):
        facts = dict(re.findall(r'\s([a-z-]+)="([^"]*)"', tag))
        outlines[MAP_REGIONS.get(facts["id"], facts["id"])] = re.sub(r"\s+", " ", facts["d"]).strip()
    if box is None or len(outlines) != 17:
        raise SystemExit("the map is not of the form that is expected")
    rows = "\n".join(f"  {name!r}: {outline!r}," for name, outline in sorted(outlines.items()))
    MAP.write_text(
        f"{{# @svg-maps/south-korea {version} by Victor Cazanave, CC-BY-4.0 (source: MapSVG, CC-BY-4.0); licence in "
        f"static/vendor/south-korea-map-{version}. Written by tools/vendor_assets.py. #}}\n"
        f"{{% set BOX = {box[1]!r} %}}\n{{% set OUTLINES = {{\n{rows}\n}} %}}\n"
    )


TAKERS: dict[str, Callable[[Path, str], None]] = {
    "@codemirror/view": take_editor,
    "@svg-maps/south-korea": take_map,
    "dompurify": take_dompurify,
    "echarts": take_echarts,
    "htmx.org": take_htmx,
    "katex": take_katex,
    "lucide-static": take_lucide,
    "pretendard-gov": take_pretendard,
}


def new_folder(name: str, version: str) -> Path:
    """An empty folder, in the place of that of another version."""
    for old in VENDOR.glob(f"{name}-[0-9]*"):
        shutil.rmtree(old)
    folder = VENDOR / f"{name}-{version}"
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
