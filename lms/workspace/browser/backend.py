"""A backend of matplotlib whose screen is the cell's output."""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from . import figures, kernel

figures.add_font()  # matplotlib imports its backend before it draws


class FigureManager(FigureManagerBase):
    def show(self) -> None:
        kernel.current().show_figures()


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def show(*_: Any, **__: Any) -> None:
    kernel.current().show_figures()
