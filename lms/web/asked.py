"""What the address of a page with figures asks: a report's question, the order of its rows, and which page of them.

An address keeps all of it, the day too, so that the same link shows the same figures. What it doesn't say is as in the
page's own default; a filter that the default has and the asker took away stands in it without a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from flask import request

from lms.clock import today
from lms.reports.question import Question, ReportError

from .errors import explain
from .templating import url

PAGE_SIZE = 50
LONGEST_PAGE = 100_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Asked:
    """`values` are those of the route, `problem` what was wrong with the words, which were then left aside."""

    endpoint: str
    question: Question
    default: Question
    values: Mapping[str, Any] = field(default_factory=dict)
    sort: str = ""
    down: bool = False
    page: int = 1
    problem: str = ""

    def words(self) -> dict[str, Any]:
        """Of the question, for an address: lists by name."""
        words: dict[str, Any] = {}
        for name, value in self.question.to_words():
            if name != "by" or self.question.by != self.default.by:
                words.setdefault(name, []).append(value)
        return words | {name: "" for name in self.default.filters if name not in self.question.filters}

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """Fields that a form carries along, without those that it has itself."""
        listed = {name: values if isinstance(values, list) else [values] for name, values in self.words().items()}
        return [(name, value) for name, values in listed.items() if name not in but for value in values]

    def url(self, endpoint: str = "", *, is_sorted: bool = True, **values: Any) -> str:
        """The address of this page, or of another that is asked the same; the values are added or put in the place of
        others."""
        words = self.words()
        if is_sorted and self.sort:
            words |= {"sort": self.sort, "down": "1" if self.down else "0"}
        return url(endpoint or self.endpoint, **{**({} if endpoint else self.values), **words, **values})

    def sorted_url(self, key: str, down: bool) -> str:
        return self.url(sort=key, down="1" if down else "0")

    def page_url(self, page: int) -> str:
        return self.url(page=page)

    def url_as_sent(self) -> str:
        """The page with the words as they came, where it says what is wrong with them: no file is made of a question that
        nobody asked."""
        return url(self.endpoint, **{**request.args.to_dict(flat=False), **self.values})

    def but(self, **filters: Any) -> str:
        """The address with other filters; an empty one takes its filter away."""
        return replace(self, question=self.question.but(**filters)).url()

    @property
    def order(self) -> dict[str, Any]:
        """As the macro for the heads of columns takes it."""
        return {"sort": self.sort, "down": self.down, "url": self.sorted_url}


def read(
    endpoint: str,
    default: Question,
    sorts: Mapping[str, bool],
    *,
    dimensions: Sequence[tuple[str, ...]] = (),
    fixed: Mapping[str, tuple[str, ...]] | None = None,
    **values: Any,
) -> Asked:
    """What the request's address asks, or the form that was sent to it.

    `sorts` are the orders that the page knows, the first by default, and whether each goes down by itself. `dimensions` are
    the ways in which the page may be cut, besides the default's. `fixed` are filters that the page has whatever is asked.
    """
    problem = ""
    always: dict[str, Any] = dict(fixed or {})
    try:
        words = request.values.to_dict(flat=False)
        question = Question.from_words(words, default=default, today=today()).but(**always)
    except ReportError as error:
        question, problem = default, explain(error)
    if question.by not in (default.by, *dimensions):
        question = question.but(by=default.by)
    sort = request.values.get("sort", "")
    if sort not in sorts:
        sort = next(iter(sorts))
    down = request.values.get("down", "1" if sorts[sort] else "0") == "1"
    return Asked(endpoint, question, default, values, sort, down, _page(), problem)


def _page() -> int:
    given = request.args.get("page", "1")
    return min(max(1, int(given)), LONGEST_PAGE) if given.isascii() and given.isdigit() and len(given) < 9 else 1


@dataclass(frozen=True)
class Page:
    """The rows of one page of a list."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int
    previous_url: str
    next_url: str


def page_of(asked: Asked, total: int, rows: Callable[[slice], Sequence[Any]]) -> Page:
    """The page that is asked for, or the last; `rows` gives those of a slice."""
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(asked.page, pages)
    begin = (number - 1) * PAGE_SIZE
    return Page(
        rows=rows(slice(begin, begin + PAGE_SIZE)),
        number=number,
        pages=pages,
        total=total,
        previous_url=asked.page_url(number - 1) if number > 1 else "",
        next_url=asked.page_url(number + 1) if number < pages else "",
    )
