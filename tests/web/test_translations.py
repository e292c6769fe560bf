"""Each text of the pages is there in each language, with the placeholders that the code fills."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import translations

CATALOGUES = translations.catalogues()


@pytest.fixture(scope="module")
def used() -> set[translations.Key]:
    return translations.used_texts()


def test_korean_is_among_the_languages() -> None:
    assert "ko" in {file.parent.parent.name for file in CATALOGUES}


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parent.parent.name)
def test_catalogue_is_complete(file: Path, used: set[translations.Key]) -> None:
    assert list(translations.problems(translations.load(file), used)) == []


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parent.parent.name)
def test_catalogue_is_sorted(file: Path) -> None:
    texts = [translations.first(key) for key in translations.entries(translations.load(file))]
    assert texts == sorted(texts)


def test_texts_are_found_in_views_and_templates(used: set[translations.Key]) -> None:
    assert "Type your password." in used, "a lazy text of a form"
    assert "Skip to the main part" in used, "a text of a template"
    assert ("%(num)s exercise left", "%(num)s exercises left") in used, "a plural"


def test_no_text_stands_inside_an_f_string() -> None:
    """Where it wouldn't be found."""
    hidden = [
        f"{file.relative_to(translations.WEB)}:{call.lineno}"
        for file in translations.WEB.rglob("*.py")
        for string in ast.walk(ast.parse(file.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("_", "gettext", "ngettext", "lazy_gettext")
    ]
    assert hidden == []


def catalogue(*entries: tuple[translations.Key, str | tuple[str, ...]], flags: tuple[str, ...] = ()) -> Catalog:
    made = Catalog(locale="ko")
    for key, text in entries:
        made.add(key, text, flags=flags)
    return made


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (catalogue(), "missing: 'Show %(n)s'"),
        (catalogue(("Show %(n)s", "")), "not translated: 'Show %(n)s'"),
        (catalogue(("Show %(n)s", "보기")), "other placeholders: 'Show %(n)s' -> '보기'"),
        (catalogue(("Show %(n)s", "%(n)s 보기"), flags=("fuzzy",)), "fuzzy: 'Show %(n)s'"),
        (catalogue(("Show %(n)s", "%(n)s 보기"), ("Old", "옛것")), "said nowhere any more: 'Old'"),
    ],
    ids=["missing", "empty", "placeholders", "fuzzy", "unused"],
)
def test_a_wrong_catalogue_is_told(made: Catalog, problem: str) -> None:
    assert list(translations.problems(made, {"Show %(n)s"})) == [problem]


def test_one_may_be_written_out_in_a_language_with_two_forms() -> None:
    key = ("%(num)s day", "%(num)s days")
    made = Catalog(locale="de")
    made.add(key, ("ein Tag", "%(num)s Tage"))
    assert list(translations.problems(made, {key})) == []
