"""How large a country, and over which days."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from lms.clock import today

RUN_DAYS = (21, 70)  # how long a run takes
APPLY_DAYS = 28  # before its first day
_NOTE = "size.json"


def _yesterday() -> date:
    return today() - timedelta(days=1)


@dataclass(frozen=True)
class Size:
    """The same fields make the same country. `until` is the last day of which anything is known."""

    learners: int = 1_000_000
    companies: int = 60_000
    runs_a_year: int = 400
    years: int = 3
    enrolments_each: float = 5.0
    seed: int = 2026
    until: date = field(default_factory=_yesterday)

    @property
    def runs(self) -> int:
        return self.runs_a_year * self.years

    @property
    def since(self) -> date:
        """The first day on which a run begins."""
        return self.until - timedelta(days=365 * self.years)

    @property
    def enrolments(self) -> int:
        return round(self.learners * self.enrolments_each)

    @property
    def is_full(self) -> bool:
        return self.learners >= 1_000_000 and self.companies >= 60_000 and self.runs >= 1_200

    def __str__(self) -> str:
        return (
            f"{self.learners:,} learners, {self.companies:,} companies, {self.runs:,} runs from {self.since} to "
            f"{self.until}, seed {self.seed}"
        )


def remember(folder: Path | None, size: Size) -> None:
    """Write it beside a cluster that is kept."""
    if folder is not None:
        (folder / _NOTE).write_text(json.dumps(vars(size) | {"until": size.until.isoformat()}))


def remembered(folder: Path) -> Size:
    told = json.loads((folder / _NOTE).read_text())
    return Size(**told | {"until": date.fromisoformat(told["until"])})
