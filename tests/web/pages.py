"""What every HTML page of ours has and does not have, whatever test opened it."""

from __future__ import annotations

import re
from collections import Counter

from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

_ADDRESSES = ("src", "href", "action", "formaction", "poster", "data")
_CONTROLS = "input:not([type=hidden]):not([type=submit]), select, textarea"


def parsed(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def is_page(response: TestResponse) -> bool:
    """Whether it is an HTML page to be seen: not a redirect (htmx has one of its own), whose body nobody sees."""
    leads_on = 300 <= response.status_code < 400 or "HX-Redirect" in response.headers
    return response.mimetype == "text/html" and response.status_code != 204 and not leads_on


def faults_of_page(response: TestResponse, page: BeautifulSoup | None = None) -> list[str]:
    """What is wrong with a page as a whole, in words; empty where nothing is. `page` is the response where it is parsed."""
    page = page or parsed(response)
    is_sandboxed = response.headers["Content-Security-Policy"].startswith("sandbox")
    faults = [*_addresses(page), *_active(page), *([] if is_sandboxed else _inline_styles(page))]
    if page.template:  # is nothing that anybody sees until a script makes something of it
        page = parsed(response)
        for template in page.find_all("template"):
            template.extract()
    return [*faults, *_frame(page), *_ids(page), *_labels(page)]


def _frame(page: BeautifulSoup) -> list[str]:
    faults = []
    if page.html is None or not page.html.get("lang"):
        faults.append("the page says no language")
    titles = [title for title in page.select("head > title") if title.get_text(strip=True)]
    if len(titles) != 1:
        faults.append(f"{len(titles)} titles")
    headings = [heading for heading in page.find_all("h1") if heading.get_text(strip=True)]
    if len(headings) != 1:
        faults.append(f"{len(headings)} h1")
    return faults


def _ids(page: BeautifulSoup) -> list[str]:
    ids = Counter(str(element["id"]) for element in page.find_all(id=True))
    faults = [f"id {name} stands {count} times" for name, count in ids.items() if count > 1]
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for element in page.select(f"[{attribute}]"):
            faults += [
                f"{attribute}={name} leads nowhere" for name in str(element[attribute]).split() if name not in ids
            ]
    return faults


def _labels(page: BeautifulSoup) -> list[str]:
    faults = []
    for control in page.select(_CONTROLS):
        label = page.select_one(f'label[for="{control["id"]}"]') if control.get("id") else None
        named = control.get("aria-label") or control.get("aria-labelledby")
        if not (named or label or control.find_parent("label")):
            faults.append(f"{_short(control)} has no label")
    for button in page.find_all(["button", "a"]):
        if (
            not button.get_text(strip=True)
            and not button.get("aria-label")
            and not button.select("[aria-label], img[alt]")
        ):
            faults.append(f"{_short(button)} says nothing")
    return faults + [f"{_short(image)} has no alt" for image in page.find_all("img", alt=False)]


def _addresses(page: BeautifulSoup) -> list[str]:
    """Nothing is loaded from, or sent to, another site."""
    faults = []
    for element in page.find_all(True):
        for name in _ADDRESSES:
            value = str(element.get(name, "")).strip()
            if re.match(r"(?i)([a-z][a-z0-9+.-]*:|//)", value) and not (
                name == "src" and value.startswith("data:image/")
            ):
                faults.append(f"{_short(element)} leads outside")
    return faults


def _active(page: BeautifulSoup) -> list[str]:
    """Nothing that a strict policy would stop."""
    scripts = [script for script in page.find_all("script", src=False) if script.get("type") != "application/json"]
    faults = [f"inline script {_short(script)}" for script in scripts]
    for element in page.find_all(True):
        faults += [f"{_short(element)} has {name}" for name in element.attrs if name.startswith("on")]
    return faults


def _inline_styles(page: BeautifulSoup) -> list[str]:
    return [f"inline style {_short(element)}" for element in page.select("style, [style]")]


def _short(element: Tag) -> str:
    return str(element)[:120]
