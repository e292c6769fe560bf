"""Last week's report stays the same byte by byte, whatever is appended; today's changes exactly as it should."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from lms.models import CentreRegion, Region, RegionSuccession
from lms.reports.completions import count_completions
from lms.reports.question import Question, Reading
from lms.reports.tables import completion_sheet, to_csv

from .country import Country

LAST_WEEK, TODAY = date(2026, 8, 7), date(2026, 8, 14)
RUN = "첫걸음"
CUTS = [
    ("region", "company"),
    ("region",),
    ("zone",),
    ("centre",),
    ("cluster",),
    ("size", "level"),
    ("course", "run"),
    (),
]


@pytest.fixture
def before(country: Country) -> Country:
    """As of last week: 광주 and 대구 have people, one has completed, one is about to."""
    course = country.course("first-steps", "제조데이터 첫걸음")
    country.run(RUN, course, "gwangju", "2026-06-01", "2026-12-31")
    country.company("빛고을전자", "gwangju", size="small", level="basic", industry="26")
    country.company("달구벌금속", "daegu", size="medium", level="mid1", industry="24")
    country.cluster("press", "빛고을전자", "달구벌금속")
    for name, company in (
        ("하나", "빛고을전자"),
        ("두리", "빛고을전자"),
        ("세찬", "달구벌금속"),
        ("네솔", "달구벌금속"),
    ):
        country.enrol(name, company, RUN, "2026-06-05")
    country.do("하나", RUN, "2026-06-08", "2026-06-10", "2026-07-01")
    country.do("두리", RUN, "2026-06-08", "2026-06-10")
    country.do("세찬", RUN, "2026-08-03", "2026-08-04")
    return country


def what_happened(country: Country) -> None:
    """A completion, a revocation, a transfer, a merger of regions, a late entry, a correction of what a company was."""
    country.do_next("두리", RUN, "measure", "2026-08-11")
    country.revoke("하나", RUN, "2026-08-12")
    country.employ("세찬", "빛고을전자", "2026-08-10")
    country.enrol("다섯", "달구벌금속", RUN, "2026-08-09")
    _merge(country, "daegu", "gyeongbuk", on=date(2026, 8, 10))
    country.do_next("네솔", RUN, "read", "2026-08-05", recorded="2026-08-13")
    country.do_next("네솔", RUN, "try", "2026-08-06", recorded="2026-08-13")
    country.do_next("네솔", RUN, "measure", "2026-08-06", recorded="2026-08-13")
    country.status("달구벌금속", "daegu", "2026-01-01", recorded="2026-08-13", size="large", level="advanced")


def _merge(country: Country, *slugs: str, on: date) -> None:
    """Regions end, and one that centre of the first serves follows them."""
    session = country.session
    zone = session.get_one(Region, country.region(slugs[0])).zone_id
    made = Region(
        slug="-".join(slugs), zone_id=zone, name_ko="대구경북특별시", short_ko="대경", name_en="Daegu–Gyeongbuk",
        position=3, from_on=on,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for slug in slugs:
        session.get_one(Region, country.region(slug)).to_on = on - timedelta(days=1)
        session.add(RegionSuccession(region_id=country.region(slug), successor_id=made.id, on=on))
    session.add(CentreRegion(centre_id=country.centre(slugs[0]), region_id=made.id, from_on=on))
    session.flush()


def file(country: Country, as_of: date, by: Sequence[str] = CUTS[0], reading: Reading = "recorded") -> bytes:
    question = Question(as_of=as_of, by=tuple(by), reading=reading)
    return "".join(to_csv(completion_sheet(count_completions(country.session, None, question)))).encode()


def figures(content: bytes) -> dict[tuple[str, str], tuple[int, ...]]:
    """Applied, enrolled, active and completed by region and company, where there is anybody."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    counted = {
        (row["지역"], row["기업"]): tuple(int(row[name]) for name in ("신청", "수강", "활동", "수료")) for row in rows
    }
    return {key: value for key, value in counted.items() if any(value)}


