"""One worker as the front sees it: a process, a socket, and the calls that it has not replied to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgi_correlation_id.context import correlation_id

from indexer.errors import FundstelleError
from service.workers import protocol
from service.workers.backend import Call, Reply, WorkerLostError

_log = logging.getLogger(__name__)
#: What a worker is; tests put another program here.
PROGRAM = (sys.executable, "-m", "service.workers.worker")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the worker has not replied to yet."""

    reply: asyncio.Future[protocol.Message]
    opening: bool
    since: float = field(default_factory=time.monotonic)


class WorkerClient:
    """A running worker. ``generation``: what it serves; ``busy``: how many of its slots are taken."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count()
        self._asked: dict[int, _Asked] = {}
        self._receiving: asyncio.Task[None] | None = None
        self.generation = ""
        self.busy = 0

    @classmethod
    async def start(cls, config: Mapping[str, Any], program: Sequence[str] = PROGRAM) -> WorkerClient:
        """Start a worker and wait until it is ready.

        Raises:
            FundstelleError: it says why it cannot be, or ended without a word.
        """
        try:
            worker = await cls._started(config, program)
        except OSError as error:  # no memory, too many processes or open files
            raise FundstelleError(f"a worker cannot be started: {error.strerror or error}") from error
        try:
            worker._writer.write(protocol.packed({"config": dict(config)}))
            head, _ = await protocol.receive(worker._reader)
        except (EOFError, ConnectionError) as error:
            await worker.end()
            code = worker._process.returncode
            raise FundstelleError(f"a worker ended with exit code {code} before it was ready") from error
        except BaseException:
            await worker.end(0.0)
            raise
        if "failed" in head:
            await worker.end()
            raise FundstelleError(head["failed"])
        worker.generation = head["ready"]
        worker._receiving = asyncio.create_task(worker._receive())
        return worker

    @classmethod
    async def _started(cls, config: Mapping[str, Any], program: Sequence[str]) -> WorkerClient:
        """The process and the connection to it; both or, whatever happens, neither."""
        async with contextlib.AsyncExitStack() as undo:
            ours, theirs = socket.socketpair()
            undo.callback(ours.close)
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *program, str(theirs.fileno()), pass_fds=(theirs.fileno(),), env=_environment(config)
                )
            undo.push_async_callback(process.wait)
            undo.callback(_kill, process)
            worker = cls(process, *await asyncio.open_connection(sock=ours))
            undo.pop_all()
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
        head, _ = await self._exchange({"open": generation}, opening=True)
        if head["opened"]:
            self.generation = generation
        return str(head["detail"])

    def longest(self, opening: bool = False) -> float:
        """Seconds that the oldest call waits for its reply, or else the opening of a generation.

        Also where whoever asked has given up: the worker is at it all the same.
        """
        now = time.monotonic()
        return max((now - it.since for it in self._asked.values() if it.opening is opening), default=0.0)

    async def ended(self) -> int:
        """Wait for the end of the process; its exit code, negative for a signal."""
        if self._receiving:
            # Whatever was still written is read first: those are replies. Not awaited itself, since whoever
            # is cancelled here would cancel it.
            await asyncio.wait([self._receiving])
        code = await self._process.wait()
        self._writer.close()
        return code

    async def end(self, patience: float = 5.0) -> None:
        """Let the worker reply to what it was asked and end; make it end where that takes over ``patience``.

        Args:
            patience: in seconds.
        """
        with contextlib.suppress(OSError):
            # Only this direction: replies still come.
            self._writer.write_eof()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        if self._receiving:
            await asyncio.wait([self._receiving])
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def kill(self) -> None:
        """End the process at once; what it was answering is lost."""
        _kill(self._process)

    async def _exchange(self, message: Mapping[str, Any], opening: bool = False) -> protocol.Message:
        if not self.alive:
            raise WorkerLostError("the worker has ended")
        number = next(self._numbers)
        asked = _Asked(asyncio.get_running_loop().create_future(), opening)
        self._asked[number] = asked
        self._writer.write(protocol.packed({"id": number, **message}))
        # Stays among those asked until there is a reply.
        return await asked.reply

    async def _receive(self) -> None:
        try:
            while True:
                head, body = await protocol.receive(self._reader)
                asked = self._asked.pop(head["id"])
                if not asked.reply.done():
                    asked.reply.set_result((head, body))
        except (EOFError, ConnectionError):
            pass
        except Exception:
            _log.exception("a worker's reply cannot be read, it is ended", extra={"pid": self.pid})
            self.kill()
        finally:
            for asked in self._asked.values():
                if not asked.reply.done():
                    asked.reply.set_exception(WorkerLostError("the worker ended before it had answered"))
            self._asked.clear()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


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
