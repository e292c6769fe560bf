"""What every HTML page of ours has and does not have, whatever test opened it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from lxml import html
from werkzeug.test import TestResponse

_ADDRESSES = ("src", "href", "action", "formaction", "poster", "data")
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
_ELSEWHERE = re.compile(r"([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
_PARSER = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")

_faultless: set[tuple[bool, int]] = set()


def token_of(text: str) -> str | None:
    """The form token that a page brings, if any."""
    found = _TOKEN.search(text)
    return found and found[1]


def is_page(response: TestResponse) -> bool:
    """Whether it is an HTML page to be seen: not a redirect (htmx has one of its own), whose body nobody sees."""
    leads_on = 300 <= response.status_code < 400 or "HX-Redirect" in response.headers
    return response.mimetype == "text/html" and response.status_code != 204 and not leads_on


def faults_of_page(response: TestResponse) -> list[str]:
    """What is wrong with a page as a whole, in words; empty where nothing is.

    Most answers of a test are like one that was looked at before but for their form token: they are not looked at again.
    """
    text = response.get_data(as_text=True)
    token = token_of(text)
    is_sandboxed = response.headers["Content-Security-Policy"].startswith("sandbox")
    key = (is_sandboxed, hash(text.replace(token, "") if token else text))
    if key in _faultless:
        return []
    faults = _look_at(text, is_sandboxed)
    if not faults:
        _faultless.add(key)
    return faults


def _look_at(text: str, is_sandboxed: bool) -> list[str]:
    page = html.document_fromstring(text.encode(), parser=_PARSER)
    everything = list(page.iter())
    faults = [*_addresses(everything), *_active(everything), *([] if is_sandboxed else _inline_styles(everything))]
    for template in page.findall(".//template"):  # is nothing that anybody sees until a script makes something of it
        template.drop_tree()
    seen = list(page.iter())
    return [*faults, *_frame(page), *_ids(seen), *_labels(seen)]


def _frame(page: html.HtmlElement) -> Iterator[str]:
    if not page.get("lang"):
        yield "the page says no language"
    titles = [title for title in page.findall("head/title") if title.text_content().strip()]
    if len(titles) != 1:
        yield f"{len(titles)} titles"
    headings = [heading for heading in page.iter("h1") if heading.text_content().strip()]
    if len(headings) != 1:
        yield f"{len(headings)} h1"


def _ids(elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    ids = Counter(element.get("id") for element in elements)
    del ids[None]
    yield from (f"id {name} stands {count} times" for name, count in ids.items() if count > 1)
    for element in elements:
        for attribute in _REFERENCES:
            for name in element.get(attribute, "").split():
                if name not in ids:
                    yield f"{attribute}={name} leads nowhere"


def _labels(elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label"}
    for element in elements:
        if _is_control(element):
            named = element.get("aria-label") or element.get("aria-labelledby")
            labels = element.get("id") in labelled or next(element.iterancestors("label"), None) is not None
            if not (named or labels):
                yield f"{_short(element)} has no label"
        elif element.tag in ("button", "a"):
            if not (element.text_content().strip() or element.get("aria-label") or _has_words(element)):
                yield f"{_short(element)} says nothing"
        elif element.tag == "img" and element.get("alt") is None:
            yield f"{_short(element)} has no alt"


def _is_control(element: html.HtmlElement) -> bool:
    if element.tag == "input":
        return element.get("type") not in ("hidden", "submit")
    return element.tag in ("select", "textarea")


def _has_words(element: html.HtmlElement) -> bool:
    return any(
        part.get("aria-label") is not None or (part.tag == "img" and part.get("alt") is not None)
        for part in element.iterdescendants()
    )


def _addresses(elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    """Nothing is loaded from, or sent to, another site."""
    for element in elements:
        for name in _ADDRESSES:
            value = element.get(name, "").strip()
            is_inside = name == "src" and value.startswith("data:image/")
            if _ELSEWHERE.match(value) and not is_inside:
                yield f"{_short(element)} leads outside"


def _active(elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    """Nothing that a strict policy would stop."""
    for element in elements:
        if element.tag == "script" and element.get("src") is None and element.get("type") != "application/json":
            yield f"inline script {_short(element)}"
        yield from (f"{_short(element)} has {name}" for name in element.keys() if name.startswith("on"))  # noqa: SIM118


def _inline_styles(elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    for element in elements:
        if element.tag == "style" or element.get("style") is not None:
            yield f"inline style {_short(element)}"


def _short(element: html.HtmlElement) -> str:
    return html.tostring(element, encoding="unicode", with_tail=False)[:120]
