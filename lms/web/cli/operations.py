"""See that all is well, keep copies, go to a newer form and back."""

from __future__ import annotations

import json
import sys

import click

from lms.operations import doctor as examination

from ..extension import LMS
from ..findings import tell
from ..i18n import speaking
from .group import console, in_site, lms, say

_MARKS = {"good": "[green]ok[/]", "warn": "[yellow]see to it[/]", "bad": "[red]wrong[/]"}


@lms.command()
@click.option("--json", "as_json", is_flag=True, help="one object on one line, for monitoring")
@in_site
def doctor(site: LMS, as_json: bool) -> None:
    """Say whether all is well, and what to do where it isn't. Exit status 1 if something is wrong."""
    found = examination.examine(
        examination.Site(site.database, site.files, site.settings, site.instance), thorough=True
    )
    state = examination.worst(found)
    with speaking("en"):
        told = [tell(finding) for finding in found]
    if as_json:
        rows = [
            {"topic": t.finding.topic, "state": t.finding.state, "reason": t.finding.reason, "facts": t.finding.facts}
            | {"sentence": t.sentence, "remedy": t.remedy}
            for t in told
        ]
        say(json.dumps({"state": state, "findings": rows}, ensure_ascii=False))
    else:
        for t in told:
            console.print(f"{_MARKS[t.finding.state]}  {t.title}: ", end="")
            console.print(t.sentence, markup=False)
            if t.remedy:
                console.print(f"    {t.remedy}", markup=False)
    sys.exit(1 if state == "bad" else 0)
