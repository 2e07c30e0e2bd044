"""The worker pool: keeps workers running and passes calls to them, a second time if a worker is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from indexer.errors import FundstelleError
from service.observability.metrics import Metrics
from service.settings import Settings
from service.workers.backend import BusyError, Call, Client, Reply, WorkerLostError
from service.workers.client import END_PATIENCE, PROGRAM, WorkerClient
from service.workers.generation_follower import GenerationFollower
from service.workers.scheduler import SPARE_SLOTS, Scheduler

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoolTiming:
    """Times in seconds after which the pool intervenes, by hand."""

    #: A worker that ends sooner after its start is restarted after a growing pause.
    short_lived: float = 20.0
    #: Longest such pause.
    longest_pause: float = 30.0
    #: A worker is stuck if a call takes this many times the longest request.
    stuck_requests: float = 2.0
    #: A worker is stuck if opening a generation, whose files it reads completely, takes longer.
    stuck_opening: float = 1800.0
    #: Time that a worker has for its running calls when the pool stops.
    end_patience: float = END_PATIENCE


class WorkerPool:
    """A ``Backend`` of worker processes.

    Args:
        program: command line of a worker.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        program: Sequence[str] = PROGRAM,
        timing: PoolTiming | None = None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._program = program
        self._timing = timing or PoolTiming()
        self._scheduler = Scheduler(settings.worker_slots, settings.queue, settings.queue_seconds, metrics)
        self._workers = self._scheduler.workers
        self._follower = GenerationFollower(settings.index, self._workers, metrics)
        self._tasks: list[asyncio.Task[None]] = []
        self._failed_starts = 0

    @property
    def ready(self) -> bool:
        return bool(self._workers)

    @property
    def generation(self) -> str | None:
        return self._follower.served

    @property
    def workers(self) -> tuple[WorkerClient, ...]:
        """The workers that take calls."""
        return tuple(self._workers)

    async def start(self) -> None:
        """Start all workers; return when the first is ready.

        Raises:
            FundstelleError: no worker can be started.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks = [asyncio.create_task(self._supervise(first)) for _ in range(self._settings.workers)]
        try:
            await first
        except BaseException:
            await self.stop()
            raise
        self._tasks += [
            asyncio.create_task(self._follow_generations()),
            asyncio.create_task(self._kill_stuck()),
        ]

    async def stop(self) -> None:
        """End all workers; running calls have a moment to be answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        workers = list(self._workers)
        # None takes calls any more; calls that wait for one keep their time limit.
        self._workers.clear()
        await asyncio.gather(*(worker.end(self._timing.end_patience) for worker in workers))

    async def call(self, call: Call) -> Reply:
        """Have a call answered; if its worker ends, by another one, once.

        Raises:
            BusyError: no worker was free in time, or the second worker ended too.
        """
        began = time.monotonic()
        for last in (False, True):
            worker = await self._scheduler.acquire(call.client)
            waited = time.monotonic() - began
            calling = asyncio.create_task(worker.call(call))
            # The slot is released when the worker has replied, even if the caller has given up by then.
            calling.add_done_callback(partial(self._release, worker, call.client))
            try:
                reply = await asyncio.shield(calling)
                return replace(reply, facts={**reply.facts, "queue": waited})
            except WorkerLostError as error:
                # Calls change nothing, so they can be repeated; but not with one worker after another, since
                # this call may have ended them.
                if last:
                    raise BusyError("the worker that was answering ended twice", 5) from error
        raise AssertionError("unreachable")

    def _release(self, worker: WorkerClient, client: Client, calling: asyncio.Task[Reply]) -> None:
        if not calling.cancelled():
            # Marks an error as retrieved: there may be no caller left to receive it.
            calling.exception()
        self._scheduler.release(worker, client)

    async def _supervise(self, first: asyncio.Future[None]) -> None:
        """Keep one worker running; resolve ``first`` when one is ready or all starts have failed."""
        pause = 0.0
        while True:
            began = time.monotonic()
            requested = self.generation
            try:
                config = worker_config(self._settings, requested)
                worker = await WorkerClient.start(config, self._program)
            except FundstelleError as error:
                if not first.done():
                    self._failed_starts += 1
                    if self._failed_starts == self._settings.workers:
                        first.set_exception(error)
                        return
                _log.error("a worker could not be started: %s", error)
                # Another try would be too soon until the service has started.
                await asyncio.wait([first])
            else:
                await self._run_worker(worker, requested, first)
            lived = time.monotonic() - began
            timing = self._timing
            pause = 0.0 if lived > timing.short_lived else min(timing.longest_pause, 2 * pause + 0.5)
            await asyncio.sleep(pause)

    async def _run_worker(
        self, worker: WorkerClient, requested: str | None, first: asyncio.Future[None]
    ) -> None:
        """Let a worker take calls until it ends."""
        try:
            self._follower.add(worker, requested)
            self._workers.append(worker)
            self._scheduler.assign()
            _log.info("worker ready", extra={"pid": worker.pid, "generation": worker.generation})
            if not first.done():
                first.set_result(None)
            code = await worker.wait_ended()
        except asyncio.CancelledError:
            if worker not in self._workers:
                await worker.end(self._timing.end_patience)
            raise
        self._workers.remove(worker)
        self._scheduler.assign()
        self._metrics.workers_lost.inc()
        _log.error("worker ended, another is started", extra={"pid": worker.pid, "exit_code": code})

    async def _follow_generations(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self._follower.follow()
            except Exception:  # one failed check must not end the checks
                _log.exception("the check for a new generation failed")

    async def _kill_stuck(self) -> None:
        longest_call = self._timing.stuck_requests * self._settings.request_seconds
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            for worker in self._workers:
                opening = worker.longest_wait(opening=True)
                if worker.longest_wait() > longest_call or opening > self._timing.stuck_opening:
                    _log.error("worker stuck, ended", extra={"pid": worker.pid})
                    worker.kill()


def worker_config(settings: Settings, generation: str | None) -> dict[str, Any]:
    """The configuration that a worker gets at its start.

    Args:
        generation: to open; None for the live one.
    """
    return {
        "index": str(settings.index),
        "model": settings.model,
        "reader": settings.reader,
        "generation": generation,
        "threads": settings.worker_threads,
        "slots": settings.worker_slots + SPARE_SLOTS,
        "answer_seconds": settings.answer_seconds,
        "patience": settings.batch_wait_ms / 1000,
        "log_format": settings.log_format,
        "log_level": settings.log_level,
    }
