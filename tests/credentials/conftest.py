"""김하나 and 이준호 have completed the run; words as plain as they can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.credentials.issuing import Press
from lms.learning import enrolments, ledger
from lms.models import Database, Enrolment, Person, Run
from tests import world as people
from tests.world import World

DAY = "2026-04-10"
ADDRESS = "https://learn.example.kr/verify"


def plain_words(language: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = [["성명", facts["name"]], ["소속", facts["company"]], ["과정", facts.get("course") or facts["track"]]]
    rows += [["이수", one["course"]] for one in facts.get("courses", ())]
    return {
        "title": f"수료증 {facts['number']}",
        "number": facts["number"],
        "heading": "수료증" if language == "ko" else "Certificate",
        "rows": rows,
        "sentence": ["위 사람은", "이수하였습니다."],
        "issued": facts["issued_on"],
        "centre": facts["centre"],
        "signer": f"{facts['signer_title']} {facts['signer_name']}".strip(),
        "seal_alt": "직인",
        "signature_alt": "서명",
        "qr_alt": "QR",
        "check": "확인",
    }


PRESS = Press(plain_words, ADDRESS)


def complete(session: Session, run: Run, person: Person, day: str = DAY) -> Enrolment:
    """Enrol somebody, and let her have completed."""
    enrolment = enrolments.enrol(session, session.get_one(Run, run.id), person.id, now=people.JOINED)
    finish(session, enrolment, day)
    return enrolment


def finish(session: Session, enrolment: Enrolment, day: str = DAY) -> None:
    at = people.at(day)
    ledger.append(session, enrolment, "completed", effective_on=at.date(), recorded_at=at)


@pytest.fixture
def hana(database: Database, world: World) -> int:
    """The id of 김하나's enrolment."""
    with database.writing() as session:
        made = complete(session, world.run, world.hana).id
        session.commit()
    return made


@pytest.fixture
def junho(database: Database, world: World) -> int:
    with database.writing() as session:
        made = complete(session, world.run, world.junho).id
        session.commit()
    return made
