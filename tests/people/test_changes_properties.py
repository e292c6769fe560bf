"""Any sequence of deeds and undos leaves what replaying them in plain Python leaves, and is refused where that refuses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.clock import utcnow
from lms.errors import LMSError
from lms.models import ChangeSet, Company, Database, Employment, Person
from lms.people import undo
from lms.people.organisations import employments, mergers
from lms.people.organisations.employments import Place

from .organisations import Organisations, RefusedError

FIRST = date(2026, 1, 5)
NUMBERS = ("1248100998", "2208162517", "1208147521", "1048147984")
_WHO = st.integers(0, 5)
_DAY = st.integers(1, 8).map(lambda days: FIRST + timedelta(days=days))
_NUMBER = st.sampled_from((None, "N-1", "N-2"))
DEEDS = st.one_of(
    st.tuples(st.just("add"), _WHO, _NUMBER, _DAY),
    st.tuples(st.just("employ"), _WHO, _WHO, _NUMBER, _DAY),
    st.tuples(st.just("end"), _WHO, _DAY),
    st.tuples(st.just("move"), _WHO, _WHO, _NUMBER, _DAY),
    st.tuples(st.just("merge"), _WHO, _WHO),
    st.tuples(st.just("undo"), st.integers(0, 12)),
)


class Pair:
    """The program and the model, with what is called what in each. Both begin with four companies and two people."""

    def __init__(self, session: Session, model: Organisations | None = None) -> None:
        self.session, self.model = session, model or Organisations()
        self.companies: dict[int, int] = {}
        self.persons: dict[int, int] = {}
        self.sets: list[int] = []
        for number in NUMBERS:
            self.companies[self.model.seed("company", merged_into=None)] = self._insert(
                Company(business_number=number, name=number, created_at=utcnow())
            )
        for place, name in enumerate(("가", "나")):
            person, company = self.model.seed("person", name=name), list(self.companies)[place]
            self.persons[person] = self._insert(Person(name=name, created_at=utcnow()))
            number = f"N-{place}"
            self.model.seed("employment", person=person, company=company, number=number, from_on=FIRST, to_on=None)
            self._insert(
                Employment(
                    person_id=self.persons[person], company_id=self.companies[company], employee_number=number, from_on=FIRST
                )
            )  # fmt: skip

    def _insert(self, row: Any) -> int:
        self.session.add(row)
        self.session.flush()
        return row.id

    def do(self, deed: tuple) -> None:
        """Both do it, or both refuse."""
        refused, result, error = False, None, ""
        plan = getattr(self, f"_{deed[0]}")(*deed[1:])
        if plan is None:
            return
        in_model, in_program = plan
        try:
            result = in_model()
        except RefusedError:
            refused = True
        try:
            with self.session.begin_nested():
                in_program()
        except LMSError as caught:
            error = str(caught)
        assert bool(error) is refused, f"{deed}: the program says {error!r}, the model refuses: {refused}"
        self.session.expire_all()
        if result is None:
            return
        self.sets.append(self.session.scalars(select(ChangeSet.id).order_by(ChangeSet.id.desc()).limit(1)).one())
        for kind, id_ in self.model.deeds[result].changed:
            if kind == "person" and id_ not in self.persons:
                self.persons[id_] = self._find(id_)

    def _find(self, person: int) -> int:
        """Somebody whom the deed has just added."""
        name = self.model.rows["person", person]["name"]
        return self.session.scalars(select(Person.id).where(Person.name == name)).one()

    def _company(self, place: int) -> tuple[int, Company]:
        id_ = list(self.companies)[place % len(self.companies)]
        return id_, self.session.get_one(Company, self.companies[id_])

    def _person(self, place: int) -> int:
        there = [id_ for kind, id_ in self.model.rows if kind == "person"]
        return there[place % len(there)]

    def _employment(self, place: int) -> tuple[int, Employment] | None:
        there = [id_ for kind, id_ in self.model.rows if kind == "employment"]
        if not there:
            return None
        id_ = there[place % len(there)]
        row = self.model.rows["employment", id_]
        found = self.session.scalars(
            select(Employment).where(
                Employment.person_id == self.persons[row["person"]],
                Employment.company_id == self.companies[row["company"]],
                Employment.from_on == row["from_on"],
                Employment.employee_number.is_not_distinct_from(row["number"]),
            )
        ).first()
        return None if found is None else (id_, found)

    def _add(self, where: int, number: str | None, day: date) -> Any:
        (id_, company), name = self._company(where), f"사람{len(self.model.deeds)}"
        return (
            lambda: self.model.add_person(name, id_, number, day),
            lambda: employments.add_person(
                self.session, None, company, name=name, email=f"{name}@x.example", place=Place(number), from_on=day
            ),
        )

    def _employ(self, who: int, where: int, number: str | None, day: date) -> Any:
        person, (id_, company) = self._person(who), self._company(where)
        return (
            lambda: self.model.employ(person, id_, number, day),
            lambda: employments.employ(
                self.session, None, company, self.persons[person], place=Place(number), from_on=day
            ),
        )

    def _end(self, which: int, day: date) -> Any:
        if (found := self._employment(which)) is None:
            return None
        id_, row = found
        return (
            lambda: self.model.end(id_, day),
            lambda: employments.end(self.session, None, row, to_on=day),
        )

    def _move(self, which: int, where: int, number: str | None, day: date) -> Any:
        if (found := self._employment(which)) is None:
            return None
        (id_, row), (to, company) = found, self._company(where)
        return (
            lambda: self.model.move(id_, to, number, day),
            lambda: employments.move(self.session, None, row, company, place=Place(number), from_on=day),
        )

    def _merge(self, which: int, where: int) -> Any:
        (id_, company), (to, into) = self._company(which), self._company(where)
        return (
            lambda: self.model.merge(id_, to),
            lambda: mergers.merge(self.session, None, company, into, reason="같음"),
        )

    def _undo(self, place: int) -> Any:
        if not self.sets:
            return None
        place %= len(self.sets)
        set_ = self.session.get_one(ChangeSet, self.sets[place])
        return (
            lambda: self.model.undo(place),
            lambda: undo.undo(self.session, set_, actor_id=None),
        )

    def check(self) -> None:
        names = {id_: model for model, id_ in self.persons.items()}
        places = {id_: model for model, id_ in self.companies.items()}
        rows = [
            (names[row.person_id], places[row.company_id], row.employee_number, row.from_on, row.to_on)
            for row in self.session.scalars(select(Employment))
        ]
        assert sorted(rows, key=str) == self.model.employments()
        merged = {
            places[company.id]: places[company.merged_into_id] if company.merged_into_id else None
            for company in self.session.scalars(select(Company))
        }
        assert merged == self.model.merged()
        there = {names[id_] for id_ in self.session.scalars(select(Person.id))}
        assert there == {id_ for kind, id_ in self.model.rows if kind == "person"}


def on(days: int) -> date:
    return FIRST + timedelta(days=days)


# What chance comes to seldom: somebody entered in both of what is merged, and somebody who comes back to her number.
@example(deeds=[("employ", 0, 1, None, on(3)), ("merge", 1, 0), ("undo", 1), ("undo", 0)])
@example(deeds=[("employ", 0, 1, "N-0", on(3)), ("end", 2, on(6)), ("merge", 1, 0), ("undo", 2)])
@example(deeds=[("end", 0, on(2)), ("employ", 0, 0, "N-0", on(5)), ("undo", 0), ("undo", 1), ("undo", 0)])
@example(deeds=[("merge", 2, 1), ("merge", 1, 0), ("merge", 0, 2), ("undo", 0), ("undo", 1), ("undo", 0)])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, min_size=1, max_size=12))
def test_any_sequence_leaves_what_plain_python_leaves(database: Database, deeds: list[tuple]) -> None:
    with database.writing() as session:
        pair = Pair(session)
        for deed in deeds:
            pair.do(deed)
            pair.check()
        session.rollback()
