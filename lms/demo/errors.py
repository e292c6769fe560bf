"""Why the demonstration was not made or taken away."""

from __future__ import annotations

from lms.errors import LMSError

_WHY = {
    "no_course": "its courses are not published. Run `flask lms content sync` first.",
    "real_people": "this site has {people} accounts of its own, and the demonstration's figures would stand among theirs. "
    "Look at it in a site of its own; `--beside-real-data` makes it here all the same, and "
    "`make run DEMO=0` starts without it.",
    "company_taken": "the business number of its company '{name}' is a company's of this site.",
    "no_few": "the few people of `flask lms demo` are missing, or an earlier version made them, which noted nothing. "
    "Make it on a new site.",
    "not_graded": "the engine could not grade a notebook of '{exercise}' (see `python -m lms.grading doctor`).",
    "used": "data of this site hangs on it: {tables}. Nothing was taken away.",
}  # fmt: skip


class DemoError(LMSError):
    """`reason`: no_course, real_people (`people`), company_taken (`name`), no_few, not_graded (`exercise`), used (`tables`)."""

    sentence = "The demonstration was left as it is: {why}"

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason, why=_WHY[reason].format(**values), **values)
