"""Reports at the size of a country: each line of the table in one run, with what it is held against beside it.

    python -m benchmarks.reports [--learners 1000000] [--keep FOLDER] [--sqlite-learners 100000] [--times 100]

On PostgreSQL with the whole synthetic country (`benchmarks.country`) and on SQLite with a tenth of it; a smaller one says so.
`--keep` makes the cluster in a folder, or takes the one that is there, so that the next run doesn't load anew. Every question
is asked in a transaction of its own, of random days of the years and random companies. The reference is what the ledger
itself says, by the plain way (no sums); rows have to be the same. CPU is that of the database's own process.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import case, delete, distinct, event, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from benchmarks.country import make, server, setting
from benchmarks.country.__main__ import DATABASE, add_size, size_of
from benchmarks.country.size import Size, remember, remembered
from lms.clock import end_of_day, today, utcnow
from lms.migrations import upgrade
from lms.models import Centre, Company, Database, Enrolment, LedgerEntry, Region, Role, make_engine
from lms.models.rollups import (
    Rollup,
    RollupCompanyMonth,
    RollupMonth,
    RollupRegion,
    RollupRunDay,
    RollupRunMonth,
    RollupStep,
)
from lms.people.privacy import sealing
from lms.people.viewers import Viewer
from lms.reports.completions import CompletionReport, count_completions
from lms.reports.funnel import funnel
from lms.reports.question import Question
from lms.reports.rollups import folding, rebuilding
from lms.reports.rollups.reading import switched_off
from lms.settings import KEYS_NAME, Settings
from lms.web.app import create_app

FOLDED = 10_000
COUNTED = 500_000  # enrolments


@dataclass
class Table:
    """Lines that are told as they come; `met` is False once one missed its goal."""

    met: bool = True
    lines: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, what: str, value: str, goal: str, met: bool | None, beside: str = "") -> None:
        word = {True: "yes", False: "NO", None: ""}[met]
        print(f"{what:44} {value:>34} {goal:>16} {word:>4}  {beside}", flush=True)
        self.met = self.met and met is not False


@dataclass
class Place:
    """A database with a country."""

    url: str
    size: Size
    folder: Path
    table: Table
    times: int

    @property
    def database(self) -> Database:
        return Database(make_engine(self.url))

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith("postgresql")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def spread(values: list[float]) -> str:
    """Median, 95th of a hundred, and the longest, in milliseconds."""
    median, late, longest = statistics.median(values), percentile(values, 0.95), max(values)
    return f"{1000 * median:.0f} / {1000 * late:.0f} / {1000 * longest:.0f} ms"


@contextlib.contextmanager
def backend_cpu(session: Session) -> Iterator[Callable[[], float]]:
    """CPU seconds of the process that answers this session; parallel workers are kept away, for they would not be counted."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        pid = session.scalar(select(func.pg_backend_pid()))

        def used() -> float:
            return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    else:
        used = time.process_time
    yield used


def figures(report: CompletionReport) -> list[tuple[Any, ...]]:
    return [(row.keys, row.applied, row.enrolled, row.active, row.completed) for row in (*report.rows, report.total)]


def random_days(place: Place, count: int) -> list[date]:
    chance = random.Random(place.size.seed)
    span = (place.size.until - place.size.since).days
    return [place.size.since + timedelta(days=chance.randrange(span)) for _ in range(count)]


def asked_often(place: Place, questions: list[Question], viewer: Viewer | None = None) -> list[float]:
    database, found = place.database, []
    with database.reading() as session:
        count_completions(session, viewer, questions[0])  # statements are compiled once in a process's life
    for question in questions:
        begun = time.perf_counter()
        with database.reading() as session:
            count_completions(session, viewer, question)
        found.append(time.perf_counter() - begun)
    database.dispose()
    return found


