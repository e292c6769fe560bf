"""One notebook's Python: runs cells, tells their outputs, judges visible checks, completes names."""

from __future__ import annotations

import builtins
import importlib.util
import itertools
import json
import sys
import types
from collections.abc import Coroutine
from typing import Any

from . import completing, errors, figures, formats, guard, ipython, sources
from .judging import Cell, Judging, as_told, read_cell, trouble_of
from .outputs import Send, Sink, Stream
from .texts import say

_CO_COROUTINE = 0x80
_kernels: list[Kernel] = []


def current() -> Kernel:
    return _kernels[-1]


def start(options: str, send: Send) -> Kernel:
    """`options` as JSON: language, cells, seconds (of a check). `send` takes the steps of `outputs.Sink`."""
    told = json.loads(options)
    kernel = Kernel(told["language"], [read_cell(cell) for cell in told["cells"]], float(told["seconds"]), send)
    _kernels.append(kernel)
    return kernel


class Kernel:
    def __init__(self, language: str, cells: list[Cell], seconds: float, send: Send) -> None:
        self.language = language
        self.sink = Sink(send, language)
        self.numbers = itertools.count(1)
        self.count = 0
        self._out: dict[int, Any] = {}
        main = types.ModuleType("__main__")
        self.namespace = main.__dict__
        sys.modules["__main__"] = main
        given = {cell.key: cell for cell in cells}
        self.judging = Judging(given, self.namespace, language, seconds)
        self._prepare(main)

    def _prepare(self, main: types.ModuleType) -> None:
        self.namespace.update(__builtins__=builtins, Out=self._out, **ipython.install(self))
        sys.argv = [""]
        self._mend_streams()
        guard.close()
        guard.refuse_input(say("input", self.language))
        guard.sleep_lightly(self.sink.flush)
        figures.set_up()

    # cells

    def run(self, key: str, source: str, number: int = 0) -> str | Coroutine[Any, Any, str]:
        """What became of a cell, as JSON: ok, interrupted, count, error. A coroutine that gives it where the cell awaits."""
        self._begin(key, source, number)
        try:
            ready = sources.make_ready(source, key)
            if _is_async(ready):
                return self._run_async(key, source, ready)
            self._run_ready(ready)
        except BaseException as error:
            return self._end(key, source, error)
        return self._end(key, source, None)

    def _begin(self, key: str, source: str, number: int) -> None:
        self.count += 1
        if key not in self.judging.cells or self.judging.cells[key].kind == "own":
            self.judging.cells[key] = Cell(key, "own", source, number)
        errors.remember(key, source)
        self._mend_streams()
        self.sink.begin()

    def _run_ready(self, ready: sources.Ready) -> None:
        exec(ready.body, self.namespace)  # noqa: S102 - running code is what this is for
        if ready.last:
            self._result(eval(ready.last, self.namespace))  # noqa: S307

    async def _run_async(self, key: str, source: str, ready: sources.Ready) -> str:
        try:
            for code in (ready.body, ready.last):
                if code is None:
                    continue
                value: Any = eval(code, self.namespace)  # noqa: S307
                if code.co_flags & _CO_COROUTINE:
                    value = await value
                if code is ready.last:
                    self._result(value)
        except BaseException as error:
            return self._end(key, source, error)
        return self._end(key, source, None)

    def _end(self, key: str, source: str, error: BaseException | None) -> str:
        """An interrupt that comes while the outputs are put together is one of the cell."""
        try:
            self.show_figures()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException as later:
            error = error or later
        output = None
        if error is not None:
            output = self._error_at_last(error, key)
            self.sink.error(output)
        self.judging.note(key, source, error)
        self.sink.flush()
        told = output and {name: output[name] for name in ("ename", "evalue", "explanation", "line")}
        interrupted = isinstance(error, KeyboardInterrupt)
        return json.dumps({"ok": error is None, "interrupted": interrupted, "count": self.count, "error": told})

    def _error_at_last(self, error: BaseException, key: str) -> dict[str, Any]:
        """The page interrupts again and again until it hears; on a slow machine one comes while the first is being told."""
        while True:
            try:
                return self._error(error, key)
            except KeyboardInterrupt:
                continue

    def _error(self, error: BaseException, key: str) -> dict[str, Any]:
        if isinstance(error, sources.MagicError):
            sentence = say(error.kind, self.language, line=error.line[:80])
            return {
                "output_type": "error",
                "ename": "SyntaxError",
                "evalue": error.line[:200],
                "traceback": [f"SyntaxError: {error.line[:200]}"],
                "explanation": sentence,
                "line": error.number,
            }
        sentence = say("stopped", self.language) if isinstance(error, KeyboardInterrupt) else ""
        return errors.error_output(error, key, self.language, self._name_of, sentence)

    def _name_of(self, key: str) -> str:
        cell = self.judging.cells.get(key)
        return f"cell {cell.number}" if cell and cell.number else "cell"

    def _mend_streams(self) -> None:
        """A cell that closed or threw away a stream loses what it printed, not the cells after it."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name, None)
            if not isinstance(stream, Stream) or stream.closed or stream.sink is not self.sink:
                setattr(sys, name, Stream(name, self.sink))

    # what is shown

    def _result(self, value: Any) -> None:
        if value is None:
            return
        self.namespace["_"] = self._out[self.count] = value
        if data := self._data(value):
            self.sink.add("execute_result", data, count=self.count)

    def show(self, value: Any, *, display_id: str = "", is_bundle: bool = False) -> None:
        """`display(value)`. `is_bundle`: the value is a dict of mime types already."""
        if is_bundle and isinstance(value, dict):
            data = {mime: formats.text_of(value.get(mime)) for mime in (*formats.MIMES, "text/plain")}
            data = {mime: text for mime, text in data.items() if text}
        else:
            data = self._data(value)
        if data:
            self.sink.add("display_data", data, display_id=display_id)

    def update(self, value: Any, display_id: str) -> None:
        self.sink.update(display_id, self._data(value))

    def _data(self, value: Any) -> dict[str, str]:
        own = getattr(type(value), "_ipython_display_", None)
        if own is not None:
            own(value)
            return {}
        return ipython.bundle(value)

    def show_figures(self) -> None:
        for figure in figures.take_open():
            if data := figures.as_data(figure):
                self.sink.add("display_data", data)

    def refuse_magic(self, line: str) -> None:
        raise RuntimeError(say("shell" if line.startswith("!") else "magic", self.language, line=line[:80]))

    # checks, names

    def check(self, key: str) -> str:
        """The verdict on one visible check, as JSON; '' where it was interrupted. What it prints is thrown away."""
        errors.remember(key, self.judging.cells[key].source)
        kept = sys.stdout, sys.stderr
        silence = Sink(lambda _: None, self.language)
        sys.stdout, sys.stderr = Stream("stdout", silence), Stream("stderr", silence)
        try:
            verdict = self.judging.verdict(key)
        except KeyboardInterrupt:
            return ""
        finally:
            sys.stdout, sys.stderr = kept
            figures.take_open()
        return json.dumps(as_told(self.judging.cells[key], verdict))

    def stopped(self, key: str, is_late: bool) -> str:
        """The verdict on a check that was interrupted."""
        return json.dumps(as_told(self.judging.cells[key], self.judging.stopped(key, is_late=is_late)))

    def complete(self, code: str, position: int) -> str:
        """As JSON: from, options; null where nothing is to be offered."""
        return json.dumps(completing.complete(code, position, self.namespace))

    def missing(self, source: str) -> str:
        """Top-level modules that a cell imports and that aren't there, as a JSON list."""
        return json.dumps([name for name in sorted(completing.imported(source)) if not _is_there(name)])

    def came(self) -> None:
        """After libraries were put in place."""
        importlib.invalidate_caches()
        figures.set_up()


def _is_async(ready: sources.Ready) -> bool:
    return any(code is not None and code.co_flags & _CO_COROUTINE for code in (ready.body, ready.last))


def _is_there(name: str) -> bool:
    if name in sys.modules or name in sys.builtin_module_names:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return True  # refused, which the cell will be told


__all__ = ["Kernel", "current", "start", "trouble_of"]
