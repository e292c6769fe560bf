"""The form of an explanation: which error it is for, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """For errors of class `kind` (or below it) whose message matches `pattern`, raised by `library` if one is named. The
    pattern's groups fill the texts."""

    kind: str
    pattern: re.Pattern[str]
    korean: str
    english: str
    library: str = ""

    def match(self, kinds: tuple[str, ...], message: str, library: str) -> re.Match[str] | None:
        if self.kind not in kinds or self.library not in ("", library):
            return None
        return self.pattern.search(message)


def rule(kind: str, pattern: str, korean: str, english: str, library: str = "") -> Rule:
    return Rule(kind, re.compile(pattern, re.DOTALL), korean, english, library)
