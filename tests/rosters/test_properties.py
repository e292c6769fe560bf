"""Any sequence of uploads, other deeds, merges and undos leaves what replaying them in plain Python leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import SEOUL
from lms.models import Company, Database, Employment, Roster, RosterStep
from lms.people.privacy.sealing import Sealer
from lms.rosters import checking, storage, writing
from lms.rosters.reading import Line
from tests.people.organisations import Organisations, RefusedError
from tests.people.test_changes_properties import DEEDS, FIRST, Pair

DAY = FIRST + timedelta(days=9)  # of all uploads: after the days of the other deeds
NOW = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=SEOUL)
COLUMNS = {"business_number": 0, "name": 1, "employee_number": 2}
_PLACE = st.integers(0, 5)
# Company, whose name (of a person who is there, or a new one), employee number.
_ROW = st.tuples(_PLACE, st.one_of(st.none(), _PLACE), st.sampled_from(("N-0", "N-1", "N-2", "N-3")))
UPLOAD = st.tuples(st.just("upload"), st.lists(_ROW, min_size=1, max_size=4))

Row = tuple[int, str, str]  # company, name, number


class WithUploads(Organisations):
    """The plain model, and what the rules say of a roster's rows: known by company and employee number, else new."""

    def upload(self, rows: Sequence[Row]) -> int:
        def change(draft: Any) -> None:
            said: dict[int, str] = {}  # person -> the name that the file gave first
            before = dict(draft.rows)
            for company, name, number in rows:
                self._take(draft, said, self.now(company), name, number)
            if before == draft.rows:
                raise RefusedError

        return self._do(change)

    def now(self, company: int) -> int:
        """What a company that was merged has become."""
        into = self.rows["company", company]["merged_into"]
        return company if into is None else into

    def _take(self, draft: Any, said: dict[int, str], company: int, name: str, number: str) -> None:
        stays = {
            id_: row for (kind, id_), row in draft.rows.items() if kind == "employment" and row["company"] == company
        }
        holder = next((id_ for id_, row in stays.items() if row["number"] == number), None)
        person = stays[holder]["person"] if holder is not None else None
        if holder is not None and stays[holder]["to_on"] is not None and draft.rows["person", person]["name"] != name:
            person = None  # the number of somebody who left is given again
        if person is None:
            self._free(draft, holder)
            person = draft.add("person", name=name)
            draft.add("employment", person=person, company=company, number=number, from_on=DAY, to_on=None)
            said[person] = name
            return
        if said.setdefault(person, name) != name:
            return  # an earlier row says otherwise: this one is wrong
        if draft.rows["person", person]["name"] != name:
            draft.set("person", person, name=name)
        current = [id_ for id_, row in stays.items() if row["person"] == person and row["to_on"] is None]
        if current and current[0] == holder:
            return
        self._free(draft, holder)
        if current:
            draft.set("employment", current[0], number=number)
        else:
            draft.add("employment", person=person, company=company, number=number, from_on=DAY, to_on=None)

    @staticmethod
    def _free(draft: Any, holder: int | None) -> None:
        if holder is not None:
            draft.set("employment", holder, number=None)


class RosterPair(Pair):
    model: WithUploads

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._sealer = sealer
        super().__init__(session, WithUploads())

    def _find(self, person: int) -> int:
        """By where she works: names come twice."""
        stays = [
            row for (kind, _id), row in self.model.rows.items() if kind == "employment" and row["person"] == person
        ]
        if stays[0]["number"] is None:
            return super()._find(person)
        return self.session.scalars(
            select(Employment.person_id).where(
                Employment.company_id == self.companies[stays[0]["company"]],
                Employment.employee_number == stays[0]["number"],
            )
        ).one()

    def _upload(self, rows: Sequence[tuple[int, int | None, str]]) -> Any:
        given: list[Row] = []
        for n, (where, who, number) in enumerate(rows):
            company, _row = self._company(where)
            name = f"올림{len(self.model.deeds)}번{'가나다라'[n]}"
            if who is not None:
                name = self.model.rows["person", self._person(who)]["name"]
            given.append((company, name, number))
        return (lambda: self.model.upload(given)), (lambda: self._apply(given))

    def _apply(self, rows: Sequence[Row]) -> None:
        """Plan, stage and write in the session of the test."""
        numbers = {id_: self.session.get_one(Company, own).business_number for id_, own in self.companies.items()}
        lines = [Line(n, [numbers[company], name, number]) for n, (company, name, number) in enumerate(rows, start=2)]
        plan = checking.plan_lines(self.session, None, lines, COLUMNS, (), self._sealer, is_dry=False, day=DAY)
        roster = Roster(
            file_name="",
            form="csv",
            headings=[],
            columns=COLUMNS,
            head=[],
            notes=[],
            size=len(lines),
            counts={},
            result={},
        )
        self.session.add(roster)
        self.session.flush()
        for number, decision in enumerate(plan.decisions):
            if decision.step is not None:
                self.session.add(RosterStep(roster_id=roster.id, number=number, **vars(decision.step)))
        self.session.flush()
        if not plan.does_something:
            raise storage.RosterStateError("nothing")
        writing.write(self.session, roster, now=NOW)


@example(
    deeds=[("upload", [(0, None, "N-3")]), ("merge", 0, 1), ("upload", [(0, None, "N-3")]), ("undo", 2), ("undo", 0)]
)
@example(deeds=[("end", 0, FIRST + timedelta(3)), ("upload", [(0, 0, "N-0")]), ("undo", 1), ("undo", 0)])
@example(
    deeds=[("end", 0, FIRST + timedelta(3)), ("upload", [(0, None, "N-0"), (0, None, "N-0")]), ("undo", 0), ("undo", 1)]
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.one_of(DEEDS, UPLOAD, UPLOAD), min_size=1, max_size=10))
def test_any_sequence_leaves_what_plain_python_leaves(database: Database, keys: Path, deeds: list[tuple]) -> None:
    with database.writing() as session:
        pair = RosterPair(session, Sealer(keys))
        for deed in deeds:
            pair.do(deed)
            pair.check()
