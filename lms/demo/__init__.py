"""The demonstration: a few people to look around as, or three programme years of sixty companies; and how to take it away."""

from . import certificates, statements
from .cast import FILE, Account
from .errors import DemoError
from .make import COURSES, is_full, make, make_full
from .notebooks import by_engine, make_samples
from .removal import Removed, discard, remove

__all__ = [
    "COURSES",
    "FILE",
    "Account",
    "DemoError",
    "Removed",
    "by_engine",
    "certificates",
    "discard",
    "is_full",
    "make",
    "make_full",
    "make_samples",
    "remove",
    "statements",
]
