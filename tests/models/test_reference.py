"""The reference data agree with themselves on every day on which something changed, and with the tables' words."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import lms.models
from lms.models.companies import FACTORY_LEVELS, SIZE_CLASSES
from lms.models.regions import CODE_SYSTEMS

FOLDER = Path(lms.models.__file__).parent / "reference"
FILES = sorted(path.name for path in FOLDER.glob("*.toml"))
MERGER = date(2026, 7, 1)


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


REGIONS = read("regions.toml")["regions"]
CENTRES = read("centres.toml")["centres"]
SUCCESSIONS = read("regions.toml")["successions"]


def holds(entry: dict[str, Any], day: date) -> bool:
    return entry.get("from_on", date.min) <= day <= entry.get("to_on", date.max)


def regions_on(day: date) -> list[dict[str, Any]]:
    return [region for region in REGIONS if holds(region, day)]


def days_around_changes() -> list[date]:
    """Each day on which something begins or ends, the one before and the one after."""
    entries = [*REGIONS, *(code for region in REGIONS for code in region["codes"])]
    changes = {entry[key] for entry in entries for key in ("from_on", "to_on") if key in entry}
    return sorted({change + timedelta(days=shift) for change in changes for shift in (-1, 0, 1)})


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_its_source_and_names_everything_in_both_languages(name):
    content = read(name)
    lists = [value for value in content.values() if isinstance(value, list) and isinstance(value[0], dict)]
    assert content["source"]
    for entry in (entry for entries in lists for entry in entries if "successor" not in entry):
        assert entry["name_ko"].strip()
        assert entry["name_en"].strip()


@pytest.mark.parametrize(("day", "count"), [(date(2023, 1, 1), 17), (MERGER - timedelta(days=1), 17), (MERGER, 16)])
def test_there_are_as_many_regions_as_there_were(day, count):
    assert len(regions_on(day)) == count


@pytest.mark.parametrize("day", days_around_changes(), ids=str)
def test_codes_are_unique_on_each_day(day):
    codes = [(code["system"], code["code"]) for region in REGIONS for code in region["codes"] if holds(code, day)]
    assert [code for code, count in Counter(codes).items() if count > 1] == []


@pytest.mark.parametrize("day", days_around_changes(), ids=str)
def test_a_region_has_one_code_of_each_system_on_each_of_its_days_or_says_that_none_is_known(day):
    for region in regions_on(day):
        systems = Counter(code["system"] for code in region["codes"] if holds(code, day))
        too_early_for_iso = region["slug"] == "sejong" and day < date(2014, 10, 31)
        if "codes" in region.get("unverified", []):
            assert not systems, region["slug"]
        else:
            expected = {"administrative": 1} if too_early_for_iso else dict.fromkeys(CODE_SYSTEMS, 1)
            assert systems == expected, region["slug"]


def test_no_code_outlives_its_region():
    for region in REGIONS:
        for code in region["codes"]:
            assert code.get("to_on", date.max) <= region.get("to_on", date.max)
            assert code.get("from_on", date.max) >= region.get("from_on", date.min)


@pytest.mark.parametrize(
    ("slug", "day", "administrative", "iso"),
    [
        ("sejong", date(2026, 1, 1), "36", "KR-50"),
        ("jeju", date(2026, 1, 1), "50", "KR-49"),
        ("gangwon", date(2023, 6, 10), "42", "KR-42"),
        ("gangwon", date(2023, 6, 11), "51", "KR-42"),
        ("jeonbuk", date(2024, 1, 17), "45", "KR-45"),
        ("jeonbuk", date(2024, 1, 18), "52", "KR-45"),
    ],
)
def test_the_two_systems_of_codes_differ_where_they_do(slug, day, administrative, iso):
    region = next(region for region in REGIONS if region["slug"] == slug)
    assert {code["system"]: code["code"] for code in region["codes"] if holds(code, day)} == {
        "administrative": administrative,
        "iso": iso,
    }


def test_each_region_is_in_one_zone_and_each_zone_has_one():
    zones = [zone["slug"] for zone in read("regions.toml")["zones"]]
    assert len(zones) == len(set(zones)) == 7
    assert {region["zone"] for region in REGIONS} == set(zones)


def test_slugs_and_names_of_regions_are_unique():
    for key in ("slug", "name_ko", "short_ko"):
        values = [region[key] for region in REGIONS]
        assert len(values) == len(set(values))


def test_a_region_ends_the_day_before_its_successor_begins():
    by_slug = {region["slug"]: region for region in REGIONS}
    ended = {region["slug"] for region in REGIONS if "to_on" in region}
    assert {succession["region"] for succession in SUCCESSIONS} == ended == {"gwangju", "jeonnam"}
    for succession in SUCCESSIONS:
        successor = by_slug[succession["successor"]]
        assert by_slug[succession["region"]]["to_on"] + timedelta(days=1) == succession["on"] == successor["from_on"]
        assert by_slug[succession["region"]]["zone"] == successor["zone"]


def test_nineteen_centres_serve_every_region_on_every_day():
    assert len({centre["slug"] for centre in CENTRES}) == len({centre["name_ko"] for centre in CENTRES}) == 19
    served = {slug for centre in CENTRES for slug in centre["regions"]}
    assert served == {region["slug"] for region in REGIONS}


def test_a_centre_of_a_region_that_ended_goes_on_in_its_successor():
    after = {succession["region"]: succession["successor"] for succession in SUCCESSIONS}
    for centre in CENTRES:
        for slug in centre["regions"]:
            assert slug not in after or after[slug] in centre["regions"], centre["slug"]


def test_gyeonggi_and_gyeongbuk_have_two_centres_each():
    counts = Counter(slug for centre in CENTRES for slug in centre["regions"])
    assert {slug for slug, count in counts.items() if count == 2} == {"gyeonggi", "gyeongbuk", "jeonnam-gwangju"}


def test_industries_are_the_divisions_of_manufacturing():
    content = read("industries.toml")
    assert [industry["code"] for industry in content["industries"]] == [str(code) for code in range(10, 35)]
    assert content["revision"] == 11


def test_size_classes_and_factory_levels_are_those_of_the_tables():
    assert tuple(entry["key"] for entry in read("size_classes.toml")["size_classes"]) == SIZE_CLASSES
    assert tuple(entry["key"] for entry in read("factory_levels.toml")["factory_levels"]) == FACTORY_LEVELS
