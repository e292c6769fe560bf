"""What costs much in each test and is no test's subject, done cheaply: passwords are hashed fast, rules of routes built once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from werkzeug.routing import Rule

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
