"""What costs much in each test and is no test's subject, done cheaply: passwords are hashed fast, what hangs on the code alone
(how rules of routes build addresses, how statements are written in SQL) is worked out once and not for each app and engine,
what all tests share is not looked through for garbage again and again, and nothing waits for the disk: a process that is killed
loses nothing by that, only a machine would.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from lms.models import database
from lms.people import passwords

THOROUGH = passwords._hasher
"""The product's own, which the tests put a fast one in place of."""

passwords._hasher = passwords.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
passwords._NOBODY = passwords.hash_password("nobody's")

_build = Rule._compile_builder
_built: dict[Hashable, Callable[..., Any]] = {}


def _build_once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    """The function that builds a rule's addresses hangs on its text alone, but each app compiles all of them anew."""
    if rule.defaults:
        return _build(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _built:
        _built[key] = _build(rule, append_unknown)
    return _built[key]


Rule._compile_builder = _build_once  # type: ignore[method-assign]

_written: LRUCache[Any, Any] = LRUCache(10_000)
_make = Engine.__init__


def _make_with_shared_cache(engine: Engine, *args: Any, **options: Any) -> None:
    """Statements are kept by dialect and by what they say; one cache serves all engines of the tests."""
    _make(engine, *args, **options)
    engine._compiled_cache = _written


def _is_alike(dialect: DefaultDialect, other: object) -> bool:
    return type(dialect) is type(other)


# The engines of the tests differ in where they lead, never in how their dialect is set.
Engine.__init__ = _make_with_shared_cache  # type: ignore[method-assign]
DefaultDialect.__eq__ = _is_alike  # type: ignore[method-assign]
DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]

PREPARE_SQLITE = database._prepare_sqlite
"""The product's own setting of a connection, to which the tests add that nobody waits for the disk."""


def _prepare_without_waiting(connection: Any, record: Any) -> None:
    PREPARE_SQLITE(connection, record)
    connection.execute("PRAGMA synchronous=OFF")


database._prepare_sqlite = _prepare_without_waiting
os.fsync = lambda _: None

# Each test of the web makes an app and drops it: as often as is usual, to look for what such left took a quarter of the time.
gc.set_threshold(100_000, 50, 5)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end; nobody has to look for garbage among them."""
    gc.collect()
    gc.freeze()