def same_as_ledger(place: Place, questions: list[Question]) -> tuple[bool, float]:
    """Whether the sums tell what the ledger tells, and how long the ledger takes, in the middle."""
    database, seconds, same = place.database, [], True
    for question in questions:
        with database.reading() as session:
            by_sums = count_completions(session, None, question)
            with switched_off():
                begun = time.perf_counter()
                by_ledger = count_completions(session, None, question)
                seconds.append(time.perf_counter() - begun)
        same = same and figures(by_sums) == figures(by_ledger)
    database.dispose()
    return same, statistics.median(seconds)


# The lines of the table


def sizes(place: Place) -> None:
    database = place.database
    with database.reading() as session:
        enrolments = session.scalar(select(func.count()).select_from(Enrolment))
        entries = session.scalar(select(func.max(LedgerEntry.id)))
        if place.is_postgresql:
            whole = session.scalar(text("SELECT pg_database_size(current_database())"))
            sums = session.scalar(
                text(
                    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                    " WHERE relkind = 'r' AND relname LIKE 'lms\\_rollup%'"
                )
            )
            said = f"{whole / 1e9:.1f} GB, of which sums {float(sums) / 1e9:.2f} GB"
        else:
            said = f"{Path(str(database.engine.url.database)).stat().st_size / 1e9:.1f} GB"
    print(f"{enrolments:,} enrolments, {entries:,} entries, {said}", flush=True)
    database.dispose()


@contextlib.contextmanager
def cpu_of_all(database: Database) -> Iterator[Callable[[], float]]:
    """CPU seconds of all processes that answer this engine's new connections."""
    if database.engine.dialect.name != "postgresql":
        yield time.process_time
        return
    answering: set[int] = set()

    def note(connection: Any, _record: Any) -> None:
        answering.add(connection.info.backend_pid)

    event.listen(database.engine, "connect", note)
    yield lambda: sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in answering) / 1e9


def rebuild(place: Place) -> None:
    """From nothing: the tables of sums are emptied before. What is looked at again is all of it."""
    database = place.database
    with database.writing() as session:
        for sums in (RollupStep, RollupRunDay, RollupRunMonth, RollupCompanyMonth, RollupMonth, RollupRegion):
            session.execute(text(f"TRUNCATE {sums.name}") if place.is_postgresql else delete(sums))
        session.execute(update(Rollup).values(built_at=None))
        session.commit()
    database.dispose()
    with cpu_of_all(database) as used:
        begun = time.perf_counter()
        rebuilding.rebuild(database)
        took, cpu = time.perf_counter() - begun, used()
        begun = time.perf_counter()
        different = rebuilding.rebuild(database, is_kept=False)
        again, cpu_again = time.perf_counter() - begun, used() - cpu
    if place.is_postgresql:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM lms_rollup_step")  # as autovacuum does within minutes
    place.table.tell(
        "rebuild of all sums from the ledger", f"{took:.0f} s, {cpu:.0f} s of CPU", "< 180 s", took < 180 and not different,
        f"looked at again in {again:.0f} s, {cpu_again:.0f} s of CPU: {len(different)} differences",
    )  # fmt: skip
    database.dispose()


def region_by_course(place: Place) -> None:
    questions = [Question(as_of=day, by=("region", "course")) for day in random_days(place, place.times)]
    found = asked_often(place, questions)
    same, plain = same_as_ledger(place, [questions[0], questions[-1].but(reading="effective")])
    late = percentile(found, 0.95)
    place.table.tell(
        "region × course as of any day", spread(found), "p95 < 300 ms", late < 0.3 and same,
        f"by the ledger {plain:.1f} s; rows {'the same' if same else 'DIFFER'}",
    )  # fmt: skip


