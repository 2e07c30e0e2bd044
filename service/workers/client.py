"""The front's client of one worker: its process, its socket, and the calls it has not replied to."""

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
#: Command line of a worker, without the number of its socket.
PROGRAM = (sys.executable, "-m", "service.workers.worker")
#: Seconds that a worker has for its running calls when it is to end.
END_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class _PendingRequest:
    """A request without a reply yet; ``opening``: of a generation, not a call."""

    reply: asyncio.Future[protocol.Message]
    opening: bool
    since: float = field(default_factory=time.monotonic)


class WorkerClient:
    """A running worker that is ready; use ``start`` to start one.

    Attributes:
        generation: that the worker serves.
        busy: number of its slots in use.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        generation: str,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count()
        self._pending: dict[int, _PendingRequest] = {}
        self.generation = generation
        self.busy = 0
        self._receiving = asyncio.create_task(self._receive())

    @classmethod
    async def start(cls, config: Mapping[str, Any], program: Sequence[str] = PROGRAM) -> WorkerClient:
        """Start a worker and wait until it is ready.

        Raises:
            FundstelleError: it cannot be started, or ended before it was ready.
        """
        try:
            process, reader, writer = await _start_process(config, program)
        except OSError as error:  # no memory, too many processes or open files
            raise FundstelleError(f"a worker cannot be started: {error.strerror or error}") from error
        try:
            writer.write(protocol.pack({"config": dict(config)}))
            head, _ = await protocol.receive(reader)
        except (EOFError, ConnectionError) as error:
            await _end(process, writer)
            raise FundstelleError(
                f"a worker ended with exit code {process.returncode} before it was ready"
            ) from error
        except BaseException:
            await _end(process, writer, 0.0)
            raise
        if "failed" in head:
            await _end(process, writer)
            raise FundstelleError(head["failed"])
        return cls(process, reader, writer, head["ready"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True if the worker takes calls; its process may end a little later than its socket."""
        return not self._receiving.done()

    async def call(self, call: Call) -> Reply:
        """Have a call answered.

        Raises:
            WorkerLostError: the worker ended first.
        """
        message = {"call": call.name, "arguments": dict(call.arguments), "request_id": correlation_id.get()}
        head, body = await self._exchange(message)
        return Reply(head["status"], body, head["facts"], head["detail"])

    async def open(self, generation: str) -> str:
        """Have a generation opened, verified, and served; return why it was refused, or an empty text.

        Raises:
            WorkerLostError: the worker ended first.
        """
        head, _ = await self._exchange({"open": generation}, opening=True)
        if head["opened"]:
            self.generation = generation
        return str(head["detail"])

    def longest_wait(self, opening: bool = False) -> float:
        """Seconds that the oldest call, or the opening of a generation, has waited for its reply.

        This includes calls whose caller has given up: the worker is still busy with them.
        """
        now = time.monotonic()
        waits = (now - pending.since for pending in self._pending.values() if pending.opening is opening)
        return max(waits, default=0.0)

    async def wait_ended(self) -> int:
        """Wait for the end of the process; return its exit code, negative for a signal."""
        # Replies that are still in the socket are read first. The task is not awaited itself, since
        # cancelling this coroutine would cancel it.
        await asyncio.wait([self._receiving])
        code = await self._process.wait()
        self._writer.close()
        return code

    async def end(self, patience: float = END_PATIENCE) -> None:
        """Let the worker reply to its running calls and end; kill it after ``patience`` seconds."""
        await _end(self._process, self._writer, patience, self._receiving)

    def kill(self) -> None:
        """End the process at once; its running calls are lost."""
        _kill(self._process)

    async def _exchange(self, message: Mapping[str, Any], opening: bool = False) -> protocol.Message:
        if not self.alive:
            raise WorkerLostError("the worker has ended")
        number = next(self._numbers)
        pending = _PendingRequest(asyncio.get_running_loop().create_future(), opening)
        self._pending[number] = pending
        self._writer.write(protocol.pack({"id": number, **message}))
        # It stays pending until there is a reply, even if the caller gives up.
        return await pending.reply

    async def _receive(self) -> None:
        try:
            while True:
                head, body = await protocol.receive(self._reader)
                pending = self._pending.pop(head["id"])
                if not pending.reply.done():
                    pending.reply.set_result((head, body))
        except (EOFError, ConnectionError):
            pass
        except Exception:
            _log.exception("a worker's reply cannot be read; the worker is killed", extra={"pid": self.pid})
            self.kill()
        finally:
            for pending in self._pending.values():
                if not pending.reply.done():
                    pending.reply.set_exception(WorkerLostError("the worker ended before it had replied"))
            self._pending.clear()


async def _start_process(
    config: Mapping[str, Any], program: Sequence[str]
) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader, asyncio.StreamWriter]:
    """Start a process and connect to it; if either fails, nothing is left of the other."""
    async with contextlib.AsyncExitStack() as undo:
        ours, theirs = socket.socketpair()
        undo.callback(ours.close)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *program, str(theirs.fileno()), pass_fds=(theirs.fileno(),), env=_environment(config)
            )
        undo.push_async_callback(process.wait)
        undo.callback(_kill, process)
        reader, writer = await asyncio.open_connection(sock=ours)
        undo.pop_all()
    return process, reader, writer


async def _end(
    process: asyncio.subprocess.Process,
    writer: asyncio.StreamWriter,
    patience: float = END_PATIENCE,
    receiving: asyncio.Task[None] | None = None,
) -> None:
    """Close the socket for writing and wait for the process; kill it after ``patience`` seconds."""
    with contextlib.suppress(OSError):
        # Only this direction: replies still arrive.
        writer.write_eof()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        _kill(process)
        await process.wait()
    except asyncio.CancelledError:
        _kill(process)
        writer.close()
        raise
    if receiving:
        await asyncio.wait([receiving])
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a worker: libraries read their threads from it; few malloc arenas save memory."""
    threads = str(config["threads"])
    return {
        "MALLOC_ARENA_MAX": "2",
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "RAYON_NUM_THREADS": threads,
    }
