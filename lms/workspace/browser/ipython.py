"""What notebooks import of IPython, without IPython: `display`, the classes that show themselves, and a shell to ask for."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import figures, formats

if TYPE_CHECKING:
    from .kernel import Kernel


class Shown:
    """Data that is shown as a mime type of its own."""

    mime = "text/plain"

    def __init__(self, data: Any = None, url: str | None = None, filename: str | None = None, **_: Any) -> None:
        if filename is not None:
            data = Path(filename).read_bytes() if self.mime.startswith("image/") else Path(filename).read_text("utf-8")
        self.data = data
        self.url = url

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {self.mime: formats.text_of(self.data)}

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"


class HTML(Shown):
    mime = "text/html"


class Markdown(Shown):
    mime = "text/markdown"


class Latex(Shown):
    mime = "text/latex"


class Math(Latex):
    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(f"$\\displaystyle {str(data).strip('$')}$", **more)


class Pretty(Shown):
    """A text as it stands."""


class Image(Shown):
    mime = "image/png"

    def __init__(self, data: Any = None, url: str | None = None, filename: str | None = None, **more: Any) -> None:
        if isinstance(data, str):
            data, filename = None, data
        super().__init__(data, url, filename, **more)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        is_jpeg = isinstance(self.data, bytes) and self.data.startswith(b"\xff\xd8")
        return {"image/jpeg" if is_jpeg else "image/png": formats.text_of(self.data)}


class DisplayHandle:
    """To change later what was shown."""

    def __init__(self, kernel: Kernel, display_id: str) -> None:
        self._kernel = kernel
        self.display_id = display_id

    def __repr__(self) -> str:
        return f"<DisplayHandle display_id={self.display_id}>"

    def display(self, value: Any) -> None:
        self._kernel.show(value, display_id=self.display_id)

    def update(self, value: Any) -> None:
        self._kernel.update(value, self.display_id)


class Events:
    """Libraries ask to be called after each cell; here nothing needs it."""

    def register(self, event: str, function: Callable[..., object]) -> None:
        pass

    def unregister(self, event: str, function: Callable[..., object]) -> None:
        pass


class Shell:
    """What `get_ipython()` gives."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.events = Events()

    @property
    def user_ns(self) -> dict[str, Any]:
        return self._kernel.namespace

    def run_line_magic(self, name: str, line: str, *_: Any) -> None:
        self._kernel.refuse_magic(f"%{name} {line}".strip())

    def run_cell_magic(self, name: str, line: str, _cell: str) -> None:
        self._kernel.refuse_magic(f"%%{name} {line}".strip())

    def system(self, command: str) -> None:
        self._kernel.refuse_magic(f"!{command}")


def install(kernel: Kernel) -> dict[str, Any]:
    """Put the modules in their places; the names that every notebook has from the start."""

    def display(
        *values: Any, display_id: Any = None, clear: bool = False, raw: bool = False, **_: Any
    ) -> DisplayHandle | None:
        if clear:
            kernel.sink.clear(wait=True)
        name = f"display-{next(kernel.numbers)}" if display_id is True else str(display_id or "")
        for value in values:
            kernel.show(value, display_id=name, is_bundle=raw)
        return DisplayHandle(kernel, name) if name else None

    def update_display(value: Any, *, display_id: str, **_: Any) -> None:
        kernel.update(value, display_id)

    def clear_output(wait: bool = False) -> None:
        kernel.sink.clear(wait=wait)

    def get_ipython() -> Shell:
        return shell

    def shows(kind: type[Shown]) -> Callable[..., None]:
        def show(*values: Any, **_: Any) -> None:
            for value in values:
                kernel.show(kind(value))

        return show

    shell = Shell(kernel)
    names = {
        "display": display,
        "update_display": update_display,
        "clear_output": clear_output,
        "display_html": shows(HTML),
        "display_markdown": shows(Markdown),
        "display_latex": shows(Latex),
        "DisplayHandle": DisplayHandle,
        **{kind.__name__: kind for kind in (HTML, Markdown, Latex, Math, Pretty, Image)},
    }
    shown = _module("IPython.display", **names)
    core = _module("IPython.core", display=_module("IPython.core.display", **names))
    top = _module("IPython", display=shown, core=core, get_ipython=get_ipython, version_info=(9, 0, 0))
    top.__version__ = "9.0.0"  # type: ignore[attr-defined]
    return {"display": display, "get_ipython": get_ipython}


def _module(name: str, **names: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(names)
    sys.modules[name] = module
    return module


def bundle(value: Any) -> dict[str, str]:
    return figures.as_data(value) if figures.is_figure(value) else formats.bundle(value)