def funnel_of_all(place: Place) -> None:
    """The steps from applying to completing, of the whole country by region."""
    database, found = place.database, []
    days = random_days(place, max(3, place.times // 5))
    for day in (days[0], *days):  # statements are compiled once in a process's life
        begun = time.perf_counter()
        with database.reading() as session:
            by_sums = funnel(session, None, Question(as_of=day, by=("region",)))
        found.append(time.perf_counter() - begun)
    with database.reading() as session, switched_off():
        begun = time.perf_counter()
        same = funnel(session, None, Question(as_of=days[-1], by=("region",))) == by_sums
        plain = time.perf_counter() - begun
    place.table.tell(
        "funnel by region as of any day", spread(found[1:]), "", None if same else False,
        f"by the ledger {plain:.1f} s; rows {'the same' if same else 'DIFFER'}",
    )  # fmt: skip
    database.dispose()


def one_company(place: Place) -> None:
    database = place.database
    with database.reading() as session:
        numbers = session.scalars(select(Company.business_number).order_by(Company.id)).all()
    database.dispose()
    chance = random.Random(place.size.seed)
    questions = [
        Question(as_of=day, by=("company",), filters={"company": (chance.choice(numbers),)})
        for day in random_days(place, place.times)
    ]
    found = asked_often(place, questions)
    same, plain = same_as_ledger(place, questions[:5])
    place.table.tell(
        "one company as of any day", spread(found), "p95 < 20 ms", percentile(found, 0.95) < 0.02 and same,
        f"by the ledger {1000 * plain:.0f} ms; rows {'the same' if same else 'DIFFER'}",
    )  # fmt: skip


def officers_home(place: Place) -> None:
    """The whole request, of the officers of all centres in turn, through our own app in this process."""
    instance = place.folder / f"site-{'postgresql' if place.is_postgresql else 'sqlite'}"
    instance.mkdir(exist_ok=True)
    if not (instance / KEYS_NAME).exists():
        sealing.write_fresh(instance / KEYS_NAME)
    app = create_app(instance, Settings(secret_key="k" * 48, database_url=place.url, secure_cookies=False))
    database = app.extensions["lms"].database
    with database.reading() as session:
        slugs = session.scalars(
            select(Centre.slug)
            .join(Role, Role.centre_id == Centre.id)
            .where(Role.kind == "officer")
            .order_by(Centre.id)
        ).all()
    counted, found, most = [0], [], 0
    event.listen(
        database.engine, "before_cursor_execute",
        lambda _c, _u, statement, *_: counted.__setitem__(0, counted[0] + (not statement.startswith("BEGIN"))),
    )  # fmt: skip
    for slug in slugs:
        client = app.test_client()
        token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
        assert token
        fields = {"by": "email", "email": setting.officer_email(slug), "password": setting.PASSWORD}
        answer = client.post("/sign-in", data=fields | {"csrf_token": token.group(1)})
        assert answer.status_code == 303, answer.get_data(as_text=True)[:500]
        for _ in range(-(-place.times // len(slugs))):
            counted[0] = 0
            begun = time.perf_counter()
            answer = client.get("/desk/")
            found.append(time.perf_counter() - begun)
            assert answer.status_code == 200, answer.status_code
            most = max(most, counted[0])
    late = percentile(found, 0.95)
    place.table.tell(
        "officer's home page, whole request", spread(found), "p95 < 500 ms", late < 0.5 and most <= 12,
        f"{most} queries (goal 12) of officers of {len(slugs)} centres",
    )  # fmt: skip
    database.dispose()


def read_on(url: str, days: list[date], begun: Event, done: Event, told: Any) -> None:
    """Another process that goes on asking; tells when each question began, and how long it took."""
    database, found = Database(make_engine(url)), []
    while not done.is_set():
        for day in days:
            at = time.time()
            with database.reading() as session:
                count_completions(session, None, Question(as_of=day, by=("region", "course")))
            found.append((at, time.time() - at))
            if len(found) == 3:
                begun.set()
            if done.is_set():
                break
    database.dispose()
    told.put(found)


def _complete(session: Session, count: int) -> None:
    """So many who had not completed do, at this moment, as the application would note it."""
    completed = select(LedgerEntry.id).where(LedgerEntry.enrolment_id == Enrolment.id, LedgerEntry.kind == "completed")
    chosen = (
        select(
            Enrolment.id, literal("completed"), Enrolment.run_id, Enrolment.company_id, Enrolment.region_id,
            literal(today()), literal(utcnow()), literal(""),
        )
        .where(Enrolment.state == "enrolled", ~completed.exists())
        .order_by(Enrolment.id.desc())
        .limit(count)
    )  # fmt: skip
    names = ["enrolment_id", "kind", "run_id", "company_id", "region_id", "effective_on", "recorded_at", "reason"]
    session.execute(insert(LedgerEntry).from_select(names, chosen, include_defaults=False))


def fold(place: Place) -> None:
    database, rounds = place.database, []
    folding.fold(database)
    with database.reading() as session:
        open_ones = session.scalar(
            select(func.count()).select_from(Enrolment).where(
                Enrolment.state == "enrolled",
                ~select(LedgerEntry.id)
                .where(LedgerEntry.enrolment_id == Enrolment.id, LedgerEntry.kind == "completed")
                .exists(),
            )
        )  # fmt: skip
    count = min(FOLDED, (open_ones or 0) // 4)
    context = multiprocessing.get_context("spawn")
    begun, done, told = context.Event(), context.Event(), context.Queue()
    words = (place.url, random_days(place, 50), begun, done, told)
    reader = context.Process(target=read_on, args=words, daemon=True)  # ends with us, whatever happens
    reader.start()
    begun.wait(600)
    time.sleep(5)  # how long reads take before
    for _ in range(3):
        with database.writing() as session:
            _complete(session, count)
            session.commit()
        at = time.time()
        folded = folding.fold(database)
        rounds.append((at, time.time()))
        assert folded == count, (folded, count)
        time.sleep(1)
    done.set()
    reads = told.get()
    reader.join()
    before = [took for start, took in reads if start + took < rounds[0][0] - 1][1:]
    during = [took for start, took in reads if any(start < end and start + took > at for at, end in rounds)]
    took = statistics.median(end - at for at, end in rounds)
    place.table.tell(
        f"folding {count:,} new completions in", f"{took:.2f} s", "< 2 s", took < 2 if count == FOLDED else None,
        f"reads meanwhile {spread(during) if during else 'none'}; before {spread(before)}",
    )  # fmt: skip
    database.dispose()


def rate_by_company(place: Place) -> None:
    """Against the plain join and GROUP BY over enrolments, each in the same session, in turn, without parallel workers."""
    database = place.database
    day = random_days(place, 1)[0] if place.size.years < 2 else place.size.until - timedelta(days=40)
    with database.reading() as session:
        by_region = session.execute(
            select(Region.slug, Region.id, func.count())
            .join(Enrolment, Enrolment.region_id == Region.id)
            .group_by(Region.slug, Region.id)
            .order_by(func.count())
        ).all()
        slugs, ids, total = [], [], 0
        for slug, region, count in reversed(by_region):
            if total + count <= COUNTED * 1.05:
                slugs, ids, total = [*slugs, slug], [*ids, region], total + count
        question = Question(as_of=day, by=("company",), filters={"region": tuple(slugs)})
        completed = case((LedgerEntry.id.is_not(None), Enrolment.id))
        plain = (
            select(Enrolment.company_id, func.count(distinct(Enrolment.id)), func.count(distinct(completed)))
            .outerjoin(
                LedgerEntry,
                (LedgerEntry.enrolment_id == Enrolment.id)
                & (LedgerEntry.kind == "completed")
                & (LedgerEntry.recorded_at < end_of_day(day)),
            )
            .where(Enrolment.region_id.in_(ids), Enrolment.enrolled_at < end_of_day(day))
            .group_by(Enrolment.company_id)
        )
        cost: dict[str, list[float]] = {"sums": [], "plain": [], "ledger": []}
        with backend_cpu(session) as used:
            for _ in range(5 if place.size.is_full else 3):
                before = used()
                by_sums = count_completions(session, None, question, with_empty=False)
                cost["sums"].append(used() - before)
                before = used()
                session.execute(plain).all()
                cost["plain"].append(used() - before)
            before = used()
            with switched_off():
                by_ledger = count_completions(session, None, question, with_empty=False)
            cost["ledger"].append(used() - before)
    same = figures(by_sums) == figures(by_ledger)
    middle = {name: max(statistics.median(values), 1e-4) for name, values in cost.items()}
    ratio = middle["plain"] / middle["sums"]
    place.table.tell(
        f"rate by company, {total:,} enrolments", f"{ratio:.0f} × less CPU", "≥ 20 ×",
        (ratio >= 20 and same) if total > COUNTED * 0.8 else (None if same else False),
        f"{1000 * middle['sums']:.1f} ms; join + GROUP BY {1000 * middle['plain']:.0f} ms; ledger "
        f"{1000 * middle['ledger']:.0f} ms; rows {'the same' if same else 'DIFFER'}",
    )  # fmt: skip
    database.dispose()


def export(place: Place, folder: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "benchmarks.exporting",
        place.url,
        str(folder),
        str(place.size.until),
        setting.OFFICE_EMAIL,
    ]
    told = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    rate, memory = told["rows"] / told["seconds"], told["memory"] / 1e6
    place.table.tell(
        f"export of {told['rows']:,} rows as CSV", f"{rate:,.0f} rows/s, {memory:.0f} MB", "≥ 50,000, < 150",
        memory < 150 and (rate >= 50_000 or not place.size.is_full),
        f"{told['bytes'] / 1e6:.0f} MB; before the first row {told['idle'] / 1e6:.0f} MB; with standings "
        f"{told['learners']:,.0f} rows/s",
    )  # fmt: skip


LINES: dict[str, Callable[[Place], None]] = {
    "rebuild": rebuild,
    "region": region_by_course,
    "funnel": funnel_of_all,
    "company": one_company,
    "home": officers_home,
    "rate": rate_by_company,
    "export": lambda place: export(place, place.folder),
    "fold": fold,  # at the end: its completions stay
}


def measure(place: Place, lines: list[str]) -> None:
    kind = "PostgreSQL" if place.is_postgresql else "SQLite"
    print(f"\n{kind}: {place.size}{'' if place.size.is_full else ' (a SMALLER country than the whole)'}")
    sizes(place)
    print(f"{'':44} {'median / p95 / longest':>34} {'goal':>16} {'met':>4}")
    for name in lines:
        LINES[name](place)
    sizes(place)


def prepared(url: str, size: Size) -> None:
    made = make.make(url, size, prepare=upgrade)
    print(f"loaded in {made.seconds:.0f} s, indices, constraints and statistics included", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_size(parser)
    parser.add_argument("--sqlite-learners", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of a cluster that stays, with its country")
    parser.add_argument("--on", choices=("postgresql", "sqlite"), help="one of the two alone")
    parser.add_argument("--times", type=int, default=100, help="random days or companies of a line")
    parser.add_argument("--lines", default=",".join(LINES), help="some of: " + ", ".join(LINES))
    words = parser.parse_args()
    lines, table, size = words.lines.split(","), Table(), size_of(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if words.on != "sqlite":
            options = server.settings(size.learners >= 300_000)
            with server.running(words.keep, options) as cluster:
                print("PostgreSQL with " + ", ".join(f"{key}={value}" for key, value in options.items() if value))
                url = cluster.url(DATABASE)
                if server.has_database(cluster, DATABASE):
                    size = remembered(words.keep)
                else:
                    cluster.execute(f"CREATE DATABASE {DATABASE}")
                    prepared(url, size)
                    remember(words.keep, size)
                measure(Place(url, size, folder, table, words.times), lines)
        if words.on != "postgresql":
            words.learners, words.companies = words.sqlite_learners, None
            size, url = size_of(words), f"sqlite:///{folder / 'country.sqlite3'}"
            prepared(url, size)
            measure(Place(url, size, folder, table, words.times), lines)
    return 0 if table.met else 1


if __name__ == "__main__":
    sys.exit(main())
