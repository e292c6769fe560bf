"""TOML tables read key by key, each key checked for its type, with the dotted path of whatever is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from typing import Any

from lms.content.files import CONTROL, TEXT_LIMIT, Folder
from lms.content.problems import Problems, did_you_mean, nearest

LINE_IN_MESSAGE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
LARGEST = 1e15  # above it, a float no longer tells one whole number from the next
TYPE_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "a table"}


def read_toml(folder: Folder, relative: str, *, file: str = "", key: str = "") -> Table | None:
    """The file's top table, or None and a problem."""
    text = folder.read_text(relative, limit=TEXT_LIMIT, file=file, key=key)
    if text is None:
        return None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = LINE_IN_MESSAGE.search(message)
        line = f"line {place[1]}" if place and place[1] else ""
        problem = "is not valid TOML: " + LINE_IN_MESSAGE.sub("", message).strip()
        folder.problems.add(folder.show(relative), line, problem, "Mend the line or the one before it.")
        return None
    return Table(folder.problems, folder.show(relative), values)


class Table:
    """One TOML table. Each method takes a key; a wrong value is recorded and an empty one returned in its place,
    so that reading goes on. `finish` must come last: it tells the keys that nobody asked for."""

    def __init__(self, problems: Problems, file: str, values: dict[str, Any], path: str = "") -> None:
        self.problems = problems
        self.file = file
        self.path = path
        self._values = values
        self._asked: set[str] = set()
        self._missing: list[str] = []

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, problem: str, remedy: str = "") -> None:
        self.problems.add(self.file, self.at(key) if key else self.path, problem, remedy)

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        choices: Collection[str] = (),
        pattern: re.Pattern[str] | None = None,
        longest: int = 300,
    ) -> str:
        """One line of text; without a default the key is required. '' where it is wrong."""
        value = self._line(key, self._take(key, str, default), longest)
        if not value or value == default:
            return value
        if choices and value not in choices:
            self.wrong(key, f"'{value}' is not known here", did_you_mean(value, choices))
            return ""
        if pattern and not pattern.fullmatch(value):
            remedy = "Use small letters, digits and single hyphens between them."
            self.wrong(key, f"'{value}' is not a name of that kind", remedy)
            return ""
        return value

    def markdown(self, key: str, default: str | None = None) -> str:
        """Text of any number of lines, without the blank ones around it."""
        value = self._take(key, str, default).strip()
        if not value and default is None and key in self._values:
            self.wrong(key, "is empty", "Write a text.")
        return self._clean(key, value)

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        above: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        whole: bool = False,
    ) -> float:
        """A finite number within its bounds, 1.0 as 1 so that both give one digest; 0 where it is wrong."""
        value = self._take(key, int if whole else float, default)
        if value != value or abs(value) > LARGEST:
            self.wrong(key, f"'{value}' is not a number that can be used", "Write an ordinary number.")
            return 0
        for bound, is_wrong, words in (
            (above, above is not None and value <= above, "above"),
            (at_least, at_least is not None and value < at_least, "of at least"),
            (at_most, at_most is not None and value > at_most, "of at most"),
        ):
            if is_wrong and key in self._values:
                self.wrong(key, f"'{value}' is not a number {words} {bound:g}")
                return 0
        return int(value) if value == int(value) else value

    def integer(self, key: str, default: int | None = None, *, at_least: int = 0, at_most: int = 10**9) -> int:
        return int(self.number(key, default, at_least=at_least, at_most=at_most, whole=True))

    def flag(self, key: str, default: bool) -> bool:
        return self._take(key, bool, default)

    def texts(self, key: str) -> list[str]:
        """A required list of lines."""
        values = self._take(key, list, None)
        for place, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                self.wrong(f"{key}[{place}]", f"{value!r} is not a text", "Put it in quotation marks.")
        return [self._clean(key, value.strip()) for value in values if isinstance(value, str) and value.strip()]

    def table(self, key: str) -> Table | None:
        """The table under a key, or None where there is none."""
        if not self.has(key):
            return None
        values = self._take(key, dict, {})
        return Table(self.problems, self.file, values, self.at(key))

    def tables(self, key: str, *, required: bool = False) -> list[Table]:
        """The tables of `[[key]]`, in order."""
        values = self._take(key, list, None if required else [])
        found = []
        for place, value in enumerate(values):
            if isinstance(value, dict):
                found.append(Table(self.problems, self.file, value, f"{self.at(key)}[{place}]"))
            else:
                self.wrong(f"{key}[{place}]", f"{value!r} is not a table", f"Write it under [[{key}]].")
        return found

    def keys(self) -> list[str]:
        """All keys of a table whose keys are names that the author chose."""
        return list(self._values)

    def allow(self, keys: Collection[str]) -> None:
        """Keys that are not read, but not unknown either."""
        self._asked.update(keys)

    def finish(self) -> None:
        """Tell each key that is unknown, with the right one when it is near, and each that is missing."""
        missing = set(self._missing)
        for key in self._values:
            if key in self._asked:
                continue
            near = nearest(key, missing or self._asked) or nearest(key, self._asked)
            if near in missing:
                missing.discard(near)
            self.wrong(key, "there is no such key", did_you_mean(key, {near} if near else self._asked))
        for key in self._missing:
            if key in missing:
                self.wrong(key, "is missing", "Add it.")

    def _take(self, key: str, kind: type, default: Any) -> Any:
        self._asked.add(key)
        empty = kind() if default is None else default
        if key not in self._values:
            if default is None:
                self._missing.append(key)
            return empty
        value = self._values[key]
        is_number = kind is float and type(value) in (int, float)
        if is_number or type(value) is kind:
            return value
        if kind is list:
            remedy = f"Write [[{key}]] before each." if isinstance(value, dict) else "Write it as [ … ]."
            self.wrong(key, f"{_shorten(value)} is not a list", remedy)
        else:
            remedy = "Put it in quotation marks." if kind is str else ""
            if isinstance(value, str) and kind is not dict:
                remedy = "Write it without quotation marks."
            self.wrong(key, f"{_shorten(value)} is not {TYPE_NAMES[kind]}", remedy)
        return empty

    def _line(self, key: str, value: str, longest: int) -> str:
        value = value.strip()
        if key not in self._values or not isinstance(self._values[key], str):
            return value
        if not value:
            self.wrong(key, "is empty", "Write a text or leave the key out.")
        elif "\n" in value:
            self.wrong(key, "has more than one line", "Write it in one line.")
        elif len(value) > longest:
            self.wrong(key, f"has {len(value)} characters; at most {longest} are allowed", "Make it shorter.")
        return self._clean(key, value)

    def _clean(self, key: str, value: str) -> str:
        """TOML can spell control characters (`\\u0000`) that databases and pages can't hold."""
        bad = CONTROL.search(value)
        if bad:
            self.wrong(key, f"holds the control character U+{ord(bad[0]):04X}", "Delete it.")
            return ""
        return value


def _shorten(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 60 else said[:57] + "…"
