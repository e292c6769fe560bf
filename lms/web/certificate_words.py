"""Why something about certificates was refused, in words."""

from __future__ import annotations

from lms.documents import pictures
from lms.errors import LMSError
from lms.reports.downloads import SHORTEST_REASON

from .i18n import format_number
from .i18n import gettext as _


def refused(error: LMSError) -> str:
    return {
        "not_completed": _("The course is not completed, so there is no certificate of it."),
        "questioned": _("This completion waits for a decision. Decide it first."),
        "issued": _("There is a valid certificate already."),
        "letters": _(
            "No font here has these letters: %(letters)s. Write them otherwise, then issue the certificate.",
            letters=error.facts.get("letters", ""),
        ),
        "reason_missing": _("Say why in at least %(n)s letters; it is kept.", n=SHORTEST_REASON),
        "not_yet": _("Your centre issues certificates later. A message tells you when yours is there."),
        "revoked": _("This certificate was revoked. Your centre can issue a new one."),
        "replaced": _("A newer certificate has replaced this one. Open that one."),
    }[error.reason]


def no_file(error: LMSError) -> str:
    return {
        "reason_missing": _("Say in at least %(n)s letters what the file is for; it is kept.", n=SHORTEST_REASON),
        "nothing": _("This run has no valid certificate yet."),
        "not_ready": _("The PDFs are not ready yet."),
        "gone": _("This file can't be taken any more. Ask for it once more."),
    }[error.reason]


def paper_refused(error: LMSError) -> str:
    return {
        "policy": _("Choose when certificates are issued."),
        "past": _("Choose today or a later day."),
        "too_long": _("This is too long."),
        "letters": _(
            "No font here has these letters: %(letters)s. Write them otherwise.", letters=error.facts.get("letters", "")
        ),
    }[error.reason]


def no_picture(error: LMSError) -> str:
    return {
        "empty": _("The picture is empty. Choose it again."),
        "too_large": _(
            "The picture is larger than %(most)s MB. Save it smaller.",
            most=format_number(pictures.MOST_BYTES / 1_000_000),
        ),
        "not_png": _("This is not a PNG picture. Save it as PNG and choose it again."),
        "damaged": _("The picture is damaged. Save it anew as PNG and choose it again."),
        "interlaced": _("Save the PNG picture without interlacing and choose it again."),
        "size": _(
            "The picture needs %(least)s to %(most)s pixels on each side; this one has %(width)s × %(height)s.",
            least=pictures.LEAST_SIDE,
            most=format_number(pictures.MOST_SIDE),
            width=error.facts.get("width", ""),
            height=error.facts.get("height", ""),
        ),
    }[error.reason]


def track_refused(error: LMSError) -> str:
    return {
        "title_missing": _("Type a name of at most 120 letters."),
        "slug": _("The short name has small letters a to z, digits and hyphens, 40 at most."),
        "slug_taken": _("There is a track with this short name already."),
        "courses": _("Choose at least two courses, and 20 at most."),
        "unknown_course": _("There is no such choice. Load the page again."),
        "needs": _("So many courses were not chosen. Type a number from one to as many as you chose."),
        "past": _("Choose today or a later day."),
    }[error.reason]


def not_found(error: LMSError) -> str:
    return {
        "unknown": _(
            "There is no certificate with this code or file here. Look at what you typed; the letters O, I and L and the "
            "digits 0 and 1 are never in a code."
        ),
        "throttled": _("There were too many wrong tries. Wait fifteen minutes and try again."),
    }[error.reason]
