"""Companies in time: found by what they are and were, changed from a day on or corrected, merged, seen by who may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from lms.clock import today
from lms.errors import ForbiddenError, NotFoundError
from lms.learning import enrolments
from lms.models import (
    CentreRegion,
    ChangeSet,
    ClusterMember,
    Company,
    CompanyStatus,
    Database,
    Employment,
    Enrolment,
    Person,
    Region,
    RegionSuccession,
    Role,
    Sponsorship,
)
from lms.models.companies import search_key
from lms.people import accounts, changes, undo
from lms.people.organisations import (
    centres,
    companies,
    employments,
    grants,
    mergers,
    places,
    ties,
)
from lms.people.organisations.companies import CompanyError, Facts
from lms.people.organisations.employments import EmploymentError, Place
from lms.people.organisations.grants import Scope
from lms.people.roles import RoleError
from lms.people.viewers import viewer_of
from tests.world import LONG_AGO, World, at

NUMBER = "1208147521"


@pytest.fixture
def saeron(session: Session, world: World) -> Company:
    """새론금속, in Busan since long ago."""
    return companies.add_company(
        session,
        world.viewer(world.seoyeon),
        business_number=NUMBER,
        name="(주)새론금속",
        facts=Facts(world.busan.id, "small"),
        from_on=LONG_AGO,
    )


def hanbit_of(session: Session, world: World) -> Company:
    return session.get_one(Company, world.hanbit.id)


def row_of(session: Session, person: Person) -> Employment:
    return session.scalars(
        select(Employment).where(Employment.person_id == person.id, Employment.to_on.is_(None))
    ).one()


def newest(session: Session) -> ChangeSet:
    return session.scalars(select(ChangeSet).order_by(ChangeSet.id.desc()).limit(1)).one()


def names(session: Session, world: World, text: str, person: Person | None = None) -> list[str]:
    found = companies.find_companies(session, world.viewer(person or world.seoyeon), text)
    return [row.company.name for row in found]


@pytest.mark.parametrize("name", ["주식회사 한빛 정밀", "(주)한빛정밀", "㈜한빛정밀", "한빛정밀 주식회사", "한빛정밀"])
def test_the_legal_form_is_no_part_of_what_is_looked_for(name: str) -> None:
    assert search_key(name) == "한빛정밀"


def test_a_name_of_nothing_but_its_form_is_still_found() -> None:
    assert search_key("(주)") == "(주)"


def test_found_by_the_beginning_of_name_or_number(session: Session, world: World, saeron: Company) -> None:
    for begins in ("새", "새론", "주식회사 새론", "(주)새론금속", "120-81", "120-81-47521", "1208147521", " 새 론 "):
        assert names(session, world, begins) == ["(주)새론금속"], begins
    for other in ("론금속", "새론금속x", "121-81", "%", "_", "\\", "'"):
        assert names(session, world, other) == [], other


def test_found_by_the_name_that_it_had(session: Session, world: World, saeron: Company) -> None:
    companies.rename(session, world.viewer(world.seoyeon), saeron, "가람소재", from_on=date(2026, 3, 1))
    (row,) = companies.find_companies(session, world.viewer(world.seoyeon), "새론")
    assert (row.company.name, row.former) == ("가람소재", "(주)새론금속")
    assert names(session, world, "가람") == ["가람소재"]


def test_an_officer_finds_and_loads_those_of_her_regions_alone(session: Session, world: World, saeron: Company) -> None:
    assert names(session, world, "") == ["(주)새론금속", "한빛정밀"]
    assert names(session, world, "", world.minjun) == ["수원전자"]
    assert names(session, world, "", world.minseo) == names(session, world, "", world.jimin) != []
    assert names(session, world, "", world.doyun) == ["한빛정밀"]
    assert names(session, world, "", world.hana) == []
    for load in (companies.load_company, companies.load_to_edit):
        with pytest.raises(NotFoundError):
            load(session, world.viewer(world.minjun), saeron.uid)
        assert load(session, world.viewer(world.minseo), saeron.uid).id == saeron.id
    with pytest.raises(NotFoundError):
        companies.load_to_edit(session, world.viewer(world.jimin), saeron.uid)


def test_who_serves_what_a_region_became_looks_after_its_companies(
    session: Session, world: World, saeron: Company
) -> None:
    """부산 merges into 동남; nobody entered anything for its companies."""
    after = Region(
        slug="dongnam", zone_id=world.busan.zone_id, name_ko="동남", short_ko="동남", name_en="Dongnam", position=3
    )
    session.add(after)
    session.flush()
    session.get_one(Region, world.busan.id).to_on = date(2026, 2, 28)
    session.add(RegionSuccession(region_id=world.busan.id, successor_id=after.id, on=date(2026, 3, 1)))
    service = session.scalars(select(CentreRegion).where(CentreRegion.region_id == world.busan.id)).one()
    service.to_on = date(2026, 2, 28)
    session.add(CentreRegion(centre_id=world.busan_centre.id, region_id=after.id, from_on=date(2026, 3, 1)))
    session.flush()
    assert names(session, world, "새론") == ["(주)새론금속"]
    assert places.region_on(session, world.busan.id, date(2026, 2, 28)) == world.busan.id
    made = enrolments.enrol(session, world.run, world.hana.id, now=at("2026-03-03"))
    assert made.region_id == after.id
    assert session.scalars(
        select(Enrolment.id).where(enrolments.visible_to(world.viewer(world.seoyeon)))
    ).all() == [made.id]  # fmt: skip


def test_a_number_that_is_none_is_refused(session: Session, world: World) -> None:
    for number in ("123-45-67890", "000-00-00000", "120-81-4752", "", "１２0-81-47522", "113-86-19150"):
        with pytest.raises(CompanyError) as caught:
            companies.add_company(
                session, None, business_number=number, name="이름", facts=Facts(world.busan.id), from_on=LONG_AGO
            )
        assert caught.value.reason == "number_malformed", number


def test_a_number_is_a_company_once(session: Session, world: World, saeron: Company) -> None:
    def add(person: Person) -> CompanyError:
        with pytest.raises(CompanyError) as caught:
            companies.add_company(
                session, world.viewer(person), business_number="120 81 47521", name="또", facts=Facts(person_region[person.id])
            )  # fmt: skip
        return caught.value

    person_region = {world.seoyeon.id: world.busan.id, world.minjun.id: world.gyeonggi.id}
    assert (add(world.seoyeon).reason, add(world.seoyeon).company) == ("number_taken", saeron)
    assert (add(world.minjun).reason, add(world.minjun).company) == ("number_taken", None)


def test_an_officer_enters_companies_in_her_regions_alone(session: Session, world: World) -> None:
    with pytest.raises(CompanyError) as caught:
        companies.add_company(
            session, world.viewer(world.minjun), business_number=NUMBER, name="이름", facts=Facts(world.busan.id)
        )
    assert caught.value.reason == "elsewhere"


def test_what_there_is_not_is_not_declared(session: Session, world: World, saeron: Company) -> None:
    for wrong in (
        Facts(world.busan.id, size_class="huge"),
        Facts(world.busan.id, factory_level="best"),
        Facts(world.busan.id, industry_id=999),
        Facts(999),
    ):
        with pytest.raises(CompanyError) as caught:
            companies.declare(session, None, saeron, wrong, from_on=today())
        assert caught.value.reason == "unknown", wrong


def test_a_change_holds_from_its_day_on(session: Session, world: World, saeron: Company) -> None:
    companies.declare(session, None, saeron, Facts(world.gyeonggi.id, "medium"), from_on=date(2026, 6, 1))
    assert newest(session).kind == "company_moved"
    before, after = (companies.status_on(session, saeron, day) for day in (date(2026, 5, 31), date(2026, 6, 1)))
    assert before is not None
    assert after is not None
    assert (before.region_id, before.size_class) == (world.busan.id, "small")
    assert (after.region_id, after.size_class) == (world.gyeonggi.id, "medium")
    assert names(session, world, "새론") == []
    assert names(session, world, "새론", world.minjun) == ["(주)새론금속"]


def test_a_correction_counts_from_now_on_and_leaves_what_was_counted(session: Session, world: World) -> None:
    made = enrolments.enrol(session, world.run, world.hana.id, now=at("2026-03-03"))
    hanbit = hanbit_of(session, world)
    with pytest.raises(CompanyError) as caught:
        companies.declare(session, None, hanbit, Facts(world.gyeonggi.id), from_on=LONG_AGO)
    assert caught.value.reason == "same_day"
    companies.correct_status(session, None, hanbit, Facts(world.gyeonggi.id, "medium"), from_on=LONG_AGO, reason="오기")
    status = companies.status_on(session, hanbit, date(2026, 3, 3))
    assert status is not None
    assert status.region_id == world.gyeonggi.id
    named = session.get_one(CompanyStatus, made.company_status_id)
    assert (made.region_id, named.region_id, named.size_class) == (world.busan.id, world.busan.id, "small")
    later = enrolments.enrol(session, world.run, world.junho.id, now=at("2026-03-04"))
    assert (later.region_id, later.company_status_id) == (world.gyeonggi.id, status.id)


def test_a_correction_needs_its_reason(session: Session, world: World, saeron: Company) -> None:
    for wrong in (
        lambda: companies.correct(session, None, saeron, name="새론", reason=" "),
        lambda: companies.correct_status(session, None, saeron, Facts(world.busan.id), from_on=LONG_AGO, reason=""),
        lambda: mergers.merge(session, None, saeron, hanbit_of(session, world), reason=""),
    ):
        with pytest.raises(CompanyError) as caught:
            wrong()
        assert caught.value.reason == "reason_missing"


def test_a_name_is_dated_and_never_of_a_day_to_come(session: Session, world: World, saeron: Company) -> None:
    def refusal(name: str, day: date) -> str:
        with pytest.raises(CompanyError) as caught:
            companies.rename(session, None, saeron, name, from_on=day)
        return caught.value.reason

    companies.rename(session, None, saeron, "가", from_on=date(2026, 2, 1))
    companies.rename(session, None, saeron, "나", from_on=date(2026, 3, 1))
    assert [(row.name, row.to_on) for row in companies.list_former_names(session, saeron)] == [
        ("가", date(2026, 2, 28)), ("(주)새론금속", date(2026, 1, 31)),
    ]  # fmt: skip
    assert refusal("다", today() + timedelta(days=1)) == "future"
    assert refusal("다", date(2026, 3, 1)) == "too_early"
    assert refusal("나", today()) == "same"
    assert refusal("  ", today()) == "name_missing"
    assert refusal("가" * 121, today()) == "name_too_long"


# Mergers


def merge(session: Session, world: World, company: Company) -> None:
    mergers.merge(session, world.viewer(world.seoyeon), company, hanbit_of(session, world), reason="같은 공장")


def test_people_go_over_and_what_was_counted_stays(session: Session, world: World, saeron: Company) -> None:
    viewer = world.viewer(world.seoyeon)
    person = employments.add_person(
        session, viewer, saeron, name="새사람", email=None, place=Place("N-1"), from_on=LONG_AGO
    )
    made = enrolments.enrol(session, world.run, person.id, now=at("2026-03-03"))
    merge(session, world, saeron)
    assert row_of(session, person).company_id == world.hanbit.id
    assert made.company_id == saeron.id
    manager = session.scalars(select(Enrolment.id).where(enrolments.visible_to(world.viewer(world.doyun)))).all()
    assert manager == [made.id]
    (row,) = companies.find_companies(session, viewer, NUMBER)
    assert row.merged_into is not None
    assert row.merged_into.id == world.hanbit.id
    found = companies.resolve(session, "120-81-47521")
    assert found is not None
    assert found.id == world.hanbit.id
    signs_in = accounts.load_employee(session, NUMBER, "N-1")
    assert signs_in.id == person.id


def test_a_merger_is_undone(session: Session, world: World, saeron: Company) -> None:
    viewer = world.viewer(world.seoyeon)
    employments.add_person(session, viewer, saeron, name="새사람", email=None, place=Place("N-1"), from_on=LONG_AGO)
    employments.employ(session, viewer, saeron, world.hana.id, place=Place("H-001", "품질"), from_on=date(2026, 1, 5))
    grants.give(session, viewer, Scope("company_manager", company=saeron), name="장", email="jang@saeron.example")
    before = picture(session)
    merge(session, world, saeron)
    assert picture(session) != before
    assert len(session.scalars(select(Employment).where(Employment.person_id == world.hana.id)).all()) == 1
    undo.undo(session, newest(session), actor_id=None)
    assert picture(session) == before
    assert session.get_one(Company, saeron.id).merged_into_id is None


def picture(session: Session) -> list[tuple]:
    """What a merger may change."""
    found: list[tuple] = []
    for model in (Employment, Role, ClusterMember, Sponsorship):
        table = changes.table_of(model)
        found += [(table.name, *row) for row in session.execute(select(table).order_by(table.c.id))]
    return found


def test_who_was_entered_in_both_has_been_there_once(session: Session, world: World, saeron: Company) -> None:
    viewer = world.viewer(world.seoyeon)
    employments.employ(session, viewer, saeron, world.hana.id, place=Place("H-001", "품질"), from_on=date(2019, 1, 7))
    merge(session, world, saeron)
    row = session.scalars(select(Employment).where(Employment.person_id == world.hana.id)).one()
    assert (row.company_id, row.from_on, row.department) == (world.hanbit.id, date(2019, 1, 7), "품질")


def test_a_number_of_two_people_stands_against_a_merger(session: Session, world: World, saeron: Company) -> None:
    viewer = world.viewer(world.seoyeon)
    employments.add_person(session, viewer, saeron, name="새사람", email=None, place=Place("H-001"), from_on=LONG_AGO)
    with pytest.raises(CompanyError) as caught:
        merge(session, world, saeron)
    assert caught.value.reason == "clashes"
    assert [(clash.employee_number, clash.name, clash.other_name) for clash in caught.value.clashes] == [
        ("H-001", "새사람", "김하나")
    ]


def test_what_was_merged_is_not_changed_any_more(session: Session, world: World, saeron: Company) -> None:
    merge(session, world, saeron)
    for wrong in (
        lambda: companies.declare(session, None, saeron, Facts(world.busan.id), from_on=today()),
        lambda: companies.rename(session, None, saeron, "새", from_on=today()),
        lambda: employments.employ(session, None, saeron, world.hana.id, place=Place(), from_on=today()),
        lambda: merge(session, world, saeron),
        lambda: mergers.merge(session, None, hanbit_of(session, world), saeron, reason="거꾸로"),
    ):
        with pytest.raises(CompanyError) as caught:
            wrong()
        assert caught.value.reason == "merged"


def test_what_was_merged_before_points_to_the_last(session: Session, world: World, saeron: Company) -> None:
    third = companies.add_company(
        session, None, business_number="1048147984", name="셋째", facts=Facts(world.busan.id), from_on=LONG_AGO
    )
    mergers.merge(session, None, third, saeron, reason="같음")
    merge(session, world, saeron)
    assert session.get_one(Company, third.id).merged_into_id == world.hanbit.id
    undo.undo(session, newest(session), actor_id=None)
    assert session.get_one(Company, third.id).merged_into_id == saeron.id


# Where people work


def refused(what: object) -> str:
    with pytest.raises(EmploymentError) as caught:
        what()  # type: ignore[operator]
    return caught.value.reason


def test_two_companies_at_once_but_one_company_once(session: Session, world: World, saeron: Company) -> None:
    employments.employ(session, None, saeron, world.hana.id, place=Place("A-1"), from_on=date(2026, 3, 1))
    assert len(employments.of_person(session, world.hana.id)) == 2
    again = lambda day: employments.employ(session, None, saeron, world.hana.id, place=Place("A-2"), from_on=day)  # noqa: E731
    assert refused(lambda: again(date(2026, 4, 1))) == "already"
    assert refused(lambda: again(date(2026, 2, 1))) == "already"


def test_a_number_is_somebodys_within_the_company(session: Session, world: World, saeron: Company) -> None:
    employments.employ(session, None, saeron, world.hana.id, place=Place("H-002"), from_on=today())
    taken = refused(
        lambda: employments.employ(session, None, saeron, world.junho.id, place=Place(" H-002 "), from_on=today())
    )
    assert taken == "number_taken"


def test_who_comes_back_has_her_number_again(session: Session, world: World) -> None:
    hanbit, row = hanbit_of(session, world), row_of(session, world.junho)
    employments.end(session, None, row, to_on=date(2026, 3, 31))
    back = employments.employ(session, None, hanbit, world.junho.id, place=Place("H-002"), from_on=date(2026, 5, 1))
    assert (row.employee_number, back.employee_number) == (None, "H-002")
    assert accounts.load_employee(session, world.hanbit.business_number, "H-002").id == world.junho.id
    undo.undo(session, newest(session), actor_id=None)
    assert session.get_one(Employment, row.id).employee_number == "H-002"


def test_moving_ends_the_day_before(session: Session, world: World, saeron: Company) -> None:
    row = row_of(session, world.hana)
    employments.move(session, None, row, saeron, place=Place("A-1"), from_on=date(2026, 4, 1))
    assert row.to_on == date(2026, 3, 31)
    assert row_of(session, world.hana).company_id == saeron.id
    undo.undo(session, newest(session), actor_id=None)
    assert row_of(session, world.hana).company_id == world.hanbit.id


def test_an_employment_neither_ends_before_it_began_nor_twice(session: Session, world: World, saeron: Company) -> None:
    row = row_of(session, world.hana)
    assert refused(lambda: employments.end(session, None, row, to_on=LONG_AGO - timedelta(days=1))) == "ends_before"
    move = lambda day: employments.move(session, None, row, saeron, place=Place(), from_on=day)  # noqa: E731
    assert refused(lambda: move(LONG_AGO)) == "ends_before"
    employments.end(session, None, row, to_on=date(2026, 3, 31))
    assert refused(lambda: employments.end(session, None, row, to_on=date(2026, 4, 1))) == "ended"
    assert refused(lambda: move(date(2026, 6, 1))) == "ended"


def test_who_has_neither_number_nor_email_could_not_sign_in(session: Session, world: World, saeron: Company) -> None:
    add = lambda: employments.add_person(  # noqa: E731
        session, None, saeron, name="새사람", email="", place=Place(" "), from_on=today()
    )
    assert refused(add) == "number_missing"


def test_an_employment_is_loaded_by_who_may_edit_its_company(session: Session, world: World) -> None:
    load = lambda person: employments.load_employment(  # noqa: E731
        session, world.viewer(person), world.hanbit.uid, world.hana.uid, LONG_AGO
    )
    assert load(world.seoyeon)[1].person.id == world.hana.id
    for person in (world.minjun, world.doyun, world.jimin):
        with pytest.raises(NotFoundError):
            load(person)


# Clusters, partners, centres, roles


def test_clusters_and_partners_are_dated(session: Session, world: World, saeron: Company) -> None:
    cluster = ties.add_cluster(session, None, "금형 클러스터")
    ties.join_cluster(session, None, saeron, cluster, from_on=date(2026, 3, 1))
    ties.leave_cluster(session, None, saeron, cluster, to_on=date(2026, 4, 30))
    assert [(row.from_on, row.to_on) for row, _cluster in ties.list_memberships(session, saeron)] == [
        (date(2026, 3, 1), date(2026, 4, 30))
    ]
    suwon = session.get_one(Company, world.suwon.id)
    ties.set_partner(session, None, saeron, suwon, from_on=date(2026, 3, 1))
    ties.set_partner(session, None, saeron, hanbit_of(session, world), from_on=date(2026, 5, 1))
    ties.set_partner(session, None, saeron, None, from_on=date(2026, 6, 1))
    assert [(row.partner_id, row.to_on) for row, _partner in ties.list_partners(session, saeron)] == [
        (world.hanbit.id, date(2026, 5, 31)), (suwon.id, date(2026, 4, 30)),
    ]  # fmt: skip
    with pytest.raises(CompanyError, match="itself"):
        ties.set_partner(session, None, saeron, saeron, from_on=today())
    with pytest.raises(CompanyError, match="name_taken"):
        ties.add_cluster(session, None, " 금형 클러스터")


def test_a_centre_takes_a_region_up_and_gives_it_up(session: Session, world: World, saeron: Company) -> None:
    gyeonggi = session.get_one(Region, world.gyeonggi.id)
    centres.serve(session, None, world.busan_centre, gyeonggi, from_on=today())
    assert "수원전자" in names(session, world, "")
    with pytest.raises(centres.CentreError, match="already"):
        centres.serve(session, None, world.busan_centre, gyeonggi, from_on=today())
    undo.undo(session, newest(session), actor_id=None)
    assert "수원전자" not in names(session, world, "")
    busan = session.get_one(Region, world.busan.id)
    centres.stop_serving(session, None, world.busan_centre, busan, to_on=today() - timedelta(days=1))
    assert names(session, world, "") == []
    centres.serve(session, None, world.busan_centre, busan, from_on=today())
    assert "한빛정밀" in names(session, world, "")


def test_officers_give_roles_for_their_companies_and_operators_all_but_theirs(
    session: Session, world: World, saeron: Company
) -> None:
    of_company = Scope("company_manager", company=saeron)
    person = grants.give(session, world.viewer(world.seoyeon), of_company, name="장보람", email="Jang@Saeron.example")
    session.refresh(person, ["roles"])
    assert viewer_of(person).managed_companies == {saeron.id}
    with pytest.raises(RoleError, match="already"):
        grants.give(session, None, of_company, name="장 보람", email="jang@saeron.example")
    with pytest.raises(RoleError, match="name_differs"):
        grants.give(session, None, of_company, name="다른 사람", email="seoyeon@busan.example")
    for viewer, scope in (
        (world.viewer(world.seoyeon), Scope("officer", centre=world.busan_centre)),
        (world.viewer(world.jimin), of_company),
        (world.viewer(world.doyun), of_company),
        (world.viewer(world.minseo), Scope("operator")),
    ):
        with pytest.raises(ForbiddenError):
            grants.give(session, viewer, scope, name="이름", email="a@b.example")
    grants.end(session, world.viewer(world.seoyeon), of_company, person.uid)
    session.refresh(person, ["roles"])
    assert viewer_of(person).managed_companies == frozenset()
    with pytest.raises(NotFoundError):
        grants.end(session, None, of_company, person.uid)


def test_ending_a_role_is_undone(session: Session, world: World) -> None:
    scope = Scope("officer", centre=world.busan_centre)
    grants.end(session, world.viewer(world.minseo), scope, world.seoyeon.uid)
    assert grants.list_holders(session, scope) == []
    undo.undo(session, newest(session), actor_id=world.minseo.id)
    assert [person.id for _role, person in grants.list_holders(session, scope)] == [world.seoyeon.id]


def test_finding_uses_an_index(database: Database, world: World) -> None:
    """However many companies there are, the beginning of a name is a range of an index."""
    seen: list[tuple[Any, Any]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: Any, parameters: Any, _context: Any, _many: Any) -> None:
        seen.append((statement, parameters))

    with database.reading() as session:
        companies.find_companies(session, world.viewer(world.minseo), "한")
        statement, parameters = next(given for given in seen if "lms_former_name" in given[0])
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        if not is_sqlite:
            session.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = session.connection().exec_driver_sql(f"{explain} {statement}", parameters).all()
    told = " ".join(str(line) for line in plan)
    assert "ix_lms_company_search_key" in told
    assert "ix_lms_former_name_search_key" in told
