"""Deeds on organisations: kept as they were and became, and taken back as a whole, or not at all."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.learning import enrolments
from lms.models import AuditEntry, Change, ChangeSet, Company, CompanyStatus, Employment, Person, Role, SignIn
from lms.people import changes, undo
from lms.people.organisations import companies, employments
from lms.people.organisations.companies import Facts
from lms.people.organisations.employments import Place
from lms.people.undo import UndoRefusedError
from tests.world import World, at


def the_set(session: Session, kind: str) -> ChangeSet:
    return session.scalars(select(ChangeSet).where(ChangeSet.kind == kind)).one()


def take_back(session: Session, set_: ChangeSet, **more: object) -> ChangeSet:
    return undo.undo(session, set_, actor_id=None, **more)  # type: ignore[arg-type]


def refusal(session: Session, set_: ChangeSet) -> tuple[str, str]:
    with pytest.raises(UndoRefusedError) as caught:
        take_back(session, set_)
    return caught.value.reason, caught.value.table


def new_company(session: Session, world: World) -> Company:
    return companies.add_company(
        session,
        world.viewer(world.seoyeon),
        business_number="120-81-47521",
        name="새론금속",
        facts=Facts(world.busan.id),
        from_on=date(2026, 2, 2),
    )


def test_a_deed_keeps_what_was_and_what_became(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=world.seoyeon.id, subject="company:1", reason=" so ")
    hanbit = session.get_one(Company, world.hanbit.id)
    assert record.alter(hanbit, name="한빛") is True
    change = session.scalars(select(Change).where(Change.set_id == record.set.id)).one()
    assert change.before is not None
    assert change.after is not None
    assert (change.before["name"], change.after["name"]) == ("한빛정밀", "한빛")
    assert change.before["business_number"] == change.after["business_number"] == "1248100998"
    assert (change.table_name, change.row_id, change.company_id, change.person_id) == (
        "lms_company", hanbit.id, hanbit.id, None,
    )  # fmt: skip
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "tried")).one()
    assert (audited.actor_id, audited.subject, audited.reason) == (world.seoyeon.id, "company:1", "so")


def test_a_deed_that_changes_nothing_leaves_nothing(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None)
    assert record.alter(session.get_one(Company, world.hanbit.id), name="한빛정밀") is False
    assert record.is_empty()
    assert session.scalars(select(ChangeSet)).all() == []
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "tried")).all() == []


def test_two_alterations_of_a_row_are_one_change(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None)
    hanbit = session.get_one(Company, world.hanbit.id)
    record.alter(hanbit, name="가")
    record.alter(hanbit, name="나")
    change = session.scalars(select(Change)).one()
    assert change.before
    assert change.after
    assert (change.before["name"], change.after["name"]) == ("한빛정밀", "나")
    take_back(session, record.set)
    assert session.get_one(Company, world.hanbit.id).name == "한빛정밀"


def test_no_password_is_kept_in_a_change(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None)
    record.alter(session.get_one(Person, world.hana.id), name="김하나영")
    change = session.scalars(select(Change)).one()
    assert change.before is not None
    assert "password_hash" not in change.before
    take_back(session, record.set)
    person = session.get_one(Person, world.hana.id)
    assert person.name == "김하나"
    assert person.password_hash == world.hana.password_hash


def test_what_was_added_goes_and_what_was_removed_comes_back(session: Session, world: World) -> None:
    row = session.scalars(select(Employment).where(Employment.person_id == world.junho.id)).one()
    kept = {column.name: getattr(row, column.name) for column in Employment.__table__.columns}
    record = changes.begin(session, "tried", actor_id=None)
    record.remove(row)
    record.add(
        Role(person_id=world.junho.id, kind="company_manager", company_id=world.suwon.id, from_on=date(2026, 3, 1))
    )
    taken = take_back(session, record.set)
    back = session.scalars(select(Employment).where(Employment.person_id == world.junho.id)).one()
    assert {column.name: getattr(back, column.name) for column in Employment.__table__.columns} == kept
    assert session.scalars(select(Role).where(Role.person_id == world.junho.id)).all() == []
    assert record.set.undone_at is not None
    assert taken.undoes_id == record.set.id
    swapped = {change.table_name: change for change in session.scalars(select(Change).where(Change.set_id == taken.id))}
    assert swapped["lms_employment"].before is None
    assert swapped["lms_role"].after is None


def test_set_wise_is_the_same_as_row_by_row(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None)
    session.execute(
        insert(Person),
        [
            {"name": f"사람{number}", "created_at": at("2026-03-01"), "email": f"p{number}@x.example"}
            for number in range(30)
        ],
    )
    mine = Person.email.like("%@x.example")
    record.note_added(Person, mine)
    everybody = Employment.company_id == world.hanbit.id
    record.note_before(Employment, everybody)
    session.execute(update(Employment).where(Employment.employee_number == "H-001").values(department="연구소"))
    record.note_after(Employment)
    assert len(session.scalars(select(Change).where(Change.table_name == "lms_employment")).all()) == 1
    assert len(session.scalars(select(Change).where(Change.table_name == "lms_person")).all()) == 30
    take_back(session, record.set)
    assert session.scalars(select(Person).where(mine)).all() == []
    assert session.scalars(select(Employment.department).where(everybody)).all() == ["", ""]


def test_what_was_changed_since_is_not_taken_back(session: Session, world: World) -> None:
    viewer = world.viewer(world.seoyeon)
    company = session.get_one(Company, world.hanbit.id)
    companies.correct(session, viewer, company, name="한빛 정밀", reason="오타")
    first = the_set(session, "company_corrected")
    companies.rename(session, viewer, company, "한빛테크", from_on=date(2026, 3, 1))
    second = the_set(session, "company_renamed")
    assert refusal(session, first) == ("changed", "lms_company")
    take_back(session, second)
    assert company.name == "한빛 정밀"
    assert company.search_key == "한빛정밀"
    take_back(session, first)
    assert company.name == "한빛정밀"


def test_what_reads_otherwise_now_is_not_taken_back(session: Session, world: World) -> None:
    """Also where somebody wrote beside the deeds."""
    company = new_company(session, world)
    company.name = "다른 이름"
    session.flush()
    assert refusal(session, the_set(session, "company_added")) == ("changed", "lms_company")


def test_another_column_of_an_altered_row_may_change(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None)
    person = session.get_one(Person, world.hana.id)
    record.alter(person, name="김두나")
    person.language = "en"
    session.flush()
    take_back(session, record.set)
    assert (person.name, person.language) == ("김하나", "en")


def test_what_others_refer_to_is_not_taken_back(session: Session, world: World) -> None:
    viewer = world.viewer(world.seoyeon)
    company = new_company(session, world)
    company_set = the_set(session, "company_added")
    person = employments.add_person(
        session, viewer, company, name="새사람", email=None, place=Place("N-1"), from_on=date(2026, 3, 2)
    )
    person_set = the_set(session, "person_added")
    assert refusal(session, company_set) == ("in_use", "lms_employment")
    enrolments.enrol(session, world.run, person.id, now=at("2026-03-03"))
    assert refusal(session, person_set) == ("in_use", "lms_enrolment")
    found = undo.problems(session, company_set)
    assert {problem.table for problem in found} >= {"lms_employment", "lms_enrolment", "lms_ledger_entry"}


def test_a_sign_in_stands_against_taking_a_person_back(session: Session, world: World) -> None:
    employments.add_person(
        session, None, session.get_one(Company, world.hanbit.id), name="새사람", email=None, place=Place("N-1"),
        from_on=date(2026, 3, 2),
    )  # fmt: skip
    person = session.scalars(select(Person).where(Person.name == "새사람")).one()
    session.add(
        SignIn(
            person_id=person.id, token_hash="t", device="", address="", created_at=at("2026-03-03"), last_seen_at=at("2026-03-03")
        )
    )  # fmt: skip
    session.flush()
    assert refusal(session, the_set(session, "person_added")) == ("in_use", "lms_sign_in")


def test_a_deed_is_undone_once_and_undoing_is_not(session: Session, world: World) -> None:
    new_company(session, world)
    added = the_set(session, "company_added")
    taken = take_back(session, added)
    assert session.scalar(select(Company).where(Company.business_number == "1208147521")) is None
    assert refusal(session, added) == ("undone", "")
    assert refusal(session, taken) == ("is_undo", "")


def test_the_number_of_a_company_that_went_is_not_given_again(session: Session, world: World) -> None:
    first = new_company(session, world).id
    take_back(session, the_set(session, "company_added"))
    assert new_company(session, world).id > first


def test_a_number_that_was_given_on_stays(session: Session, world: World) -> None:
    """Her number went to a colleague meanwhile: it can't come back to her."""
    hanbit = session.get_one(Company, world.hanbit.id)
    row = session.scalars(select(Employment).where(Employment.person_id == world.hana.id)).one()
    employments.correct(session, None, row, place=Place("H-100"), from_on=row.from_on, to_on=None, reason="잘못 적음")
    corrected = the_set(session, "employment_corrected")
    employments.add_person(
        session, None, hanbit, name="새사람", email=None, place=Place("H-001"), from_on=date(2026, 3, 2)
    )
    with pytest.raises(UndoRefusedError) as caught:
        take_back(session, corrected)
    assert caught.value.reason == "conflict"


