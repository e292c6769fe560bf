"""What docs/integrator.md shows is what the portal does, and it is as short as we say."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "examples/host_site/learning.py").read_text("utf-8")


def test_the_guide_shows_the_portals_own_lines() -> None:
    guide = (ROOT / "docs/integrator.md").read_text("utf-8")
    shown = guide.partition("```python\n")[2].partition("```")[0]
    after_its_docstring = SOURCE.split('"""', 2)[2]
    assert shown.strip() == after_its_docstring.strip()


def test_ten_lines_are_ten() -> None:
    without_docstrings = ast.parse(SOURCE)
    for node in ast.walk(without_docstrings):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    lines = [line for line in ast.unparse(without_docstrings).splitlines() if line.strip()]
    assert 5 < len(lines) <= 10
