"""Language: Korean first, English, and any other that has a file under translations/.

Babel itself rather than Flask-Babel, which is set up app-wide and would speak for a host's pages too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, NullTranslations, Translations
from flask import g, request, session

from lms.clock import SEOUL

FOLDER = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"
SESSION_KEY = "lms_language"

# CLDR's Korean puts "AM" before the hour; these are how people here write them.
_PATTERNS: Mapping[str, Mapping[str, str]] = {
    "ko": {
        "date": "y년 M월 d일",
        "weekday": "y년 M월 d일 (E)",
        "moment": "y년 M월 d일 HH:mm",
        "short": "M. d.",
        "month": "y년 M월",
        "time": "HH:mm",
    },
    "en": {
        "date": "d MMM y",
        "weekday": "E, d MMM y",
        "moment": "d MMM y HH:mm",
        "short": "d MMM",
        "month": "MMM y",
        "time": "HH:mm",
    },
}


@cache
def languages() -> tuple[str, ...]:
    """The languages on offer, Korean first."""
    found = {path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po")} | {SOURCE_LANGUAGE}
    return tuple(sorted(found, key=lambda language: (language != "ko", language)))


@cache
def _translations(language: str) -> NullTranslations:
    """A catalogue, compiled in memory, so that no compiled file can be older than its source."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return NullTranslations()
    with file.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def choose_language(chosen: str | None, default: str) -> str:
    """What the person or this browser chose, else what the browser asks for, else the site's."""
    for language in (chosen, session.get(SESSION_KEY)):
        if language in languages():
            return str(language)
    # By the first part of each tag: best_match would take "ko-KR, en;q=0.5" for English.
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in wanted if language in languages()), default)


def current_language() -> str:
    return g.get("lms_language", "ko")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Texts of the block are in this language, where no request has chosen one: on the command line."""
    before = current_language()
    g.lms_language = language
    try:
        yield
    finally:
        g.lms_language = before


def gettext(message: str, **values: Any) -> str:
    text = _translations(current_language()).ugettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    return _translations(current_language()).ungettext(one, many, n) % {"num": n, "n": n, **values}


def lazy_gettext(message: str, **values: Any) -> Any:
    """For texts that are made at import and read in a request."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def format_day(day: date | datetime, style: str = "date") -> str:
    """A day, or a moment as seen in Seoul. Styles: date, weekday, moment, short, month; of a moment also time."""
    language = current_language()
    pattern = _PATTERNS.get(language, _PATTERNS["en"])[style]
    if isinstance(day, datetime):
        return dates.format_datetime(day.astimezone(SEOUL), pattern, locale=_locale(language))
    return dates.format_date(day, pattern, locale=_locale(language))


def format_number(value: float, pattern: str = "#,##0.##") -> str:
    return numbers.format_decimal(value, format=pattern, locale=_locale(current_language()))
