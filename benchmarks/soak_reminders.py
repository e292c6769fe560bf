"""Remind many people while the workers that do it are killed with -9 at random, then count.

Every person who is concerned has each reminder once, in the site and at a mail server of this program's own; a mail that was
in the air when its worker died may be missing, is counted as `unsure`, and never comes twice. Exit status 1 where one was lost
or came twice.

    python -m benchmarks.soak_reminders [PEOPLE] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from lms.clock import utcnow
from lms.learning import enrolments
from lms.learning.reminders import finding
from lms.migrations import upgrade
from lms.models import Database, Delivery, Job, Message, Person, make_engine
from tests.messages.sink import listening
from tests.world import build_world, employ, make_run

WORKERS = 2
PATIENCE_SECONDS = 600
KINDS = ("enrolled", "deadline")

# A worker as a site's, with the reminders' own handlers; by day, whatever the hour is.
_WORKER = """
import sys
from datetime import timedelta
from lms.jobs.worker import Worker
from lms.learning.reminders import sending
from lms.messages import box, post, quiet
from lms.messages.letters import Letter
from lms.messages.smtp import MailServer
from lms.models import Database, make_engine

for room in (sending, post):
    room.quiet_until = lambda now: None
box.earliest = lambda now: now
sending.AT_ONCE = 20
url, port = sys.argv[1], int(sys.argv[2])
postman = post.Postman(
    MailServer("127.0.0.1", port, "none", "learn@site.example"),
    lambda kind, facts, language: Letter(kind, (facts["course"],)),
    lambda language, off: "", sending.PREPARE,
)
handlers = {box.POST: postman, sending.NEWS: sending.handle, sending.BY_DAY: sending.handle}
Worker(Database(make_engine(url)), handlers, lease_seconds=5, coming_round=sending.CHORES).run()
"""


def make(database: Database, people: int) -> None:
    """A run that ends in two days, and so many who were enrolled yesterday: each is to hear of both."""
    now = utcnow()
    with database.writing() as session:
        world = build_world(session)
        day = now.date()
        run = make_run(
            session, world.course, world.exercise_version, world.busan_centre, number=2,
            learn_from=day - timedelta(days=2), learn_to=day + timedelta(days=2),
        )  # fmt: skip
        for number in range(people):
            person = Person(name=f"{number}", email=f"p{number}@site.example", created_at=now)
            session.add(person)
            session.flush()
            employ(session, person, world.hanbit, f"X-{number}")
            enrolments.enrol(session, run, person.id, now=now - timedelta(days=1, hours=1))
        session.commit()


def start(url: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WORKER, url, str(port)], stderr=subprocess.DEVNULL)


def is_done(database: Database, people: int) -> bool:
    """Everybody was told of everything, and no mail waits or is at a worker that may be dead."""
    with database.reading() as session:
        told = session.scalar(select(func.count()).select_from(Message)) or 0
        open_ = session.scalar(select(func.count()).where(Delivery.state.in_(("waiting", "sending")))) or 0
        settled = session.scalar(select(func.count()).where(Delivery.state == "sending")) or 0
    return told >= people * len(KINDS) and open_ <= settled


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261123)
    chosen = parser.parse_args()
    random_ = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder, listening() as sink:
        url = f"sqlite:///{Path(folder) / 'soak.sqlite3'}"
        database = Database(make_engine(url))
        upgrade(database.engine)
        make(database, chosen.people)
        workers, killed = [start(url, sink.port) for _ in range(WORKERS)], 0
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_done(database, chosen.people) and time.monotonic() < until:
            time.sleep(random_.uniform(1.5, 4.0))
            place = random_.randrange(WORKERS)
            os.kill(workers[place].pid, signal.SIGKILL)
            workers[place].wait()
            workers[place] = start(url, sink.port)
            killed += 1
        for worker in workers:
            worker.kill()
            worker.wait()
        return judge(
            database, chosen.people, killed, Counter(str(mail["Subject"]) + str(mail["To"]) for mail in sink.mails)
        )


def judge(database: Database, people: int, killed: int, mails: Counter[str]) -> int:
    with database.reading() as session:
        told = Counter(
            tuple(row)
            for row in session.execute(select(Message.kind, Message.person_id).where(Message.kind.in_(KINDS)))
        )
        states = Counter(session.scalars(select(Delivery.state)))
        failed = session.scalar(select(func.count()).select_from(Job).where(Job.state == "failed")) or 0
    lost = people * len(KINDS) - len(told)
    twice = sum(count > 1 for count in told.values()) + sum(count > 1 for count in mails.values())
    in_the_air = states["unsure"] + states["sending"]
    missing = people * len(KINDS) - len(mails) - in_the_air
    print(f"workers killed {killed}; reminders {len(told)}, mails that arrived {len(mails)}, deliveries {dict(states)}")
    print(
        f"lost {lost}, twice {twice}, mails missing that were not in the air {max(0, missing)}, jobs given up {failed}"
    )
    return 1 if lost or twice or missing > 0 or failed else 0


if __name__ == "__main__":
    assert {reminder.kind for reminder in finding.REMINDERS} >= set(KINDS)
    sys.exit(main())
