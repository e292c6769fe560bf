"""A learner's feedback as a page of its own, for those who grade without a site."""

from __future__ import annotations

import html
from pathlib import Path

from .batch import Graded
from .exercise import Exercise
from .feedback import render_feedback
from .findings import tell

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 50rem; margin: 0 auto; padding: 1rem; color: #1d2430; background: #fff; }
h1 { font-size: 1.4rem; }
pre { background: #f4f6f8; border-radius: 4px; padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; }
.output pre { background: #fffaf0; border-left: 4px solid #c9a227; }
.prompt { display: none; }
.cell { margin: 1rem 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #c8d0d9; padding: .2rem .5rem; }
img { max-width: 100%; height: auto; }
"""


def page_of(graded: Graded, exercise: Exercise, language: str) -> str:
    assert graded.grade is not None
    title = html.escape(Path(graded.grade.notebook).stem)
    said = html.escape(points_in_words(graded, exercise, language))
    head = f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
    page = (
        f'<!doctype html>\n<html lang="{language}">\n{head}<style>{_STYLE}</style>\n<h1>{title}</h1>\n<p>{said}</p>\n'
    )
    return f"{page}{render_feedback(graded.grade)}\n</html>\n"


def points_in_words(graded: Graded, exercise: Exercise, language: str) -> str:
    points = "-" if graded.line["points"] is None else f"{graded.line['points']:g}"
    waiting = graded.waiting(exercise)
    rest = f" ({tell('waiting', language, points=waiting)})" if waiting else ""
    return f"{points}/{graded.line['max_points']:g}{rest}"
