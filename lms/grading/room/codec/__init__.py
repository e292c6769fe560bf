"""Plain values as a tree of JSON and a list of byte strings: what may cross the wall between two rooms.

Numbers, texts, containers, dates, arrays and tables cross as copies. Everything else crosses as a handle, which the side
that owns the object makes (`export`) and the other side turns into a stand-in (`resolve`). Decoding never imports, calls or
builds anything that the peer could choose beyond the kinds below.

Mutable values are numbered in the order in which they are met, so that one that is met twice stays one.
"""

from __future__ import annotations

from .decode_tables import Decoder
from .encode_tables import Encoder
from .plain import MAX_SIZE, PLAIN_TYPES, CodecError

__all__ = ["MAX_SIZE", "PLAIN_TYPES", "CodecError", "Decoder", "Encoder"]
