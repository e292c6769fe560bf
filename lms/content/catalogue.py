"""All courses and exercises of an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lms.content.course_files import read_course
from lms.content.courses import Course
from lms.content.exercises import ExerciseFacts
from lms.content.files import LEFT_BY_TOOLS
from lms.content.packages import read_exercise_facts
from lms.content.problems import ContentErrors, Problems
from lms.errors import ContentError


@dataclass(frozen=True)
class Catalogue:
    """Both in the order of their slugs, and only those in which nothing is wrong."""

    courses: tuple[Course, ...]
    exercises: Mapping[str, ExerciseFacts]


def load_all(courses_dir: Path, exercises_dir: Path) -> Catalogue:
    """Everything in both folders. ContentErrors with all that is wrong in any of it."""
    catalogue, errors = check_all(courses_dir, exercises_dir)
    if errors:
        raise ContentErrors(errors)
    return catalogue


def check_all(courses_dir: Path, exercises_dir: Path) -> tuple[Catalogue, tuple[ContentError, ...]]:
    """What can be used, and what is wrong with the rest."""
    problems = Problems()
    exercises = {}
    broken = set()
    for slug in _slugs(exercises_dir, problems):
        facts = read_exercise_facts(exercises_dir, slug, problems)
        if facts is None:
            broken.add(slug)
        else:
            exercises[slug] = facts
    courses = []
    for slug in _slugs(courses_dir, problems):
        before = len(problems.errors)
        course = read_course(courses_dir, slug, exercises, problems, broken)
        if course is not None and len(problems.errors) == before:
            courses.append(course)
    return Catalogue(tuple(courses), MappingProxyType(exercises)), tuple(problems.errors)


def _slugs(root: Path, problems: Problems) -> list[str]:
    if not root.is_dir():
        problems.add(root.name, "", "there is no such folder", "Give the folder that holds them.")
        return []
    found = []
    for path in sorted(root.iterdir()):
        if path.name in LEFT_BY_TOOLS or path.name == "README.md":
            continue
        if path.is_dir():
            found.append(path.name)
        else:
            problems.add(f"{root.name}/{path.name}", "", "is no folder", "Put it into a course or exercise.")
    return found
