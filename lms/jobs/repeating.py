"""Something that is done again and again beside other work, from a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("lms.jobs")


@contextmanager
def repeated(do: Callable[[], object], *, name: str, seconds: float, when_it_fails: str) -> Iterator[None]:
    """Do it at once and every so many seconds while the block runs; a failure is logged in those words and outlived."""
    done = threading.Event()

    def again() -> None:
        while True:
            try:
                do()
            except Exception:
                log.exception(when_it_fails)
            if done.wait(seconds):
                return

    thread = threading.Thread(target=again, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
