"""Run functions in real processes at the same moment, for what threads of one process can't show.

Each is forked from one that holds nothing but the modules that all of them need, for which it would take a second by itself.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.world", "lms.jobs.worker"])
SECONDS = 120


def run_together(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Call a function of a module once for each tuple of arguments, each in a process of its own, all begun together.

    Returns what they returned, in the order of the arguments. An exception in one is raised here as its text.
    """
    barrier = _context.Barrier(len(arguments))
    pipes = [_context.Pipe(duplex=False) for _ in arguments]
    processes = [
        _context.Process(target=_call, args=(function, given, barrier, pipe[1]), daemon=True)
        for given, pipe in zip(arguments, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    results = []
    for process, (receiver, sender) in zip(processes, pipes, strict=True):
        sender.close()
        if not receiver.poll(SECONDS):
            process.kill()
        results.append(receiver.recv())
        process.join()
        receiver.close()
    for ok, value in results:
        assert ok, value
    return [value for _, value in results]


def _call(function: Callable[..., Any], given: tuple[Any, ...], barrier: Any, sender: Any) -> None:
    barrier.wait(SECONDS)
    try:
        sender.send((True, function(*given)))
    except BaseException:
        sender.send((False, traceback.format_exc()))
