"""Python's errors in plain words for beginners, in Korean and English."""

from __future__ import annotations

from . import explain_libraries, explain_python, explain_syntax
from .explain_rule import Rule

# A library's errors are the more particular ones.
_RULES = (*explain_libraries.RULES, *explain_syntax.RULES, *explain_python.RULES)


def explain(kinds: tuple[str, ...], message: str, library: str, language: str) -> str:
    """One sentence for an error, and Python's own words behind it. `kinds`: the error's classes, its own first."""
    said = kinds[0] if kinds else "Exception"
    original = f"{said}: {_short(message)}" if message else said
    text = in_plain_words(kinds, message, library, language)
    return f"{text} ({original})" if text else original


def in_plain_words(
    kinds: tuple[str, ...], message: str, library: str, language: str, more: tuple[Rule, ...] = ()
) -> str:
    """The sentence alone, '' where there is none. `more`: rules that come before all others."""
    for rule in (*more, *_RULES):
        if match := rule.match(kinds, message, library):
            text = rule.english if language == "en" else rule.korean
            return text.format(**{name: _short(value or "") for name, value in match.groupdict().items()})
    return ""


def _short(text: str, most: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
