"""What is to be said of a row: a word, the field that it is about, and facts. The sentences are in `lms.web.roster_words`."""

from __future__ import annotations

from typing import Any

import msgspec

# A row with one of these is not applied.
WRONG = frozenset(
    (
        "resident_number",  # of any column; the number itself is nowhere
        "formula",  # a formula whose result is not in the file
        "error_value",  # #N/A and its kin
        "too_long",
        "rounded",  # 1.23E+12: digits are lost
        "missing",  # of a field that every row has to have
        "missing_for_new",  # of a company that is not known yet
        "malformed",
        "unknown_region",
        "elsewhere",  # a company, or a region, that the viewer doesn't look after
        "merged_elsewhere",
        "company_differs",  # from an earlier row with the same number
        "region_differs",
        "no_identity",
        "several_people",
        "another_person",  # the employee number or e-mail is somebody else's
        "differs_in_file",  # an earlier row gives the same person otherwise
        "needs",  # a course without a run, a run without a course
        "unknown_course",
        "unknown_run",
        "run_closed",
        "run_full",
        "run_overlaps",  # she is in another run of the course at the time
    )
)
# A row with one of these is left out although nothing is wrong with it.
SKIPPED = frozenset(("total", "twice"))
NOTES = frozenset(
    (
        "change",  # of a field, with before and after where they aren't personal
        "back",  # somebody who had left comes back
        "kept",  # a field that a roster doesn't change here
        "company_kept",  # the company is known under another name, or in another region
        "same_name",  # there is somebody of the same name, who is taken for another
        "zeros",  # the number is there with zeros before it, which spreadsheets eat
        "enrolled",
        "in_run",  # is in the run already
    )
)


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """`facts` never hold personal data beyond what the row's own company may read on its pages: no e-mail, telephone number
    or birth date."""

    word: str
    field: str = ""
    facts: dict[str, Any] = {}

    @property
    def is_wrong(self) -> bool:
        return self.word in WRONG


def to_documents(findings: list[Finding]) -> list[Any]:
    """For a column of JSON."""
    return [[finding.word, finding.field, finding.facts] for finding in findings]


def from_documents(documents: list[Any]) -> list[Finding]:
    return [Finding(*document) for document in documents]
