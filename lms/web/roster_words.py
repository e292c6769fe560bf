"""What is said of rosters, in words: of a file that can't be read, of a row, of what was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lms.errors import LMSError
from lms.rosters.findings import Finding

from .i18n import format_number, lazy_gettext
from .i18n import gettext as _

FIELDS: Mapping[str, Any] = {
    "business_number": lazy_gettext("Business number"),
    "company": lazy_gettext("Company name"),
    "region": lazy_gettext("Region"),
    "name": lazy_gettext("Name"),
    "employee_number": lazy_gettext("Employee number"),
    "birth_date": lazy_gettext("Birth date"),
    "phone": lazy_gettext("Mobile phone"),
    "email": lazy_gettext("E-mail"),
    "department": lazy_gettext("Department"),
    "job": lazy_gettext("Job"),
    "course": lazy_gettext("Course"),
    "run": lazy_gettext("Run"),
}
OUTCOMES: Mapping[str, Any] = {
    "new": lazy_gettext("New"),
    "changed": lazy_gettext("Changed"),
    "same": lazy_gettext("Same"),
    "wrong": lazy_gettext("With errors"),
    "skipped": lazy_gettext("Left out"),
}
STATES: Mapping[str, Any] = {
    "waiting": lazy_gettext("Waits to be checked"),
    "checking": lazy_gettext("Being checked"),
    "checked": lazy_gettext("Checked, not applied"),
    "applying": lazy_gettext("Being applied"),
    "applied": lazy_gettext("Roster applied"),
    "undone": lazy_gettext("Undone"),
    "failed": lazy_gettext("Stopped"),
}


def of_field(name: str) -> str:
    return str(FIELDS.get(name, name))


# Of a row


def tell(finding: Finding) -> str:
    """A sentence, with what to do where there is something to do."""
    facts = {"field": of_field(finding.field), **finding.facts}
    return _SENTENCES[finding.word](facts)


_SENTENCES: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "resident_number": lambda f: (
        _("Column “%(column)s” holds a resident registration number. It may not be kept: delete it.", **f)
        if f.get("column")
        else _("The row holds a resident registration number. It may not be kept: delete it.")
    ),
    "formula": lambda f: _("%(field)s is a formula without a result. Paste the values instead of the formulas.", **f),
    "error_value": lambda f: _("%(field)s shows an error of the spreadsheet (such as #N/A). Mend the formula.", **f),
    "too_long": lambda f: _("%(field)s is longer than %(most)s characters.", **f),
    "rounded": lambda f: _(
        "%(field)s was shortened by the spreadsheet (as in 1.23E+12). Make the column text and type it again.", **f
    ),
    "missing": lambda f: _("%(field)s is missing.", **f),
    "missing_for_new": lambda f: _("The company is not known yet, so %(field)s is needed.", **f),
    "malformed": lambda f: _malformed(f),
    "unknown_region": lambda f: _("There is no region “%(text)s”. Write it as in 부산, 부산시 or 부산광역시.", **f),
    "elsewhere": lambda f: (
        _("The company lies outside the regions of your centre.")
        if f["field"] == of_field("business_number")
        else _("This region is not one of your centre's.")
    ),
    "company_differs": lambda f: _(
        "Row %(row)s gives the same business number to “%(name)s”. One of the two is mistyped.", **f
    ),
    "region_differs": lambda f: _("Row %(row)s gives the same company another region.", **f),
    "no_identity": lambda f: _(
        "The employee number, e-mail and birth date are all missing. One of them is needed: names alone don't tell people apart."
    ),
    "several_people": lambda f: _(
        "Several people of this name and birth date work there. Give the employee number or the e-mail."
    ),
    "another_person": lambda f: _("This %(field)s is another person's.", **f),
    "differs_in_file": lambda f: _("Row %(row)s gives the same person with another %(field)s.", **f),
    "needs": lambda f: _("%(field)s is missing: to enrol somebody both the course and the run are needed.", **f),
    "unknown_course": lambda f: _(
        "You have no run of this course. Write the course's name as it stands in the list of runs."
    ),
    "unknown_run": lambda f: _("You have no run %(run)s of this course.", **f),
    "run_closed": lambda f: _("%(course)s, run %(run)s, is over or closed.", **f),
    "run_overlaps": lambda f: _(
        "Is in another run of %(course)s while run %(run)s goes on. Transfer the person, or take the row out.", **f
    ),
    "run_full": lambda f: _("%(course)s, run %(run)s, has no seat left.", **f),
    "total": lambda f: _("This row is a total, not a person."),
    "twice": lambda f: _("The same as row %(row)s.", **f),
    "change": lambda f: (
        _("%(field)s: %(before)s → %(after)s", **{**f, "before": f["before"] or _("(none)")})
        if "after" in f
        else _("%(field)s changes.", **f)
    ),
    "back": lambda f: _("Had left the company and comes back."),
    "kept": lambda f: _(
        "%(field)s stays as it is: the person works elsewhere too, or has a role. She changes it herself, or the operator does.",
        **f,
    ),
    "company_kept": lambda f: (
        _("The company is known as “%(known)s”; its name is not changed by a roster.", **f)
        if "known" in f
        else _("The company lies in another region; its region is not changed by a roster.")
    ),
    "same_name": lambda f: _same_name(f),
    "zeros": lambda f: _("Taken for %(known)s: spreadsheets drop zeros at the beginning.", **f),
    "enrolled": lambda f: _("Is enrolled in %(course)s, run %(run)s.", **f),
    "in_run": lambda f: _("Is in %(course)s, run %(run)s, already.", **f),
    "other_sheet": lambda f: _("The sheet “%(sheet)s” was not read.", **f),
}


def _malformed(facts: dict[str, Any]) -> str:
    return {
        of_field("business_number"): _(
            "The business number is not right: ten digits with a check digit, as in 124-81-00998."
        ),
        of_field("name"): _("The name has no letter in it."),
        of_field("birth_date"): _("The birth date is not a day. Write it as in 1990-02-15."),
        of_field("phone"): _("This is not a telephone number. Write it as in 010-1234-5678."),
        of_field("email"): _("This is not an e-mail address. It looks like name@company.kr."),
        of_field("run"): _("The run is not a number. Write it as in 3 or 3차."),
    }.get(facts["field"], _("%(field)s is not right.", **facts))


def _same_name(facts: dict[str, Any]) -> str:
    numbers = ", ".join(number for number in facts["numbers"] if number)
    if numbers:
        return _("There is another person of this name in the company (employee number %(numbers)s).", numbers=numbers)
    return _("There is another person of this name in the company.")


# Of a file, and of what is asked of a roster


def unreadable(error: LMSError) -> str:
    facts = {
        name: format_number(value) if isinstance(value, int) else value
        for name, value in vars(error).get("facts", {}).items()
    }
    return {
        "empty": lambda: _("The file is empty."),
        "too_big": lambda: _(
            "The file is larger than %(megabytes)s MB. Take pictures and other sheets out of it.", **facts
        ),
        "not_a_workbook": lambda: _("This is not a spreadsheet. Save it as .xlsx or .csv and choose it again."),
        "not_a_table": lambda: _("This is not a table. Save it as .xlsx or .csv and choose it again."),
        "damaged": lambda: _(
            "The file is damaged or was cut off on its way. Open it, save it as .xlsx, and choose it again."
        ),
        "password": lambda: _("The file has a password. Save it without one and choose it again."),
        "bomb": lambda: _(
            "The file unpacks to %(megabytes)s MB and was not opened. Copy the rows to a new file.", **facts
        ),
        "too_large": lambda: _(
            "The sheet takes more memory than there is for it. Copy the rows to a new file: it may have cells far from the table."
        ),
        "too_slow": lambda: _("Reading the file took too long. Copy the rows to a new file."),
        "too_many_rows": lambda: _(
            "The sheet has %(rows)s rows; at most %(most)s are read at once. Divide it.", **facts
        ),
        "too_many_columns": lambda: _("The sheet has %(columns)s columns; at most %(most)s are read.", **facts),
        "quotes": lambda: _("A quotation mark that begins near row %(row)s (line %(line)s) does not end.", **facts),
        "cut_off": lambda: _("The last row, %(row)s, breaks off: the file was cut off. Save it again.", **facts),
        "no_encoding": lambda: _("Line %(line)s is neither UTF-8 nor CP949. Save the file as CSV UTF-8.", **facts),
        "two_encodings": lambda: _(
            "The encoding changes in line %(line)s from %(before)s to %(after)s: two files were pasted together. Open them apart "
            "and save them as CSV UTF-8.",
            **facts,
        ),
        "no_headings": lambda: _(
            "No row with headings was found. The first row needs names such as 사업자등록번호, 성명, 사번."
        ),
        "no_people": lambda: _("There are headings but no rows below them."),
    }[error.reason]()


def refused(error: LMSError) -> str:
    """Of a roster that isn't ready for what was asked."""
    return refused_for(error.reason)


def refused_for(reason: str) -> str:
    return {
        "busy": _("This roster is being worked on. Wait until it is through."),
        "applied": _("This roster was applied already."),
        "undone": _("This roster was undone already."),
        "failed": _("This roster was stopped. Upload the file again."),
        "forgotten": _("The rows of this roster are no longer kept; that is so after a day. Upload the file again."),
        "not_applied": _("This roster was not applied, so there is nothing to undo."),
        "too_late": _("A roster can be undone for one day. Change the people one by one, or upload a right roster."),
        "nothing": _("No row of this roster would change anything."),
        "fault": _("A fault of ours stopped it. Nothing was written; upload the file again."),
    }.get(reason, _("This did not work. Nothing was changed."))


def bulk_refused(error: LMSError) -> str:
    return {
        "closed": _("A run was closed meanwhile."),
        "full": _("A run has no seats left."),
        "begun": _("It can't be undone: somebody whom it enrolled has begun to learn."),
    }[error.reason]
