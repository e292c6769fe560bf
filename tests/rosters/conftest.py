"""A desk at which rosters are tried: files made of rows, checked and applied as a worker does, on each database."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.models import Company, Database, Employment, Person, Roster
from lms.people.privacy import sealing
from lms.people.privacy.sealing import Sealer
from lms.rosters import applying, checking, storage, undoing
from lms.rosters.checking import Plan
from lms.rosters.planning import Decision
from tests.world import World

HEAD = [
    "사업자등록번호",
    "회사명",
    "시도",
    "성명",
    "사번",
    "생년월일",
    "휴대전화",
    "이메일",
    "부서",
    "직무",
    "과정",
    "차수",
]
# Numbers with a right check digit that the tests' world doesn't use.
NEW = "120-81-47521"
OTHER = "104-81-47984"
HANBIT = "124-81-00998"


def row(**cells: str) -> list[str]:
    """Cells by their English names; the business number is 한빛정밀's unless another is given."""
    names = [
        "number",
        "company",
        "region",
        "name",
        "employee",
        "birth",
        "phone",
        "email",
        "department",
        "job",
        "course",
        "run",
    ]
    given = {"number": HANBIT, **cells}
    return [given.get(name, "") for name in names]


def csv_of(*rows: Sequence[str], head: Sequence[str] = HEAD, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([head, *rows])
    return text.getvalue().encode(encoding)


def yes(_session: object) -> bool:
    return True


@dataclass
class Desk:
    database: Database
    sealer: Sealer
    world: World

    def upload(self, content: bytes, person: Person | None = None) -> int:
        read = storage.read_upload(content, "명단.csv", self.sealer)
        with self.database.writing() as session:
            roster = storage.keep(session, read, actor_id=person.id if person else None, queued=False)
            session.commit()
        return roster.id

    def check(self, *rows: Sequence[str], person: Person | None = None, content: bytes = b"") -> Plan:
        return checking.check(
            self.database, self.upload(content or csv_of(*rows), person), self.sealer, yes, finish=yes
        )

    def look(self, *rows: Sequence[str], person: Person | None = None) -> list[Decision]:
        return list(self.check(*rows, person=person).decisions)

    def apply(self, *rows: Sequence[str], person: Person | None = None, content: bytes = b"") -> tuple[int, Plan]:
        """The roster's id, and what was done."""
        roster_id = self.upload(content or csv_of(*rows), person)
        plan = checking.check(self.database, roster_id, self.sealer, yes, finish=yes)
        if plan.does_something:
            self.press(roster_id)
            plan = applying.apply(self.database, roster_id, self.sealer, yes, finish=yes)
        return roster_id, plan

    def press(self, roster_id: int) -> None:
        with self.database.writing() as session:
            applying.ask_to_apply(session, session.get_one(Roster, roster_id), queued=False)
            session.commit()

    def undo(self, roster_id: int) -> None:
        with self.database.writing() as session:
            undoing.take_back(session, session.get_one(Roster, roster_id), actor_id=None)
            session.commit()

    def people(self) -> set[tuple[str, str, str | None]]:
        """Company, name and employee number of everybody who works somewhere."""
        with self.database.reading() as session:
            rows = session.execute(
                select(Company.name, Person.name, Employment.employee_number)
                .join(Employment, Employment.company_id == Company.id)
                .join(Person, Person.id == Employment.person_id)
                .where(Employment.to_on.is_(None))
            )
            return {(company, name, number) for company, name, number in rows}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "personal.keys"
    sealing.write_fresh(file)
    return file


@pytest.fixture
def desk(database: Database, world: World, keys: Path) -> Desk:
    return Desk(database, Sealer(keys), world)


def words(decision: Decision) -> list[str]:
    return [finding.word for finding in decision.findings]
