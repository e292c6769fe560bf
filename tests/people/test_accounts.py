"""Accounts: how people get in, and what is refused."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.errors import NotFoundError
from lms.models import AuditEntry, Company, Database, Employment, ExternalIdentity, Person, make_engine
from lms.people import accounts, passwords, throttle
from lms.people.accounts import AccountError, Credentials, SignInRefusedError
from tests.cheaper import THOROUGH
from tests.processes import run_together
from tests.world import PASSWORD, World, at, employ

NOW = at("2026-03-10")
ADDRESS = "192.0.2.7"
TRIES = 5


def sign_in(
    session: Session, password: str = PASSWORD, *, address: str = ADDRESS, minutes: int = 0, **who: str
) -> Person:
    """As the sign-in page does it: authenticate, and note what came of it."""
    credentials = Credentials(password, **who)
    now = NOW + timedelta(minutes=minutes)
    try:
        person = accounts.authenticate(session, credentials, address=address, tries=TRIES, now=now)
    except SignInRefusedError as error:
        if error.reason == "wrong":
            accounts.note_failure(session, credentials, address=address, now=now)
        raise
    accounts.note_success(session, person.id, credentials)
    return person


def refusal(session: Session, password: str = "틀린-비밀번호", **who: object) -> str:
    with pytest.raises(SignInRefusedError) as caught:
        sign_in(session, password, **who)  # type: ignore[arg-type]
    return caught.value.reason


# Signing in


@pytest.mark.parametrize("email", ["hana@hanbit.example", " Hana@Hanbit.EXAMPLE ", "ｈａｎａ@hanbit.example"])
def test_by_email(session: Session, world: World, email: str) -> None:
    assert sign_in(session, email=email).id == world.hana.id


@pytest.mark.parametrize("company", ["한빛정밀", "  한빛정밀 ", "124-81-00998", "1248100998"])
def test_by_company_and_employee_number(session: Session, world: World, company: str) -> None:
    assert sign_in(session, company=company, employee_number=" H-002 ").id == world.junho.id


@pytest.mark.parametrize(
    "who",
    [
        {"email": "hana@hanbit.example"},
        {"email": "nobody@hanbit.example"},
        {"company": "한빛정밀", "employee_number": "H-002"},
        {"company": "한빛정밀", "employee_number": "H-999"},
        {"company": "없는회사", "employee_number": "H-002"},
        {"company": "", "employee_number": "H-002"},
        {"company": "한빛정밀", "employee_number": ""},
    ],
    ids=["password", "email", "password-by-number", "number", "company", "no-company", "no-number"],
)
def test_a_wrong_word_is_refused_without_saying_which(session: Session, world: World, who: dict[str, str]) -> None:
    assert refusal(session, **who) == "wrong"


def test_who_was_deactivated_stays_out(session: Session, world: World) -> None:
    session.get_one(Person, world.hana.id).is_active = False
    session.flush()
    assert refusal(session, PASSWORD, email="hana@hanbit.example") == "wrong"


def test_an_account_without_a_password_lets_nobody_in(session: Session, world: World) -> None:
    session.get_one(Person, world.hana.id).password_hash = None
    session.flush()
    assert refusal(session, "", email="hana@hanbit.example") == "wrong"


def test_who_left_the_company_no_longer_signs_in_by_it(session: Session, world: World) -> None:
    session.scalars(select(Employment).where(Employment.person_id == world.junho.id)).one().to_on = date(2026, 2, 28)
    session.flush()
    assert refusal(session, PASSWORD, company="한빛정밀", employee_number="H-002") == "wrong"


def test_two_companies_of_one_name_are_told_apart_by_the_business_number(session: Session, world: World) -> None:
    namesake = Company(business_number="1208147521", name="한빛정밀", created_at=NOW)
    session.add(namesake)
    session.flush()
    employ(session, world.sujin, namesake, "H-002")
    assert refusal(session, PASSWORD, company="한빛정밀", employee_number="H-002") == "several_companies"
    assert sign_in(session, company="124-81-00998", employee_number="H-002").id == world.junho.id
    assert sign_in(session, company="120-81-47521", employee_number="H-002").id == world.sujin.id


def test_a_hash_of_older_cost_is_renewed(session: Session, world: World) -> None:
    person = session.get_one(Person, world.hana.id)
    person.password_hash = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    sign_in(session, email="hana@hanbit.example")
    assert not passwords.needs_rehash(person.password_hash)
    assert passwords.verify(person.password_hash, PASSWORD)


# Too many tries


def test_after_too_many_wrong_tries_the_right_one_is_refused_too(session: Session, world: World) -> None:
    for _ in range(TRIES):
        assert refusal(session, email="hana@hanbit.example") == "wrong"
    assert refusal(session, PASSWORD, email="hana@hanbit.example") == "throttled"
    assert sign_in(session, company="한빛정밀", employee_number="H-002").id == world.junho.id


def test_the_wait_ends(session: Session, world: World) -> None:
    for _ in range(TRIES):
        refusal(session, email="hana@hanbit.example")
    assert refusal(session, PASSWORD, email="hana@hanbit.example", minutes=14) == "throttled"
    assert sign_in(session, email="hana@hanbit.example", minutes=30).id == world.hana.id


def test_a_right_try_forgets_the_wrong_ones(session: Session, world: World) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            refusal(session, email="hana@hanbit.example")
        sign_in(session, email="hana@hanbit.example")


def test_one_account_is_counted_once_however_it_is_written(session: Session, world: World) -> None:
    spellings = ["한빛정밀", " 한빛정밀", "124-81-00998", "1248100998", "1-2-4-8-1-0-0-9-9-8", "no. 124 81 00998"]
    for company in spellings[:TRIES]:
        assert refusal(session, company=company, employee_number="H-001") == "wrong"
    assert refusal(session, PASSWORD, company=spellings[TRIES], employee_number="H-001") == "throttled"
    assert refusal(session, PASSWORD, email="hana@hanbit.example") == "throttled"


def test_an_account_that_does_not_exist_is_throttled_like_one_that_does(session: Session, world: World) -> None:
    for _ in range(TRIES):
        assert refusal(session, email="nobody@hanbit.example") == "wrong"
    assert refusal(session, email="nobody@hanbit.example") == "throttled"


def test_one_address_can_not_try_many_accounts(session: Session, world: World) -> None:
    for number in range(10 * TRIES):
        assert refusal(session, email=f"guess{number}@hanbit.example") == "wrong"
    assert refusal(session, PASSWORD, email="hana@hanbit.example") == "throttled"
    assert sign_in(session, email="hana@hanbit.example", address="192.0.2.8").id == world.hana.id


def test_failures_are_counted_by_window(session: Session) -> None:
    for minutes in (0, 0, 20):
        throttle.add_failure(session, "k", NOW + timedelta(minutes=minutes))
    assert throttle.failures(session, "k", NOW) == 3  # a window that has begun since counts as well
    assert throttle.failures(session, "k", NOW + timedelta(minutes=35)) == 1
    assert throttle.failures(session, "another", NOW) == 0


def count_failures(url: str) -> None:
    database = Database(make_engine(url))
    for _ in range(25):
        with database.writing() as session:
            throttle.add_failure(session, "k", NOW)
            session.commit()
    database.dispose()


def test_no_failure_is_lost_between_web_processes(database: Database, database_url: str) -> None:
    run_together(count_failures, [(database_url,)] * 3)
    with database.reading() as session:
        assert throttle.failures(session, "k", NOW) == 75


# Making accounts


def test_a_name_and_an_email_are_tidied(session: Session) -> None:
    person = accounts.create_person(session, name="  김  하나 ", email=" HANA@Example.COM ", now=NOW)
    assert (person.name, person.email, person.password_hash) == ("김 하나", "hana@example.com", None)


@pytest.mark.parametrize(
    "email", ["h.kim+2@mail.hanbit.example", "o'brien@x.example", "김하나@한빛.한국", "a_b@x-y.co.kr"]
)
def test_one_mailbox_is_taken_as_it_is_written(session: Session, email: str) -> None:
    assert accounts.create_person(session, name="김하나", email=email, now=NOW).email == email


def test_a_name_of_separate_letters_is_put_together(session: Session) -> None:
    decomposed = "\u1100\u1175\u11b7"  # 김 as a Mac's file system spells it
    assert accounts.create_person(session, name=decomposed, now=NOW).name == "김"


@pytest.mark.parametrize(
    ("name", "email", "reason"),
    [
        ("  ", "a@b.example", "name_missing"),
        ("김하나", "hana", "email_malformed"),
        ("김하나", "hana@hanbit", "email_malformed"),
        ("김하나", "@hanbit.example", "email_malformed"),
        ("김하나", "ha na@hanbit.example", "email_malformed"),
        ("김하나", "a@x.example,b@y.example", "email_malformed"),
        ("김하나", "all:a@x.example;@y.example", "email_malformed"),
        ("김하나", "a(b@x.example", "email_malformed"),
        ("김하나", "a@[x.example", "email_malformed"),
        ("김하나", "a@x..example", "email_malformed"),
        ("김하나", "a\x01@x.example", "email_malformed"),
        ("김하나", "=?utf-8?q?a?=@x.example", "email_malformed"),
        ("김하나", "h" * 250 + "@b.example", "email_malformed"),
        ("김하나", "HANA@hanbit.example", "email_taken"),
    ],
)
def test_what_makes_no_account(session: Session, world: World, name: str, email: str, reason: str) -> None:
    with pytest.raises(AccountError) as caught:
        accounts.create_person(session, name=name, email=email)
    assert caught.value.reason == reason


def test_an_account_is_found_by_its_email(session: Session, world: World) -> None:
    assert accounts.load_person(session, "HANA@hanbit.example").id == world.hana.id
    with pytest.raises(NotFoundError):
        accounts.load_person(session, "nobody@hanbit.example")


# Passwords


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("짧은비밀번호", "too_short"),
        ("가" * 201, "too_long"),
        ("password123", "common"),
        ("aaaaabbbbb", "common"),
        ("hana@hanbit.example", "personal"),
    ],
)
def test_a_weak_password_is_not_taken(session: Session, world: World, password: str, reason: str) -> None:
    person = session.get_one(Person, world.hana.id)
    with pytest.raises(passwords.WeakPasswordError) as caught:
        accounts.change_password(session, person, PASSWORD, password)
    assert caught.value.reason == reason
    assert passwords.verify(person.password_hash, PASSWORD)


def test_changing_it_needs_the_old_one(session: Session, world: World) -> None:
    person = session.get_one(Person, world.hana.id)
    with pytest.raises(SignInRefusedError):
        accounts.change_password(session, person, "틀린-비밀번호", "새로운-비밀번호-하나")


def test_the_same_again_is_no_change(session: Session, world: World) -> None:
    with pytest.raises(passwords.WeakPasswordError) as caught:
        accounts.change_password(session, session.get_one(Person, world.hana.id), PASSWORD, PASSWORD)
    assert caught.value.reason == "same"


def test_a_changed_password_counts_at_once_and_is_noted(session: Session, world: World) -> None:
    person = session.get_one(Person, world.hana.id)
    person.must_change_password = True
    accounts.change_password(session, person, PASSWORD, "새로운-비밀번호-하나")
    assert person.must_change_password is False
    assert sign_in(session, "새로운-비밀번호-하나", email="hana@hanbit.example").id == person.id
    assert refusal(session, PASSWORD, email="hana@hanbit.example") == "wrong"
    assert session.scalar(select(AuditEntry.action).where(AuditEntry.actor_id == person.id)) == "password_changed"


def test_made_passwords_are_long_legible_and_never_the_same() -> None:
    made = {passwords.new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_strength(password)
        assert not set(password) & set("0O1lI")


def test_a_password_is_not_kept_in_the_clear() -> None:
    kept = THOROUGH.hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept
    assert passwords.hash_password(PASSWORD) != kept


# People whom a host site knows


def visit(session: Session, subject: str = "17", email: str | None = None) -> Person:
    return accounts.person_of_identity(session, issuer="host", subject=subject, name="김하나", email=email, now=NOW)


def test_a_host_s_person_gets_one_account(session: Session, world: World) -> None:
    first = visit(session)
    assert first.id != world.hana.id
    assert visit(session).id == first.id
    assert visit(session, "18").id != first.id


def test_an_email_that_the_host_vouches_for_finds_the_account(session: Session, world: World) -> None:
    assert visit(session, email="HANA@hanbit.example").id == world.hana.id
    assert visit(session).id == world.hana.id


@pytest.mark.parametrize("email", ["new@host.example", None], ids=["with-email", "without"])
def test_two_requests_of_a_first_visit_make_one_account(database: Database, email: str | None) -> None:
    made = threading.Event()

    def second() -> int:
        with database.writing() as session:
            made.wait(10)
            person = visit(session, email=email)
            session.commit()
        return person.id

    with ThreadPoolExecutor(1) as pool, database.writing() as session:
        other = pool.submit(second)
        person = visit(session, email=email)
        made.set()
        time.sleep(0.3)  # the other now waits for our rows, or on SQLite for the lock
        session.commit()
        assert other.result(30) == person.id
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(ExternalIdentity)) == 1
