"""The workers together: kept running, given calls, and asked anew where one ended at its call."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from indexer.errors import FundstelleError
from service.observability.metrics import Metrics
from service.settings import Settings
from service.workers.backend import BusyError, Call, Reply, WorkerLostError
from service.workers.client import PROGRAM, WorkerClient
from service.workers.generation_follower import GenerationFollower
from service.workers.scheduler import Scheduler

_log = logging.getLogger(__name__)
#: A worker that ends sooner than this many seconds after its start is started again ever later.
_SHORT_LIVED, _LONGEST_PAUSE = 20.0, 30.0
#: A worker that has been at a call for so many times the longest request is stuck; or at opening a
#: generation, whose files it reads whole, for so many seconds.
_STUCK, _STUCK_OPENING = 2.0, 1800.0


class WorkerPool:
    """A ``Backend`` of processes. A call that was with a worker that ended goes to another, once."""

    def __init__(self, settings: Settings, metrics: Metrics, program: Sequence[str] = PROGRAM) -> None:
        self._settings = settings
        self._metrics = metrics
        self._program = program
        self._slots = Scheduler(settings, metrics)
        self._workers = self._slots.workers
        self._following = GenerationFollower(settings.index, self._workers, metrics)
        self._tasks: list[asyncio.Task[None]] = []
        self._failed = 0

    @property
    def ready(self) -> bool:
        return bool(self._workers)

    @property
    def generation(self) -> str | None:
        return self._following.served

    @property
    def pids(self) -> list[int]:
        """Processes of the workers that answer."""
        return [worker.pid for worker in self._workers]

    async def start(self) -> None:
        """Start all workers; return when the first is ready.

        Raises:
            FundstelleError: none can be, and why.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks = [asyncio.create_task(self._supervise(first)) for _ in range(self._settings.workers)]
        try:
            await first
        except BaseException:
            await self.stop()
            raise
        self._tasks += [asyncio.create_task(self._follow()), asyncio.create_task(self._end_stuck())]

    async def stop(self) -> None:
        """End all workers; calls that are with them are given a moment to be answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        workers = list(self._workers)
        # None takes calls any more, but those that wait for one are given the time they have.
        self._workers.clear()
        await asyncio.gather(*(worker.end() for worker in workers))

    async def call(self, call: Call) -> Reply:
        began = time.monotonic()
        for last in (False, True):
            worker = await self._slots.take()
            waited = time.monotonic() - began
            asking = asyncio.create_task(worker.call(call))
            # Given back when the worker has replied, also where whoever asks here has given up by then.
            asking.add_done_callback(partial(self._replied, worker))
            try:
                reply = await asyncio.shield(asking)
                return replace(reply, facts={**reply.facts, "queue": waited})
            except WorkerLostError as error:
                # Asking changes nothing, so it can be asked again; but not of one worker after the other, for
                # it may have been the question that ended this one.
                if last:
                    raise BusyError("the worker that was answering ended twice", 5) from error
        raise AssertionError("unreachable")

    def _replied(self, worker: WorkerClient, asking: asyncio.Task[Reply]) -> None:
        if not asking.cancelled():
            # Nobody may be left whom an error could be told to.
            asking.exception()
        self._slots.release(worker)

    async def _supervise(self, first: asyncio.Future[None]) -> None:
        """Have one worker running at all times; tell ``first`` when one is ready, or that none can be."""
        pause = 0.0
        while True:
            began = time.monotonic()
            wanted = self.generation
            try:
                worker = await WorkerClient.start(self._config(wanted), self._program)
            except FundstelleError as error:
                if not first.done():
                    self._failed += 1
                    if self._failed == self._settings.workers:
                        first.set_exception(error)
                        return
                _log.error("a worker could not be started: %s", error)
                # Until it is known whether the service starts at all, trying again would be too soon.
                await asyncio.wait([first])
            else:
                await self._run_worker(worker, wanted, first)
            lived = time.monotonic() - began
            pause = 0.0 if lived > _SHORT_LIVED else min(_LONGEST_PAUSE, 2 * pause + 0.5)
            await asyncio.sleep(pause)

    async def _run_worker(
        self, worker: WorkerClient, wanted: str | None, first: asyncio.Future[None]
    ) -> None:
        """Give a worker calls until it ends."""
        try:
            self._following.joined(worker, wanted)
            self._workers.append(worker)
            self._slots.serve()
            _log.info("worker ready", extra={"pid": worker.pid, "generation": worker.generation})
            if not first.done():
                first.set_result(None)
            code = await worker.ended()
        except asyncio.CancelledError:
            if worker not in self._workers:
                await worker.end()
            raise
        self._workers.remove(worker)
        self._slots.serve()
        self._metrics.lost.inc()
        _log.error("worker ended, another is started", extra={"pid": worker.pid, "exit_code": code})

    def _config(self, generation: str | None) -> dict[str, Any]:
        settings = self._settings
        return {
            "index": str(settings.index),
            "model": settings.model,
            "reader": settings.reader,
            "generation": generation,
            "threads": settings.worker_threads,
            "slots": settings.worker_slots,
            "patience": settings.batch_wait_ms / 1000,
            "log_format": settings.log_format,
            "log_level": settings.log_level,
        }

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self._following.follow()
            except Exception:  # whatever it was this time, new generations are wanted later too
                _log.exception("new generations could not be looked for")

    async def _end_stuck(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            for worker in self._workers:
                answering = worker.longest() > _STUCK * self._settings.request_seconds
                if answering or worker.longest(opening=True) > _STUCK_OPENING:
                    _log.error("worker stuck, ended", extra={"pid": worker.pid})
                    worker.kill()
