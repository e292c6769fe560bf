"""What a cell shows, in nbformat's form: capped, and sent to the page in batches."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

from .texts import say

MAX_TEXT = 200_000  # characters of a cell's printed text
MAX_RICH = 4_000_000  # of everything else
MAX_OUTPUTS = 500
_AT_ONCE = 8_000  # characters
_SECONDS = 0.1
_SECONDS_OF_A_LINE = 0.5  # that has no end yet: `print` writes the end by itself
_FIRST = 50  # lines that are sent as they come, since nobody knows how long the next one takes

Send = Callable[[str], object]


class Sink:
    """The outputs of the running cell. `send` takes a list of steps as JSON: append, clear, update."""

    def __init__(self, send: Send, language: str) -> None:
        self._send = send
        self._language = language
        self._sent_at = 0.0
        self._steps: list[dict[str, Any]] = []
        self._waiting = 0
        self.begin()

    def begin(self) -> None:
        """A new cell."""
        self.flush()
        self._clear_at_next = False
        self._first = _FIRST
        self._forget()

    def _forget(self) -> None:
        self._text = self._rich = self._count = 0
        self._is_cut = False

    def write(self, name: str, text: str) -> None:
        left = MAX_TEXT - self._text
        self._text += len(text)
        if len(text) > left:
            text = text[: max(left, 0)]
        if text:
            self._stream(name, text)
        if self._text > MAX_TEXT:
            self._cut(name)
        if text.endswith("\n") and self._first:
            self._first -= 1
            self.flush()
        self._flush_when_due(_SECONDS if text.endswith("\n") else _SECONDS_OF_A_LINE)

    def add(self, kind: str, data: dict[str, str], *, count: int = 0, display_id: str = "") -> None:
        """`kind`: execute_result or display_data."""
        output: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = count
        if display_id:
            output["display_id"] = display_id
        self._rich += sum(map(len, data.values()))
        if self._rich > MAX_RICH:
            self._cut("stdout")
        else:
            self._append(output)
        self._flush_when_due()

    def error(self, output: dict[str, Any]) -> None:
        """Always shown, whatever came before."""
        self._clear_when_asked()
        self._step({"op": "append", "output": output})

    def update(self, display_id: str, data: dict[str, str]) -> None:
        self._rich += sum(map(len, data.values()))
        if self._rich <= MAX_RICH:
            self._step({"op": "update", "output": {"display_id": display_id, "data": data}})
            self._flush_when_due()

    def clear(self, *, wait: bool = False) -> None:
        if wait:
            self._clear_at_next = True
            return
        self._clear_at_next = False
        self._steps = []
        self._waiting = 0
        self._forget()
        self._step({"op": "clear"})
        self._flush_when_due()

    def flush(self) -> None:
        if self._steps:
            steps, self._steps, self._waiting = self._steps, [], 0
            self._send(json.dumps(steps, ensure_ascii=False).encode("utf-8", "replace").decode())
        self._sent_at = time.monotonic()

    def _stream(self, name: str, text: str) -> None:
        self._clear_when_asked()
        last = self._steps[-1].get("output") if self._steps else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
            self._waiting += len(text)
        else:
            self._append({"output_type": "stream", "name": name, "text": text})

    def _append(self, output: dict[str, Any]) -> None:
        self._clear_when_asked()
        self._count += output["output_type"] != "stream"
        if self._count > MAX_OUTPUTS:
            self._cut("stdout")
        else:
            self._step({"op": "append", "output": output})

    def _cut(self, name: str) -> None:
        if not self._is_cut:
            self._is_cut = True
            text = f"\n{say('cut', self._language)}\n"
            self._step({"op": "append", "output": {"output_type": "stream", "name": name, "text": text}})

    def _clear_when_asked(self) -> None:
        if self._clear_at_next:
            self.clear()

    def _step(self, step: dict[str, Any]) -> None:
        self._steps.append(step)
        output = step.get("output") or {}
        self._waiting += len(output.get("text", "")) + sum(map(len, output.get("data", {}).values()))

    def _flush_when_due(self, seconds: float = _SECONDS) -> None:
        if self._waiting > _AT_ONCE or time.monotonic() - self._sent_at > seconds:
            self.flush()


class Stream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr` of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, sink: Sink) -> None:
        self.name = f"<{name}>"
        self._stream = name
        self.sink = sink

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self.sink.write(self._stream, str.__str__(text))
        return len(text)

    def flush(self) -> None:
        if not self.closed:
            self.sink.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1 if self._stream == "stdout" else 2
