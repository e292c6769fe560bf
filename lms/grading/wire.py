"""The closed form of what a room may answer. What doesn't fit it is no answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Short = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Mime = Literal["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"]
Nothing = Annotated[dict[str, str], msgspec.Meta(max_length=0)]  # what a page would read as directions


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error. `kinds`: its builtin classes; `frames`: (cell's key, line), outermost first; `library`: who raised it."""

    name: Short
    kinds: Annotated[list[Short], msgspec.Meta(max_length=10)]
    value: Text
    frames: Annotated[list[tuple[Short, int]], msgspec.Meta(max_length=20)]
    library: Short

    @property
    def all_kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, *self.kinds)))


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The value of a check's last expression."""

    kind: Literal["number", "not_finite", "bool", "text", "other", "passed", "failed"]
    number: float


class StreamOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="output_type", tag="stream"):
    name: Literal["stdout", "stderr"]
    text: str


class ResultOutput(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="output_type", tag="execute_result"
):
    data: dict[Mime, str]
    metadata: Nothing
    execution_count: int


class DisplayOutput(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="output_type", tag="display_data"
):
    data: dict[Mime, str]
    metadata: Nothing


class ErrorOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="output_type", tag="error"):
    ename: Short
    evalue: Text
    traceback: list[str]


Output = StreamOutput | ResultOutput | DisplayOutput | ErrorOutput


def size_of(output: Output) -> int:
    """In characters."""
    if isinstance(output, StreamOutput):
        return len(output.text)
    if isinstance(output, ErrorOutput):
        return sum(map(len, output.traceback))
    return sum(map(len, output.data.values()))


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What running one cell gave.

    `asked`, `learnt` and `wall` are said by the checks' room alone: how often it asked the learner's for something, what it
    learnt, and whether the wall between them still stands. `replaced` is said by the learner's of a check that ran there: what
    was tampered with.
    """

    error: Trouble | None
    value: Value | None
    outputs: Annotated[list[Output], msgspec.Meta(max_length=2_000)]
    seconds: float
    asked: int = 0
    learnt: dict[str, Any] | None = None
    wall: bool = True
    replaced: Annotated[list[Short], msgspec.Meta(max_length=20)] = []
