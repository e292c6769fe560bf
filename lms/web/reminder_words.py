"""The words of reminders, of digests, and of what one person writes to many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from lms.learning.reminders import bulletins, finding
from lms.learning.reminders.bulletins import Text
from lms.messages.letters import Letter
from lms.models import Bulletin, Run

from .i18n import current_language, format_day, ngettext
from .i18n import gettext as _

Facts = Mapping[str, Any]


def _day(facts: Facts, name: str, style: str = "weekday") -> str:
    return format_day(date.fromisoformat(facts[name]), style)


def _to_run(facts: Facts) -> tuple[str, str]:
    return _("To the course"), f"/runs/{facts['run']}"


def _enrolled(facts: Facts) -> Letter:
    return Letter(
        _("You are enrolled: %(course)s", course=facts["course"]),
        (
            _("You are in “%(course)s”, run %(number)s.", course=facts["course"], number=facts["number"]),
            _(
                "You can learn from %(begins)s to %(ends)s, whenever it suits you.",
                begins=_day(facts, "begins"),
                ends=_day(facts, "ends"),
            ),
        ),
        _to_run(facts),
    )


def _run_starts(facts: Facts) -> Letter:
    return Letter(
        _("Begins tomorrow: %(course)s", course=facts["course"]),
        (
            _("“%(course)s” begins tomorrow, on %(day)s.", course=facts["course"], day=_day(facts, "begins")),
            _("The first page takes a few minutes, also on a phone. You have until %(day)s.", day=_day(facts, "ends")),
        ),
        _to_run(facts),
    )


def _not_begun(facts: Facts) -> Letter:
    return Letter(
        _("Your course waits for you: %(course)s", course=facts["course"]),
        (
            _(
                "“%(course)s” has begun, and you have not looked at it yet. You have until %(day)s.",
                course=facts["course"],
                day=_day(facts, "ends"),
            ),
            _("Begin with the first page. If you have no time at work for it, tell your manager or your centre."),
        ),
        _to_run(facts),
    )


def _deadline(facts: Facts) -> Letter:
    return Letter(
        _("Until %(day)s: %(course)s", course=facts["course"], day=_day(facts, "ends", "short")),
        (
            _(
                "“%(course)s” ends for you on %(day)s, and you have not completed it yet.",
                course=facts["course"],
                day=_day(facts, "ends"),
            ),
            _("The page of the course says what is missing. If the time is not enough, ask your centre for more."),
        ),
        _to_run(facts),
    )


def _completed(facts: Facts) -> Letter:
    return Letter(
        _("Completed: %(course)s", course=facts["course"]),
        (
            _(
                "You completed “%(course)s” on %(day)s. Congratulations!",
                course=facts["course"],
                day=_day(facts, "on", "date"),
            ),
        ),
        _to_run(facts),
    )


def _certificate_ready(facts: Facts) -> Letter:
    return Letter(
        _("Your certificate is ready: %(course)s", course=facts["course"]),
        (
            _("The certificate of “%(course)s” is ready. You can download and print it.", course=facts["course"]),
            _("Whoever is shown it can check by its code that it is real."),
        ),
        (_("To the certificate"), facts["path"]),
    )


def _sitting_tomorrow(facts: Facts) -> Letter:
    moment = format_day(datetime.fromisoformat(facts["at"]), "moment")
    return Letter(
        _("Tomorrow: %(sitting)s", sitting=facts["sitting"] or facts["course"]),
        (
            _("“%(course)s” meets tomorrow.", course=facts["course"]),
            _("%(moment)s, %(place)s", moment=moment, place=facts["place"]),
        ),
        _to_run(facts),
    )


def _bulletin(facts: Facts) -> Letter:
    values = {"name": facts["name"], "course": facts["course"], "last_day": _day(facts, "ends")}
    paragraphs = [line for line in bulletins.fill(facts["text"], values).split("\n") if line.strip()]
    return Letter(
        bulletins.fill(facts["subject"], values),
        (*paragraphs, _("Written by %(name)s.", name=facts["by"])),
        _to_run(facts),
    )


def _run_of_digest(run: Facts) -> str:
    said = [ngettext("%(num)s person", "%(num)s people", run["people"])]
    if run["need"]:
        said.append(ngettext("%(num)s needs time", "%(num)s need time", run["need"]))
    if run["due"]:
        said.append(ngettext("for %(num)s it ends within a week", "for %(num)s it ends within a week", run["due"]))
    if run["completed"]:
        said.append(ngettext("%(num)s completed this week", "%(num)s completed this week", run["completed"]))
    name = _(
        "%(course)s, run %(number)s, until %(day)s",
        course=run["course"],
        number=run["number"],
        day=_day(run, "ends", "date"),
    )
    return f"{name}: {', '.join(said)}"


def _digest(facts: Facts, subject: str, first: str, button: tuple[str, str]) -> Letter:
    rows = [_run_of_digest(run) for run in facts["runs"]]
    if facts["more"]:
        rows.append(ngettext("and %(num)s more run", "and %(num)s more runs", facts["more"]))
    return Letter(subject, (first, *rows), button)


def _digest_company(facts: Facts) -> Letter:
    need = sum(run["need"] for run in facts["runs"])
    first = (
        ngettext(
            "%(num)s of your people needs time at work to complete.",
            "%(num)s of your people need time at work to complete.",
            need,
        )
        if need
        else _("All of your people keep up.")
    )
    return _digest(facts, _("Your people this week"), first, (_("See who"), "/company/"))


def _digest_officer(facts: Facts) -> Letter:
    need = sum(run["need"] for run in facts["runs"])
    first = (
        ngettext("%(num)s person in your runs has not begun.", "%(num)s people in your runs have not begun.", need)
        if need
        else _("Everybody in your runs has begun.")
    )
    return _digest(facts, _("Your runs this week"), first, (_("To the results"), "/desk/"))


WORDS: Mapping[str, Callable[[Facts], Letter]] = {
    "enrolled": _enrolled,
    "run_starts": _run_starts,
    "not_begun": _not_begun,
    "deadline": _deadline,
    "completed": _completed,
    "certificate_ready": _certificate_ready,
    "sitting_tomorrow": _sitting_tomorrow,
    "bulletin": _bulletin,
    "digest_company": _digest_company,
    "digest_officer": _digest_officer,
}


# What the pages of officers, instructors and managers say of them


def plan(run: Run) -> list[tuple[str, str, str]]:
    """Kind, name and when of each reminder of a run."""
    begun = run.learn_from + timedelta(days=finding.NOT_BEGUN_AFTER)
    due = run.learn_to - timedelta(days=finding.DEADLINE_BEFORE)
    return [
        ("enrolled", _("Newly enrolled"), _("at once")),
        ("run_starts", _("Begins tomorrow"), format_day(run.learn_from - timedelta(days=1))),
        (
            "not_begun",
            _("Not begun"),
            _("%(day)s, or three days after who was enrolled later", day=format_day(begun)),
        ),
        ("sitting_tomorrow", _("Sitting tomorrow"), _("the day before each")),
        (
            "deadline",
            _("Three days left"),
            _("%(day)s; who has more time, three days before the own last day", day=format_day(due)),
        ),
        ("completed", _("Completed"), _("at once")),
        ("certificate_ready", _("Certificate ready"), _("as soon as it is issued")),
    ]


def who() -> dict[str, str]:
    """Whom a message may be for, in words that go before a number."""
    return {
        "unfinished": _("Not completed"),
        "not_begun": _("Not begun"),
        "behind": _("Behind"),
        "deadline": _("A week or less left"),
        "stuck": _("Stuck at an exercise"),
        "absent": _("Missed a sitting"),
        "all": _("Everybody"),
    }


def bulletin_states() -> dict[str, tuple[str, str, str]]:
    """Word, tone and icon."""
    return {
        "waiting": (_("Goes out in a minute"), "calm", "clock"),
        "sending": (_("Being sent"), "calm", "clock"),
        "sent": (_("Sent"), "good", "passed"),
        "undone": (_("Taken back"), "", "undo"),
    }


def title_of(bulletin: Bulletin) -> str:
    """The subject for lists: of what each reader has her own a word stands there that fits all."""
    course = bulletin.run.course_version.title if bulletin.run else _("the course")
    values = {"course": course, "name": "○○○", "last_day": _("the last day")}
    return bulletins.fill(bulletin.subject, values)


def places() -> tuple[str, str, str]:
    """What stands in a text for each reader's name, course and last day, in the writer's language."""
    words = ("이름", "과정", "마지막 날") if current_language() == "ko" else ("name", "course", "last day")
    return (f"{{{words[0]}}}", f"{{{words[1]}}}", f"{{{words[2]}}}")


def template(who: str) -> Text:
    """A text to begin with, so that a reminder takes no writing. Its places are filled in for each reader."""
    name, course, last_day = places()
    greeting = _("Hello %(name)s,", name=name)
    bodies = {
        "not_begun": _(
            "“%(course)s” has begun, and you have not looked at it yet. Please begin with the first page; you have until "
            "%(day)s.",
            course=course,
            day=last_day,
        ),
        "stuck": _(
            "you are stuck at an exercise of “%(course)s”. Look at the hints of the checks once more, or ask your "
            "instructor.",
            course=course,
        ),
        "absent": _(
            "you missed a sitting of “%(course)s”. Please ask your centre how to make up for it.", course=course
        ),
        "all": "",
    }
    usual = _(
        "“%(course)s” ends for you on %(day)s, and something is still missing for completion. The page of the course says "
        "what.",
        course=course,
        day=last_day,
    )
    closing = _("If you lack the time at work, please tell us.")
    body = bodies.get(who, usual)
    if not body:
        return Text("", f"{greeting}\n\n")
    return Text(_("About %(course)s", course=course), f"{greeting}\n\n{body}\n\n{closing}")
