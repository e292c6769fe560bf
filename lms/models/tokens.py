"""Keys by which programs of somebody's read figures in her name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.clock import utcnow

from .base import Base, IntKey, Uid
from .people import Person


class ApiToken(Base):
    """A token of a person's: she has its text, we its hash. It opens what her roles open at the moment of the call."""

    __tablename__ = "lms_api_token"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")

    def is_live_at(self, moment: datetime) -> bool:
        return self.revoked_at is None and moment < self.expires_at
