"""The command line: `python -m lms.grading grade|check|starter|import|doctor`.

Exit status: 0 if it could grade or check and all is well, 1 if not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lms.errors import ContentError, GradingUnavailableError

from . import otter, proof
from .batch import Graded, Table, find_notebooks, grade_all, page_names
from .exercise import LANGUAGES, Exercise, load_exercise
from .findings import tell
from .messages import printable
from .page import page_of, points_in_words
from .pool import requirement
from .sandbox.isolation import LEVELS, isolation
from .starter import make_starter


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (ContentError, GradingUnavailableError) as error:
        _tell(str(error))
    except OSError as error:
        _tell(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        _tell("stopped")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lms.grading", description="Grade notebooks in a sandbox.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("grade", help="grade notebooks; one line for each, in order")
    one.add_argument("exercise", metavar="EXERCISE", help="a folder of exercises/ or a source notebook")
    one.add_argument("notebooks", nargs="+", metavar="NOTEBOOK.ipynb", help="notebooks, or folders of them")
    one.add_argument("--json", action="store_true", help="a line of JSON for each notebook")
    one.add_argument("--html", metavar="DIR", type=Path, help="write each learner's feedback there")
    one.add_argument("--csv", metavar="FILE", type=Path, help="write a row for each notebook there")
    one.add_argument(
        "--workers", metavar="N", type=_workers, default=1, help="grade N notebooks at a time (default: 1)"
    )
    _data(one)
    _common(one)
    one.set_defaults(run=_grade)
    two = commands.add_parser("check", help="prove an exercise: solution, blank, the wrong notebooks of proof.toml")
    two.add_argument("exercise", metavar="EXERCISE")
    two.add_argument("--json", action="store_true", help="the findings as one line of JSON")
    _data(two)
    _common(two)
    two.set_defaults(run=_check)
    three = commands.add_parser("starter", help="write the learner's copy")
    three.add_argument("exercise", metavar="EXERCISE")
    three.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    _data(three)
    three.set_defaults(run=_starter)
    five = commands.add_parser("import", help="turn a notebook of Otter Assign into a source notebook")
    five.add_argument("notebook", metavar="NOTEBOOK.ipynb", type=Path)
    five.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    _language(five)
    five.set_defaults(run=_import)
    four = commands.add_parser("doctor", help="say which isolation this machine offers and what is missing")
    four.add_argument("--json", action="store_true")
    four.set_defaults(run=_doctor)
    return parser


def _data(parser: argparse.ArgumentParser) -> None:
    text = "a file or folder that goes with a single source notebook, besides those that its cells open by name"
    parser.add_argument("--data", metavar="PATH", type=Path, action="append", default=[], help=text)


def _workers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("a number from 1 to 64")
    return number


def _language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=LANGUAGES, default="ko", help="of the messages (default: ko)")


def _common(parser: argparse.ArgumentParser) -> None:
    _language(parser)
    parser.add_argument(
        "--isolation", choices=LEVELS, help="the least that is accepted (default: LMS_GRADING_ISOLATION)"
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _grade(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise, data=given.data)
    paths = find_notebooks(given.notebooks, exercise)
    pages = page_names(paths)
    if given.html:
        given.html.mkdir(parents=True, exist_ok=True)
    done = written = wanted = 0
    with contextlib.ExitStack() as stack:
        table = None
        if given.csv:
            file = stack.enter_context(given.csv.open("w", encoding="utf-8-sig", newline=""))
            table = Table(file, exercise)
        graded_all = grade_all(
            exercise, paths, language=given.language, required_level=given.isolation, workers=given.workers
        )
        for graded, page in zip(stack.enter_context(contextlib.closing(graded_all)), pages, strict=True):
            done += graded.line["outcome"] == "graded"
            if graded.problem:
                _tell(f"{_name(graded)}: {graded.problem}")
            _say(
                json.dumps(graded.line, ensure_ascii=False)
                if given.json
                else _in_words(graded, exercise, given.language)
            )
            if table:
                table.add(graded)
            if given.html and graded.grade:
                wanted += 1
                written += _write_page(given.html / page, graded, exercise, given.language)
    if len(paths) > 1:
        _tell(f"{done} of {len(paths)} notebooks graded")
    return 0 if done == len(paths) and written == wanted else 1


def _write_page(path: Path, graded: Graded, exercise: Exercise, language: str) -> bool:
    """Whether it could be written: one page that can't be made must not cost the other notebooks theirs."""
    try:
        path.write_text(page_of(graded, exercise, language), encoding="utf-8", errors="replace")
    except Exception as error:
        _tell(f"{_name(graded)}: no page could be made: {type(error).__name__}: {error}")
        return False
    return True


