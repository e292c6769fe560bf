"""Why a statement was not issued."""

from __future__ import annotations

from lms.errors import LMSError


class StatementError(LMSError):
    """`reason`: effective (that reading changes later), not_ended (the day may still change), persons (rows name people, or
    there is no such report), empty, too_many (`rows`, `most`); of those for outsiders shape, isolates (`number` of the statement
    beside which it would tell of fewer than `k` people, `where`)."""

    sentence = "The statement was not issued: {reason}."
