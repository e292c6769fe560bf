"""The columns of everything that is told in rows: said once, for pages' files, the API, statements and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "count", "rate", "score", "day"]


@dataclass(frozen=True)
class Column:
    """`name` is the key in JSON, `header` what stands above it; a rate is 0..1, a score 0..100."""

    name: str
    header: str
    kind: Kind = "text"

    @property
    def is_number(self) -> bool:
        return self.kind not in ("text", "day")

    def heading(self, language: str) -> str:
        """What stands above it on paper, in the paper's language. CSV and XLSX keep the Korean one."""
        if language == "ko":
            return self.header
        return _ENGLISH.get(self.name) or self.name.replace("_", " ").capitalize()


# Where the name alone, in English, would not say it.
_ENGLISH: Mapping[str, str] = {
    "rate": "Rate",
    "gap": "Short of target",
    "low": "Year's end, slower",
    "expected": "Year's end, at this pace",
    "high": "Year's end, faster",
    "completed_before": "Completed a year before",
    "least": "Shortest",
    "first": "First quarter",
    "median": "Half",
    "third": "Three quarters",
    "most": "Longest",
    "unit": "Unit key",
    "unit_title": "Unit",
    "check": "Check key",
    "title": "Check",
    "tries": "Last hand-ins",
    "done": "Done",
    "stopped": "Stopped here",
    "quiet": "Quiet for 14 days",
    "left": "Left",
    "level": "Factory level",
    "achieved": "Of the target",
}

HEADERS: Mapping[str, str] = {
    "region": "지역",
    "zone": "권역",
    "centre": "센터",
    "company": "기업",
    "cluster": "디지털 클러스터",
    "size": "기업 규모",
    "industry": "업종",
    "level": "스마트공장 수준",
    "course": "과정",
    "run": "차수",
    "programme": "사업",
    "year": "연도",
}
# What a file shows beside a dimension's name, so that two of one name are told apart.
DETAILS: Mapping[str, Column] = {
    "company": Column("business_number", "사업자등록번호"),
    "course": Column("course_key", "과정 코드"),
    "run": Column("run_key", "차수 코드"),
}


def of_dimension(name: str) -> Column:
    return Column(name, HEADERS[name])


def of_groups(dimensions: Sequence[str]) -> list[Column]:
    """The columns that say of which groups a row is: names, and what tells equal names apart."""
    return [column for name in dimensions for column in (of_dimension(name), DETAILS.get(name)) if column is not None]


_APPLIED = Column("applied", "신청", "count")
_ENROLLED = Column("enrolled", "수강", "count")
_ACTIVE = Column("active", "활동", "count")
_COMPLETED = Column("completed", "수료", "count")
_RATE = Column("rate", "수료율", "rate")
_COMPLETED_ON = Column("completed_on", "수료일", "day")
_ENROLLED_ON = Column("enrolled_on", "신청일", "day")
_UNIT = (Column("unit", "학습 단위 코드"), Column("unit_title", "학습 단위"))

COMPLETIONS = (_APPLIED, _ENROLLED, _ACTIVE, _COMPLETED, _RATE)
FUNNEL = (
    _APPLIED,
    _ENROLLED,
    Column("begun", "시작", "count"),
    Column("half_way", "절반", "count"),
    _COMPLETED,
)
DURATIONS = (
    _COMPLETED,
    Column("least", "가장 짧게", "count"),
    Column("first", "4분의 1", "count"),
    Column("median", "절반", "count"),
    Column("third", "4분의 3", "count"),
    Column("most", "가장 길게", "count"),
)
STOPS = (
    DETAILS["course"],
    of_dimension("course"),
    *_UNIT,
    Column("enrolled", "과정의 수강", "count"),
    Column("done", "마침", "count"),
    Column("stopped", "여기서 멈춤", "count"),
    Column("quiet", "그중 14일 조용함", "count"),
    Column("left", "그중 그만둠", "count"),
)
CHECKS = (
    DETAILS["course"],
    *_UNIT,
    Column("check", "검사 항목 코드"),
    Column("title", "검사 항목"),
    Column("tries", "마지막 제출", "count"),
    Column("failed", "불통과", "count"),
    Column("rate", "불통과율", "rate"),
)
TARGETS = (
    of_dimension("region"),
    Column("target", "목표", "count"),
    Column("completed", "실적", "count"),
    Column("rate", "달성률", "rate"),
    Column("low", "연말 (느린 쪽)", "count"),
    Column("expected", "연말 (지금 속도)", "count"),
    Column("high", "연말 (빠른 쪽)", "count"),
    Column("gap", "모자람", "count"),
    Column("completed_before", "지난해 같은 날 실적", "count"),
)
YEARS = (
    Column("year", "연도", "count"),
    Column("programme_key", "사업 코드"),
    of_dimension("programme"),
    Column("as_of", "기준일", "day"),
    _ENROLLED,
    _COMPLETED,
    _RATE,
    Column("target", "목표", "count"),
    Column("achieved", "달성률", "rate"),
)
MONTHLY = (Column("month", "달"), _COMPLETED)
PUBLIC = (
    of_dimension("region"),
    of_dimension("course"),
    _ENROLLED,
    _COMPLETED,
    _RATE,
    Column("hidden", "비공개"),
)

_PERSON = (
    Column("name", "이름"),
    Column("employee_number", "사번"),
    of_dimension("region"),
    of_dimension("company"),
    DETAILS["company"],
)
_RUN = (Column("run", "과정"), DETAILS["run"])
LEARNERS = (
    *_PERSON,
    *_RUN,
    Column("state", "상태"),
    _ENROLLED_ON,
    Column("progress", "진도", "score"),
    Column("score", "점수", "score"),
    Column("missing_units", "남은 학습 단위", "count"),
    Column("missing_points", "모자란 점수", "score"),
    Column("missing_hours", "모자란 출석 시간", "score"),
    Column("last_active", "마지막 활동일", "day"),
    _COMPLETED_ON,
)
ENROLMENTS = (
    *_PERSON,
    *of_groups(("size", "industry", "level")),
    *_RUN,
    _ENROLLED_ON,
    _ENROLLED,
    _ACTIVE,
    _COMPLETED,
    _COMPLETED_ON,
)
