"""Sittings for tests of pages: rows as planning writes them, without its conditions on days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from lms.clock import utcnow
from lms.models import Sitting


def a_sitting(run_id: int, **words: Any) -> Sitting:
    """Four hours of a sitting that began an hour ago, in a classroom, for all of the run."""
    begins_at = words.pop("begins_at", utcnow() - timedelta(hours=1))
    said = {
        "choice": uuid4().hex,
        "kind": "classroom",
        "title": "현장 실습",
        "place": "부산테크노파크 3층",
        "directions": "지하철 1호선 부산대역 3번 출구",
        "ends_at": begins_at + timedelta(hours=4),
        "hours": 4.0,
        "expects": "all",
        "is_extra": False,
        "asks_leaving": False,
        "created_at": begins_at - timedelta(days=30),
    }
    return Sitting(run_id=run_id, begins_at=begins_at, **{**said, **words})
