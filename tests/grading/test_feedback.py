"""What a learner sees of her graded notebook."""

from __future__ import annotations

import re

import nbformat
import pytest

from lms.grading import grade, render_feedback

from . import build

pytestmark = pytest.mark.sandbox

HOSTILE = """
from IPython.display import HTML, Markdown, display, Javascript, SVG
display(HTML('<script>window.xss=1</script><img src="http://evil.example/x" onerror="alert(1)">'))
display(HTML('<iframe src="//evil.example"></iframe>'))
display(HTML('<a href="javascript:alert(1)">a</a><a href="http://evil.example">b</a><style>@import url(//evil.example)</style>'))
display(Markdown('![x](http://evil.example/p.png) <script>2</script> [l](http://evil.example)'))
display(Javascript('alert(3)'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"></svg>'))
print('<script>alert(5)</script>')
total = sum
"""


@pytest.fixture(scope="module")
def hostile(sums):
    return grade(sums, build.packed(build.handed_in(sums, q1=HOSTILE)))


def test_it_is_a_valid_notebook(hostile):
    nbformat.validate(nbformat.from_dict(hostile.feedback))


def test_no_script_and_no_outside_address_survives_rendering(hostile):
    page = render_feedback(hostile)
    assert not re.search(r"<(script|iframe|object|embed|svg|style|link|meta|base|form)\b", page)
    assert not re.search(r"\son\w+\s*=", re.sub(r">[^<]*<", "><", page))
    assert not re.search(r"""(src|href|action)\s*=\s*(?!["'](data:image/|#))""", re.sub(r">[^<]*<", "><", page))


def test_figures_are_shown_from_within_the_page(tmp_path):
    exercise = build.bare(tmp_path, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"))
    source = "x = 1\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    page = render_feedback(grade(exercise, build.packed(build.handed_in(exercise, q1=source))))
    assert 'src="data:image/png;base64,' in page


def test_each_check_says_its_outcome_and_hidden_source_is_absent(sums):
    result = grade(sums, build.packed(build.handed_in(sums, q1="total = sum")))
    page = render_feedback(result)
    assert "✔ 통과" in page
    assert "✘ 다시 해 보세요" in page
    assert "4242" not in page
    assert "HIDDEN" not in page


def test_her_text_is_shown_as_text(sums):
    result = grade(sums, build.packed(build.handed_in(sums, q1="print('<b>bold</b>')\ntotal = sum")))
    assert "&lt;b&gt;bold" in render_feedback(result)
