"""What can be wrong with the Markdown of a course, told with file and line before a learner sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from markdown_it.token import Token

from lms.content.markdown import CALLOUTS, headings_of, parse, plain_text, walk
from lms.content.problems import Problems, did_you_mean
from lms.content.render import OUTSIDE, knows_language

NO_ALT = re.compile(r"(image|img|figure|picture|그림|이미지|사진|.*\.(svg|png|jpe?g|webp|gif))", re.IGNORECASE)


@dataclass(frozen=True)
class Text:
    """Markdown and where it stands. `key` is '' in a page, whose problems are told by line."""

    file: str
    key: str
    markdown: str
    unit: str
    is_label: bool = False

    @property
    def is_page(self) -> bool:
        return not self.key


@dataclass
class Checker:
    """Checks texts against what the course has. `used` gathers the media that they refer to."""

    problems: Problems
    media: Iterable[str]
    units: Iterable[str]
    anchors: Mapping[str, set[str]]
    used: set[str] = field(default_factory=set)

    def check(self, text: Text) -> None:
        tokens = parse(text.markdown, html=True)[0]
        self._text = text
        self._check_headings(tokens)
        if text.is_label:
            self._check_label(tokens)
        found = list(walk(tokens))
        for place, (token, line) in enumerate(found):
            self._check_token(token, line, [after for after, _ in found[place + 1 : place + 20]])

    def _wrong(self, line: int, problem: str, remedy: str = "") -> None:
        key = self._text.key or (f"line {line}" if line else "")
        self.problems.add(self._text.file, key, problem, remedy)

    def _check_token(self, token: Token, line: int, following: list[Token]) -> None:
        kind = token.type
        if kind in ("html_block", "html_inline") and "task-list-item-checkbox" not in token.content:
            said = token.content.strip().split("\n")[0][:40]
            self._wrong(line, f"raw HTML is not shown: {said}", "Write it in Markdown, or as code in `…`.")
        elif kind == "image":
            self._check_image(token, line)
        elif kind == "link_open":
            self._check_link(token, line, following)
        elif kind == "fence":
            self._check_fence(token, line)
        elif kind == "code_block":
            self._wrong(
                line, "lines indented by four spaces are shown as code", "Use ``` and a language, or indent less."
            )
        elif kind.startswith("container_") and kind.endswith("_open"):
            self._check_callout_end(token, line)
        elif kind == "text":
            self._check_words(token.content, line)

    def _check_headings(self, tokens: list[Token]) -> None:
        level = 1
        for heading in headings_of(tokens):
            if not self._text.is_page:
                self._wrong(heading.line, "headings are for pages", "Write it in **bold**.")
            elif heading.level == 1:
                self._wrong(heading.line, "the unit's title is the page's only '#' heading", "Begin with '##'.")
            elif heading.level > level + 1:
                expected = "#" * (level + 1)
                self._wrong(
                    heading.line, f"a heading of level {heading.level} follows level {level}", f"Use '{expected}'."
                )
            if not heading.text:
                self._wrong(heading.line, "the heading is empty")
            level = max(2, heading.level)

    def _check_label(self, tokens: list[Token]) -> None:
        if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
            self._wrong(0, "is more than one paragraph", "A choice is one line: no lists, tables or blocks.")
        elif any(child.type == "link_open" for child in tokens[1].children or []):
            self._wrong(0, "holds a link, which can't be followed inside a choice", "Put it into the question's text.")

    def _check_image(self, token: Token, line: int) -> None:
        source = str(token.attrs.get("src", ""))
        alt = plain_text(token.children or [])
        self._check_media(source, line, "image")
        if not alt:
            self._wrong(line, f"the image '{source}' has no alt text", "Say between the [ ] what it shows.")
        elif NO_ALT.fullmatch(alt):
            self._wrong(line, f"the alt text '{alt}' doesn't say what '{source}' shows", "Say it in a sentence.")

    def _check_media(self, source: str, line: int, what: str) -> None:
        if not source.startswith("media/"):
            remedy = "Put the file into the course's media/ folder and write media/NAME."
            self._wrong(line, f"the {what} '{source}' is not in media/", remedy)
        elif source in self.media:
            self.used.add(source)
        else:
            self._wrong(line, f"there is no file '{source}'", did_you_mean(source, self.media) or "Add it.")

    def _check_link(self, token: Token, line: int, following: list[Token]) -> None:
        target = unquote(str(token.attrs.get("href", "")))
        inside = following[: next((n for n, after in enumerate(following) if after.type == "link_close"), None)]
        if not plain_text(inside):
            self._wrong(line, f"the link to '{target}' has no text", "Say between the [ ] where it leads.")
        if target.startswith("#"):
            self._check_anchor(self._text.unit, target[1:], line)
        elif target.startswith("unit:"):
            self._check_unit(target.removeprefix("unit:"), line)
        elif target.startswith("media/"):
            self._check_media(target, line, "link")
        elif not OUTSIDE.match(target):
            remedy = "Write unit:KEY, #heading, media/NAME or a whole address that begins with https://."
            self._wrong(line, f"the link '{target}' leads nowhere", remedy)

    def _check_unit(self, target: str, line: int) -> None:
        key, _, anchor = target.partition("#")
        if key not in self.units:
            self._wrong(line, f"there is no unit '{key}'", did_you_mean(key, self.units))
        elif anchor:
            self._check_anchor(key, anchor, line)

    def _check_anchor(self, unit: str, anchor: str, line: int) -> None:
        anchors = self.anchors.get(unit, set())
        if anchor not in anchors:
            self._wrong(line, f"there is no heading '#{anchor}' in {unit}", did_you_mean(anchor, anchors))

    def _check_fence(self, token: Token, line: int) -> None:
        words = token.info.split()
        if not words:
            self._wrong(line, "the code has no language", "Write one after ```, such as python or text.")
        elif not knows_language(words[0].lower()):
            self._wrong(line, f"'{words[0]}' is not a language that can be coloured", "Use text for plain output.")

    def _check_callout_end(self, token: Token, line: int) -> None:
        lines = self._text.markdown.split("\n")
        end = token.map[1] if token.map else len(lines)
        if end >= len(lines) or not lines[end].strip().startswith(token.markup):
            self._wrong(
                line, f"the callout '{token.markup}{token.info}' is not closed", f"Add a line '{token.markup}'."
            )

    def _check_words(self, words: str, line: int) -> None:
        if words.startswith(":::"):
            kind = words.lstrip(":").split()[:1]
            if kind:
                self._wrong(line, f"'{kind[0]}' is not a callout", did_you_mean(kind[0], CALLOUTS))
            else:
                self._wrong(line, "':::' closes no callout", "Delete it, or open one above, such as '::: note'.")
        elif "**" in words:
            remedy = "Leave no space inside the ** pair; write powers as code in `…`."
            self._wrong(line, "'**' stands open and would be shown as it is", remedy)


def anchors_of(markdown: str) -> set[str]:
    return {heading.anchor for heading in headings_of(parse(markdown)[0])}
