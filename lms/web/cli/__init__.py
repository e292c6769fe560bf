"""`flask lms …`: the same functions that the pages call, for operators, instructors and scripts."""

from . import (
    audit,
    content,
    demonstration,
    grading,
    operations,
    people,
    privacy,
    regrading,
    reports,
    roster,
    runtime,
    site,
)
from .group import lms

__all__ = (
    "audit",
    "content",
    "demonstration",
    "grading",
    "lms",
    "operations",
    "people",
    "privacy",
    "regrading",
    "reports",
    "roster",
    "runtime",
    "site",
)
