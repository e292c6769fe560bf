"""How many notebooks are graded in a second, here and by those that people use today, on the same notebooks in one run.

    python -m benchmarks.grading_others [--submissions 60] [--workers 2]

Ours are worker processes that call `lms.grading.grade`, warm and from their start; against them as many processes of
`nbgrader autograde`, each with a grade book of its own, and as many that run notebooks with nbclient, a cold kernel for each.
nbgrader and nbclient lie in an environment of their own (`make .venv-nbgrader/.ready`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.grading import PANDAS, exercise_of
from lms.grading import grade, load_exercise, pool, proof

BIN = Path(__file__).parents[1] / ".venv-nbgrader" / "bin"
GOAL = 12
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
NBCLIENT = """
import sys
import nbformat
from nbclient import NotebookClient
for path in sys.argv[1:]:
    NotebookClient(nbformat.read(path, as_version=4), kernel_name="python3").execute()
"""
SCORES = """
import sys
from nbgrader.api import Gradebook
with Gradebook(sys.argv[1]) as book:
    print(*[submission.score for submission in book.find_assignment("ps1").submissions])
"""


def worker(source: str, paths: list[str], pipe: Connection) -> None:
    """Says when it is ready and when all are graded, with the points of each."""
    exercise = load_exercise(source)
    contents = [Path(path).read_bytes() for path in paths]
    grade(exercise, contents[0])
    pipe.send("ready")
    pipe.recv()
    pipe.send([grade(exercise, content).points for content in contents])
    pool.close_all()


def ours(source: Path, shares: list[list[str]], full: float) -> tuple[float, float]:
    """Seconds for all: warm, and with the start of the processes."""
    context = get_context("spawn")
    started = time.perf_counter()
    pipes, processes = [], []
    for share in shares:
        here, there = context.Pipe()
        process = context.Process(target=worker, args=(str(source), share, there))
        process.start()
        pipes.append(here)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    warm = time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    points = [pipe.recv() for pipe in pipes]
    ended = time.perf_counter()
    for process in processes:
        process.join()
    assert all(each == full for share in points for each in share), points
    return ended - warm, ended - started


def side_by_side(commands: list[list[str]], folder: Path) -> float:
    """Seconds until all processes have ended, started at once."""
    environment = os.environ | ONE_THREAD | {"HOME": str(folder), "PATH": f"{BIN}:{os.environ['PATH']}"}
    started = time.perf_counter()
    running = [
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    told = [process.communicate()[1] for process in running]
    seconds = time.perf_counter() - started
    for process, text in zip(running, told, strict=True):
        assert process.returncode == 0, text[-2000:]
    return seconds


class Course:
    """nbgrader's folder with the assignment released, and each share of the submissions under a letter of its own."""

    def __init__(self, folder: Path, source: Path, content: bytes, count: int, workers: int) -> None:
        self.folder = folder
        (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'demo'\n")
        (folder / "source" / "ps1").mkdir(parents=True)
        shutil.copy(source, folder / "source" / "ps1" / source.name)
        side_by_side([[str(BIN / "nbgrader"), "generate_assignment", "ps1", "--create"]], folder)
        self.shares: list[list[str]] = [[] for _ in range(workers)]
        for number in range(count):
            share = number % workers
            path = folder / "submitted" / f"{chr(ord('a') + share)}{number:03}" / "ps1" / source.name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            self.shares[share].append(str(path))

    def autograde(self, full: float) -> float:
        """Each process has a copy of the grade book: on one they would wait for each other."""
        commands, books = [], []
        for number in range(len(self.shares)):
            book = self.folder / f"book-{number}.db"
            shutil.copy(self.folder / "gradebook.db", book)
            letter = chr(ord("a") + number)
            address = f"sqlite:///{book}"
            commands.append(
                [str(BIN / "nbgrader"), "autograde", "ps1", "--create", "--student", f"{letter}*", "--db", address]
            )
            books.append(address)
        seconds = side_by_side(commands, self.folder)
        for address, share in zip(books, self.shares, strict=True):
            said = subprocess.run(
                [str(BIN / "python"), "-c", SCORES, address], capture_output=True, text=True, check=True
            )
            assert [float(score) for score in said.stdout.split()] == [full] * len(share), said.stdout
        return seconds

    def nbclient(self) -> float:
        return side_by_side([[str(BIN / "python"), "-c", NBCLIENT, *share] for share in self.shares], self.folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if not (BIN / "nbgrader").exists():
        sys.exit("nbgrader is not there: make .venv-nbgrader/.ready")
    os.environ |= ONE_THREAD
    with tempfile.TemporaryDirectory() as name:
        exercise = exercise_of("pandas", PANDAS, Path(name))
        content = proof.notebook_with(exercise, proof.solution_answers(exercise))
        made = json.loads(content)
        made["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        folder = Path(name) / "course"
        folder.mkdir()
        course = Course(folder, exercise.source_file, json.dumps(made).encode(), given.submissions, given.workers)
        full = exercise.max_points
        before = ours(exercise.source_file, course.shares, full)
        nbgrader, nbclient = course.autograde(full), course.nbclient()
        after = ours(exercise.source_file, course.shares, full)
        warm, cold = ((one + two) / 2 for one, two in zip(before, after, strict=True))
    show(
        given.submissions,
        given.workers,
        warm,
        cold,
        {"nbgrader autograde": nbgrader, "nbclient, cold kernels": nbclient},
    )


def show(count: int, workers: int, warm: float, cold: float, others: dict[str, float]) -> None:
    load = os.getloadavg()[0]
    print(f"{count} submissions (8 cells, pandas), {workers} processes each, load {load:.1f}")
    print(f"{'':34}{'a second':>10}{'ours is':>10}{'goal':>8}")
    print(f"{'ours':34}{count / warm:10.2f}")
    print(f"{'ours, their start included':34}{count / cold:10.2f}")
    for title, seconds in others.items():
        print(f"{title:34}{count / seconds:10.2f}{seconds / warm:9.1f}x{f'>= {GOAL}x':>8}")


if __name__ == "__main__":
    main()
