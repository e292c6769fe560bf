"""`flask lms …`: the same functions that the pages call, for operators, instructors and scripts."""

from . import content, demonstration, grading, operations, people, regrading, reports, roster, runtime, site
from .group import lms

__all__ = (
    "content",
    "demonstration",
    "grading",
    "lms",
    "operations",
    "people",
    "regrading",
    "reports",
    "roster",
    "runtime",
    "site",
)
