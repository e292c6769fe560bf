"""Warnings and log records that a call leaves beside its result.

The learner's side records them while the check is listening (`Listening` says so with each request) and tells them with its
reply; the checks' room lets them happen again on its own side, where the check's filters and handlers meet them.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .libraries import error_class
from .told import text_of

_MOST = 100
_ALL_HANDLERS = vars(logging)["_handlerList"]  # a weak reference to each, so that most requests look no further
_MOST_TEXT = 2000


class Listening:
    """The checks' side. Made before any check runs, so that what a check adds can be told from what was there."""

    def __init__(self) -> None:
        self._filters = warnings.filters
        self._show = warnings.showwarning
        self._handlers = set(_handlers())
        self._count = len(_ALL_HANDLERS)

    def wanted(self) -> dict[str, Any] | None:
        """What the check listens for now: warnings, and loggers (name, level) that it has given a handler."""
        warned = warnings.filters is not self._filters or warnings.showwarning is not self._show
        loggers = []
        if len(_ALL_HANDLERS) != self._count:
            loggers = sorted({(name, level) for name, level, handler in _handlers() if handler not in self._known()})
        return {"warnings": warned, "loggers": loggers} if warned or loggers else None

    def _known(self) -> set[int]:
        return {handler for _, _, handler in self._handlers}

    def replay(self, told: Any) -> None:
        for entry in told[:_MOST]:
            if entry[0] == "warning":
                _warn(entry[1], str(entry[2]))
            else:
                _log(str(entry[1]), entry[2], str(entry[3]))


def _handlers() -> list[tuple[str, int, int]]:
    """Every handler by its id, with the name and level of its logger."""
    loggers = [
        logging.getLogger(),
        *(one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)),
    ]
    return [
        ("" if one is logging.root else one.name, one.level, id(handler)) for one in loggers for handler in one.handlers
    ]


def _warn(kinds: Any, text: str) -> None:
    found = [error_class(kind) for kind in kinds if isinstance(kind, list) and len(kind) == 2]
    category = next((kind for kind in found if kind is not None and issubclass(kind, Warning)), UserWarning)
    warnings.warn(text, category, stacklevel=4)


def _log(name: str, level: Any, text: str) -> None:
    logger = logging.getLogger(name if name != "root" else None)
    if type(level) is int and logger.isEnabledFor(level):
        logger.handle(logger.makeRecord(logger.name, level, "", 0, text, (), None))


@contextmanager
def recorded(wanted: dict[str, Any] | None) -> Iterator[list[Any]]:
    """The learner's side: the list fills with what is made while this lasts, and stays empty where nobody listens."""
    told: list[Any] = []
    with ExitStack() as stack:
        if wanted and wanted["warnings"]:
            stack.enter_context(_warnings_into(told))
        if wanted and wanted["loggers"]:
            stack.enter_context(_records_into(told, wanted["loggers"]))
        yield told


@contextmanager
def _warnings_into(told: list[Any]) -> Iterator[None]:
    def show(message: Any, category: Any, *_: Any, **__: Any) -> None:
        if len(told) < _MOST:
            kinds = [[kind.__module__, kind.__name__] for kind in category.__mro__][:20]
            told.append(["warning", kinds, text_of(message)])

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


class _Recorder(logging.Handler):
    def __init__(self, told: list[Any]) -> None:
        super().__init__()
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._told) < _MOST:
            try:
                text = record.getMessage()[:_MOST_TEXT]
            except Exception:
                text = text_of(Exception(record.msg))
            self._told.append(["log", record.name[:200], record.levelno, text])


@contextmanager
def _records_into(told: list[Any], loggers: list[tuple[str, int]]) -> Iterator[None]:
    handler = _Recorder(told)
    kept = []
    for name, level in loggers:
        logger = logging.getLogger(name or None)
        kept.append((logger, logger.level))
        logger.setLevel(level or logger.level)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, level in kept:
            logger.setLevel(level)
            logger.removeHandler(handler)
