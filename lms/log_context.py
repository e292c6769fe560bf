"""What every line of the log says besides its own words while a request or a job is at hand: which request, which job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, object] = MappingProxyType({})
_fields: ContextVar[Mapping[str, object]] = ContextVar("lms_log_fields", default=_NOTHING)


def fields() -> Mapping[str, object]:
    return _fields.get()


@contextmanager
def bound(**more: object) -> Iterator[None]:
    """Add fields for as long as the block runs, in this thread alone."""
    token = _fields.set({**_fields.get(), **more})
    try:
        yield
    finally:
        _fields.reset(token)
