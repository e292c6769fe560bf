"""Make a synthetic country, in a cluster of its own or in an empty database that is there.

    python -m benchmarks.country --keep FOLDER [--learners 1000000 --companies 60000 --runs-a-year 400 --years 3]
    python -m benchmarks.country --url sqlite:////tmp/country.sqlite3 --learners 100000

The whole country takes some minutes and about 20 GB. Says at the end how to reach it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from lms.migrations import upgrade

from . import make, server
from .size import Size, remember

DATABASE = "country"


def add_size(parser: argparse.ArgumentParser) -> None:
    whole = Size()
    parser.add_argument("--learners", type=int, default=whole.learners)
    parser.add_argument("--companies", type=int, help="by default six for a hundred learners")
    parser.add_argument("--runs-a-year", type=int, default=whole.runs_a_year)
    parser.add_argument("--years", type=int, default=whole.years)
    parser.add_argument("--seed", type=int, default=whole.seed)
    parser.add_argument("--until", type=date.fromisoformat, default=whole.until, help="the last day; yesterday")


def size_of(words: argparse.Namespace) -> Size:
    return Size(
        learners=words.learners,
        companies=words.companies or max(20, words.learners * 6 // 100),
        runs_a_year=words.runs_a_year,
        years=words.years,
        seed=words.seed,
        until=words.until,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_size(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--keep", type=Path, metavar="FOLDER", help="of a PostgreSQL cluster that stays")
    where.add_argument("--url", help="of an empty database")
    words = parser.parse_args()
    size = size_of(words)
    if words.url:
        make.make(words.url, size, prepare=upgrade)
        return 0
    with server.running(words.keep, server.settings(size.learners >= 300_000)) as cluster:
        if server.has_database(cluster, DATABASE):
            print(f"{words.keep} holds a country already")
            return 1
        cluster.execute(f"CREATE DATABASE {DATABASE}")
        make.make(cluster.url(DATABASE), size, prepare=upgrade)
        remember(words.keep, size)
    print(f"it is kept in {words.keep}; `python -m benchmarks.reports --keep {words.keep}` measures it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
