"""Media of a course: what kinds there are, and whether a file is what its name says and safe to serve."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET  # nosec: declarations are refused before it parses
from pathlib import Path

from lms.content.courses import MediaFile
from lms.content.files import MB, Folder
from lms.content.problems import Problems
from lms.errors import ContentError

# suffix -> (content type, bytes that it begins with, limit)
KINDS: dict[str, tuple[str, tuple[bytes, ...], int]] = {
    ".svg": ("image/svg+xml", (), MB),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",), 2 * MB),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",), 2 * MB),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",), 2 * MB),
    ".gif": ("image/gif", (b"GIF87a", b"GIF89a"), 2 * MB),
    ".webp": ("image/webp", (b"RIFF",), 2 * MB),
    ".csv": ("text/csv; charset=utf-8", (), 5 * MB),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",), 5 * MB),
    ".pdf": ("application/pdf", (b"%PDF-",), 10 * MB),
    ".ipynb": ("application/x-ipynb+json", (b"{",), 5 * MB),
}
COURSE_LIMIT = 100 * MB
SVG = "{http://www.w3.org/2000/svg}"
ACTIVE = {"script", "foreignObject", "iframe", "audio", "video", "embed", "object"}
OUTSIDE_STYLE = re.compile(r"@import|url\(\s*['\"]?(?!#|data:image/)", re.IGNORECASE)


def read_media(courses_dir: Path, slug: str, media: MediaFile) -> bytes:
    """The bytes of a file of a course that was loaded; ContentError if they changed since."""
    problems = Problems()
    folder = Folder(courses_dir / slug, f"{courses_dir.name}/{slug}", problems)
    data = folder.read_bytes(media.path, limit=COURSE_LIMIT)
    problems.raise_if_any()
    if data is None or hashlib.sha256(data).hexdigest() != media.sha256:
        raise ContentError(folder.show(media.path), "", "changed after the course was read", "Load it again.")
    return data


def list_media(folder: Folder, files: list[str]) -> tuple[MediaFile, ...]:
    """All files under media/, each checked."""
    found = []
    for relative in files:
        if relative.startswith("media/") and (media := _read(folder, relative)):
            found.append(media)
    total = sum(media.size for media in found)
    if total > COURSE_LIMIT:
        problem = f"holds {total:,} bytes; a course has at most {COURSE_LIMIT:,}"
        folder.problems.add(folder.show("media"), "", problem, "Make the files smaller.")
    return tuple(found)


def _read(folder: Folder, relative: str) -> MediaFile | None:
    suffix = Path(relative).suffix.lower()
    if suffix not in KINDS:
        remedy = f"These are: {', '.join(KINDS)}."
        folder.problems.add(folder.show(relative), "", f"'{suffix}' is not a kind of media", remedy)
        return None
    content_type, beginnings, limit = KINDS[suffix]
    data = folder.read_bytes(relative, limit=limit)
    if data is None:
        return None
    if beginnings and not data.startswith(beginnings):
        folder.problems.add(folder.show(relative), "", f"is not a {suffix} file", "Save it in the format of its name.")
    if suffix == ".svg":
        _check_svg(data, folder, relative)
    return MediaFile(relative, hashlib.sha256(data).hexdigest(), len(data), content_type)


def _check_svg(data: bytes, folder: Folder, relative: str) -> None:
    """An SVG is a document that a browser runs: no scripts, no outside addresses; and a viewBox, so that it scales."""

    def wrong(problem: str, remedy: str) -> None:
        folder.problems.add(folder.show(relative), "", problem, remedy)

    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        wrong("declares a document type", "Delete the <!DOCTYPE …> line.")
        return
    try:
        root = ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as error:
        wrong(f"is not an SVG: {error}", "Draw or export it again.")
        return
    if root.tag != f"{SVG}svg":
        wrong("is not an SVG", 'Its first element must be <svg xmlns="http://www.w3.org/2000/svg">.')
    if "viewBox" not in root.attrib:
        wrong("has no viewBox, so that it can't fit a small screen", 'Add viewBox="0 0 WIDTH HEIGHT" to <svg>.')
    for element in root.iter():
        _check_element(element, wrong)


def _check_element(element: ET.Element, wrong) -> None:  # type: ignore[no-untyped-def]
    name = str(element.tag).rpartition("}")[2]
    if name in ACTIVE:
        wrong(f"holds <{name}>", "Delete it: a figure is only looked at.")
    if name == "style" and OUTSIDE_STYLE.search("".join(element.itertext())):
        wrong("its style loads something from outside", "Draw it with what the file holds itself.")
    for attribute, value in element.attrib.items():
        attribute = attribute.rpartition("}")[2].lower()
        if attribute.startswith("on"):
            wrong(f"holds the handler {attribute}", "Delete it: a figure is only looked at.")
        elif attribute in ("href", "src") and not value.strip().startswith(("#", "data:image/")):
            wrong(f"refers to '{value[:60]}'", "Refer only to parts of the file itself (#id).")
        elif OUTSIDE_STYLE.search(value):
            wrong(f"its {attribute} loads something from outside", "Draw it with what the file holds itself.")
