"""What is wrong with content on disk, collected so that an author sees all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lms.errors import ContentError, LMSError


class ContentErrors(LMSError):
    """Some content can't be used. `errors` holds one ContentError for each thing that is wrong."""

    reason = "content"
    errors: tuple[ContentError, ...]

    def __init__(self, errors: Iterable[ContentError]) -> None:
        super().__init__(errors=tuple(errors))

    def _say(self) -> str:
        return "\n".join(str(error) for error in self.facts["errors"])


class Problems:
    """Collects what is wrong while reading goes on."""

    def __init__(self) -> None:
        self.errors: list[ContentError] = []

    def add(self, file: str, key: str, problem: str, remedy: str = "") -> None:
        self.errors.append(ContentError(file, key, problem, remedy))

    def raise_if_any(self) -> None:
        if self.errors:
            raise ContentErrors(self.errors)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that a misspelt one was probably meant to be."""
    found = get_close_matches(word.lower(), list(words), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A remedy: the nearest right word, or the list of all."""
    known = sorted(words)
    near = nearest(word, known)
    if near:
        return f"Did you mean '{near}'?"
    return f"It can be: {', '.join(known)}." if known else ""
