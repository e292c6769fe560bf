"""Which region a roster means: full, short and former names, also where more of an address follows."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Region, RegionCode, reference_data

_FOLDER = Path(__file__).parent


@cache
def _further() -> dict[str, list[str]]:
    """Slug → what else a region is called: our list, and the former names of the reference data."""
    found: dict[str, list[str]] = dict(tomllib.loads((_FOLDER / "regions.toml").read_text("utf-8")))
    for region in tomllib.loads((reference_data.FOLDER / "regions.toml").read_text("utf-8"))["regions"]:
        former = [name for names in region.get("former_names", ()) for name in (names["name_ko"], names["name_en"])]
        found[region["slug"]] = [*found.get(region["slug"], ()), *former]
    return found


class RegionNames:
    """The regions of a site by all their names."""

    def __init__(self, session: Session) -> None:
        self._by_name: dict[str, int] = {}
        regions = session.scalars(select(Region)).all()
        # What still is a region goes before what was: 광주 may one day be a name of both.
        for region in sorted(regions, key=lambda region: region.to_on is not None):
            names = (region.name_ko, region.short_ko, region.name_en, region.slug, *_further().get(region.slug, ()))
            for name in names:
                self._by_name.setdefault(_normalise(name), region.id)
        codes = select(RegionCode.code, RegionCode.region_id).where(RegionCode.system == "administrative")
        for code, region_id in session.execute(codes):
            self._by_name.setdefault(code, region_id)

    def find(self, text: str) -> int | None:
        """부산, 부산시, 부산광역시 사하구, Busan, 26."""
        whole = self._by_name.get(_normalise(text))
        if whole is not None:
            return whole
        first = text.split(" ")[0]
        return self._by_name.get(_normalise(first)) if first != text else None


def _normalise(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
