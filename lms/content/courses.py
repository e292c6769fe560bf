"""A course as it was read and found right. Frozen; its document is what a published version keeps for good."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
from msgspec import Struct

from lms.content.quizzes import Quiz
from lms.errors import ContentError

FORMAT = 1


class Completion(Struct, frozen=True, omit_defaults=True):
    """The default rule that a run copies: per cent of units done, and score of 100."""

    progress: float = 80
    score: float = 60


class MediaFile(Struct, frozen=True):
    """`path` is as pages write it (`media/x.svg`); `size` in bytes."""

    path: str
    sha256: str
    size: int
    content_type: str


class _Unit(Struct, frozen=True, omit_defaults=True, tag_field="kind", kw_only=True):
    key: str
    title: str
    minutes: int


class PageUnit(_Unit, frozen=True, tag="page", kw_only=True):
    """`text` is the page's Markdown."""

    text: str


class QuizUnit(_Unit, frozen=True, tag="quiz", kw_only=True):
    """`weight` is the share in the course's score, 0 for practice."""

    quiz: Quiz
    weight: float = 0


class ExerciseUnit(_Unit, frozen=True, tag="exercise", kw_only=True):
    """`exercise` is a slug; `digest` the SHA-256 of the exercise's package, None if the course was read alone."""

    exercise: str
    digest: str | None = None
    weight: float = 0


Unit = PageUnit | QuizUnit | ExerciseUnit


class Course(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`hours` are the recognised ones. Fields added later need a default that never changes: a document leaves out
    what has its default, so that an old course keeps its digest."""

    slug: str
    title: str
    summary: str
    language: str
    hours: float
    audience: str = ""
    completion: Completion
    units: tuple[Unit, ...]
    media: tuple[MediaFile, ...] = ()

    def unit(self, key: str) -> Unit | None:
        return next((unit for unit in self.units if unit.key == key), None)

    def media_file(self, path: str) -> MediaFile | None:
        return next((file for file in self.media if file.path == path), None)


def to_document(course: Course) -> dict[str, Any]:
    """All that a published version needs, as plain JSON values. ValueError if an exercise's digest is not known."""
    unknown = [unit.key for unit in course.units if isinstance(unit, ExerciseUnit) and unit.digest is None]
    if unknown:
        raise ValueError(f"{course.slug}: units without an exercise's digest: {', '.join(unknown)}")
    return {"format": FORMAT, "course": msgspec.json.decode(msgspec.json.encode(course))}


def from_document(document: dict[str, Any]) -> Course:
    """The course of a document made by `to_document`. ContentError for any other."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ContentError(
            "document", "format", f"only format {FORMAT} can be read here", "Use the release that wrote it."
        )
    try:
        return msgspec.convert(document.get("course"), Course)
    except msgspec.ValidationError as error:
        raise ContentError("document", "course", str(error), "It was not written by to_document.") from error


def digest(document: dict[str, Any]) -> str:
    """SHA-256 of the document's canonical JSON: sorted keys, whole numbers without a point (databases store 1.0 as 1),
    so that it is the same before and after any store."""
    canonical = json.dumps(
        _canonical(document), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value
