"""Companies: where they lie, how large they are, what they declared, which were entered twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lms.models import Company, CompanyStatus
from lms.models.companies import FACTORY_LEVELS, SIZE_CLASSES

from . import columns, moments
from .loading import Loader
from .size import Size

# Of Korean plants, in per cent, roughly; of whatever region isn't named, one.
SHARES = {
    "gyeonggi": 34, "gyeongnam": 9, "incheon": 8, "gyeongbuk": 8, "seoul": 8, "busan": 7, "daegu": 7, "chungnam": 5,
    "chungbuk": 4, "jeonbuk": 3, "gwangju": 2.5, "jeonnam": 2.5, "ulsan": 2, "daejeon": 2, "gangwon": 2, "sejong": 0.5,
    "jeju": 0.5,
}  # fmt: skip
# By size class: share of the companies, and how many of the people of one learn, in the middle.
CLASSES = {
    "micro": (0.62, 3),
    "small": (0.27, 12),
    "medium": (0.087, 60),
    "mid_market": (0.018, 220),
    "large": (0.005, 900),
}
_SPREAD = 0.7  # of the logarithm of sizes within a class
_LEVELS = (0.55, 0.28, 0.1, 0.05, 0.02)
_RAISED = 0.12  # companies that come to a higher level meanwhile
_TWICE = 0.004  # companies that were entered twice and merged
_FIRST = (
    "한빛", "새론", "대성", "동아", "미래", "우진", "세종", "경동", "태광", "신화", "삼우", "정우", "서진", "유성", "금강",
    "백두", "청우", "대원", "현대", "일신", "성원", "광명", "제일", "동신", "한일", "국제", "대양", "부영", "화신", "진명",
)  # fmt: skip
_SECOND = (
    "정밀", "금속", "전자", "화학", "기계", "산업", "테크", "소재", "주물", "사출",
    "열처", "도금", "모터", "식품", "섬유", "제관", "로봇", "공업", "부품", "소성",
)  # fmt: skip


@dataclass(frozen=True)
class Firms:
    """By place in these arrays; the id is the place + 1. `status` are ids of the first status and, from `raised_on` on, of the
    second. `merged_into` is a place, or -1."""

    region: np.ndarray
    learners: np.ndarray
    status: np.ndarray
    raised: np.ndarray
    raised_on: np.ndarray
    merged_into: np.ndarray
    merged_on: np.ndarray

    def on(self, places: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The companies that these are on those days, mergers heeded."""
        is_merged = (self.merged_into[places] >= 0) & (self.merged_on[places] <= days)
        return np.where(is_merged, self.merged_into[places], places)

    def status_on(self, places: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.where(self.raised_on[places] <= days, self.raised[places], self.status[places])


def make(size: Size, loader: Loader, regions: Mapping[str, int], industries: np.ndarray) -> Firms:
    """`regions` are ids by slug, of those that there were when the country begins."""
    random = np.random.default_rng([size.seed, 1])
    count = size.companies
    slugs = list(regions)
    weights = np.array([SHARES.get(slug, 1.0) for slug in slugs])
    region = np.array([regions[slug] for slug in slugs])[random.choice(len(slugs), count, p=weights / weights.sum())]
    classes = random.choice(len(SIZE_CLASSES), count, p=[CLASSES[name][0] for name in SIZE_CLASSES])
    middles = np.array([CLASSES[name][1] for name in SIZE_CLASSES], float)[classes]
    learners = _headcounts(size.learners, middles * np.exp(_SPREAD * random.standard_normal(count)))
    level = random.choice(len(FACTORY_LEVELS), count, p=_LEVELS)
    since, until = moments.number(size.since), moments.number(size.until)
    created = moments.moments((since - random.integers(30, 2000, count)) * moments.DAY + 36_000)
    is_raised = (random.random(count) < _RAISED) & (level < len(FACTORY_LEVELS) - 1)
    raised_on = np.where(is_raised, random.integers(since, until + 1, count), until + 10_000)
    merged_into, merged_on = _mergers(random, count, region, since, until)
    ids = np.arange(1, count + 1)
    names = columns.joined(
        columns.chosen(_FIRST, random.integers(0, len(_FIRST), count)),
        columns.chosen(_FIRST, random.integers(0, len(_FIRST), count)),
        columns.chosen(_SECOND, random.integers(0, len(_SECOND), count)),
    )
    company = {
        "id": ids,
        "uid": columns.uids(random, created),
        "business_number": business_numbers(count),
        "name": names,
        "search_key": names,
        "created_at": created,
    }
    is_merged = merged_into >= 0
    loader.write(Company.__table__, _where(company, ~is_merged))  # type: ignore[arg-type]
    if is_merged.any():
        merged = {"merged_into_id": merged_into + 1, "merged_at": moments.moments(merged_on * moments.DAY + 40_000)}
        loader.write(Company.__table__, _where(company | merged, is_merged))  # type: ignore[arg-type]
    firms = Firms(
        region, learners, ids, np.where(is_raised, count + np.cumsum(is_raised), ids), raised_on, merged_into, merged_on
    )
    industry = industries[random.integers(0, len(industries), count)]
    declared = ids, created // 86_400_000_000, created
    _declare(loader, declared, region, industry, classes, level, np.full(count, True))
    later = firms.raised, raised_on, moments.moments(raised_on * moments.DAY + 50_000)
    _declare(loader, later, region, industry, classes, level + 1, is_raised)
    return firms


def _headcounts(learners: int, weights: np.ndarray) -> np.ndarray:
    """So many in all, by weight, at least one each where there are enough."""
    exact = weights / weights.sum() * max(0, learners - len(weights))
    found = np.floor(exact).astype(int) + (1 if learners >= len(weights) else 0)
    rest = np.argsort(np.floor(exact) - exact, kind="stable")[: learners - found.sum()]
    found[rest] += 1
    return found


def _mergers(
    random: np.random.Generator, count: int, region: np.ndarray, since: int, until: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs within a region; nobody is merged into one that is merged itself."""
    into, on = np.full(count, -1), np.full(count, until + 10_000)
    mixed = random.permutation(count)
    mixed = mixed[np.argsort(region[mixed], kind="stable")]
    pairs = mixed[: count // 2 * 2].reshape(-1, 2)
    pairs = pairs[region[pairs[:, 0]] == region[pairs[:, 1]]]
    for place, other in pairs[random.permutation(len(pairs))[: max(1, round(count * _TWICE))]]:
        into[place], on[place] = other, random.integers(since + 30, until + 1)
    return into, on


def _declare(
    loader: Loader,
    declared: tuple[np.ndarray, np.ndarray, np.ndarray],
    region: np.ndarray,
    industry: np.ndarray,
    classes: np.ndarray,
    level: np.ndarray,
    which: np.ndarray,
) -> None:
    """One batch for each size class and level: texts of a batch are of one width."""
    ids, days, recorded = declared
    for size_class, size_name in enumerate(SIZE_CLASSES):
        for level_number, level_name in enumerate(FACTORY_LEVELS):
            these = which & (classes == size_class) & (level == level_number)
            if these.any():
                status = {
                    "id": ids[these],
                    "company_id": np.flatnonzero(these) + 1,
                    "from_on": days[these],
                    "region_id": region[these],
                    "industry_id": industry[these],
                    "size_class": columns.text(size_name),
                    "factory_level": columns.text(level_name),
                    "recorded_at": recorded[these],
                }
                loader.write(CompanyStatus.__table__, status)  # type: ignore[arg-type]


def _where(rows: Mapping[str, np.ndarray], which: np.ndarray) -> dict[str, np.ndarray]:
    return {name: value[which] for name, value in rows.items()}


def business_numbers(count: int) -> np.ndarray:
    """Ten digits with a right check digit, each its own."""
    places = np.arange(count)
    body = (101 + places // 70_000) * 1_000_000 + (10 + places // 1_000 % 70) * 10_000 + (1 + places % 1_000)
    matrix = columns.digits(body, 9)
    plain = matrix.astype(int) - 48
    total = plain @ np.array([1, 3, 7, 1, 3, 7, 1, 3, 5]) + plain[:, 8] * 5 // 10
    return columns.joined(matrix, columns.digits((10 - total % 10) % 10, 1))
