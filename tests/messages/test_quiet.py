"""Nobody is woken by a mail; and who wants none of a kind says so without signing in."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from lms import messages
from lms.errors import NotFoundError
from lms.messages import box, post, way_out
from lms.messages.kinds import CHOSEN_TOPICS
from lms.messages.quiet import earliest, quiet_until
from lms.models import Database, Delivery, Job
from tests.world import World, at

from .conftest import way_out as way_out_of
from .conftest import work, worker
from .sink import Sink
from .test_post import TELLS, states

NEWS = "completed"


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        (at("2026-03-10", "07:59"), at("2026-03-10", "08:00")),
        (at("2026-03-10", "08:00"), None),
        (at("2026-03-10", "20:59"), None),
        (at("2026-03-10", "21:00"), at("2026-03-11", "08:00")),
        (at("2026-03-11", "00:00"), at("2026-03-11", "08:00")),
        (at("2026-12-31", "23:30"), at("2027-01-01", "08:00")),
    ],
)
def test_the_night_is_from_nine_to_eight_in_seoul(moment: datetime, until: datetime | None) -> None:
    assert quiet_until(moment) == until
    assert earliest(moment) == (until or moment)


def tell_at(database: Database, world: World, kind: str, moment: datetime) -> None:
    with database.writing() as session:
        messages.send(session, world.hana.id, kind, {}, now=moment)
        session.commit()


def test_at_night_it_stands_in_the_site_and_waits_in_the_post(database: Database, world: World) -> None:
    night, morning = at("2026-03-10", "23:00"), at("2026-03-11", "08:00")
    tell_at(database, world, NEWS, night)
    tell_at(database, world, TELLS, night)
    tell_at(database, world, NEWS, at("2026-03-10", "12:00"))
    with database.reading() as session:
        assert box.list_messages(session, world.hana.id)[1] == 3
        waits = session.scalars(select(Delivery.not_before).order_by(Delivery.id)).all()
        assert waits == [morning, night, at("2026-03-10", "12:00")]


def test_what_could_not_leave_by_day_does_not_leave_at_night(
    database: Database, world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = at("2099-03-10", "21:30")
    tell_at(database, world, NEWS, at("2099-03-10", "20:00"))
    tell_at(database, world, TELLS, at("2099-03-10", "20:00"))
    monkeypatch.setattr(post, "utcnow", lambda: night)
    work_later(database)
    work(worker(database, sink.server))
    assert states(database) == ["waiting", "sent"]
    with database.reading() as session:
        assert session.scalars(select(Job.run_at).where(Job.state == "ready")).all() == [at("2099-03-11", "08:00")]
    monkeypatch.setattr(post, "utcnow", lambda: night + timedelta(hours=11))
    work_later(database)
    work(worker(database, sink.server))
    assert states(database) == ["sent", "sent"]


def work_later(database: Database) -> None:
    with database.writing() as session:
        for job in session.scalars(select(Job)):
            job.run_at -= timedelta(days=36_500)
        session.commit()


def test_a_night_is_no_part_of_a_lifetime(
    database: Database, world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reminder for tomorrow lives a day."""
    tell_at(database, world, "deadline", at("2099-03-10", "21:00"))
    monkeypatch.setattr(post, "utcnow", lambda: at("2099-03-12", "07:59"))
    work_later(database)
    work(worker(database, sink.server))
    assert states(database) == ["waiting"]
    monkeypatch.setattr(post, "utcnow", lambda: at("2099-03-12", "08:01"))
    work_later(database)
    work(worker(database, sink.server))
    assert states(database) == ["dropped"]


def test_a_mail_says_how_to_be_rid_of_its_kind_but_not_of_warnings(
    database: Database, world: World, sink: Sink
) -> None:
    with database.writing() as session:
        for kind in (NEWS, TELLS):
            messages.send(session, world.hana.id, kind, {})
        for delivery in session.scalars(select(Delivery)):
            delivery.not_before = delivery.changed_at
        session.commit()
    worker_by_day(database, sink)
    news, warning = sorted(sink.mails, key=lambda mail: str(mail["Subject"]))
    address = way_out_of(world.hana.uid, "learning")
    assert dict(news.raw_items())["List-Unsubscribe"].strip() == f"<{address}>"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert warning["List-Unsubscribe"] is None
    body = news.get_body(("plain",))
    assert body is not None
    assert address in body.get_content()


def worker_by_day(database: Database, sink: Sink) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post, "quiet_until", lambda now: None)
        work(worker(database, sink.server))


def test_a_seal_is_of_one_person_topic_and_site() -> None:
    key, person = way_out.key_of("s" * 40), uuid4()
    for topic in CHOSEN_TOPICS:
        token = way_out.token_of(person, topic, key)
        assert way_out.read(token, key) == (person, topic)
        others = (
            token[:-1],
            token.replace(topic, "security"),
            token.replace(person.hex, uuid4().hex),
            token.replace(person.hex, "한"),
            way_out.token_of(person, topic, way_out.key_of("t" * 40)),
            "",
        )
        for other in others:
            with pytest.raises(NotFoundError):
                way_out.read(other, key)
