"""How values and figures become outputs: the richest form that a page shows, and each made only once.

IPython makes every form of a value, a table's text beside its HTML; matplotlib's inline backend draws a figure three times.
On a small notebook that costs more than its answers do.
"""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.formatters import DisplayFormatter

from .pictures import picture

MIMES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
_RICH = frozenset(MIMES[1:])
_PLAIN = frozenset(MIMES[:1])
# A diagram of a model is made of styles, of which a page keeps none.
_BETTER_PLAIN = ("sklearn",)


class Formatter(DisplayFormatter):
    """A value's text only where nothing richer stands for it."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        if include is None:
            if self.ipython_display_formatter(obj):
                return {}, {}  # it has shown itself
            if type(obj).__module__.partition(".")[0] not in _BETTER_PLAIN:
                data, metadata = super().format(obj, include=_RICH, exclude=exclude)
                if data:
                    return data, metadata
            include = _PLAIN
        made: tuple[dict[str, Any], dict[str, Any]] = super().format(obj, include=include, exclude=exclude)
        return made


def draw_once(shell: Any) -> None:
    """Figures by `picture`, and none drawn at the end of a cell for a screen that isn't there."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a notebook uses it

    shell.display_formatter.formatters["image/png"].for_type(Figure, picture)
    pyplot = sys.modules.get("matplotlib.pyplot")
    drawing = getattr(pyplot, "_draw_all_if_interactive", None)
    if drawing in shell.events.callbacks["post_execute"]:
        shell.events.unregister("post_execute", drawing)
