"""Who is meant by a row, what would change, and why a row can't be applied."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lms.clock import today
from lms.learning import enrolments
from lms.models import CentreRegion, Employment, Person, Region, RegionSuccession, Role, Run
from lms.people.privacy import personal
from tests.world import employ, make_run

from .conftest import NEW, OTHER, Desk, row, words

COURSE = "제조데이터 첫걸음"


@pytest.fixture
def database_kind() -> str:
    """What is decided here is decided in Python; test_applying.py writes and reads on each database."""
    return "sqlite"


def test_who_is_there_is_the_same(desk: Desk) -> None:
    found = desk.look(
        row(name="김하나", employee="H-001"), row(name="이준호", employee="H-002", company="한빛정밀", region="부산")
    )
    assert [(decision.outcome, decision.findings) for decision in found] == [("same", []), ("same", [])]


def test_a_company_and_its_people_are_new(desk: Desk) -> None:
    plan = desk.check(
        row(number=NEW, company="새기업", region="부산시", name="홍길동", employee="1"),
        row(number=NEW, name="홍길순", employee="2"),
    )
    assert [decision.outcome for decision in plan.decisions] == ["new", "new"]
    assert (plan.counts()["companies"], plan.counts()["people"]) == (1, 2)


def test_a_new_company_needs_name_and_region_from_one_of_its_rows(desk: Desk) -> None:
    found = desk.look(row(number=NEW, company="새기업", name="홍길동", employee="1"))
    assert (found[0].outcome, words(found[0]), found[0].findings[0].field) == ("wrong", ["missing_for_new"], "region")
    later = row(number=OTHER, company="다른기업", region="경기", name="박", employee="1")
    assert [one.outcome for one in desk.look(row(number=OTHER, name="최", employee="2"), later)] == ["new", "new"]


@pytest.mark.parametrize("text", ["부산", "부산시", "부산광역시", "Busan", "부산광역시 사하구", "부산직할시"])
def test_short_and_former_names_of_regions_are_understood(desk: Desk, text: str) -> None:
    found = desk.look(row(number=NEW, company="새기업", region=text, name="홍길동", employee="1"))
    assert found[0].outcome == "new"


def test_a_region_that_there_is_not(desk: Desk) -> None:
    found = desk.look(row(number=NEW, company="새기업", region="한양", name="홍길동", employee="1"))
    assert words(found[0]) == ["unknown_region"]


def test_a_region_that_ended_is_its_successor(desk: Desk) -> None:
    with desk.database.writing() as session:
        old = Region(
            slug="gwangju", zone_id=desk.world.busan.zone_id, name_ko="광주광역시", short_ko="광주", name_en="Gwangju",
            position=5, to_on=today() - timedelta(days=9),
        )  # fmt: skip
        session.add(old)
        session.flush()
        session.add(
            RegionSuccession(region_id=old.id, successor_id=desk.world.busan.id, on=today() - timedelta(days=8))
        )
        session.commit()
    found = desk.check(row(number=NEW, company="새기업", region="광주시", name="홍길동", employee="1"))
    assert found.planner.companies[0].region_id == desk.world.busan.id


def test_one_number_for_two_firms_is_mistyped(desk: Desk) -> None:
    found = desk.look(
        row(number=NEW, company="(주)새기업", region="부산", name="홍길동", employee="1"),
        row(number=NEW, company="새 기업", region="부산", name="홍길순", employee="2"),
        row(number=NEW, company="딴기업", region="부산", name="박", employee="3"),
        row(number=NEW, company="새기업", region="경기", name="최", employee="4"),
    )
    assert [one.outcome for one in found] == ["new", "new", "wrong", "wrong"]
    assert (words(found[2]), words(found[3])) == (["company_differs"], ["region_differs"])


def test_a_known_company_keeps_its_name(desk: Desk) -> None:
    found = desk.look(row(name="김하나", employee="H-001", company="한빛정공", region="경기"))
    assert (found[0].outcome, words(found[0])) == ("same", ["company_kept", "company_kept"])


# People


def test_an_employee_number_goes_before_the_name(desk: Desk) -> None:
    found = desk.look(row(name="김하늘", employee="H-001"))
    assert (found[0].outcome, words(found[0]), found[0].findings[0].facts["after"]) == ("changed", ["change"], "김하늘")


def test_another_name_and_another_address_are_another_person(desk: Desk) -> None:
    found = desk.look(row(name="박새벽", employee="H-001", email="new@hanbit.example"))
    assert (found[0].outcome, words(found[0])) == ("wrong", ["another_person"])


def test_an_address_finds_who_has_no_number_in_the_row(desk: Desk) -> None:
    found = desk.look(row(name="김하나", email="HANA@hanbit.example", department="생산1팀"))
    assert (found[0].outcome, found[0].findings[0].field) == ("changed", "department")


def test_an_address_of_somebody_else_is_wrong(desk: Desk) -> None:
    found = desk.look(
        row(name="이준호", employee="H-002", email="hana@hanbit.example"), row(name="박", email="hana@hanbit.example")
    )
    assert [words(one) for one in found] == [["another_person"], ["another_person"]]


def test_a_person_may_work_in_two_companies(desk: Desk) -> None:
    found = desk.look(row(number="220-81-62517", name="김하나", employee="S-009", email="hana@hanbit.example"))
    assert (found[0].outcome, found[0].step.person_deed, found[0].step.employment_deed) == ("new", None, "add")  # type: ignore[union-attr]


def test_name_and_birth_date_within_the_company(desk: Desk) -> None:
    desk.apply(row(name="이준호", employee="H-002", birth="1990-02-15"))
    found = desk.look(row(name="이준호", birth="32919", department="생산2팀"), row(name="이준호", birth="1991-01-01"))
    assert [one.outcome for one in found] == ["changed", "new"]
    assert words(found[1]) == ["same_name"]


def test_two_of_one_name_and_day_are_not_told_apart(desk: Desk) -> None:
    desk.apply(
        row(name="이준호", employee="H-002", birth="1990-02-15"), row(name="이준호", employee="H-9", birth="1990-02-15")
    )
    assert words(desk.look(row(name="이준호", birth="1990-02-15"))[0]) == ["several_people"]
    assert [one.outcome for one in desk.look(row(name="이준호", employee="H-9", birth="1990-02-15"))] == ["same"]


def test_same_names_with_numbers_of_their_own_are_people_of_their_own(desk: Desk) -> None:
    found = desk.look(*[row(name="김하나", employee=f"N-{n}") for n in range(3)])
    assert [one.outcome for one in found] == ["new"] * 3


def test_zeros_that_a_spreadsheet_ate(desk: Desk) -> None:
    desk.apply(row(name="홍길동", employee="00123"))
    found = desk.look(row(name="홍길동", employee="123.0"), row(name="홍길순", employee="123"))
    assert [(one.outcome, words(one)) for one in found] == [("same", ["zeros"]), ("new", [])]


def test_an_empty_cell_changes_nothing(desk: Desk) -> None:
    desk.apply(row(name="이준호", employee="H-002", phone="010-1234-5678", department="생산1팀", job="조립"))
    assert desk.look(row(name="이준호", employee="H-002"))[0].outcome == "same"


def test_rows_of_one_person(desk: Desk) -> None:
    found = desk.look(
        row(name="홍길동", employee="1", phone="010-1234-5678"),
        row(name="홍길동", employee="1"),
        row(name="홍길동", employee="1", phone="010-9999-5678"),
        row(name="홍길순", employee="1"),
        row(name="홍길동", employee="1", department="생산1팀"),
    )
    assert [one.outcome for one in found] == ["new", "skipped", "wrong", "wrong", "changed"]
    assert [words(one)[-1] for one in found[1:4]] == ["twice", "differs_in_file", "differs_in_file"]


def test_who_had_left_comes_back(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.scalars(select(Employment).where(Employment.person_id == desk.world.junho.id)).one().to_on = (
            today() - timedelta(3)
        )
        session.commit()
    found = desk.look(row(name="이준호", employee="H-002"), row(name="다른이", employee="H-002"))
    assert (found[0].outcome, words(found[0])) == ("changed", ["back"])
    assert found[1].outcome == "wrong"


def test_a_number_is_given_again_after_somebody_left(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.scalars(select(Employment).where(Employment.person_id == desk.world.junho.id)).one().to_on = (
            today() - timedelta(3)
        )
        session.commit()
    assert desk.look(row(name="새사람", employee="H-002"))[0].outcome == "new"


# Whose data a roster may not touch


def test_an_officer_stays_in_her_regions(desk: Desk) -> None:
    found = desk.look(
        row(name="김하나", employee="H-001"),
        row(number="220-81-62517", name="윤수진", employee="S-001"),
        row(number=NEW, company="새기업", region="경기", name="홍길동", employee="1"),
        person=desk.world.seoyeon,
    )
    assert [one.outcome for one in found] == ["same", "wrong", "wrong"]
    assert (words(found[1]), words(found[2])) == (["elsewhere"], ["elsewhere"])


def test_an_officer_changes_nobody_who_works_elsewhere_too(desk: Desk) -> None:
    """Else she could employ anybody by an address, write another into the account, and ask for a new password."""
    with desk.database.writing() as session:
        employ(session, desk.world.sujin, desk.world.hanbit, "H-777")
        session.commit()
    given = row(name="윤수진", employee="H-777", phone="010-1234-5678", department="품질")
    found = desk.look(given, person=desk.world.seoyeon)
    assert (found[0].outcome, words(found[0])) == ("changed", ["kept", "change"])
    assert desk.look(given)[0].step.person_deed == "change"  # type: ignore[union-attr]


def test_accounts_of_staff_are_not_changed(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.add(Role(person_id=desk.world.junho.id, kind="operator", from_on=today()))
        session.commit()
    found = desk.look(row(name="이준호", employee="H-002", email="mine@evil.example"))
    assert (found[0].outcome, words(found[0])) == ("same", ["kept"])


# Runs


def test_a_roster_enrols(desk: Desk) -> None:
    found = desk.look(
        row(name="김하나", employee="H-001", course=COURSE, run="1차"),
        row(name="김하나", employee="H-001", course="first-steps", run="1"),
        row(name="이준호", employee="H-002", course="없는 과정", run="1"),
        row(name="이준호", employee="H-002", course=COURSE, run="7"),
        row(name="이준호", employee="H-002", course=COURSE),
    )
    assert [one.outcome for one in found] == ["changed", "skipped", "wrong", "wrong", "wrong"]
    assert [words(one)[-1] for one in found] == ["enrolled", "twice", "unknown_course", "unknown_run", "needs"]


def test_seats_are_given_in_the_order_of_the_rows(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.get_one(Run, desk.world.run.id).seats = 1
        session.commit()
    found = desk.look(*[row(name=f"새사람{n}번", employee=str(n), course=COURSE, run="1") for n in (1, 2)])
    assert [words(one) for one in found] == [["enrolled"], ["run_full"]]


def test_whoever_is_in_another_run_of_the_course_at_the_time_is_told_so(desk: Desk) -> None:
    with desk.database.writing() as session:
        course, version = desk.world.course, desk.world.exercise_version
        make_run(session, course, version, desk.world.busan_centre, number=2)
        enrolments.enrol(session, desk.world.run, desk.world.hana.id)
        session.commit()
    found = desk.look(
        row(name="김하나", employee="H-001", course=COURSE, run="2"),
        row(name="이준호", employee="H-002", course=COURSE, run="2"),
    )
    assert [words(one) for one in found] == [["run_overlaps"], ["enrolled"]]


def test_a_run_that_is_over_or_another_centres(desk: Desk) -> None:
    with desk.database.writing() as session:
        course, version = desk.world.course, desk.world.exercise_version
        yesterday = today() - timedelta(days=1)
        make_run(session, course, version, desk.world.busan_centre, number=2, learn_to=yesterday)
        make_run(session, course, version, desk.world.gyeonggi_centre, number=3)
        session.commit()
    found = desk.look(
        row(name="김하나", employee="H-001", course=COURSE, run="2"),
        row(name="김하나", employee="H-001", course=COURSE, run="3"),
        person=desk.world.seoyeon,
    )
    assert [words(one) for one in found] == [["run_closed"], ["unknown_run"]]


def test_a_centre_that_gave_a_region_up_no_longer_uploads_for_it(desk: Desk) -> None:
    with desk.database.writing() as session:
        served = select(CentreRegion).where(CentreRegion.centre_id == desk.world.busan_centre.id)
        session.scalars(served).one().to_on = today() - timedelta(days=1)
        session.commit()
    assert words(desk.look(row(name="김하나", employee="H-001"), person=desk.world.seoyeon)[0]) == ["elsewhere"]


def test_what_is_sealed_is_compared_open(desk: Desk) -> None:
    desk.apply(row(name="이준호", employee="H-002", phone="010-1234-5678", birth="1990-02-15"))
    same = row(name="이준호", employee="H-002", phone="1012345678", birth="900215")
    other = row(name="이준호", employee="H-002", phone="010-0000-5678")
    assert (desk.look(same)[0].outcome, desk.look(other)[0].outcome) == ("same", "changed")
    with desk.database.reading() as session:
        person = session.get_one(Person, desk.world.junho.id)
        assert "5678" not in (person.phone_sealed or "")
        assert personal.phone_of(desk.sealer, person) == "01012345678"
