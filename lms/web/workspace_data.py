"""What the workspace's page and its scripts are told, as plain data for JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import g

from lms.clock import today
from lms.learning.completion import Standing
from lms.learning.enrolments import RunNotOpenError, refuse_closed
from lms.models import ExerciseVersion, Submission
from lms.workspace import typed as limits
from lms.workspace.cells import Cell, Sheet, Typed
from lms.workspace.drafts import Kept
from lms.workspace.syntax import READER

from . import access
from .errors import explain
from .i18n import current_language, format_day
from .places import Place
from .results import Result
from .templating import environment, url
from .workspace_words import words

# A script puts a submission's own id in its place.
_SOME_ID = UUID(int=0)


def island(place: Place, version: ExerciseVersion, sheet: Sheet, kept: Kept) -> dict[str, Any]:
    """All that the scripts know when they begin, except the runtime and the kernel."""
    unit = {"run": place.run.uid, "key": place.unit.key}
    facts = version.facts
    return {
        "person": str(access.viewer().uid),
        "locale": current_language(),
        "language": facts["language"],
        "run": str(place.run.uid),
        "unit": place.unit.key,
        "exercise": facts["slug"],
        "version": version.digest,
        "title": place.unit.title,
        "max_points": version.max_points,
        "is_open": place.is_open,
        "closed": _why_closed(place),
        "cells": [_cell(cell) for cell in sheet.cells],
        "files": [
            {
                "path": path,
                "bytes": facts.get("data_sizes", {}).get(path),
                "url": data_url(unit, path, digest),
            }
            for path, digest in sorted(facts["data"].items())
        ],
        "imports": list(sheet.imports),
        "cell_seconds": facts.get("cell_seconds"),
        "seconds": facts["seconds"],
        "python": ".".join(map(str, sys.version_info[:2])),
        "draft": draft(kept, sheet, facts["language"]),
        "limits": {
            "cell_characters": limits.CELL_CHARACTERS,
            "characters": limits.CHARACTERS,
            "own_cells": limits.OWN_CELLS,
            "notebook_bytes": g.lms.settings.notebook_mb * 1_000_000,
        },
        "urls": _urls(place, unit),
        "words": words(),
    }


def _why_closed(place: Place) -> str:
    try:
        refuse_closed(place.enrolment, today())
    except RunNotOpenError as error:
        return explain(error)
    return ""


def _urls(place: Place, unit: Mapping[str, Any]) -> dict[str, str | None]:
    page, following = url("learn.unit", **unit), place.following
    lms = g.lms
    return {
        "page": page,
        "draft": url("workspace.draft", **unit),
        "hand_in": url("workspace.hand_in", **unit),
        "read_notebook": url("workspace.read_notebook", **unit),
        "work": url("workspace.work", **unit),
        "starter": url("learn.starter", **unit),
        "attempts": url("workspace.attempts", **unit),
        "outline": url("learn.outline", run=place.run.uid),
        "next": url("learn.unit", run=place.run.uid, key=following.key) if following else None,
        "next_title": following.title if following else None,
        "result": url("workspace.result", uid=_SOME_ID),
        "cells": url("workspace.cells", uid=_SOME_ID),
        "submission": url("learn.submission", uid=_SOME_ID),
        "sign_in": url("sign_in.page", next=page) if lms.is_standalone else lms.sign_in_url and lms.sign_in_url(page),
    }


def data_url(unit: Mapping[str, Any], path: str, digest: str) -> str:
    """The address of a data file, which changes with its content."""
    return url("learn.data_file", **unit, name=path, v=digest[:16])


def _cell(cell: Cell) -> dict[str, Any]:
    told = {
        "key": cell.key,
        "id": cell.id,
        "number": cell.number,
        "kind": cell.kind,
        "cell_type": cell.cell_type,
        "editable": cell.is_editable,
        "title": cell.title,
        "points": cell.points,
        "hidden": cell.hidden,
        "manual": cell.manual,
        "message": cell.message,
        "for": list(cell.answers),
    }
    return told if cell.kind == "text" else {**told, "source": cell.source}


def draft(kept: Kept, sheet: Sheet, language: str) -> dict[str, Any]:
    other = kept.other
    return {
        "revision": kept.revision,
        **limits.as_document(kept.typed),
        "saved_at": kept.saved_at.isoformat() if kept.saved_at else None,
        "other": {**limits.as_document(other.typed), "saved_at": other.saved_at.isoformat()} if other else None,
        "is_conflict": kept.is_conflict,
        "problems": problems(kept.typed, sheet, language),
    }


def problems(typed: Typed, sheet: Sheet, language: str) -> list[dict[str, Any]]:
    """What the server's Python can't read in her code."""
    in_words = {key for key, cell in sheet.editable.items() if cell.cell_type != "code"}
    sources = {place: source for place, source in limits.places(typed).items() if place not in in_words}
    found = READER.problems(sources, language)
    return [{"cell": one.place, "line": one.line, "text": one.text, "message": one.message} for one in found]


def attempts(submissions: Iterable[Submission], version: ExerciseVersion) -> list[dict[str, Any]]:
    """Newest first, as they are given."""
    return [_attempt(submission, version) for submission in submissions]


def _attempt(submission: Submission, version: ExerciseVersion) -> dict[str, Any]:
    grade = submission.grades[-1] if submission.grades else None
    return {
        "uid": str(submission.uid),
        "number": submission.number,
        "submitted_at": submission.submitted_at.isoformat(),
        "when": format_day(submission.submitted_at, "moment"),
        "state": grade.outcome if grade else "waiting",
        "points": grade.points if grade else None,
        "max_points": grade.max_points if grade else version.max_points,
        "url": url("learn.submission", uid=submission.uid),
    }


def result(found: Result, place: Place | None) -> dict[str, Any]:
    """What became of a submission. `place` is that of the learner whose it is, None where staff ask."""
    submission, grade = found.submission, found.grade
    titles = {fact["name"]: fact["title"] for fact in submission.exercise_version.facts["checks"]}
    return {
        "submission": str(submission.uid),
        "number": submission.number,
        "submitted_at": submission.submitted_at.isoformat(),
        "when": format_day(submission.submitted_at, "moment"),
        "state": found.state,
        "waiting_before": found.waiting_before,
        "poll_ms": found.poll_ms,
        "points": grade.points if grade else None,
        "max_points": grade.max_points if grade else submission.exercise_version.max_points,
        "checks": [
            {
                **{key: check[key] for key in ("name", "outcome", "points", "max_points", "message", "hidden")},
                "title": titles.get(check["name"]) or check.get("title") or check["name"],
            }
            for check in found.checks
        ],
        "repairs": [repair["message"] for repair in grade.repairs] if grade else [],
        "feedback": url("learn.feedback", uid=submission.uid) if grade and grade.feedback else None,
        "standing": _standing(place) if place and grade else None,
        "next": _next(place) if place else None,
    }


def _standing(place: Place) -> dict[str, Any]:
    standing = place.standing
    return {
        "is_completed": standing.is_completed,
        "is_done": place.unit_standing.is_done,
        "best": place.unit_standing.best,
        "line": _line(standing),
    }


def _line(standing: Standing) -> str:
    """The same words as on the home page."""
    return " ".join(str(environment().get_template("lms/_standing.html").module.line(standing)).split())  # type: ignore[attr-defined]


def _next(place: Place) -> dict[str, str] | None:
    if place.following is None:
        return None
    return {"title": place.following.title, "url": url("learn.unit", run=place.run.uid, key=place.following.key)}
