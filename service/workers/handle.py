"""One worker as the front sees it: a process, a socket, and the calls that wait for its replies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from asgi_correlation_id.context import correlation_id

from indexer.errors import FundstelleError
from service.workers import wire
from service.workers.backend import Call, Reply, WorkerLostError

#: What a worker is; tests put another program here.
PROGRAM = (sys.executable, "-m", "service.workers.process")


class WorkerHandle:
    """A running worker. ``generation``: what it serves; ``busy``: calls it was given and has not returned."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[asyncio.Future[wire.Message], float]] = {}
        self._receiving: asyncio.Task[None] | None = None
        self.generation = ""
        self.busy = 0

    @classmethod
    async def start(cls, config: Mapping[str, Any], program: Sequence[str] = PROGRAM) -> WorkerHandle:
        """Start a worker and wait until it is ready.

        Raises:
            FundstelleError: it says why it cannot be, or ended without a word.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *program, str(theirs.fileno()), pass_fds=(theirs.fileno(),), env=_environment(config)
            )
        worker = cls(process, *await asyncio.open_connection(sock=ours))
        try:
            worker._writer.write(wire.packed({"config": dict(config)}))
            head, _ = await wire.receive(worker._reader)
        except (EOFError, ConnectionError) as error:
            await worker.end()
            raise FundstelleError(
                f"a worker ended with exit code {process.returncode} before it was ready"
            ) from error
        except BaseException:
            await worker.end()
            raise
        if "failed" in head:
            await worker.end()
            raise FundstelleError(head["failed"])
        worker.generation = head["ready"]
        worker._receiving = asyncio.create_task(worker._receive())
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be asked; the process itself may end a little later than its socket."""
        return self._receiving is not None and not self._receiving.done()

    async def call(self, call: Call) -> Reply:
        """Have a call answered.

        Raises:
            WorkerLostError: the worker ended first.
        """
        message = {"call": call.name, "arguments": dict(call.arguments), "request_id": correlation_id.get()}
        head, body = await self._exchange(message)
        return Reply(head["status"], body, head["facts"], head["detail"])

    async def open(self, generation: str) -> str:
        """Have a generation opened and verified, and served from then on; why not, or an empty text.

        Raises:
            WorkerLostError: the worker ended first.
        """
        head, _ = await self._exchange({"open": generation}, since=math.inf)
        if head["opened"]:
            self.generation = generation
        return str(head["detail"])

    def longest(self) -> float:
        """Seconds that the oldest call has waited for its reply; opening a generation may take its time."""
        now = time.monotonic()
        return max((now - since for _, since in self._waiting.values()), default=0.0)

    async def ended(self) -> int:
        """Wait for the end of the process; its exit code, negative for a signal."""
        if self._receiving:
            # Whatever was still written is read first: those are replies. Not awaited itself, since whoever
            # is cancelled here would cancel it.
            await asyncio.wait([self._receiving])
        return await self._process.wait()

    async def end(self, patience: float = 5.0) -> None:
        """Let the worker end by closing the socket, and make it where it does not."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        if self._receiving:
            await asyncio.wait([self._receiving])

    def kill(self) -> None:
        """End the process at once; what it was answering is lost."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _exchange(self, message: Mapping[str, Any], since: float | None = None) -> wire.Message:
        if not self.alive:
            raise WorkerLostError("the worker has ended")
        number = next(self._numbers)
        reply: asyncio.Future[wire.Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply, time.monotonic() if since is None else since
        try:
            self._writer.write(wire.packed({"id": number, **message}))
            return await reply
        finally:
            self._waiting.pop(number, None)

    async def _receive(self) -> None:
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                head, body = await wire.receive(self._reader)
                # Whoever asked may have given up by now.
                reply, _ = self._waiting.get(head["id"], (None, 0.0))
                if reply is not None and not reply.done():
                    reply.set_result((head, body))
        for reply, _ in self._waiting.values():
            if not reply.done():
                reply.set_exception(WorkerLostError("the worker ended before it had answered"))


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    """Threads have to be set before the libraries load; few arenas of malloc keep memory flat."""
    threads = str(config["threads"])
    return {
        "MALLOC_ARENA_MAX": "2",
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "RAYON_NUM_THREADS": threads,
    }
