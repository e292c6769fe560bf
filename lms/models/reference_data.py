"""Put the reference data of `reference/*.toml` into the tables. Doing it again changes nothing that is as it should be."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from .changes import Change
from .companies import Industry
from .regions import Centre, CentreRegion, Region, RegionCode, RegionSuccession, Zone

FOLDER = Path(__file__).parent / "reference"


def load(session: Session) -> None:
    """Zones, regions with codes and successors, centres with the regions that they serve, industries."""
    regions = _read("regions.toml")
    zones = {zone["slug"]: _put(session, Zone, {"slug": zone["slug"]}, _names(zone)) for zone in regions["zones"]}
    rows = {}
    for position, region in enumerate(regions["regions"]):
        rows[region["slug"]] = row = _put(
            session,
            Region,
            {"slug": region["slug"]},
            _names(region)
            | {
                "short_ko": region["short_ko"],
                "zone_id": zones[region["zone"]].id,
                "position": position,
                "from_on": _day(region.get("from_on")),
                "to_on": _day(region.get("to_on")),
            },
        )
        for code in region.get("codes", ()):
            _put(
                session,
                RegionCode,
                {"region_id": row.id, "system": code["system"], "code": code["code"]},
                {"from_on": _day(code.get("from_on")), "to_on": _day(code.get("to_on"))},
            )
    for succession in regions["successions"]:
        keys = {"region_id": rows[succession["region"]].id, "successor_id": rows[succession["successor"]].id}
        _put(session, RegionSuccession, keys, {"on": _day(succession["on"])})
    for centre in _read("centres.toml")["centres"]:
        made = _put(session, Centre, {"slug": centre["slug"]}, _names(centre))
        for slug in centre["regions"]:
            _serve(session, made, rows[slug])
    industries = _read("industries.toml")
    for industry in industries["industries"]:
        keys = {"revision": industries["revision"], "code": industry["code"]}
        _put(session, Industry, keys, _names(industry))


def _serve(session: Session, centre: Centre, region: Region) -> None:
    """As long as the region is one. What an operator changed is left as it is."""
    keys = {"centre_id": centre.id, "region_id": region.id}
    mine = select(Change.row_id).where(Change.table_name == CentreRegion.__tablename__)
    there = select(CentreRegion.id).filter_by(**keys)
    if session.scalar(there.where(CentreRegion.id.in_(mine)).limit(1)) is None:
        _put(session, CentreRegion, keys, {"from_on": region.from_on, "to_on": region.to_on})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


def _names(entry: dict[str, Any]) -> dict[str, Any]:
    return {"name_ko": entry["name_ko"], "name_en": entry["name_en"]}


def _day(value: Any) -> date | None:
    return value if value is None or isinstance(value, date) else date.fromisoformat(value)


def _put(session: Session, model: Any, keys: dict[str, Any], values: dict[str, Any]) -> Any:
    """The row with these keys, made or brought to these values."""
    row = session.scalar(select(model).filter_by(**keys))
    if row is None:
        row = model(**keys, **values)
        session.add(row)
    else:
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    session.flush()
    return row
