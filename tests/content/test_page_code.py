"""What a page shows as the result of its code is what comes out when a learner types it from top to bottom."""

from __future__ import annotations

import ast
import contextlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "courses").glob("*/pages/*.md"))


def code_and_results(text: str) -> list[tuple[str, str | None]]:
    """Each Python block of a page, with the text block that follows it at once."""
    tokens = MarkdownIt().enable("table").parse(text)
    blocks: list[tuple[str, str | None]] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "fence" and token.info.strip() == "python":
            is_result = following is not None and following.type == "fence" and following.info.strip() == "text"
            blocks.append((token.content, following.content if following and is_result else None))
    return blocks


def typed(source: str, names: dict[str, object]) -> str:
    """What a notebook shows below a cell with this source: what is printed, then the value of the last line."""
    tree = ast.parse(source)
    last = tree.body[-1]
    value = None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, "page", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "page", "eval"), names)
    return printed.getvalue() + (f"{value!r}\n" if value is not None else "")


@pytest.fixture
def beside_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder that a page tells a learner to make: the exercises' files in `data`. Figures are closed afterwards."""
    (tmp_path / "data").mkdir()
    for file in (ROOT / "exercises").glob("*/data/*"):
        shutil.copy(file, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


@pytest.mark.usefixtures("beside_data")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parts[-3]}/{page.stem}")
def test_the_code_of_a_page_gives_what_the_page_shows(page: Path) -> None:
    names: dict[str, object] = {}
    for source, shown in code_and_results(page.read_text(encoding="utf-8")):
        result = typed(source, names)
        if shown is not None:
            assert result.rstrip() == shown.rstrip(), source
