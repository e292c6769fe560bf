"""Which topics a person wants by mail as well."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import MessageChoice
from lms.models.database import insert_into

from .kinds import CHOSEN_TOPICS


def mail_topics(session: Session, person_id: int) -> frozenset[str]:
    """Of the topics with a choice, those that come by mail."""
    unwanted = session.scalars(
        select(MessageChoice.topic).where(MessageChoice.person_id == person_id, MessageChoice.by_mail.is_(False))
    )
    return frozenset(CHOSEN_TOPICS) - frozenset(unwanted)


def choose_mail(
    session: Session, person_id: int, wanted: Collection[str], offered: Collection[str] = CHOSEN_TOPICS
) -> None:
    """Of the topics that were offered have these by mail and the others in the site alone. What is no topic with a choice is
    left aside."""
    rows = [
        {"person_id": person_id, "topic": topic, "by_mail": topic in wanted}
        for topic in CHOSEN_TOPICS
        if topic in offered
    ]
    statement = insert_into(session, MessageChoice).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "topic"], set_={"by_mail": statement.excluded.by_mail}
        )
    )


def choose_topic(session: Session, person_id: int, topic: str, by_mail: bool) -> None:
    """The same for one topic, and nothing of the others. What is no topic with a choice is left aside."""
    if topic not in CHOSEN_TOPICS:
        return
    statement = insert_into(session, MessageChoice).values(person_id=person_id, topic=topic, by_mail=by_mail)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "topic"], set_={"by_mail": statement.excluded.by_mail}
        )
    )
