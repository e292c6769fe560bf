"""The words for what `lms.operations.doctor` finds: a title, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lms.operations.doctor import Finding

from .i18n import gettext as _
from .i18n import ngettext


@dataclass(frozen=True)
class Told:
    """A finding in words. `remedy` is empty where nothing is to be done."""

    finding: Finding
    title: str
    sentence: str
    remedy: str


def tell(finding: Finding) -> Told:
    sentence, remedy = _SENTENCES[finding.topic, finding.reason](finding.facts)
    return Told(finding, _title(finding.topic), sentence, remedy)


def _title(topic: str) -> str:
    return {
        "database": _("Database"),
        "migrations": _("Form of the tables"),
        "worker": _("Worker"),
        "isolation": _("Isolation of learners' code"),
        "keys": _("Keys of personal data"),
        "audit": _("Audit"),
        "retention": _("What is kept how long"),
        "queue": _("Queue"),
        "retries": _("Tried again later"),
        "schedules": _("Scheduled statements"),
        "failed": _("Given up"),
        "files": _("Stored files"),
        "content": _("Courses and exercises"),
        "runtime": _("Python in the browser"),
        "disk": _("Disk space"),
        "settings": _("Settings"),
    }[topic]


_Words = Callable[[dict], tuple[str, str]]

_SENTENCES: dict[tuple[str, str], _Words] = {
    ("database", "answers"): lambda f: (_("%(kind)s answers.", **f), ""),
    ("database", "whole"): lambda f: (
        _("%(kind)s answers, is undamaged, and every reference leads somewhere.", **f),
        "",
    ),
    ("database", "away"): lambda f: (
        _("It does not answer: %(why)s", **f),
        _("See that it runs and that database_url is right. Nothing that was said to be kept is lost."),
    ),
    ("database", "not_wal"): lambda f: (
        _("The journal is %(mode)s in place of wal.", **f),
        _("Put the database on a local disk; on a network drive SQLite can't be shared safely."),
    ),
    ("database", "damaged"): lambda f: (
        _("The file is damaged: %(why)s", **f),
        _("Stop the site, keep the file, and restore the last backup with flask lms restore."),
    ),
    ("database", "orphans"): lambda f: (
        _("%(n)s rows point to nothing, first in %(table)s.", **f),
        _("Somebody changed the tables by hand. Restore the last backup with flask lms restore, or undo that change."),
    ),
    ("migrations", "newest"): lambda f: (_("As this program needs it (%(at)s).", **f), ""),
    ("migrations", "behind"): lambda f: (
        _("The database is at '%(at)s', this program needs '%(head)s'.", **f),
        _("Run flask lms upgrade, then start the site again."),
    ),
    ("worker", "alive"): lambda f: (
        ngettext(
            "%(n)s worker runs and can grade %(slots)s at a time.",
            "%(n)s workers run and can grade %(slots)s at a time.",
            f["n"],
            slots=f["slots"],
        ),
        "",
    ),
    ("worker", "none"): lambda f: (
        _("No worker was heard of in the last minute, so nothing is graded. What was handed in is kept."),
        _("Start flask lms worker, or flask lms serve without --no-worker; its log says why if it stops again."),
    ),
    ("isolation", "reached"): lambda f: (_("Level %(level)s; %(wanted)s is required.", **f), ""),
    ("isolation", "below"): lambda f: (
        _("Level %(level)s, but %(wanted)s is required, so nothing is graded.", **f),
        _("python -m lms.grading doctor says what is missing and how to get it."),
    ),
    ("isolation", "open"): lambda f: (
        _("Learners' code runs without any isolation, as grading_isolation allows."),
        _("Set grading_isolation to user, unless nobody but you hands in."),
    ),
    ("isolation", "unknown"): lambda f: (
        _("It could not be found out."),
        _("Run python -m lms.grading doctor as the user who runs the worker."),
    ),
    ("keys", "open"): lambda f: (_("What lies under seal can be opened."), ""),
    ("keys", "no_keys"): lambda f: (
        _("There is no file of keys."),
        _("Bring the file back from where you kept it; a new site gets one by flask lms init."),
    ),
    ("keys", "bad_keys"): lambda f: (
        _("The file of keys can't be read."),
        _("Bring the file back from where you kept it."),
    ),
    ("keys", "unknown_key"): lambda f: (
        _("Personal data lie under the key %(key)s, which is not in the file.", **f),
        _("Bring the file back from where you kept it, or add that key to it."),
    ),
    ("audit", "sealed"): lambda f: (_("Nothing waits for its seal for long."), ""),
    ("audit", "behind"): lambda f: (
        _("Entries wait for their seal for more than an hour."),
        _("Start flask lms worker, or run flask lms audit seal."),
    ),
    ("audit", "tampered"): lambda f: (
        _("It is not as it was sealed, first at link %(link)s, entry %(entry)s.", **f),
        _("flask lms audit verify says what is wrong. Keep the database as it is and compare it with a backup."),
    ),
    ("retention", "nothing"): lambda f: (_("Nobody's data are due to be destroyed."), ""),
    ("retention", "due"): lambda f: (
        ngettext(
            "The data of %(n)s person are due to be destroyed.",
            "The data of %(n)s people are due to be destroyed.",
            f["n"],
        ),
        _("Look at it under Operations, What is kept how long, or with flask lms privacy due."),
    ),
    ("queue", "flows"): lambda f: (
        ngettext(
            "%(n)s job waits, the oldest for %(seconds)s s.",
            "%(n)s jobs wait, the oldest for %(seconds)s s.",
            f["n"],
            seconds=f["seconds"],
        )
        if f["n"]
        else _("Nothing waits."),
        "",
    ),
    ("queue", "waits"): lambda f: (
        ngettext(
            "%(n)s job waits, the oldest for %(seconds)s s.",
            "%(n)s jobs wait, the oldest for %(seconds)s s.",
            f["n"],
            seconds=f["seconds"],
        ),
        _(
            "If a worker runs, it has too much to do: raise grading_slots where cores are free, or start another worker."
        ),
    ),
    ("retries", "waiting"): lambda f: (
        ngettext(
            "%(n)s job met a fault of ours and is tried again by itself.",
            "%(n)s jobs met a fault of ours and are tried again by themselves.",
            f["n"],
        )
        + (f" {f['why']}" if f["why"] else ""),
        _("Mend what the worker's log names; nothing else has to be done."),
    ),
    ("schedules", "in_time"): lambda f: (_("None is late, and the last of each was issued."), ""),
    ("schedules", "troubles"): lambda f: (
        _("Late: %(late)s. The last one failed: %(failed)s.", **f),
        _(
            "flask lms report schedules lists them with their reasons. What is late is made by itself once a worker runs."
        ),
    ),
    ("failed", "none"): lambda f: (_("No job was given up."), ""),
    ("failed", "some"): lambda f: (
        ngettext(
            "%(n)s job failed at every try.",
            "%(n)s jobs failed at every try.",
            f["n"],
        ),
        _("Mend what the worker's log names, then run flask lms grade-again."),
    ),
    ("files", "there"): lambda f: (
        ngettext(
            "%(n)s file is there.",
            "All %(n)s files are there.",
            f["n"],
        ),
        "",
    ),
    ("files", "missing"): lambda f: (
        ngettext(
            "%(n)s file that a row names is not there or cut short.",
            "%(n)s files that rows name are not there or cut short.",
            f["n"],
        ),
        _(
            "See that files_dir is right and mounted; else bring them back from the last backup, whose files never change."
        ),
    ),
    ("content", "published"): lambda f: (
        ngettext(
            "%(n)s course or exercise is published as it lies on the disk.",
            "%(n)s courses and exercises are published as they lie on the disk.",
            f["n"],
        ),
        "",
    ),
    ("content", "unpublished"): lambda f: (
        ngettext(
            "%(n)s has changed on the disk since it was published: %(first)s.",
            "%(n)s have changed on the disk since they were published, first %(first)s.",
            f["n"],
            first=f["first"],
        ),
        _("Run flask lms check, then flask lms content sync."),
    ),
    ("content", "wrong"): lambda f: (
        _("What lies on the disk can't be published: %(why)s", **f),
        _("Mend the file that is named. What was published before goes on."),
    ),
    ("runtime", "ready"): lambda f: (_("Pyodide %(version)s is served from here (%(mb)s MB in all).", **f), ""),
    ("runtime", "large"): lambda f: (
        _("Pyodide %(version)s is served from here (%(mb)s MB in all), compressed in haste.", **f),
        _("flask lms runtime prepare makes it smaller, in some minutes and while the site runs."),
    ),
    ("runtime", "missing"): lambda f: (
        _(
            "It is not in %(folder)s, so learners can't run cells on the page; they work elsewhere and upload notebooks.",
            **f,
        ),
        _("Run flask lms runtime prepare. The site needs no restart."),
    ),
    ("runtime", "damaged"): lambda f: (
        _("Its files are not as they should be: %(why)s", **f),
        _("Run flask lms runtime prepare, which makes them again."),
    ),
    ("disk", "room"): lambda f: (_("%(free)s of %(total)s GB are free.", **f), ""),
    ("disk", "little"): lambda f: (
        _("Only %(free)s of %(total)s GB are free.", **f),
        _("Make room before nothing more can be handed in: old backups and copies, logs, other programs."),
    ),
    ("disk", "gone"): lambda f: (
        _("The disk does not answer: %(why)s", **f),
        _("See that the folder is mounted and readable for the user who runs the site."),
    ),
    ("settings", "open_cookies"): lambda f: (
        _("A proxy stands in front, but cookies may be sent in the clear."),
        _("Set secure_cookies = true once all come by https."),
    ),
    ("settings", "open_address"): lambda f: (
        _("The site listens on %(host)s without a proxy in front, so passwords cross the network in the clear.", **f),
        _("Put a proxy with https in front, listen on 127.0.0.1, and set trusted_proxies."),
    ),
}
