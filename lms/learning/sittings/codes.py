"""The code on the screen: six digits that change every half minute, by which learners note their own presence.

It is derived and stored nowhere: HMAC-SHA256 under the site's key, of the sitting and the half minute. Those who guess have
two codes of a million at a time, and few tries.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from lms.learning import ledger
from lms.learning.completion import Standing
from lms.models import Enrolment, Run, Sitting
from lms.people import throttle

from . import presence
from .errors import SittingError
from .presence import BEFORE

STEP = 30  # seconds
DIGITS = 6
# Wrong codes within a quarter of an hour or two: a person's own, and of a whole sitting, whose list still works then.
TRIES_OF_PERSON, TRIES_OF_SITTING = 6, 120
LEAVING_AFTER = timedelta(minutes=15)  # so long after the end the leaving may still be noted

Noted = Literal["arrived", "left"]


def code_at(key: bytes, sitting_uid: UUID, moment: datetime) -> str:
    """The code that the screen shows at that moment."""
    return _code(key, sitting_uid, int(moment.timestamp()) // STEP)


def _code(key: bytes, sitting_uid: UUID, step: int) -> str:
    said = hmac.new(key, b"sitting" + sitting_uid.bytes + step.to_bytes(8, "big"), hashlib.sha256).digest()
    return f"{int.from_bytes(said[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def seconds_left(moment: datetime) -> int:
    """Until the screen shows the next code; 1 to 30."""
    return STEP - int(moment.timestamp()) % STEP


def digits_of(typed: str) -> str:
    """Without spaces, hyphens and the like; full-width digits are digits."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isdecimal())


def is_right(key: bytes, sitting_uid: UUID, typed: str, moment: datetime) -> bool:
    """Whether it is the code of this half minute or of the one before."""
    digits = digits_of(typed)
    step = int(moment.timestamp()) // STEP
    right = [hmac.compare_digest(digits.encode(), _code(key, sitting_uid, back).encode()) for back in (step, step - 1)]
    return any(right)


def is_shown(sitting: Sitting, moment: datetime) -> bool:
    """Whether the screen shows a code: from half an hour before the beginning to the end, and for leaving a little longer."""
    until = sitting.ends_at + (LEAVING_AFTER if sitting.asks_leaving else timedelta())
    return not sitting.is_cancelled and sitting.begins_at - BEFORE <= moment <= until


def _refuse_guessing(session: Session, sitting: Sitting, person_id: int, now: datetime) -> None:
    """Raises SittingError `throttled` for somebody who typed too many wrong codes, or where all together did."""
    mine, all_of_it = _keys(sitting, person_id)
    if (
        throttle.failures(session, mine, now) >= TRIES_OF_PERSON
        or throttle.failures(session, all_of_it, now) >= TRIES_OF_SITTING
    ):
        raise SittingError("throttled")


def _note_wrong(session: Session, sitting: Sitting, person_id: int, now: datetime) -> None:
    for name in _keys(sitting, person_id):
        throttle.add_failure(session, name, now)


def _keys(sitting: Sitting, person_id: int) -> tuple[str, str]:
    return f"sitting:{sitting.id}:{person_id}", f"sitting:{sitting.id}"


def enter(
    session: Session,
    run: Run,
    sitting: Sitting,
    enrolment: Enrolment,
    typed: str,
    *,
    is_leaving: bool,
    key: bytes,
    now: datetime,
) -> tuple[Noted, Standing] | None:
    """Note the arrival, or where the sitting asks for it the leaving, of whoever types the code of the screen. None for a
    wrong one: that is counted, which has to be committed; what can't be a code at all is no guess. The enrolment
    is locked, so that tries which come together are counted one after the other.

    Raises:
        SittingError: early, over, cancelled, digits, throttled, seat_missing, noted, already
        RunStateError
    """
    _refuse_time(sitting, is_leaving, now)
    if len(digits_of(typed)) != DIGITS:
        raise SittingError("digits")
    enrolment = ledger.lock(session, enrolment.id)
    _refuse_guessing(session, sitting, enrolment.person_id, now)
    if not is_right(key, sitting.uid, typed, now):
        _note_wrong(session, sitting, enrolment.person_id, now)
        return None
    if is_leaving:
        return "left", presence.leave(session, run, sitting, enrolment, now)
    return "arrived", presence.arrive(session, run, sitting, enrolment, now)


def _refuse_time(sitting: Sitting, is_leaving: bool, now: datetime) -> None:
    if sitting.is_cancelled:
        raise SittingError("cancelled")
    if now < sitting.begins_at - BEFORE:
        raise SittingError("early", begins_at=sitting.begins_at)
    until = sitting.ends_at + (LEAVING_AFTER if is_leaving else timedelta())
    if now > until:
        raise SittingError("over", ends_at=sitting.ends_at)
    if is_leaving and not sitting.asks_leaving:
        raise SittingError("already")
