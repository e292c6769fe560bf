"""`flask lms …`: the same functions that the pages call, for operators, instructors and scripts."""

from . import (
    audit,
    content,
    demonstration,
    grading,
    mail,
    operations,
    people,
    privacy,
    regrading,
    reports,
    roster,
    runs,
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
    "mail",
    "operations",
    "people",
    "privacy",
    "regrading",
    "reports",
    "roster",
    "runs",
    "runtime",
    "site",
)
