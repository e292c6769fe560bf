"""Keep the catalogues of the pages' texts in step with the code.

    python -m tools.translations            add what is new to each catalogue, take out what is gone, sort; then check
    python -m tools.translations --check    only say what is missing, gone, doubtful or has other placeholders

English is the text in the code itself. A new language is a folder translations/<code>/LC_MESSAGES with a copy of the Korean
messages.po, its texts emptied.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).resolve().parent.parent / "lms/web"
FOLDER = WEB / "translations"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
JINJA_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.do", "silent": "false"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")

Key = str | tuple[str, ...]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    only_check = parser.parse_args(arguments).check
    used = used_texts()
    wrong = []
    for file in catalogues():
        if not only_check:
            update(file, used)
        wrong += [f"{file.relative_to(WEB)}: {problem}" for problem in problems(load(file), used)]
    print("\n".join(wrong) or f"{len(used)} texts, all there in each language")  # noqa: T201
    return 1 if wrong else 0


def catalogues() -> list[Path]:
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def used_texts() -> set[Key]:
    """Every text that pages and views say, a pair where it has a plural."""
    found: set[Key] = set()
    for file in sorted(WEB.rglob("*.py")):
        found |= texts_of(file, "python", {})
    for file in sorted((WEB / "templates").rglob("*.html")):
        found |= texts_of(file, "jinja2", JINJA_OPTIONS)
    return found


def texts_of(file: Path, method: str, options: dict[str, str]) -> set[Key]:
    source = io.BytesIO(file.read_bytes())
    return {message for _line, message, _comments, _context in extract(method, source, KEYWORDS, options=options)}


def load(file: Path) -> Catalog:
    with file.open("rb") as source:
        return read_po(source, locale=file.parent.parent.name)


def update(file: Path, used: set[Key]) -> None:
    catalogue = load(file)
    known = entries(catalogue)
    for key in known.keys() - used:
        catalogue.delete(first(key))
    for key in used - known.keys():
        catalogue.add(key)
    with file.open("wb") as target:
        write_po(target, catalogue, width=0, sort_output=True, no_location=True, ignore_obsolete=True)


def problems(catalogue: Catalog, used: set[Key]) -> Iterator[str]:
    """One line for each text that a reader would miss, or would see wrong."""
    known = entries(catalogue)
    for key in sorted(used - known.keys(), key=first):
        yield f"missing: {first(key)!r}"
    for key in sorted(known.keys() - used, key=first):
        yield f"said nowhere any more: {first(key)!r}"
    for key in sorted(catalogue.obsolete):
        yield f"kept although obsolete: {key!r}"
    for key, message in known.items():
        yield from doubts(key, message)


def entries(catalogue: Catalog) -> dict[Key, Message]:
    """The catalogue without its header."""
    return {cast(Key, message.id): message for message in catalogue if message.id}


def doubts(key: Key, message: Message) -> Iterator[str]:
    said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
    if not all(said):
        yield f"not translated: {first(key)!r}"
        return
    if message.fuzzy:
        yield f"fuzzy: {first(key)!r}"
    wanted = placeholders(key if isinstance(key, str) else key[-1])
    for text in said:
        # "One" may be written out where a language has a form for it.
        may_leave_out = len(said) > 1 and text is not said[-1]
        if placeholders(text) != wanted and not (may_leave_out and set(placeholders(text)) < set(wanted)):
            yield f"other placeholders: {first(key)!r} -> {text!r}"


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def first(key: Key) -> str:
    return key if isinstance(key, str) else key[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
