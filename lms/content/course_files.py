"""courses/<slug>/ -> Course."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from lms.content.courses import Completion, Course, ExerciseUnit, MediaFile, PageUnit, QuizUnit, Unit
from lms.content.exercises import ExerciseFacts
from lms.content.files import BESIDE, LANGUAGE, SLUG, Folder, is_content_folder
from lms.content.markdown_checks import Checker, Text, anchors_of
from lms.content.media import list_media
from lms.content.problems import Problems, did_you_mean
from lms.content.quiz_files import markdown_of, read_quiz
from lms.content.tables import Table, read_toml

UNIT_KINDS = ("page", "quiz", "exercise")
MOST_UNITS = 500


def load_course(root: Path, slug: str, exercises: Mapping[str, ExerciseFacts] | None) -> Course:
    """The course in root/slug. `exercises` are those that its units may name; None leaves them unchecked and their
    digests unknown. ContentErrors with all that is wrong."""
    problems = Problems()
    course = read_course(root, slug, exercises, problems)
    problems.raise_if_any()
    assert course is not None
    return course


def read_course(
    root: Path,
    slug: str,
    exercises: Mapping[str, ExerciseFacts] | None,
    problems: Problems,
    broken: Collection[str] = (),
) -> Course | None:
    """As `load_course`, into `problems`; the course is to be used only if there are none. `broken` are the exercises
    that are there but have mistakes of their own."""
    folder = Folder(root / slug, f"{root.name}/{slug}", problems)
    if not is_content_folder(folder, slug):
        return None
    table = read_toml(folder, "course.toml")
    if table is None:
        return None
    files = folder.list_files()
    media = list_media(folder, files)
    reader = _Reader(folder, table, exercises, broken, media)
    course = reader.read(slug)
    reader.check_markdown()
    reader.check_leftovers(files)
    return course


class _Reader:
    """Reads one course.toml and what it refers to."""

    def __init__(
        self,
        folder: Folder,
        table: Table,
        exercises: Mapping[str, ExerciseFacts] | None,
        broken: Collection[str],
        media: tuple[MediaFile, ...],
    ) -> None:
        self.folder = folder
        self.table = table
        self.exercises = exercises
        self.broken = broken
        self.media = media
        self.texts: list[Text] = []
        self.files = {"course.toml"}
        self.keys: dict[str, str] = {}

    def read(self, slug: str) -> Course:
        table = self.table
        entries = table.tables("units", required=True)
        if table.has("units") and not 0 < len(entries) <= MOST_UNITS:
            table.wrong("units", f"a course has 1 to {MOST_UNITS} units; this one has {len(entries)}")
        course = Course(
            slug=slug,
            title=table.text("title"),
            summary=table.text("summary", longest=1000),
            language=table.text("language", "ko", pattern=LANGUAGE),
            hours=table.number("hours", above=0, at_most=1000),
            audience=table.text("audience", "", longest=1000),
            completion=self._read_completion(),
            units=tuple(unit for entry in entries if (unit := self._read_unit(entry))),
            media=self.media,
        )
        self._check_weights(course)
        table.finish()
        return course

    def _read_completion(self) -> Completion:
        table = self.table.table("completion")
        if table is None:
            return Completion()
        completion = Completion(
            progress=table.number("progress", 80, at_least=0, at_most=100),
            score=table.number("score", 60, at_least=0, at_most=100),
        )
        table.finish()
        return completion

    def _check_weights(self, course: Course) -> None:
        weights = [unit.weight for unit in course.units if not isinstance(unit, PageUnit)]
        if course.completion.score > 0 and not any(weights):
            remedy = "Give quizzes or exercises a weight, or set completion.score = 0."
            self.table.wrong("completion.score", "asks for a score, but no unit carries a weight", remedy)

    def _read_unit(self, entry: Table) -> Unit | None:
        kind = entry.text("kind", choices=UNIT_KINDS)
        common = {
            "key": self._read_key(entry),
            "title": entry.text("title"),
            "minutes": entry.integer("minutes", at_least=1, at_most=600),
        }
        if not kind:
            entry.allow(("file", "exercise", "weight"))
            entry.finish()
            return None
        readers = {"page": self._read_page, "quiz": self._read_quiz, "exercise": self._read_exercise}
        unit = readers[kind](entry, common)
        entry.finish()
        return unit

    def _read_key(self, entry: Table) -> str:
        key = entry.text("key", pattern=SLUG, longest=60)
        if key and key in self.keys:
            entry.wrong("key", f"'{key}' is already the key of {self.keys[key]}", "Give each unit its own key.")
        self.keys.setdefault(key, entry.path)
        return key

    def _read_page(self, entry: Table, common: dict) -> Unit:
        if entry.has("weight"):
            entry.wrong("weight", "a page is not scored", "Leave the weight out.")
        relative = self._file(entry, "pages/", ".md")
        text = self.folder.read_text(relative, file=entry.file, key=entry.at("file")) if relative else None
        if text is not None and not text.strip():
            self.folder.problems.add(self.folder.show(relative), "", "is empty", "Write the page.")
        if text:
            self.texts.append(Text(self.folder.show(relative), "", text, common["key"]))
        return PageUnit(text=text or "", **common)

    def _read_quiz(self, entry: Table, common: dict) -> Unit | None:
        weight = self._weight(entry)
        relative = self._file(entry, "quizzes/", ".toml")
        quiz = read_quiz(self.folder, relative, file=entry.file, key=entry.at("file")) if relative else None
        if quiz is None:
            return None
        for key, markdown, is_label in markdown_of(quiz):
            self.texts.append(Text(self.folder.show(relative), key, markdown, common["key"], is_label))
        return QuizUnit(quiz=quiz, weight=weight, **common)

    def _read_exercise(self, entry: Table, common: dict) -> Unit:
        slug = entry.text("exercise", pattern=SLUG)
        facts = None
        if slug and self.exercises is not None:
            facts = self.exercises.get(slug)
            if slug in self.broken:
                entry.wrong("exercise", f"the exercise '{slug}' has mistakes of its own", "Mend those first.")
            elif facts is None:
                remedy = did_you_mean(slug, self.exercises) or "Add it to the exercises folder."
                entry.wrong("exercise", f"there is no exercise '{slug}'", remedy)
        weight = self._weight(entry)
        return ExerciseUnit(exercise=slug, digest=facts.digest if facts else None, weight=weight, **common)

    def _weight(self, entry: Table) -> float:
        return entry.number("weight", 0, above=0, at_most=1000)

    def _file(self, entry: Table, under: str, suffix: str) -> str:
        """The path of a unit's file, '' where it can't be one. No two units share a file."""
        relative = entry.text("file")
        if not relative or not self.folder.is_safe(relative, file=entry.file, key=entry.at("file")):
            return ""
        if not (relative.startswith(under) and relative.endswith(suffix)):
            entry.wrong("file", f"'{relative}' is not a {under}*{suffix} file", f"Put it into {under}.")
            return ""
        if relative in self.files:
            entry.wrong("file", f"'{relative}' is already the file of another unit", "Give each unit its own file.")
            return ""
        self.files.add(relative)
        return relative

    def check_markdown(self) -> None:
        anchors = {text.unit: anchors_of(text.markdown) for text in self.texts if text.is_page}
        checker = Checker(self.folder.problems, [file.path for file in self.media], list(self.keys), anchors)
        for text in self.texts:
            checker.check(text)
        self.files |= checker.used

    def check_leftovers(self, files: list[str]) -> None:
        for relative in files:
            if relative not in self.files and not BESIDE.fullmatch(relative):
                remedy = "Use it in a unit, or delete it."
                self.folder.problems.add(self.folder.show(relative), "", "nothing refers to this file", remedy)