def test_kept_rows_stay_and_count_again(session: Session, world: World) -> None:
    viewer = world.viewer(world.seoyeon)
    record = changes.begin(session, "tried", actor_id=None)
    person = Person(name="새사람", created_at=at("2026-03-01"))
    record.add(person)
    record.add(Employment(person_id=person.id, company_id=world.hanbit.id, from_on=date(2026, 3, 1)))
    enrolments.enrol(session, world.run, person.id, now=at("2026-03-03"))
    record.note_added(Person, Person.id == person.id)
    assert {problem.table for problem in undo.problems(session, record.set)} == {"lms_enrolment"}
    take_back(session, record.set, kept={Person: select(Person.id).where(Person.id == person.id)})
    assert session.get(Person, person.id) is not None
    assert session.scalars(select(Employment).where(Employment.person_id == person.id)).all() == []
    assert viewer.officer_centres


def test_what_is_being_prepared_has_not_happened(session: Session, world: World) -> None:
    record = changes.begin(session, "tried", actor_id=None, is_prepared=True)
    record.alter(session.get_one(Company, world.hanbit.id), name="한빛")
    assert changes.history_of_company(session, world.hanbit.id) == []
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "tried")).all() == []
    assert refusal(session, record.set) == ("undone", "")
    record.happen()
    assert [deed.set.kind for deed in changes.history_of_company(session, world.hanbit.id)] == ["tried"]
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "tried")).all() == ["tried"]


