"""Notebooks as HTML. Imported only where a page is made: nbconvert is slow to import."""

from __future__ import annotations

from typing import Any

import nbformat
import nh3
from nbconvert import HTMLExporter

_TAGS = nh3.ALLOWED_TAGS | {"section", "figure", "figcaption"}
_ATTRIBUTES = {
    "*": {"class", "id", "role", "aria-label", "lang", "dir"},
    "img": {"src", "alt", "width", "height", "class"},
    "td": {"colspan", "rowspan", "class"},
    "th": {"colspan", "rowspan", "scope", "class"},
    "a": {"href", "class"},
}


def render(notebook: dict[str, Any]) -> str:
    """nbconvert's basic template, the whole of it sanitised by us: no script, pictures only from within, no outside link.

    nbconvert's own `sanitize_html` is not used: it makes text of the headings and tables in the tasks.
    """
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(nbformat.from_dict(notebook))
    return nh3.clean(
        body,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        set_tag_attribute_values={"table": {"tabindex": "0"}},  # a wide one scrolls in itself, also by keys
        attribute_filter=_keep,
        url_schemes={"data"},
        link_rel=None,
    )


def _keep(tag: str, name: str, value: str) -> str | None:
    """Addresses: pictures that are carried inside, and places of the same page."""
    if name == "src":
        return value if value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) else None
    if name == "href":
        return value if value.startswith("#") else None
    return value
