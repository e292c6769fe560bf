"""Python's errors in plain words for beginners, in Korean and English."""

from __future__ import annotations

from . import explain_libraries, explain_python, explain_syntax

# A library's errors are the more particular ones.
_RULES = (*explain_libraries.RULES, *explain_syntax.RULES, *explain_python.RULES)


def explain(kinds: tuple[str, ...], message: str, library: str, language: str) -> str:
    """One sentence for an error, and Python's own words behind it. `kinds`: the error's classes, its own first."""
    said = kinds[0] if kinds else "Exception"
    original = f"{said}: {_short(message)}" if message else said
    for rule in _RULES:
        if match := rule.match(kinds, message, library):
            text = rule.english if language == "en" else rule.korean
            named = {name: _short(value or "") for name, value in match.groupdict().items()}
            return f"{text.format(**named)} ({original})"
    return original


def _short(text: str, most: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
