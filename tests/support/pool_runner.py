"""A pool of stub workers, and functions that wait for its state."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import SUPPORT

from service.observability.metrics import Metrics
from service.settings import Settings
from service.workers.backend import BusyError, Call, Reply
from service.workers.pool import PoolTiming, WorkerPool

#: Command line of a stub worker.
PROGRAM = (sys.executable, str(SUPPORT / "stub_worker.py"))
#: Seconds after which something has failed that takes a moment.
LONG = 30.0
#: A worker that ended is started again soon; one that does not end by itself is soon killed.
IMPATIENT = PoolTiming(longest_pause=0.01, end_patience=0.2)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, or fail after a long time."""

    async def bounded() -> None:
        async with asyncio.timeout(LONG):
            await work

    asyncio.run(bounded())


class PoolRunner:
    """A pool with its settings and metrics."""

    def __init__(
        self,
        index: Path,
        timing: PoolTiming = IMPATIENT,
        program: tuple[str, ...] = PROGRAM,
        **changes: object,
    ) -> None:
        self.index = index
        self.metrics = Metrics()
        usual = {"workers": 1, "poll_seconds": 0.02, "queue_seconds": LONG, "request_seconds": LONG}
        self.settings = Settings(index=index, **(usual | changes))  # type: ignore[arg-type]
        self.pool = WorkerPool(self.settings, self.metrics, program, timing)

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self.pool.workers]

    @property
    def generations(self) -> list[str]:
        return [worker.generation for worker in self.pool.workers]

    async def call(self, name: str, **arguments: object) -> Reply:
        return await self.pool.call(Call(name, arguments))

    def calling(self, name: str, **arguments: object) -> "asyncio.Task[Reply]":
        return asyncio.create_task(self.call(name, **arguments))

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"fundstelle_{name}", labels) or 0.0

    async def workers(self, number: int) -> list[int]:
        """Their process ids, when so many are ready."""
        await until(lambda: len(self.pids) == number)
        return self.pids

    async def in_flight(self, number: int) -> None:
        """Return when so many calls are with a worker."""
        await until(lambda: self.metric("in_flight") == number)

    async def waiting(self, number: int) -> None:
        """Return when so many calls wait for a worker."""
        await until(lambda: self.metric("queue_length") == number)


@asynccontextmanager
async def running(
    index: Path, stuck_opening: float = IMPATIENT.stuck_opening, **changes: object
) -> AsyncIterator[PoolRunner]:
    """A pool whose workers are all ready; changes are of the settings."""
    runner = PoolRunner(index, replace(IMPATIENT, stuck_opening=stuck_opening), **changes)
    await runner.pool.start()
    try:
        await runner.workers(runner.settings.workers)
        yield runner
    finally:
        await runner.pool.stop()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def refused(reply: Awaitable[Reply]) -> BusyError:
    with pytest.raises(BusyError) as caught:
        await reply
    return caught.value


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
