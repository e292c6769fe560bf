"""Notebooks as answers: what was handed in, as a file, and what grading made of it, as a page with none of our rights."""

from __future__ import annotations

import io
import re

from flask import Response, g, make_response, send_file
from markupsafe import Markup

from lms.errors import NotFoundError
from lms.models import Submission

from .templating import render

# A learner's notebook and its feedback are shown with none of our origin's rights.
FEEDBACK_POLICY = "sandbox; default-src 'none'; style-src 'self'; img-src data:"
NOTEBOOK_TYPE = "application/x-ipynb+json"


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file to be kept, never shown by the browser itself."""
    response = send_file(io.BytesIO(body), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store, private"  # send_file would let a shared tablet keep it
    return response


def handed_in(submission: Submission) -> Response:
    """What was handed in, byte by byte."""
    return download(g.lms.files.read(submission.notebook), submission.file_name, NOTEBOOK_TYPE)


def feedback(submission: Submission) -> Response:
    """The graded notebook of the newest grade. Raises NotFoundError where there is none."""
    digest = submission.grades[-1].feedback if submission.grades else None
    if digest is None:
        raise NotFoundError()
    html = _below_a_heading(g.lms.files.read(digest).decode())
    response = make_response(render("lms/feedback.html", submission=submission, body=Markup(html)))  # noqa: S704 (sanitised when made)
    response.headers["Content-Security-Policy"] = FEEDBACK_POLICY
    return response


def _below_a_heading(html: str) -> str:
    """Sanitised HTML with each heading one level down, for a page that has an h1 of its own."""
    return re.sub(r"<(/?)h([1-5])\b", lambda found: f"<{found[1]}h{int(found[2]) + 1}", html)
