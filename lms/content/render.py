"""Parsed Markdown -> HTML that is safe to put into a page under a strict Content-Security-Policy (no style attributes,
no scripts, no outside images) and readable by keyboard and screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from lms.content.markdown import CALLOUTS, parse, parser, plain_text

WORDS = {
    "ko": {
        "table": "표",
        "code": "코드",
        "back": "본문으로 돌아가기",
        "footnote": "각주",
        "note": "참고",
        "tip": "도움말",
        "warning": "주의",
        "example": "예",
        "done": "완료",
        "todo": "할 일",
    },
    "en": {
        "table": "Table",
        "code": "Code",
        "back": "Back to the text",
        "footnote": "Footnote",
        "note": "Note",
        "tip": "Tip",
        "warning": "Warning",
        "example": "Example",
        "done": "done",
        "todo": "to do",
    },
}
TAGS = set(
    "h2 h3 h4 h5 h6 p br hr em strong s code pre blockquote ul ol li a img figure figcaption".split()  # noqa: SIM905
    + "table thead tbody tr th td div span aside sup section".split()  # noqa: SIM905
)
ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href", "title", "rel", "aria-label"},
    "img": {"src", "alt", "title", "loading", "decoding"},
    "ol": {"start"},
    "th": {"scope"},
    "div": {"tabindex", "role", "aria-label"},
    "aside": {"role", "aria-labelledby"},
    "span": {"role", "aria-label"},
}
OUTSIDE = re.compile(r"(https?|mailto):", re.IGNORECASE)
PLAIN_CODE = {"", "text", "txt", "plain", "output", "csv"}
FORMATTER: HtmlFormatter = HtmlFormatter(nowrap=True)


class Place(NamedTuple):
    """Where Markdown is rendered: addresses, language, and what keeps ids and labels apart on one page."""

    media_url: Callable[[str], str]
    unit_url: Callable[[str], str] | None
    language: str
    prefix: str
    label: str


def render_markdown(
    text: str,
    *,
    media_url: Callable[[str], str],
    unit_url: Callable[[str], str] | None = None,
    language: str = "ko",
    prefix: str = "s-",
    label: str = "",
) -> str:
    """Safe HTML of a page or of a quiz's text.

    `media_url` is given a path as written (`media/x.svg`); `unit_url` the key of a link such as `unit:oee`, which
    is shown as plain text without it. `prefix` begins each id and `label` each region's name ("문제 3"): give each
    text its own where several stand on one page. `language` is that of the words we add ("표 1", "주의").
    """
    tokens, environment = parse(text)
    renderer = PageRenderer(Place(media_url, unit_url, language, prefix, label))
    return _clean(renderer.render(tokens, parser().options, environment))


def render_inline(
    text: str,
    *,
    media_url: Callable[[str], str],
    unit_url: Callable[[str], str] | None = None,
    language: str = "ko",
    prefix: str = "s-",
) -> str:
    """Safe HTML of one paragraph without its `<p>`, for labels of choices."""
    environment: dict[str, Any] = {}
    tokens = parser().parseInline(text, environment)
    renderer = PageRenderer(Place(media_url, unit_url, language, prefix, ""))
    return _clean(renderer.render(tokens, parser().options, environment))


def render_code(code: str, language: str = "python") -> str:
    """Safe HTML of code alone, coloured, to stand in a `<code>`."""
    return _clean(highlight(code, get_lexer_by_name(language), FORMATTER))


def _clean(html: str) -> str:
    """The last word on what may stand in a page, whatever the rules above it let through."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None)


def knows_language(name: str) -> bool:
    """Whether code of that language can be coloured."""
    if name in PLAIN_CODE:
        return True
    try:
        get_lexer_by_name(name)
    except ClassNotFound:
        return False
    return True


