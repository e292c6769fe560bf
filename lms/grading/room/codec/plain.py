"""What both directions of the codec share: the sizes that may cross, the types that are known by name, the error."""

from __future__ import annotations

import builtins
import re
import sys
import types
from typing import Any

MAX_DEPTH = 100
MAX_SIZE = 256 << 20
DTYPE = re.compile(r"[<>|=](?:[biufc]\d{1,2}|[SUV]\d{1,6}|[mM]8(?:\[\d{0,5}[a-zA-Zμ]{1,7}\])?)")
EXTENSION = re.compile(r"(U?Int(8|16|32|64)|Float(32|64)|boolean)")

PLAIN_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(value for value in vars(builtins).values() if isinstance(value, type)),
        type(None),
        types.FunctionType,
    )
}
PLAIN_TYPES |= {"generator": types.GeneratorType, "module": types.ModuleType, "method": types.MethodType}
PANDAS_TYPES = (
    "DataFrame",
    "Series",
    "Index",
    "Timestamp",
    "Timedelta",
    "MultiIndex",
    "Categorical",
    "Period",
    "Interval",
)


class CodecError(ValueError):
    """A value too large or too deep to cross, or a message that doesn't decode."""


def module(name: str) -> Any:
    """A library where this process has imported it; nobody imports one for the codec's sake."""
    return sys.modules.get(name)
