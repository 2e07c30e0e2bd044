"""The client of one worker: with a stub worker, or with the test at the other end of the socket."""

import asyncio
import io
from pathlib import Path
from typing import Any, cast

import pytest
from pool_runner import PROGRAM, alive, run, until

from service.settings import Settings
from service.workers import protocol
from service.workers.backend import Call, WorkerLostError
from service.workers.client import WorkerClient
from service.workers.pool import worker_config


class Worker:
    """The other end of a client: what it has been sent, and what it replies."""

    pid = 1
    returncode = None

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.received: list[dict[str, Any]] = []
        self.killed = asyncio.Event()
        self.client = WorkerClient(
            cast(asyncio.subprocess.Process, self), self.reader, cast(asyncio.StreamWriter, self), "old"
        )

    def write(self, data: bytes) -> None:
        self.received.append(protocol.read(io.BytesIO(data))[0])

    def reply(self, number: int, body: bytes = b"") -> None:
        head = {"id": number, "status": 200, "facts": {}, "detail": ""}
        self.reader.feed_data(protocol.pack(head, body))

    def kill(self) -> None:
        self.killed.set()

    def calling(self, name: str = "echo") -> "asyncio.Task[Any]":
        return asyncio.create_task(self.client.call(Call(name)))


async def start(index: Path) -> WorkerClient:
    return await WorkerClient.start(worker_config(Settings(index=index), None), PROGRAM)


def test_a_worker_that_does_not_end_by_itself_is_killed(index: Path) -> None:
    (index / "stay").touch()

    async def work() -> None:
        worker = await start(index)
        await worker.end(patience=0.05)
        assert not alive(worker.pid)

    run(work())


def test_a_worker_ends_when_its_socket_is_closed(index: Path) -> None:
    async def work() -> None:
        worker = await start(index)
        await worker.end()
        assert await worker.wait_ended() == 0

    run(work())


def test_a_call_that_is_cancelled_in_the_moment_it_is_answered_harms_no_other() -> None:
    async def work() -> None:
        worker = Worker()
        cancelled, other = worker.calling(), worker.calling()
        await until(lambda: len(worker.received) == 2)
        first, second = (message["id"] for message in worker.received)
        worker.reply(first)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        worker.reply(second, b"{}")
        assert cancelled.cancelled() and (await other).body == b"{}"

    run(work())


def test_a_reply_that_cannot_be_read_ends_the_worker_and_its_calls() -> None:
    async def work() -> None:
        worker = Worker()
        call = worker.calling()
        await until(lambda: bool(worker.received))
        worker.reader.feed_data(bytes([0, 0, 0, 3, 0, 0, 0, 0]) + b"{]}")
        with pytest.raises(WorkerLostError):
            await call
        assert worker.killed.is_set() and not worker.client.alive

    run(work())


def test_a_worker_whose_socket_is_closed_takes_no_calls() -> None:
    async def work() -> None:
        worker = Worker()
        assert worker.client.alive
        worker.reader.feed_eof()
        await until(lambda: not worker.client.alive)
        with pytest.raises(WorkerLostError):
            await worker.calling()

    run(work())


def test_the_longest_wait_is_of_the_oldest_call_or_opening() -> None:
    async def work() -> None:
        worker = Worker()
        assert worker.client.longest_wait() == 0
        calls = [worker.calling(), asyncio.create_task(worker.client.open("new"))]
        await until(lambda: len(worker.received) == 2)
        await asyncio.sleep(0.01)
        assert worker.client.longest_wait() > 0 and worker.client.longest_wait(opening=True) > 0
        worker.reply(worker.received[0]["id"])
        await calls[0]
        assert worker.client.longest_wait() == 0
        calls[1].cancel()

    run(work())


def test_a_start_that_is_cancelled_leaves_no_process(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_process = asyncio.create_subprocess_exec
    pids: list[int] = []

    async def recorded(*program: Any, **options: Any) -> asyncio.subprocess.Process:
        process = await start_process(*program, **options)
        pids.append(process.pid)
        return process

    async def never(**_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", recorded)
    monkeypatch.setattr(asyncio, "open_connection", never)

    async def work() -> None:
        starting = asyncio.create_task(start(index))
        await until(lambda: bool(pids))
        starting.cancel()
        await asyncio.wait([starting])
        assert not alive(pids[0])

    run(work())
