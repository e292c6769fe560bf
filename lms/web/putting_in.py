"""Putting people of a company into a run: what officers and company managers do alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lms.clock import today
from lms.learning.applications import people
from lms.learning.applications.people import Expected, PeopleError
from lms.models import Company, Run

from . import access, application_words
from .database import session
from .errors import explain

Answer = str | Response | tuple[str, int]


def ticked(name: str) -> list[UUID]:
    """The uids that a field of the request holds; what is no uid is nobody's."""
    found = []
    for text in request.values.getlist(name):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def enrol(
    run: Run,
    company: Company,
    *,
    way: Literal["company", "officer"],
    show_choice: Callable[[str], str],
    show_preview: Callable[[Sequence[Expected]], str],
    do: Callable[[Callable[[Session], str]], Response],
    asks_officer: bool = False,
) -> Answer:
    """First what would come of those who were ticked, then it is done. `show_choice` takes what is wrong with the choice, `do`
    a deed that says in words what it did."""
    wanted = request.form.get("do")
    employees = people.list_employees(session, run, company, today())
    try:
        chosen = people.choose(
            employees, ticked("person"), request.form.getlist("department"), everybody=wanted == "everybody"
        )
    except PeopleError as error:
        return show_choice(explain(error)), 422
    if wanted != "enrol":
        return show_preview(people.preview(session, run, chosen, asks_officer=asks_officer))
    run_id, ids = run.id, [one.person_id for one in chosen]

    def enrol_all(writing: Session) -> str:
        _set, results = people.enrol(writing, run_id, ids, way=way, actor_id=access.viewer().id)
        return application_words.sum_up(results)

    return do(enrol_all)