class PageRenderer(RendererHTML):
    """Each method is the rule for the token of its name; what has none is rendered as markdown-it does."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self._words = WORDS.get(place.language, WORDS["en"])
        self._counts: dict[str, int] = {}
        self._links: list[str] = []
        rules: dict[str, Any] = self.rules
        for kind in CALLOUTS:
            rules[f"container_{kind}_open"] = self._callout_open
            rules[f"container_{kind}_close"] = self._callout_close

    # Headings, paragraphs, figures

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The page's title is its h1, so that headings start at h2."""
        token = tokens[idx]
        return f'<{_heading(token)} id="{escape(self._place.prefix + token.meta["anchor"])}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"</{_heading(tokens[idx])}>\n"

    def paragraph_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        if _lone_image(tokens[idx + 1]):
            return '<figure class="figure">'
        return self.renderToken(tokens, idx, options, env)

    def paragraph_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        image = _lone_image(tokens[idx - 1])
        if not image:
            return self.renderToken(tokens, idx, options, env)
        title = str(image.attrs.get("title", ""))
        return (f"<figcaption>{escape(title)}</figcaption>" if title else "") + "</figure>\n"

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        source = str(token.attrs.get("src", ""))
        alt = escape(plain_text(token.children or []))
        if not source.startswith("media/"):
            return alt
        return f'<img src="{escape(self._place.media_url(source))}" alt="{alt}" loading="lazy" decoding="async">'

    # Links

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        address = self._address(str(token.attrs.get("href", "")))
        self._links.append("</a>" if address else "</span>")
        if not address:
            return '<span class="no-link">'
        title = f' title="{escape(str(token.attrs["title"]))}"' if token.attrs.get("title") else ""
        rel = ' rel="noopener noreferrer"' if OUTSIDE.match(address) else ""
        return f'<a href="{escape(address)}"{title}{rel}>'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._links.pop()

    def _address(self, target: str) -> str:
        """The address of a link as written, '' where it leads nowhere from here."""
        if target.startswith("#"):
            return f"#{self._place.prefix}{target[1:]}"
        if target.startswith("media/"):
            return self._place.media_url(target)
        if target.startswith("unit:"):
            key, hash_sign, anchor = target.removeprefix("unit:").partition("#")
            to_section = f"#{self._place.prefix}{anchor}" if hash_sign else ""
            return self._place.unit_url(key) + to_section if self._place.unit_url else ""
        return target if OUTSIDE.match(target) else ""

    # Tables

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<div {self._region('table', 'table-scroll')}>\n<table>\n"

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</table>\n</div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<th scope="col"{_alignment(tokens[idx])}>'

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<td{_alignment(tokens[idx])}>"

    # Code and math

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        language = token.info.split()[0].lower() if token.info.split() else ""
        return self._code(token.content, language)

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._code(tokens[idx].content, "")

    def _code(self, code: str, language: str) -> str:
        is_plain = language in PLAIN_CODE or not knows_language(language)
        inner = escape(code) if is_plain else highlight(code, get_lexer_by_name(language), FORMATTER)
        name = f' class="language-{escape(language)}"' if language else ""
        return f"<div {self._region('code', 'highlight')}><pre><code{name}>{inner}</code></pre></div>\n"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<span class="math inline">{escape(tokens[idx].content.strip())}</span>'

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self.math_inline(tokens, idx, options, env)

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<div class="math block">{escape(tokens[idx].content.strip())}</div>\n'

    # Callouts, task lists, footnotes

    def _callout_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        kind, _, title = tokens[idx].info.strip().partition(" ")
        name = f"{self._place.prefix}callout-{self._count('callout')}"
        said = escape(title.strip() or self._words[kind])
        # role="note": an <aside> of its own would be a landmark, and a page has many callouts.
        return (
            f'<aside role="note" class="callout callout-{kind}" aria-labelledby="{escape(name)}">\n'
            f'<p class="callout-title" id="{escape(name)}">{said}</p>\n'
        )

    def _callout_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</aside>\n"

    def html_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Only the task lists' boxes come here, since raw HTML is off. They are pictures, not controls: a page or quiz
        may stand inside a form."""
        is_done = "checked=" in tokens[idx].content
        name = self._words["done" if is_done else "todo"]
        return f'<span class="task-box" role="img" aria-label="{name}">{"☑" if is_done else "☐"}</span> '

    def footnote_ref(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        number, again = _footnote(tokens[idx])
        here, there = f"{self._place.prefix}fnref-{number}{again}", f"{self._place.prefix}fn-{number}"
        name = f"{self._words['footnote']} {number}"
        return (
            f'<sup class="footnote-ref"><a href="#{escape(there)}" id="{escape(here)}" aria-label="{name}">'
            f"[{number}]</a></sup>"
        )

    def footnote_block_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return '<section class="footnotes">\n<hr>\n<ol>\n'

    def footnote_block_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</ol>\n</section>\n"

    def footnote_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<li id="{escape(self._place.prefix)}fn-{_footnote(tokens[idx])[0]}">'

    def footnote_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</li>\n"

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        number, again = _footnote(tokens[idx])
        there = escape(f"{self._place.prefix}fnref-{number}{again}")
        return f' <a href="#{there}" class="footnote-back" aria-label="{self._words["back"]}">↩</a>'

    # Names

    def _region(self, kind: str, css_class: str) -> str:
        """Attributes of a part that scrolls sideways inside itself: reachable by keyboard, with a name of its own."""
        said = f"{self._place.label} {self._words[kind]} {self._count(kind)}".strip()
        return f'class="{css_class}" tabindex="0" role="region" aria-label="{escape(said)}"'

    def _count(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]


def _heading(token: Token) -> str:
    return f"h{max(2, int(token.tag[1]))}"


def _lone_image(inline: Token) -> Token | None:
    """The image of a paragraph that holds nothing else."""
    children = inline.children or []
    return children[0] if len(children) == 1 and children[0].type == "image" else None


def _alignment(token: Token) -> str:
    """As a class: the policy of our pages allows no style attributes."""
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f' class="align-{side}"' if side else ""


def _footnote(token: Token) -> tuple[int, str]:
    """Its number, and what tells a further reference to the same one."""
    again = int(token.meta.get("subId", 0))
    return int(token.meta["id"]) + 1, f"-{again + 1}" if again > 0 else ""
