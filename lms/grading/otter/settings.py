"""The little of YAML that Otter's settings use: keys, plain values, lists, texts of several lines, keys below a key."""

from __future__ import annotations

import re
from typing import Any

_KEY = re.compile(r"^(?P<indent>\s*)(?P<dash>-\s+)?(?:(?P<key>[\w.-]+)\s*:(?:\s+|$))?(?P<rest>.*)$")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read_settings(lines: list[str]) -> dict[str, Any]:
    """ValueError, with the line, where it is something else."""
    reader = _Reader([line.rstrip() for line in lines])
    found = reader.block(0)
    if reader.place < len(reader.lines) or not isinstance(found, dict | None):
        raise ValueError(reader.lines[min(reader.place, len(reader.lines) - 1)].strip())
    return found or {}


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.place = 0

    def block(self, least: int) -> Any:
        """The keys, or the list, that begin here, indented by `least` or more."""
        indent = self._indent()
        if indent is None or indent < least:
            return None
        is_list = self.lines[self.place].lstrip().startswith("- ")
        items: list[Any] = []
        table: dict[str, Any] = {}
        while self._indent() == indent and self.lines[self.place].lstrip().startswith("- ") == is_list:
            match = _KEY.match(self.lines[self.place])
            assert match is not None
            self.place += 1
            if is_list:
                items.append(_value(f"{match['key']}: {match['rest']}" if match["key"] else match["rest"]))
            elif match["key"]:
                table[match["key"]] = self._value_of(match["rest"], indent)
            else:
                self.place -= 1
                break
        return items if is_list else table

    def _value_of(self, rest: str, indent: int) -> Any:
        rest = _without_comment(rest)
        if re.fullmatch(r"[|>][+-]?", rest):
            return self._text(rest[0], indent)
        if rest:
            return _value(rest)
        below = self._indent()
        dashed = below == indent and self.lines[self.place].lstrip().startswith("- ")
        return self.block(indent if dashed else indent + 1)

    def _text(self, style: str, indent: int) -> str:
        taken = []
        while self.place < len(self.lines):
            line = self.lines[self.place]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            taken.append(line.strip())
            self.place += 1
        return ("\n" if style == "|" else " ").join(taken).strip()

    def _indent(self) -> int | None:
        """Of the next line that says something; None at the end."""
        while self.place < len(self.lines):
            line = self.lines[self.place]
            if line.strip() and not line.lstrip().startswith("#"):
                return len(line) - len(line.lstrip())
            self.place += 1
        return None


def _without_comment(text: str) -> str:
    if text[:1] in "'\"" and text and (end := text.find(text[0], 1)) > 0:
        return text[: end + 1]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _value(text: str) -> Any:
    text = _without_comment(text.strip())
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if text.startswith("[") and text.endswith("]"):
        return [_value(part) for part in text[1:-1].split(",") if part.strip()]
    if text.startswith("{") and text.endswith("}"):
        pairs = [part.partition(":") for part in text[1:-1].split(",") if part.strip()]
        return {key.strip(): _value(value) for key, _, value in pairs}
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