@pytest.mark.parametrize("by", CUTS, ids=lambda by: "+".join(by) or "whole")
def test_last_week_is_the_same_byte_by_byte(before: Country, by: tuple[str, ...]) -> None:
    kept = file(before, LAST_WEEK, by)
    what_happened(before)
    assert file(before, LAST_WEEK, by) == kept


def test_today_changed_as_it_should(before: Country) -> None:
    assert figures(file(before, TODAY)) == {
        ("광주광역시", "빛고을전자"): (2, 2, 0, 1),
        ("대구광역시", "달구벌금속"): (2, 2, 0, 0),
    }
    what_happened(before)
    assert figures(file(before, TODAY)) == {
        # 하나's completion was revoked, 두리 completed on the eleventh; 세찬 came, and stays where he enrolled.
        ("광주광역시", "빛고을전자"): (2, 2, 1, 1),
        # 네솔's three units of the sixth came to be known on the thirteenth; they lie outside of the last seven days.
        ("대구광역시", "달구벌금속"): (3, 3, 0, 1),
    }


def test_by_effective_day_last_week_learns_what_happened_in_it(before: Country) -> None:
    """A revocation is of the day of the decision; the late units and the completion are of the week before."""
    assert figures(file(before, LAST_WEEK, reading="effective")) == {
        ("광주광역시", "빛고을전자"): (2, 2, 0, 1),
        ("대구광역시", "달구벌금속"): (2, 2, 1, 0),
    }
    what_happened(before)
    assert figures(file(before, LAST_WEEK, reading="effective")) == {
        ("광주광역시", "빛고을전자"): (2, 2, 0, 1),
        ("대구광역시", "달구벌금속"): (2, 2, 2, 1),
    }


def test_at_the_end_both_readings_agree(before: Country) -> None:
    what_happened(before)
    after = date(2026, 9, 30)
    assert figures(file(before, after)) == figures(file(before, after, reading="effective"))


def test_by_the_regions_of_today_the_merged_are_one_row(before: Country) -> None:
    what_happened(before)
    question = Question(as_of=TODAY, by=("region",), regions="today")
    rows = {row.keys[0]: row.enrolled for row in count_completions(before.session, None, question).rows}
    assert rows["daegu-gyeongbuk"] == 3
    assert rows["jeonnam-gwangju"] == 2
    assert not {"daegu", "gyeongbuk", "gwangju", "jeonnam"} & set(rows)
    filtered = question.but(region=("daegu-gyeongbuk",))
    assert [row.keys for row in count_completions(before.session, None, filtered).rows] == [("daegu-gyeongbuk",)]


def test_an_officer_keeps_seeing_what_was_counted_before_the_merger(before: Country) -> None:
    daegu, gyeongbuk = before.officer("daegu"), before.officer("gyeongbuk")
    question = Question(as_of=TODAY, by=())
    seen = count_completions(before.session, daegu, question).total
    what_happened(before)
    assert count_completions(before.session, daegu, question).total.enrolled == seen.enrolled + 1
    assert count_completions(before.session, gyeongbuk, question).total.enrolled == 0


def test_who_takes_a_region_over_sees_who_learns_there(before: Country) -> None:
    pohang = before.officer("pohang")
    question = Question(as_of=TODAY, by=())
    assert count_completions(before.session, pohang, question).total.enrolled == 0
    taken = CentreRegion(centre_id=before.centre("pohang"), region_id=before.region("daegu"), from_on=date(2026, 8, 10))
    before.session.add(taken)
    before.session.flush()
    assert count_completions(before.session, pohang, question).total.enrolled == 2
    taken.to_on = date(2026, 8, 20)
    before.session.flush()
    assert count_completions(before.session, pohang, question).total.enrolled == 0


def test_the_size_of_a_company_is_that_of_the_enrolment(before: Country) -> None:
    before.status("달구벌금속", "daegu", "2026-08-01", size="mid_market")
    before.enrol("여섯", "달구벌금속", RUN, "2026-08-05")
    rows = count_completions(before.session, None, Question(as_of=TODAY, by=("size",))).rows
    assert {row.keys[0]: row.enrolled for row in rows if row.enrolled} == {"small": 2, "medium": 2, "mid_market": 1}
    assert [row.keys[0] for row in rows] == ["micro", "small", "medium", "mid_market", "large"]
