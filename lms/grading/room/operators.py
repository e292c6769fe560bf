"""The special methods by which objects answer operators, and which of them may be believed when."""

from __future__ import annotations

_NAMES = """
len iter next getitem setitem delitem contains eq ne lt le gt ge bool str repr format hash call enter exit abs neg pos
invert float int index complex round reversed await
add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod
radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul rand ror rxor rlshift rrshift rdivmod
iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift
"""
# They give values and are given none of the check's own, or only what a call would be given.
_SAFE_NAMES = """
len iter next getitem setitem delitem call enter exit str repr format float int index complex round reversed await
"""
_REFUSED_NAMES = """
eq ne lt le gt ge bool contains len iter getitem call add radd sub rsub mul rmul truediv rtruediv floordiv mod rmod pow rpow
abs neg pos round int float index and or xor rand ror rxor matmul rmatmul str format enter
"""


def _special(names: str) -> tuple[str, ...]:
    return tuple(f"__{name}__" for name in names.split())


OPERATORS = _special(_NAMES)
KNOWN = frozenset(OPERATORS)
SAFE = frozenset(_special(_SAFE_NAMES))
REFUSED = _special(_REFUSED_NAMES)
