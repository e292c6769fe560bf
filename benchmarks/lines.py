"""A poor line and a slow machine, the same for all that is measured through them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_BLOCK = 16_384


class _Line:
    """What all connections share: so many bytes a second towards the browser, and a delay there and back."""

    def __init__(self, port: int, bits_per_second: float, round_trip: float) -> None:
        self.port = port
        self.bytes_per_second = bits_per_second / 8
        self.one_way = round_trip / 2
        self.free_at = 0.0
        self.sent = 0
        self.listens = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.gather(self._carry(reader, back, is_down=False), self._carry(there, writer, is_down=True))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_down: bool) -> None:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)

        async def deliver() -> None:
            while (item := await waiting.get())[1]:
                await asyncio.sleep(max(0.0, item[0] - loop.time()))
                target.write(item[1])
                await target.drain()

        delivering = asyncio.ensure_future(deliver())
        with contextlib.suppress(OSError):
            while data := await source.read(_BLOCK):
                at = loop.time()
                if is_down:
                    self.free_at = at = max(at, self.free_at) + len(data) / self.bytes_per_second
                    self.sent += len(data)
                await waiting.put((at + self.one_way, data))
        await waiting.put((0.0, b""))
        with contextlib.suppress(OSError):
            await delivering
        target.close()


@contextmanager
def poor_line(port: int, *, bits_per_second: float, round_trip: float) -> Iterator[_Line]:
    """A port (`listens`) through which the one that is given is reached slowly, and the bytes that came through (`sent`)."""
    loop = asyncio.new_event_loop()
    line = _Line(port, bits_per_second, round_trip)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(line.serve, "127.0.0.1", 0), loop).result()
    line.listens = server.sockets[0].getsockname()[1]
    yield line
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@contextmanager
def slowed(factor: int, parent: psutil.Process) -> Iterator[None]:
    """All processes below `parent` run for one part of the time in `factor`: halted and let go again, workers and all.

    A browser's own way to slow its pages doesn't reach their workers, where Python runs.
    """
    if factor == 1:
        yield
        return
    ended = threading.Event()
    turn = 0.01

    def tell(number: int) -> None:
        for process in parent.children(recursive=True):
            with contextlib.suppress(OSError, psutil.Error):
                if "chrom" in process.name():
                    os.kill(process.pid, number)

    def run() -> None:
        while not ended.is_set():
            tell(signal.SIGSTOP)
            time.sleep(turn * (factor - 1))
            tell(signal.SIGCONT)
            time.sleep(turn)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        tell(signal.SIGCONT)
