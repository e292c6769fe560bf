"""The errors of the domain. They hold ids and reasons and know no HTTP; `lms/web/errors.py` gives each a status and a page.

`str(error)` is one plain English sentence for logs and the command line: what happened, where, what to do next.
What a learner reads is made from `reason` and the other attributes by the web's own table, in her language.
"""

from __future__ import annotations

from typing import Any


class LMSError(Exception):
    """Base of all. `reason` is a stable snake_case word; keyword arguments become attributes and fill the sentence."""

    reason = "error"
    sentence = "Something went wrong."

    def __init__(self, reason: str | None = None, **facts: Any) -> None:
        if reason is not None:
            self.reason = reason
        self.facts = facts
        super().__init__(self._say())

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def _say(self) -> str:
        return self.sentence.format(reason=self.reason, **self.facts)


class NotFoundError(LMSError):
    """No such row, or none that the asker may see: the two look the same from outside, so that ids can't be probed."""

    reason = "not_found"
    sentence = "There is no such thing, or you may not see it."


class ForbiddenError(LMSError):
    """The asker is known and may know that the thing exists, but not do this to it."""

    reason = "forbidden"
    sentence = "You may not do this."


class ContentError(LMSError):
    """A course or exercise on disk is wrong. `file` is relative to the content's root, `key` a dotted path or ''."""

    reason = "content"

    def __init__(self, file: str, key: str, problem: str, remedy: str = "") -> None:
        super().__init__(file=file, key=key, problem=problem, remedy=remedy)

    def _say(self) -> str:
        where = ": ".join(part for part in (self.facts["file"], self.facts["key"]) if part)
        said = f"{where}: {self.facts['problem']}"
        return f"{said}. {self.facts['remedy']}" if self.facts["remedy"] else said


class NotANotebookError(LMSError):
    """What was handed in can't be read as a notebook.

    `reason` is one of: empty, too_large, not_json, not_a_notebook, too_old (nbformat below 4), too_new, invalid,
    other_exercise, no_answers.
    """

    reason = "not_a_notebook"
    sentence = "This is not a notebook that can be graded: {reason}."


class GradingUnavailableError(LMSError):
    """The machine can't grade now (no sandbox at the level that is asked for, a child that can't be started)."""

    reason = "grading_unavailable"
    sentence = "Grading is not possible on this machine now: {why}"