def test_the_history_of_a_company_lists_and_counts(session: Session, world: World) -> None:
    viewer = world.viewer(world.seoyeon)
    company = new_company(session, world)
    companies.declare(session, viewer, company, Facts(world.busan.id, "medium"), from_on=date(2099, 1, 1))
    employments.add_person(
        session, viewer, company, name="새사람", email=None, place=Place("N-1"), from_on=date(2026, 3, 2)
    )
    newest, declared, added = changes.history_of_company(session, company.id)
    assert newest.counts == {("lms_employment", "added"): 1}
    assert newest.changes == []
    assert [(change.table_name, (change.after or {})["size_class"]) for change in declared.changes] == [
        ("lms_company_status", "medium")
    ]
    assert {change.table_name for change in added.changes} == {"lms_company", "lms_company_status"}
    assert added.actor == "이서연"
    person = session.scalars(select(Person).where(Person.name == "새사람")).one()
    assert [deed.set.kind for deed in changes.history_of_person(session, person.id)] == ["person_added"]


def test_a_status_that_an_enrolment_names_stays(session: Session, world: World) -> None:
    viewer = world.viewer(world.seoyeon)
    hanbit = session.get_one(Company, world.hanbit.id)
    companies.declare(session, viewer, hanbit, Facts(world.busan.id, "medium"), from_on=date(2026, 3, 1))
    made = enrolments.enrol(session, world.run, world.hana.id, now=at("2026-03-03"))
    status = session.get_one(CompanyStatus, made.company_status_id)
    assert status.size_class == "medium"
    assert refusal(session, the_set(session, "company_declared")) == ("in_use", "lms_enrolment")
