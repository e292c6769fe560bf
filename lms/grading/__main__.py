"""The command line: `python -m lms.grading grade|check|starter|import|doctor`.

Exit status: 0 if it could grade or check and all is well, 1 if not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lms.errors import ContentError, GradingUnavailableError, NotANotebookError

from . import otter, proof
from .exercise import LANGUAGES, Exercise, load_exercise
from .feedback import render_feedback
from .grades import CheckResult, Grade
from .grading import ENGINE, grade
from .messages import say
from .pool import required
from .sandbox.isolation import LEVELS, isolation
from .starter import make_starter


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (ContentError, GradingUnavailableError) as error:
        _tell(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lms.grading", description="Grade notebooks in a sandbox.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("grade", help="grade notebooks; one line for each, in order")
    one.add_argument("exercise", metavar="EXERCISE", help="a folder of exercises/ or a source notebook")
    one.add_argument("notebooks", nargs="+", metavar="NOTEBOOK.ipynb")
    one.add_argument("--json", action="store_true", help="a line of JSON for each notebook")
    one.add_argument("--html", metavar="DIR", type=Path, help="write each learner's feedback there")
    _common(one)
    one.set_defaults(run=_grade)
    two = commands.add_parser("check", help="prove an exercise: solution, blank, the wrong notebooks of proof.toml")
    two.add_argument("exercise", metavar="EXERCISE")
    two.add_argument("--json", action="store_true", help="the findings as one line of JSON")
    _common(two)
    two.set_defaults(run=_check)
    three = commands.add_parser("starter", help="write the learner's copy")
    three.add_argument("exercise", metavar="EXERCISE")
    three.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    three.set_defaults(run=_starter)
    five = commands.add_parser("import", help="turn a notebook of Otter Assign into a source notebook")
    five.add_argument("notebook", metavar="NOTEBOOK.ipynb", type=Path)
    five.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    five.set_defaults(run=_import)
    four = commands.add_parser("doctor", help="say which isolation this machine offers and what is missing")
    four.add_argument("--json", action="store_true")
    four.set_defaults(run=_doctor)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=LANGUAGES, default="ko", help="of the messages (default: ko)")
    parser.add_argument(
        "--isolation", choices=LEVELS, help="the least that is accepted (default: LMS_GRADING_ISOLATION)"
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _grade(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise)
    pages = _page_names(given.notebooks)
    all_graded = True
    for path in given.notebooks:
        line, graded = _grade_one(exercise, path, given)
        all_graded &= line["outcome"] == "graded"
        _say(json.dumps(line, ensure_ascii=False) if given.json else _in_words(line))
        if given.html and graded:
            given.html.mkdir(parents=True, exist_ok=True)
            (given.html / next(pages)).write_text(_page(graded), encoding="utf-8")
        elif given.html:
            next(pages)
    return 0 if all_graded else 1


def _grade_one(exercise: Exercise, path: str, given: argparse.Namespace) -> tuple[dict[str, Any], Grade | None]:
    """One line for one notebook, whatever happens to it."""
    try:
        content = Path(path).read_bytes()
        graded = grade(exercise, content, name=path, language=given.language, required_level=given.isolation)
    except NotANotebookError as error:
        return _refused(exercise, path, error.reason, say(f"refused_{error.reason}", given.language)), None
    except GradingUnavailableError as error:
        return _refused(exercise, path, error.reason, str(error)), None
    except OSError as error:
        return _refused(exercise, path, "unreadable", f"{path}: {error.strerror}"), None
    return _line(graded), graded


def _line(graded: Grade) -> dict[str, Any]:
    return {
        "notebook": graded.notebook,
        "outcome": graded.outcome,
        "points": graded.points,
        "max_points": graded.max_points,
        "checks": [_check_line(check) for check in graded.checks],
        "flags": [{"kind": flag.kind, "cell": flag.cell, "reason": flag.reason} for flag in graded.flags],
        "repairs": [{"kind": r.kind, "cell": r.cell, "message": r.message} for r in graded.repairs],
        "seconds": graded.seconds,
        "engine": graded.engine,
        "environment": graded.environment,
    }


def _check_line(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "outcome": check.outcome,
        "points": check.points,
        "max_points": check.max_points,
        "hidden": check.hidden,
        "message": check.message,
    }


def _refused(exercise: Exercise, path: str, reason: str, message: str) -> dict[str, Any]:
    _tell(f"{path}: {message}")
    return {
        "notebook": path,
        "outcome": "error",
        "points": None,
        "max_points": exercise.max_points,
        "checks": [],
        "flags": [],
        "repairs": [],
        "seconds": 0.0,
        "engine": ENGINE,
        "environment": "",
        "error": {"reason": reason, "message": message},
    }


def _in_words(line: dict[str, Any]) -> str:
    points = "-" if line["points"] is None else f"{line['points']:g}"
    rows = [f"{line['notebook']}: {line['outcome']} {points}/{line['max_points']:g}"]
    for check in line["checks"]:
        earned = "-" if check["points"] is None else f"{check['points']:g}"
        rows.append(f"  {check['name']}: {check['outcome']} {earned}/{check['max_points']:g}  {check['message']}")
    rows += [f"  {repair['message']}" for repair in line["repairs"]]
    rows += [f"  ({flag['kind']} {flag['cell']}: {flag['reason']})" for flag in line["flags"]]
    return "\n".join(rows)


def _page_names(notebooks: list[str]) -> Iterator[str]:
    """A file name for each, though notebooks of different folders may have the same."""
    used: set[str] = set()
    for path in notebooks:
        stem, number = Path(path).stem, 2
        name = stem
        while name in used:
            name, number = f"{stem}-{number}", number + 1
        used.add(name)
        yield f"{name}.html"


def _page(graded: Grade) -> str:
    return f'<!doctype html>\n<meta charset="utf-8">\n<title>feedback</title>\n{render_feedback(graded)}\n'


def _check(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise)
    proved = proof.check_exercise(exercise, language=given.language, required_level=given.isolation)
    if given.json:
        _say(json.dumps(_proof_line(exercise, proved), ensure_ascii=False))
    else:
        for name, graded in proved.grades.items():
            points = "-" if graded.points is None else f"{graded.points:g}"
            _say(f"{name}: {points}/{graded.max_points:g} in {graded.seconds:.2f} s")
        for finding in proved.findings:
            word = "note" if finding.warning else "wrong"
            _say(f"{word}: {': '.join(filter(None, (finding.notebook, finding.check, finding.message)))}")
        machine = sum(not check.manual for check in exercise.checks)
        _say(f"{proved.split} of {machine} checks run outside the learner's process")
        _say("The exercise holds." if proved.holds else "The exercise must be mended.")
    return 0 if proved.holds else 1


def _proof_line(exercise: Exercise, proved: proof.Proof) -> dict[str, Any]:
    return {
        "exercise": exercise.slug,
        "digest": exercise.digest,
        "holds": proved.holds,
        "grades": {name: graded.points for name, graded in proved.grades.items()},
        "max_points": exercise.max_points,
        "split": proved.split,
        "findings": [
            {"kind": f.kind, "notebook": f.notebook, "check": f.check, "message": f.message, "warning": f.warning}
            for f in proved.findings
        ],
    }


def _starter(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise)
    text = json.dumps(make_starter(exercise), ensure_ascii=False, indent=1)
    given.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _import(given: argparse.Namespace) -> int:
    """Each note names a cell, what has no counterpart, and what to do."""
    try:
        notebook = json.loads(given.notebook.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ContentError(given.notebook.name, "", f"it can't be read as a notebook: {error}") from error
    if not isinstance(notebook, dict) or not (otter.is_otter(notebook) or otter.old_form(notebook)):
        raise ContentError(
            given.notebook.name, "", "it has none of Otter's raw cells", "Is it an assignment of format 1?"
        )
    imported = otter.import_otter(notebook, given.notebook.name)
    text = json.dumps(imported.notebook, ensure_ascii=False, indent=1)
    given.output.write_text(text + "\n", encoding="utf-8")
    for note in imported.notes:
        _tell(f"cell {note.cell}: {note.what}: {note.remedy}")
    return 0


def _doctor(given: argparse.Namespace) -> int:
    report = isolation()
    wanted = required(None)
    if given.json:
        missing = [{"what": what, "remedy": line} for what, line in report.missing]
        _say(json.dumps({"level": report.level, "required": wanted, "missing": missing}))
    else:
        _say(f"isolation: {report.level} (required: {wanted})")
        for what, line in report.missing:
            _say(f"missing: {what}\n  {line}")
    return 0 if report.reaches(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