def _name(graded: Graded) -> str:
    """On one line, without what would steer a terminal."""
    return " ".join(printable(str(graded.line["notebook"])).split("\n"))


def _in_words(graded: Graded, exercise: Exercise, language: str) -> str:
    line = graded.line
    rows = [f"{_name(graded)}: {line['outcome']} {points_in_words(graded, exercise, language)}"]
    for check in line["checks"]:
        earned = "-" if check["points"] is None else f"{check['points']:g}"
        rows.append(f"  {check['name']}: {check['outcome']} {earned}/{check['max_points']:g}  {check['message']}")
    rows += [f"  {repair['message']}" for repair in line["repairs"]]
    rows += [f"  ({flag['kind']} {flag['cell']}: {flag['reason']})" for flag in line["flags"]]
    return "\n".join(rows)


def _check(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise, data=given.data)
    proved = proof.check_exercise(exercise, language=given.language, required_level=given.isolation)
    if given.json:
        _say(json.dumps(_proof_line(exercise, proved), ensure_ascii=False))
    else:
        _say("\n".join(_proof_words(exercise, proved, given.language)))
    return 0 if proved.holds else 1


def _proof_words(exercise: Exercise, proved: proof.Proof, language: str) -> Iterator[str]:
    if exercise.folder is None and exercise.data:
        yield tell("files", language, files=", ".join(exercise.data))
    for name, graded in proved.grades.items():
        points = "-" if graded.points is None else f"{graded.points:g}"
        yield tell("graded", language, name=name, points=points, max_points=graded.max_points, seconds=graded.seconds)
    for finding in proved.findings:
        place = " · ".join(filter(None, (finding.notebook, finding.check)))
        yield f"{tell('note' if finding.warning else 'wrong', language)}: {place}: {finding.message}"
    machine = sum(not check.manual for check in exercise.checks)
    old = 100 * (machine - proved.split) / max(machine, 1)
    yield tell("share", language, split=proved.split, machine=machine, old=old)
    if by_hand := [check.points for check in exercise.checks if check.manual]:
        yield tell("by_hand", language, count=len(by_hand), points=sum(by_hand))
    yield tell("holds" if proved.holds else "must_mend", language)


def _proof_line(exercise: Exercise, proved: proof.Proof) -> dict[str, Any]:
    return {
        "exercise": exercise.slug,
        "digest": exercise.digest,
        "holds": proved.holds,
        "grades": {name: graded.points for name, graded in proved.grades.items()},
        "max_points": exercise.max_points,
        "split": proved.split,
        "by_machine": sum(not check.manual for check in exercise.checks),
        "findings": [
            {"kind": f.kind, "notebook": f.notebook, "check": f.check, "message": f.message, "warning": f.warning}
            for f in proved.findings
        ],
    }


def _starter(given: argparse.Namespace) -> int:
    exercise = load_exercise(given.exercise, data=given.data)
    text = json.dumps(make_starter(exercise), ensure_ascii=False, indent=1)
    given.output.write_text(text + "\n", encoding="utf-8")
    if exercise.data:
        _tell(f"hand these files out with it: {', '.join(exercise.data)}")
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
    imported = otter.import_otter(notebook, given.notebook.name, language=given.language)
    text = json.dumps(imported.notebook, ensure_ascii=False, indent=1)
    given.output.write_text(text + "\n", encoding="utf-8")
    for note in imported.notes:
        _tell(f"{tell('numbered', given.language, number=note.cell)}: {note.what}: {note.remedy}")
    exercise = load_exercise(given.output)
    facts = {"checks": len(exercise.checks), "points": exercise.max_points, "path": given.output}
    _tell(tell("imported", given.language, **facts))
    return 0


def _doctor(given: argparse.Namespace) -> int:
    report = isolation()
    wanted, source = requirement()
    if given.json:
        missing = [{"what": what, "remedy": line} for what, line in report.missing]
        _say(json.dumps({"level": report.level, "required": wanted, "by": source, "missing": missing}))
    else:
        _say(f"isolation: {report.level}")
        _say(f"required:  {wanted} ({source})")
        for what, line in report.missing:
            _say(f"missing: {what}\n  {line}")
    return 0 if report.reaches(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
