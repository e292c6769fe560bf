"""Notebooks as HTML. Imported only where a page is made: nbconvert is slow to import."""

from __future__ import annotations

import html
import re
from functools import wraps
from typing import Any

import nbformat
import nh3
from nbconvert import HTMLExporter
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

# Colouring a line and reading Markdown take time by the square of their length: what nobody writes by hand is shown as it is.
_LONGEST_LINE = 1_000
_MOST_CODE = 50_000
_LONGEST_TEXT = 10_000
_MOST_TEXT = 60_000
_MOST_HTML = 1_000_000
_UNNAMED = re.compile(r"<img(?![^>]*\salt=)")

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
    exporter = _Exporter(template_name="basic", exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(nbformat.from_dict(_without_floods(notebook)))
    clean = nh3.clean(
        body,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        set_tag_attribute_values={"table": {"tabindex": "0"}},  # a wide one scrolls in itself, also by keys
        attribute_filter=_keep,
        url_schemes={"data"},
        link_rel=None,
    )
    return _UNNAMED.sub('<img alt="No description has been provided for this image"', clean)


class _Exporter(HTMLExporter):
    """For one page, of which a learner may have written as much as she liked."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self._code_left, self._text_left = _MOST_CODE, _MOST_TEXT
        self._coloured = Highlight2HTML(pygments_lexer="ipython3", parent=self)
        self.filters = {"highlight_code": self._code}
        self.register_filter("highlight_code", self._code)

    def _code(self, source: str, language: str | None = None, metadata: Any = None) -> str:
        self._code_left -= len(source)
        if self._code_left < 0 or max(map(len, source.split("\n"))) > _LONGEST_LINE:
            return f'<div class="highlight"><pre>{html.escape(source, quote=False)}</pre></div>'
        return str(self._coloured(source, language, metadata))

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **named: Any
    ) -> tuple[str, dict[str, Any]]:
        """Without nbconvert's second reading of the page, which takes longer than all else: `render` names the pictures."""
        resources = self._init_resources(resources)
        self.register_filter(
            "filter_data_type", WidgetsDataTypeFilter(notebook_metadata={}, parent=self, resources=resources)
        )
        made: tuple[str, dict[str, Any]] = TemplateExporter.from_notebook_node(self, nb, resources, **named)
        return made

    @wraps(HTMLExporter.markdown2html)  # and with it that the template gives its context
    def markdown2html(self, context: Any, source: str) -> str:
        self._text_left -= len(source)
        if self._text_left < 0 or len(source) > _LONGEST_TEXT:
            return f"<pre>{html.escape(source, quote=False)}</pre>"
        return str(super().markdown2html(context, source))


def _without_floods(notebook: dict[str, Any]) -> dict[str, Any]:
    left = _MOST_HTML
    cells = []
    for cell in notebook["cells"]:
        outputs = []
        for output in cell.get("outputs", ()):
            left -= len(output.get("data", {}).get("text/html", ""))
            outputs.append(output if left >= 0 or "data" not in output else output | {"data": {"text/plain": "[…]"}})
        cells.append(cell | {"outputs": outputs} if "outputs" in cell else cell)
    return notebook | {"cells": cells}


def _keep(tag: str, name: str, value: str) -> str | None:
    """Addresses: pictures that are carried inside, and places of the same page."""
    if name == "src":
        return value if value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) else None
    if name == "href":
        return value if value.startswith("#") else None
    return value
