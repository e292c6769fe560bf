"""Mails leave after what caused them, each once, and none is lost where the server is away."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import messages
from lms.clock import utcnow
from lms.jobs import queue
from lms.messages import choices, troubles
from lms.messages.smtp import MailServer
from lms.models import Database, Delivery, Job, Message, Person, make_engine
from tests.processes import run_together
from tests.world import World

from .conftest import later, work, worker
from .sink import Sink, free_port, listening

TELLS = "password_chosen"


def tell(database: Database, person: Person, kind: str = TELLS, **facts: object) -> None:
    with database.writing() as session:
        messages.send(session, person.id, kind, facts)
        session.commit()


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_a_mail_says_it_in_text_and_html_in_the_persons_language(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        session.get_one(Person, world.sujin.id).language = "en"
        session.commit()
    tell(database, world.hana, name="<b>김하나</b>")
    tell(database, world.sujin)
    work(worker(database, sink.server))
    first, second = sink.mails
    assert (first["To"], first["Subject"]) == ("hana@hanbit.example", f"안녕하세요 {TELLS}")
    assert second["Subject"].startswith("Hello")
    plain, rich = first.get_body(("plain",)), first.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert "안녕하세요, <<b>김하나</b>>" in plain.get_content()
    assert "https://site.example/x" in plain.get_content()
    assert "&lt;b&gt;김하나&lt;/b&gt;" in rich.get_content()
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["From"] == "Baeum <learn@site.example>"


def test_what_is_rolled_back_is_told_to_nobody(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        messages.send(session, world.hana.id, TELLS)
    assert work(worker(database, sink.server)) == 0
    assert sink.mails == []


def test_the_same_key_tells_once(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        assert messages.send(session, world.hana.id, TELLS, once="x")
        assert not messages.send(session, world.hana.id, TELLS, once="x")
        session.commit()
    work(worker(database, sink.server))
    assert len(sink.mails) == 1


def test_many_are_told_set_wise_and_by_one_job(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        people = [Person(name=f"{n}", email=f"p{n}@site.example", created_at=utcnow()) for n in range(45)]
        session.add_all(people)
        session.flush()
        assert messages.send_many(session, TELLS, [(person.id, {}, None) for person in people]) == 45
        session.commit()
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "post")) == 1
    work(worker(database, sink.server))
    assert sorted(sink.recipients) == sorted(f"p{n}@site.example" for n in range(45))


def test_who_has_no_address_or_wants_none_reads_it_in_the_site(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        choices.choose_mail(session, world.hana.id, ["news"])
        assert choices.mail_topics(session, world.hana.id) == {"news"}
        assert messages.send(session, world.junho.id, TELLS)
        assert messages.send(session, world.hana.id, "slips_made", {})
        session.commit()
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_of_the_safety_of_an_account_everybody_hears(database: Database, world: World, sink: Sink) -> None:
    with database.writing() as session:
        choices.choose_mail(session, world.hana.id, [])
        session.commit()
    tell(database, world.hana)
    work(worker(database, sink.server))
    assert sink.recipients == ["hana@hanbit.example"]


def test_a_server_that_is_away_loses_nothing(database: Database, world: World) -> None:
    port = free_port()
    away = MailServer("127.0.0.1", port, "none", "learn@site.example")
    tell(database, world.hana)
    for _ in range(8):
        work(worker(database, away))
        later(database, timedelta(minutes=10))
    assert states(database) == ["waiting"]
    with database.reading() as session:
        assert session.scalars(select(Job.state)).all() == ["ready"]
        assert "no mail leaves" in queue.last_trouble(session)
    with listening(port) as sink:
        work(worker(database, away))
        assert sink.recipients == ["hana@hanbit.example"]
    assert states(database) == ["sent"]


def test_a_wrong_password_at_the_server_loses_nothing(database: Database, world: World) -> None:
    with listening(with_login=True) as sink:
        tell(database, world.hana)
        wrong = MailServer("127.0.0.1", sink.port, "none", "learn@site.example", "site", "wrong")
        work(worker(database, wrong))
        assert (states(database), sink.mails) == (["waiting"], [])
        later(database, timedelta(minutes=10))
        work(worker(database, MailServer("127.0.0.1", sink.port, "none", "learn@site.example", "site", "right")))
        assert states(database) == ["sent"]


def test_an_address_that_is_refused_holds_up_nobody_else(database: Database, world: World, sink: Sink) -> None:
    sink.says["hana@hanbit.example"] = "550 no such user <hana@hanbit.example>"
    tell(database, world.hana)
    tell(database, world.sujin)
    work(worker(database, sink.server))
    assert states(database) == ["failed", "sent"]
    with database.reading() as session:
        assert troubles.list_troubles(session) == [troubles.Trouble("failed", "the server answered 550", 1)]
    sink.says.clear()
    with database.writing() as session:
        assert troubles.send_again(session) == 1
        session.commit()
    work(worker(database, sink.server))
    assert states(database) == ["sent", "sent"]


@pytest.mark.parametrize(
    "address", ["all:a@x.example;@y.example", "a@[x.example", "a(b@x.example", "a@x.example,b@y.example"]
)
def test_an_address_that_is_none_holds_up_nobody_else_and_reaches_nobody(
    database: Database, world: World, sink: Sink, address: str
) -> None:
    """They are refused where they are typed, but a site may have them from before."""
    with database.writing() as session:
        session.get_one(Person, world.hana.id).email = address
        session.commit()
    tell(database, world.hana)
    tell(database, world.sujin)
    work(worker(database, sink.server))
    assert states(database) == ["failed", "sent"]
    assert len(sink.mails) == 1


def test_an_address_that_is_put_off_is_tried_again_later(database: Database, world: World, sink: Sink) -> None:
    sink.says["hana@hanbit.example"] = "451 come back"
    tell(database, world.hana)
    work(worker(database, sink.server))
    assert (states(database), sink.mails) == (["waiting"], [])
    assert work(worker(database, sink.server)) == 0
    sink.says.clear()
    later(database, timedelta(minutes=2))
    assert work(worker(database, sink.server)) == 1
    assert states(database) == ["sent"]


def test_an_address_that_is_put_off_for_ever_is_told_to_the_operator(
    database: Database, world: World, sink: Sink
) -> None:
    sink.says["hana@hanbit.example"] = "451 come back"
    tell(database, world.hana)
    for _ in range(14):
        work(worker(database, sink.server))
        later(database, timedelta(hours=3))
    assert states(database) == ["failed"]


def test_a_mail_whose_answer_was_lost_is_not_sent_twice(database: Database, world: World, sink: Sink) -> None:
    sink.answers = None
    tell(database, world.hana)
    work(worker(database, sink.server))
    sink.answers = "250 OK"
    later(database, timedelta(hours=1))
    tell(database, world.sujin)
    work(worker(database, sink.server))
    assert Counter(states(database)) == {"unsure": 1, "sent": 1}
    assert sink.recipients == ["sujin@suwon.example"]
    with database.writing() as session:
        assert troubles.send_again(session) == 0
        assert troubles.send_again(session, also_unsure=True) == 1
        session.commit()
    work(worker(database, sink.server))
    assert states(database) == ["sent", "sent"]


def test_a_worker_that_was_killed_while_it_sent_leaves_one_unsure(database: Database, world: World, sink: Sink) -> None:
    tell(database, world.hana)
    with database.writing() as session:
        session.scalars(select(Delivery)).one().state = "sending"
        session.commit()
    work(worker(database, sink.server))
    assert states(database) == ["sending"]  # another may be at it just now
    later(database, timedelta(minutes=11))
    tell(database, world.sujin)
    work(worker(database, sink.server))
    assert states(database) == ["unsure", "sent"]


def _work_in_a_process(url: str, server: MailServer) -> int:
    database = Database(make_engine(url))
    done = work(worker(database, server))
    database.dispose()
    return done


def test_workers_side_by_side_send_each_once(database: Database, database_url: str, world: World, sink: Sink) -> None:
    with database.writing() as session:
        people = [Person(name=f"{n}", email=f"p{n}@site.example", created_at=utcnow()) for n in range(30)]
        session.add_all(people)
        session.flush()
        for person in people:
            messages.send(session, person.id, TELLS)
        session.commit()
    run_together(_work_in_a_process, [(database_url, sink.server)] * 2)
    assert Counter(sink.recipients) == Counter(f"p{n}@site.example" for n in range(30))


def test_a_site_without_a_server_keeps_no_old_mails(database: Database, world: World, sink: Sink) -> None:
    tell(database, world.hana)
    work(worker(database, None))
    work(worker(database, sink.server))
    assert (states(database), sink.mails) == (["dropped"], [])


def test_what_tells_nothing_any_more_is_dropped(database: Database, world: World, sink: Sink) -> None:
    tell(database, world.hana, "password_reset")
    with database.writing() as session:
        session.scalars(select(Message)).one().created_at -= timedelta(hours=2)
        session.commit()
    work(worker(database, sink.server))
    assert (states(database), sink.mails) == (["dropped"], [])


def test_a_closed_account_gets_no_mail(database: Database, world: World, sink: Sink) -> None:
    tell(database, world.hana)
    with database.writing() as session:
        session.get_one(Person, world.hana.id).is_active = False
        session.commit()
    work(worker(database, sink.server))
    assert (states(database), sink.mails) == (["dropped"], [])


def test_what_is_secret_is_made_when_the_mail_leaves(database: Database, world: World, sink: Sink) -> None:
    def prepare(session: Session, message: Message, now: datetime) -> dict | None:
        return {"code": "ABCD"}

    tell(database, world.hana, "invitation")
    work(worker(database, sink.server, invitation=prepare))
    body = sink.mails[0].get_body(("plain",))
    assert body is not None
    assert "ABCD" in body.get_content()
    with database.reading() as session:
        assert session.scalars(select(Message.facts)).one() == {}


def test_what_is_no_longer_needed_is_not_sent(database: Database, world: World, sink: Sink) -> None:
    tell(database, world.hana, "invitation")
    work(worker(database, sink.server, invitation=lambda session, message, now: None))
    assert (states(database), sink.mails) == (["dropped"], [])


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_does_not_encrypt_gets_nothing(
    database: Database, world: World, sink: Sink, security: str
) -> None:
    tell(database, world.hana)
    work(worker(database, MailServer("127.0.0.1", sink.port, security, "learn@site.example", "site", "secret")))
    assert (states(database), sink.mails, sink.signed_in) == (["waiting"], [], [])
