"""Repacks the browser's Python: runs in that very Python, under Node, because compiled modules hold for one version alone.

A learner's device would compile each module that she imports, at every visit; that is most of what a start costs. Wheels and
the standard library go in, archives of `.pyc` come out, without what no exercise uses, and stored, so that the server's
compression sees through them. The same files in give the same bytes out, whatever Node and whatever machine.
"""

from __future__ import annotations

import importlib.util
import marshal
import re
import zipfile
from collections.abc import Iterator

STDLIB = "python_stdlib.zip"
SITE = "/lib/python3.14/site-packages/"
STDLIB_PLACE = "/lib/python314.zip/"
_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # the module's source isn't there to be looked at
_DAY = (1980, 1, 1, 0, 0, 0)
_MODULES = "matplotlib/mpl-data/"

# What no exercise uses. Licences stay.
DROPPED = re.compile(
    "|".join(
        (
            r"(^|/)tests?/|(^|/)conftest\.py$",
            r"\.(pyi|pxd|pyx|h|hpp|c|cpp|a|f90|src|in|build|map)$",
            r"\.dist-info/(RECORD|.*\.json)$",
            r"^numpy/(_core/include|random/lib)/",
            r"^sklearn/datasets/images/",
            _MODULES + r"(sample_data|images|fonts/afm|fonts/pdfcorefonts)/",
            _MODULES + r"fonts/ttf/DejaVu(Serif|SansMono)-",
            r"^matplotlib/backends/(web_backend|qt_editor)/",
        )
    )
)
# The default fonts: the one of our plots, then one with the signs that it lacks, the minus among them.
_RC = {
    "font.family": "Baeum Sans, DejaVu Sans",
    "font.sans-serif": "Baeum Sans, DejaVu Sans",
    "axes.unicode_minus": "False",
}


def repack(source: str, target: str, added: dict[str, str]) -> None:
    """Write `target` from the archive `source`; `added` are files to put in besides, or instead, by their place in it."""
    place = STDLIB_PLACE if source.endswith(STDLIB) else SITE
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for name, data in sorted((dict(_members(old)) | dict(_read(added))).items()):
            _write(new, name, data, place)


def repack_zones(source: str, target: str, version: str) -> None:
    """The time zones of pytz under the name by which the standard library looks for them."""
    info = f"tzdata-{version}.dist-info/"
    about = f"Metadata-Version: 2.1\nName: tzdata\nVersion: {version}\n"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        zones = {
            name.removeprefix("pytz/"): old.read(name)
            for name in old.namelist()
            if name.startswith("pytz/zoneinfo/") and old.read(name)[:4] == b"TZif"
        }
        packages = {"tzdata/"} | {f"tzdata/{name.rpartition('/')[0]}/" for name in zones}
        names = "".join(f"{name.removeprefix('zoneinfo/')}\n" for name in sorted(zones))
        files = {f"{package}__init__.py": b"" for package in packages}
        files |= {f"tzdata/{name}": data for name, data in zones.items()}
        files |= {"tzdata/zones": names.encode(), info + "METADATA": about.encode()}
        licences = [name for name in old.namelist() if re.search(r"\.dist-info/.*LICENSE", name)]
        files |= {info + name.rpartition("/")[2]: old.read(name) for name in licences}
        for name, data in sorted(files.items()):
            _write(new, name, data, SITE)


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for entry in archive.infolist():
        if not entry.is_dir() and not DROPPED.search(entry.filename):
            data = archive.read(entry)
            yield entry.filename, _with_our_fonts(data) if entry.filename == _MODULES + "matplotlibrc" else data


def _read(added: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    for name, path in added.items():
        with open(path, "rb") as file:
            yield name, file.read()


def _with_our_fonts(rc: bytes) -> bytes:
    """The file of defaults, in which each line is commented out and read nevertheless."""
    text = rc.decode()
    for key, value in _RC.items():
        text, found = re.subn(rf"(?m)^#{re.escape(key)}:.*$", f"#{key}: {value}", text)
        if found != 1:
            raise ValueError(f"matplotlibrc has {found} lines for {key}")
    return text.encode()


def _write(archive: zipfile.ZipFile, name: str, data: bytes, place: str) -> None:
    if name.endswith(".py"):
        name, data = name + "c", _compiled(data, place + name)
    archive.writestr(zipfile.ZipInfo(name, _DAY), data)


def _compiled(source: bytes, path: str) -> bytes:
    """Unoptimised: with docstrings removed packages don't load, and help() would be empty."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source) + marshal.dumps(code)
