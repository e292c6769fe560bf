"""Files of one content folder, read as they lie on disk. Nothing outside of the folder is ever opened."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

from lms.content.problems import Problems

PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}")
# For authors, not for learners: notes, and the programs that made data or figures.
BESIDE = re.compile(r"(README|NOTES)\.md|LICEN[CS]E[\w.-]*|make_\w+\.py")
LEFT_BY_TOOLS = {"__pycache__", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini"}
KB = 1024
MB = 1024 * KB
TEXT_LIMIT = 512 * KB

# Tab and newline are the only control characters that a text of ours may hold.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Folder:
    """A content folder. Methods record a problem and return None where a file can't be used.

    `shown` is the folder's name in messages, such as `courses/first-steps`.
    """

    def __init__(self, path: Path, shown: str, problems: Problems) -> None:
        self.path = path
        self.shown = shown
        self.problems = problems

    def show(self, relative: str) -> str:
        return f"{self.shown}/{relative}"

    def list_files(self) -> list[str]:
        """Paths of all regular files, relative, with `/`, sorted; links and devices are problems, not files."""
        found: list[str] = []
        for base, folders, names in os.walk(self.path, followlinks=False):
            folders[:] = sorted(name for name in folders if name not in LEFT_BY_TOOLS)
            for name in sorted({*names, *folders} - LEFT_BY_TOOLS):
                path = Path(base, name)
                relative = path.relative_to(self.path).as_posix()
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):
                    found.append(relative)
                elif not stat.S_ISDIR(mode):
                    what = "is a symbolic link" if stat.S_ISLNK(mode) else "is not a regular file"
                    self.problems.add(self.show(relative), "", what, "Put a copy of the file itself there.")
        return sorted(found)

    def is_safe(self, relative: str, *, file: str, key: str) -> bool:
        """Whether a path that an author wrote stays in the folder and has a name that every system can hold."""
        if "\\" in relative or relative.startswith("/") or re.match(r"[A-Za-z]:", relative):
            problem = f"'{relative}' is not a relative path with '/' between its parts"
        elif ".." in relative.split("/"):
            problem = f"'{relative}' leads out of {self.shown}"
        elif not all(PART.fullmatch(part) for part in relative.split("/")):
            problem = f"'{relative}' holds a sign that file names may not have here"
        else:
            return True
        remedy = f"Write a path inside {self.shown}, of the letters A-Z and a-z, digits, '.', '-' and '_'."
        self.problems.add(file, key, problem, remedy)
        return False

    def read_bytes(self, relative: str, *, limit: int, file: str = "", key: str = "") -> bytes | None:
        """The file's bytes. `file` and `key` say who asked for it, for the message when it is missing."""
        asked_by = file or self.show(relative)
        if not self.is_safe(relative, file=asked_by, key=key):
            return None
        path = self.path / relative
        if self._has_link(relative):
            self.problems.add(self.show(relative), "", "is a symbolic link", "Put a copy of the file itself there.")
            return None
        if not path.is_file():
            self._missing(relative, asked_by, key)
            return None
        size = path.stat().st_size
        if size > limit:
            problem = f"is {size:,} bytes; at most {limit:,} are allowed"
            self.problems.add(self.show(relative), "", problem, "Make it smaller or split it.")
            return None
        return path.read_bytes()

    def read_text(self, relative: str, *, limit: int = TEXT_LIMIT, file: str = "", key: str = "") -> str | None:
        """The file as NFC text with `\\n` line ends, so that editors and checkouts don't change its hash."""
        data = self.read_bytes(relative, limit=limit, file=file, key=key)
        return None if data is None else decode(data, self.show(relative), self.problems)

    def _has_link(self, relative: str) -> bool:
        path = self.path
        for part in relative.split("/"):
            path = path / part
            if path.is_symlink():
                return True
        return False

    def _missing(self, relative: str, asked_by: str, key: str) -> None:
        if asked_by == self.show(relative):
            self.problems.add(asked_by, key, "there is no such file", "Add it.")
        else:
            problem = f"there is no file '{relative}' in {self.shown}"
            self.problems.add(asked_by, key, problem, "Add the file or mend the path.")


def is_content_folder(folder: Folder, slug: str) -> bool:
    if not SLUG.fullmatch(slug):
        remedy = "Name the folder with small letters, digits and single hyphens between them."
        folder.problems.add(folder.shown, "", f"'{slug}' is not a name for a course or exercise", remedy)
    elif folder.path.is_symlink():
        folder.problems.add(folder.shown, "", "is a symbolic link", "Put the folder itself there.")
    elif not folder.path.is_dir():
        folder.problems.add(folder.shown, "", "there is no such folder", "Add it or mend its name.")
    else:
        return True
    return False


def decode(data: bytes, file: str, problems: Problems) -> str | None:
    """UTF-8 text, or None and a problem that names the encoding that the file seems to have."""
    remedy = "Save it as UTF-8 without a byte order mark."
    if data.startswith(b"\xef\xbb\xbf"):
        problems.add(file, "", "begins with a byte order mark (BOM)", remedy)
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(file, "", "is written in UTF-16", remedy)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        looks_korean = _decodes(data, "cp949")
        problem = "is written in CP949 (EUC-KR)" if looks_korean else f"is not UTF-8 (line {line})"
        problems.add(file, "", problem, remedy)
        return None
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    bad = CONTROL.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        problems.add(file, f"line {line}", f"holds the control character U+{ord(bad[0]):04X}", "Delete it.")
        return None
    return text


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
