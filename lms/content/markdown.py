"""Markdown of pages and quizzes -> safe HTML. The one place that knows our dialect: CommonMark with tables,
strikethrough, task lists, footnotes, `$math$`, and callouts (`::: note Title` … `:::`)."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from msgspec import Struct

CALLOUTS = ("note", "tip", "warning", "example")
# Hangul, Han, Kana and the full-width forms: scripts in which a word's ending follows without a space.
EAST_ASIAN = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uff00-\uffef]"
)


class Heading(Struct, frozen=True):
    """`anchor` is without a page's prefix; `line` counts from 1."""

    level: int
    text: str
    anchor: str
    line: int


class _State(StateInline):
    """CommonMark leaves `**가동률(availability)**은` as asterisks, since a letter follows the closing pair without a
    space. Korean particles always do, so next to such a script a pair may open and close there too."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        scanned = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1] if start > 0 else " "
        end = start + scanned.length
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord:
            return scanned
        opens = scanned.can_open or (bool(EAST_ASIAN.match(before)) and not after.isspace())
        closes = scanned.can_close or (bool(EAST_ASIAN.match(after)) and not before.isspace())
        return Scanned(opens, closes, scanned.length)


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


@functools.cache
def parser(*, html: bool = False) -> MarkdownIt:
    """`html` keeps raw HTML as tokens of its own, so that a check can find it; to render, it must be False."""
    made = MarkdownIt("commonmark", {"html": html})
    made.inline = _Inline()
    made.enable(["table", "strikethrough"])
    made.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    made.use(footnote_plugin).use(tasklists_plugin)
    for kind in CALLOUTS:
        made.use(container_plugin, kind)
    return made


def parse(text: str, *, html: bool = False) -> tuple[list[Token], dict[str, Any]]:
    """Tokens, each heading with its anchor in `meta`, and the environment that footnotes need to be rendered."""
    environment: dict[str, Any] = {}
    tokens = parser(html=html).parse(text, environment)
    taken: set[str] = set()
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.meta["anchor"] = _free_anchor(plain_text(tokens[place + 1].children or []), taken)
    return tokens, environment


def headings(text: str) -> tuple[Heading, ...]:
    """The headings of a page, in order, for a table of contents."""
    return headings_of(parse(text)[0])


def headings_of(tokens: Sequence[Token]) -> tuple[Heading, ...]:
    return tuple(
        Heading(int(token.tag[1]), plain_text(tokens[place + 1].children or []), token.meta["anchor"], line_of(token))
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    )


def walk(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """All tokens, those inside lines too, each with its line, from 1 (0 where it isn't known)."""
    line = 0
    for token in tokens:
        line = line_of(token) or line
        yield token, line
        for child, _ in walk(token.children or []) if token.type != "image" else ():
            yield child, line


def line_of(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def plain_text(tokens: Sequence[Token]) -> str:
    """What is read of a line: no marks, an image by its alt text."""
    words = []
    for token in tokens:
        if token.type in ("text", "code_inline", "math_inline", "text_special"):
            words.append(token.content)
        elif token.type == "image":
            words.append(plain_text(token.children or []))
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
    return "".join(words).strip()


def has_math(html: str) -> bool:
    """Whether rendered HTML holds formulas, so that only such pages load what sets them."""
    return 'class="math ' in html


def _free_anchor(text: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", text).lower()).strip("-_") or "section"
    anchor, number = base, 1
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor
