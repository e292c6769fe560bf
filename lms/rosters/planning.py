"""What a roster would do, row by row, from what is known: who is meant, what would change, and why a row can't be applied.

A company is known by its business number. A person is known by company and employee number, else by e-mail, else by name
and birth date within the company; never by the name alone. Empty cells change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from lms.models import new_uid
from lms.models.companies import search_key
from lms.people.privacy import personal
from lms.people.privacy.sealing import Sealer

from .columns import normalise
from .findings import SKIPPED, Finding
from .known import Known, KnownCompany, KnownEmployment, KnownPerson, KnownRun
from .values import Entry

PERSONAL = ("name", "email", "birth_date", "phone")


@dataclass
class Step:
    """What one row does; the columns of `models.RosterStep`."""

    business_number: str
    person_uid: UUID
    name: str
    email: str | None = None
    birth_date_sealed: str | None = None
    birth_date_index: str | None = None
    phone_sealed: str | None = None
    person_deed: str | None = None
    employment_deed: str | None = None
    employment_id: int | None = None
    freed_id: int | None = None
    employee_number: str | None = None
    department: str = ""
    job: str = ""
    enrolment_deed: str | None = None
    enrolment_id: int | None = None
    enrolment_uid: UUID | None = None
    run_id: int | None = None

    @property
    def does_something(self) -> bool:
        return bool(self.person_deed or self.employment_deed or self.enrolment_deed)


@dataclass(frozen=True)
class Decision:
    """`outcome`: new, changed, same, wrong or skipped."""

    row: int
    outcome: str
    findings: list[Finding]
    step: Step | None = None


@dataclass
class Said:
    """What the file says of a company, and in which row first."""

    name: str = ""
    name_row: int = 0
    region_id: int | None = None
    region_row: int = 0


class _WrongError(Exception):
    def __init__(self, word: str, field: str = "", **facts: Any) -> None:
        super().__init__(word)
        self.finding = Finding(word, field, facts)


class Planner:
    """Decides row after row; each is planned upon what the rows before it would have done.

    `companies` are those that the roster brings. `sealer` seals what is to be written; a dry run writes nothing, and says so
    by `is_dry`, which spares the sealing.
    """

    def __init__(self, known: Known, sealer: Sealer, *, is_dry: bool) -> None:
        self._known = known
        self._sealer = sealer
        self._is_dry = is_dry
        self._of_person: dict[UUID, Step] = {}  # the step that writes her
        self._of_employment: dict[tuple[UUID, str], Step] = {}
        self._rows: dict[tuple[UUID, str, int | None], int] = {}
        self._enrolled: set[tuple[int, UUID]] = set()
        self._indexes: dict[date, list[str]] = {}
        self._regions: dict[str, int | None] = {}
        self.said: dict[str, Said] = {}
        self.companies: list[KnownCompany] = []

    def indexes(self, day: date) -> list[str]:
        """What a birth date is looked for by. Rosters repeat days."""
        if day not in self._indexes:
            self._indexes[day] = personal.birth_date_indexes(self._sealer, day)
        return self._indexes[day]

    def plan(self, entries: Sequence[Entry]) -> Iterator[Decision]:
        self._listen(entries)
        for entry in entries:
            yield self._decide(entry)

    def _listen(self, entries: Iterable[Entry]) -> None:
        """What the file says first of each company, so that a row says the same whether the company is there already or not."""
        for entry in entries:
            if entry.is_wrong:
                continue
            said = self.said.setdefault(entry.business_number, Said())
            if entry.company and not said.name:
                said.name, said.name_row = entry.company, entry.row
            if entry.region and said.region_id is None:
                said.region_id, said.region_row = self.region_of(entry.region), entry.row

    def region_of(self, text: str) -> int | None:
        """The region that a row names, as it is today."""
        if text not in self._regions:
            found = self._known.names.find(text)
            self._regions[text] = None if found is None else self._known.today_of(found)
        return self._regions[text]

    def _decide(self, entry: Entry) -> Decision:
        if any(finding.word in SKIPPED for finding in entry.findings):
            return Decision(entry.row, "skipped", entry.findings)
        if entry.is_wrong:
            return Decision(entry.row, "wrong", entry.findings)
        try:
            return _Row(self, entry).decide()
        except _WrongError as error:
            return Decision(entry.row, "wrong", [*entry.findings, error.finding])


class _Row:
    """One row that is right in itself. Nothing is noted for later rows before all of it was found to be right."""

    def __init__(self, planner: Planner, entry: Entry) -> None:
        self.planner, self.known, self.entry = planner, planner._known, entry
        self.findings = list(entry.findings)
        self.afterwards: list[Callable[[], Any]] = []

    def decide(self) -> Decision:
        entry = self.entry
        company = self._company()
        found = self._match(company)
        person, employment = found if found else (None, None)
        if person is None:
            step, person = self._new_person(company)
        else:
            step = self._step_for(company, person)
            self._change_person(step, person, employment)
        self._employ(step, company, person, employment)
        self._enrol(step, company, person)
        for note in self.afterwards:
            note()
        outcome = self._outcome(step, company, person)
        if step.person_deed:
            self.planner._of_person[person.uid] = step
        if step.employment_deed:
            self.planner._of_employment[person.uid, company.business_number] = step
        if person.row is None:
            person.row = entry.row
        return Decision(entry.row, outcome, self.findings, step if step.does_something else None)

    def _outcome(self, step: Step, company: KnownCompany, person: KnownPerson) -> str:
        key = (person.uid, company.business_number, self.entry.run)
        earlier = self.planner._rows.setdefault(key, self.entry.row)
        if step.person_deed == "add" or (step.employment_deed == "add" and not self._has("back")):
            return "new"
        if step.does_something or self._has("change"):
            return "changed"
        if earlier != self.entry.row:
            self._note("twice", row=earlier)
            return "skipped"
        return "same"

    def _has(self, word: str) -> bool:
        return any(finding.word == word for finding in self.findings)

    def _later(self, deed: Callable[..., Any], *args: Any) -> None:
        """Do it when the row has been found to be right."""
        self.afterwards.append(lambda: deed(*args))

    def _set(self, target: Step, step: Step, **values: Any) -> None:
        """Into this row's step at once, into an earlier row's when this one has been found to be right."""
        for name, value in values.items():
            if target is step:
                setattr(step, name, value)
            else:
                self._later(setattr, target, name, value)

    def _note(self, word: str, field: str = "", **facts: Any) -> None:
        self.findings.append(Finding(word, field, facts))

    # The company

    def _company(self) -> KnownCompany:
        entry, known = self.entry, self.known
        self._compare_with_file()
        company = known.companies.get(entry.business_number)
        if company is None:
            return self._new_company()
        if known.regions is not None and company.region_id not in known.regions:
            raise _WrongError("elsewhere", "business_number")
        if company.id is not None:
            self._compare_with_known(company)
        return company

    def _compare_with_file(self) -> None:
        """A number that is given to two firms is mistyped in one of the rows."""
        entry, said = self.entry, self.planner.said[self.entry.business_number]
        if entry.region:
            region_id = self.planner.region_of(entry.region)
            if region_id is None:
                raise _WrongError("unknown_region", "region", text=entry.region)
            if region_id != said.region_id:
                raise _WrongError("region_differs", "region", row=said.region_row)
        if entry.company and search_key(entry.company) != search_key(said.name):
            raise _WrongError("company_differs", "company", row=said.name_row, name=said.name)

    def _compare_with_known(self, company: KnownCompany) -> None:
        entry = self.entry
        if entry.company and search_key(entry.company) != company.search_key:
            self._note("company_kept", "company", known=company.name)
        there = self.known.today_of(company.region_id) if company.region_id is not None else None
        if entry.region and there is not None and self.planner.region_of(entry.region) != there:
            self._note("company_kept", "region")

    def _new_company(self) -> KnownCompany:
        entry, known, said = self.entry, self.known, self.planner.said[self.entry.business_number]
        if not said.name:
            raise _WrongError("missing_for_new", "company")
        if said.region_id is None:
            raise _WrongError("missing_for_new", "region")
        if known.regions is not None and said.region_id not in known.regions:
            raise _WrongError("elsewhere", "region")
        company = KnownCompany(
            None, entry.business_number, said.name, search_key(said.name), said.region_id, uid=new_uid()
        )
        self._later(known.companies.__setitem__, entry.business_number, company)
        self._later(self.planner.companies.append, company)
        return company

    # The person

    def _match(self, company: KnownCompany) -> tuple[KnownPerson, KnownEmployment | None] | None:
        entry = self.entry
        found = self._by_number(company)
        owner = self.known.by_email.get(entry.email) if entry.email else None
        if found is not None:
            if owner is not None and owner is not found.person:
                raise _WrongError("another_person", "email")
            if self._is_somebody_else(found.person):
                raise _WrongError("another_person", "employee_number")
            return found.person, company.by_person.get(found.person.uid, found)
        if owner is not None:
            if owner.name != entry.name:
                raise _WrongError("another_person", "email")
            return owner, company.by_person.get(owner.uid)
        return self._by_birth_date(company)

    def _by_number(self, company: KnownCompany) -> KnownEmployment | None:
        number = self.entry.employee_number
        if not number:
            return None
        found = company.by_number.get(number)
        if found is None and number.isdigit() and not number.startswith("0"):
            padded = [other for other in company.by_bare_number.get(number, ()) if other.person.name == self.entry.name]
            if len(padded) == 1 and padded[0].employee_number:
                found = padded[0]
                self.entry.employee_number = padded[0].employee_number
                self._note("zeros", "employee_number", known=padded[0].employee_number)
        if found is not None and found.employee_number != self.entry.employee_number:
            raise _WrongError("another_person", "employee_number")  # an earlier row gave its holder another number
        # A number is given again after somebody has left.
        if found is not None and not found.is_current and found.person.name != self.entry.name:
            return None
        return found

    def _is_somebody_else(self, person: KnownPerson) -> bool:
        """The number's holder has another name, and another birth date or e-mail: that is no change of name."""
        entry = self.entry
        if person.name == entry.name:
            return False
        other_email = bool(entry.email and person.email and entry.email != person.email)
        return other_email or (bool(entry.birth_date and person.birth_date_index) and not self._has_birth_date(person))

    def _by_birth_date(self, company: KnownCompany) -> tuple[KnownPerson, KnownEmployment] | None:
        entry = self.entry
        if entry.birth_date is None:
            return None
        named = {other.person.uid: other for other in company.by_name.get(entry.name, ())}
        same = [other for other in named.values() if self._has_birth_date(other.person)]
        if entry.employee_number or entry.email:
            # Two who differ in what tells people apart are two, although born on one day.
            same = [other for other in same if not self._contradicts(company.by_person[other.person.uid])]
        if len(same) > 1:
            raise _WrongError("several_people")
        return (same[0].person, company.by_person[same[0].person.uid]) if same else None

    def _contradicts(self, employment: KnownEmployment) -> bool:
        """An earlier row of the same file that gave another number is another person."""
        number, email = employment.given.get("employee_number"), employment.person.given.get("email")
        other_number = number and self.entry.employee_number and number != self.entry.employee_number
        return bool(other_number or (email and self.entry.email and email != self.entry.email))

    def _has_birth_date(self, person: KnownPerson) -> bool:
        entry = self.entry
        if entry.birth_date is None or person.birth_date_index is None:
            return False
        return person.birth_date_index in self.planner.indexes(entry.birth_date)

    def _new_person(self, company: KnownCompany) -> tuple[Step, KnownPerson]:
        entry = self.entry
        current = [other for other in company.by_name.get(entry.name, ()) if other.is_current]
        if current:
            self._note("same_name", "name", numbers=[other.employee_number or "" for other in current[:3]])
        person = KnownPerson(new_uid(), None, entry.name, entry.email or None, None, None, None)
        step = Step(company.business_number, person.uid, entry.name, entry.email or None, person_deed="add")
        self._seal(step, step, person)
        self._give(person, email=entry.email, birth_date=entry.birth_date, phone=entry.phone, name=entry.name)
        if entry.email:
            self._later(self.known.by_email.__setitem__, entry.email, person)
        return step, person

    def _seal(self, target: Step, step: Step, person: KnownPerson) -> None:
        """What of the row goes under seal, into the step and what later rows know of the person."""
        entry, sealer = self.entry, self.planner._sealer
        values: dict[str, Any] = {}
        if self.planner._is_dry:
            if entry.birth_date:
                values["birth_date_index"] = self.planner.indexes(entry.birth_date)[0]
        else:
            sealed = personal.sealed_values(sealer, birth_date=entry.birth_date, phone=entry.phone or None)
            values = {name: value for name, value in sealed.items() if value is not None}
        self._set(target, step, **values)
        for name, value in values.items():
            self._later(setattr, person, name, value)

    def _step_for(self, company: KnownCompany, person: KnownPerson) -> Step:
        """A step that leaves the person as she is."""
        return Step(
            company.business_number,
            person.uid,
            person.name,
            person.email,
            person.birth_date_sealed,
            person.birth_date_index,
            person.phone_sealed,
        )

    def _give(self, person: KnownPerson, **values: Any) -> None:
        """Remember what this file says of a person."""
        self.afterwards.append(
            lambda: [person.given.setdefault(name, value) for name, value in values.items() if value] and None
        )

    def _change_person(self, step: Step, person: KnownPerson, employment: KnownEmployment | None) -> None:
        entry = self.entry
        differing = [name for name in PERSONAL if self._differs(person, name)]
        for name in PERSONAL:
            value = getattr(entry, name)
            if value and name in person.given and person.given[name] != value:
                raise _WrongError("differs_in_file", name, row=person.row)
        self._give(person, **{name: getattr(entry, name) for name in PERSONAL})
        if not differing:
            return
        if person.id is not None and (
            person.id in self.known.staff or person.id in self.known.elsewhere or employment is None
        ):
            for name in differing:
                self._note("kept", name)
            return
        for name in differing:
            facts = {"before": person.name, "after": entry.name} if name == "name" else {}
            self._note("change", name, **facts)
        self._write(step, person, differing)

    def _write(self, step: Step, person: KnownPerson, differing: list[str]) -> None:
        """Into this step, or that of the earlier row which writes the person anyway."""
        entry = self.entry
        target = self.planner._of_person.get(person.uid, step)
        if "name" in differing:
            self._set(target, step, name=entry.name)
            self._later(setattr, person, "name", entry.name)
        if "email" in differing:
            self._set(target, step, email=entry.email)
            self._later(setattr, person, "email", entry.email)
            self._later(self.known.by_email.__setitem__, entry.email, person)
        if {"birth_date", "phone"} & set(differing):
            self._seal(target, step, person)
        if target is step:
            step.person_deed = "change"

    def _differs(self, person: KnownPerson, name: str) -> bool:
        entry = self.entry
        if not getattr(entry, name):
            return False
        if name == "birth_date":
            return not self._has_birth_date(person)
        if name == "phone":
            if person.given.get("phone"):
                return person.given["phone"] != entry.phone
            sealed = person.phone_sealed
            return not sealed or self.planner._sealer.open(sealed, personal.PHONE) != entry.phone
        return getattr(person, name) != getattr(entry, name)

    # Where she works

    def _employ(
        self, step: Step, company: KnownCompany, person: KnownPerson, employment: KnownEmployment | None
    ) -> None:
        entry = self.entry
        number = entry.employee_number
        holder = company.by_number.get(number) if number else None
        if holder is not None and holder.is_current and holder.person is not person:
            raise _WrongError("another_person", "employee_number")
        if employment is None or not employment.is_current:
            self._begin_employment(step, company, person, employment, holder)
            return
        step.employment_id = employment.id
        wanted = {
            "employee_number": number or employment.employee_number,
            "department": entry.department or employment.department,
            "job": entry.job or employment.job,
        }
        changed = [name for name, value in wanted.items() if value != getattr(employment, name)]
        for name in wanted:
            value = getattr(entry, name)
            if value and employment.given.get(name, value) != value:
                raise _WrongError("differs_in_file", name, row=person.row)
            if value:
                self._later(employment.given.setdefault, name, value)
        for name in changed:
            self._note("change", name, before=getattr(employment, name) or "", after=wanted[name])
        for name, value in wanted.items():
            setattr(step, name, value)
        if not changed:
            return
        if holder is not None and not holder.is_current:
            step.freed_id = holder.id
        earlier = self.planner._of_employment.get((person.uid, company.business_number))
        if earlier is None:
            step.employment_deed = "change"
        else:
            self._set(earlier, step, **wanted)

        def keep() -> None:
            for name, value in wanted.items():
                setattr(employment, name, value)
            if number:
                company.by_number[number] = employment

        self.afterwards.append(keep)

    def _begin_employment(
        self,
        step: Step,
        company: KnownCompany,
        person: KnownPerson,
        last: KnownEmployment | None,
        holder: KnownEmployment | None,
    ) -> None:
        """A new one; who comes back takes number, department and job along, where the row doesn't give others."""
        entry = self.entry
        step.employment_deed = "add"
        step.employee_number = entry.employee_number or (last.employee_number if last else None)
        step.department = entry.department or (last.department if last else "")
        step.job = entry.job or (last.job if last else "")
        if holder is not None:
            step.freed_id = holder.id
        elif last is not None and last.employee_number == step.employee_number and step.employee_number:
            step.freed_id = last.id
        if last is not None:
            self._note("back")
        made = KnownEmployment(person, None, step.employee_number, step.department, step.job, True)
        for name in ("employee_number", "department", "job"):
            if value := getattr(entry, name):
                made.given[name] = value
        self._later(company.take_in, made)

    # The run

    def _enrol(self, step: Step, company: KnownCompany, person: KnownPerson) -> None:
        run = self._run()
        if run is None:
            return
        there = self.known.enrolments.get((run.id, person.id)) if person.id is not None else None
        if (run.id, person.uid) in self.planner._enrolled or (there is not None and there[1] == "enrolled"):
            self._note("in_run", "run", course=run.title, run=run.number)
            return
        if not run.is_open:
            raise _WrongError("run_closed", "run", course=run.title, run=run.number)
        if person.id in self.known.overlapping.get(run.id, ()):
            raise _WrongError("run_overlaps", "run", course=run.title, run=run.number)
        if company.region_id is None:
            raise _WrongError("missing_for_new", "region")
        origin = (company.id or 0, company.region_id)
        if not run.seats.has_seats(*origin):
            raise _WrongError("run_full", "run", course=run.title, run=run.number)
        self._note("enrolled", "run", course=run.title, run=run.number)
        step.run_id = run.id
        step.enrolment_deed = "again" if there else "add"
        step.enrolment_id = there[0] if there else None
        step.enrolment_uid = None if there else new_uid()

        def keep() -> None:
            self.planner._enrolled.add((run.id, person.uid))
            run.seats.take(*origin)

        self.afterwards.append(keep)

    def _run(self) -> KnownRun | None:
        entry = self.entry
        if not entry.course and entry.run is None:
            return None
        if not entry.course or entry.run is None:
            raise _WrongError("needs", "run" if entry.course else "course")
        numbered = self.known.runs.get(normalise(entry.course))
        if numbered is None:
            raise _WrongError("unknown_course", "course")
        if entry.run not in numbered:
            raise _WrongError("unknown_run", "run", run=entry.run)
        return numbered[entry.run]
