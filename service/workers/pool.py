"""The workers together: which of them takes a call, how many calls may wait, and what when one ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from indexer.errors import FundstelleError
from service.metrics import Metrics
from service.settings import Settings
from service.workers.backend import BusyError, Call, Reply, WorkerLostError
from service.workers.handle import PROGRAM, WorkerHandle
from service.workers.watch import IndexWatch

_log = logging.getLogger(__name__)
#: A worker that ends sooner than this many seconds after its start is started again ever later.
_SHORT_LIVED, _LONGEST_PAUSE = 20.0, 30.0
#: A worker that has been at a call for so many times the longest request is stuck.
_STUCK = 2.0


class WorkerPool:
    """A ``Backend`` of processes. A call that was with a worker that ended goes to another, once."""

    def __init__(self, settings: Settings, metrics: Metrics, program: Sequence[str] = PROGRAM) -> None:
        self._settings = settings
        self._metrics = metrics
        self._program = program
        self._workers: list[WorkerHandle] = []
        self._queue: deque[asyncio.Future[WorkerHandle]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._watch = IndexWatch(settings.index)

    @property
    def ready(self) -> bool:
        return bool(self._workers)

    @property
    def generation(self) -> str | None:
        return self._watch.served

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
        self._tasks = [asyncio.create_task(self._keep(first)) for _ in range(self._settings.workers)]
        try:
            await first
        except BaseException:
            await self.stop()
            raise
        self._tasks.append(asyncio.create_task(self._follow()))

    async def stop(self) -> None:
        """End all workers; calls that are with them are given a moment to be answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        workers, self._workers = self._workers, []
        await asyncio.gather(*(worker.end() for worker in workers))

    async def call(self, call: Call) -> Reply:
        began = time.monotonic()
        for last in (False, True):
            worker = await self._free_worker()
            waited = time.monotonic() - began
            try:
                reply = await worker.call(call)
                return replace(reply, facts={**reply.facts, "queue": waited})
            except WorkerLostError as error:
                # Asking changes nothing, so it can be asked again; but not of one worker after the other, for
                # it may have been the question that ended this one.
                if last:
                    raise BusyError("the worker that was answering ended twice", 5) from error
            finally:
                self._let_go(worker)
        raise AssertionError("unreachable")

    async def _free_worker(self) -> WorkerHandle:
        """A worker with a free slot, the one with most of them; counted as busy with one more."""
        if not self._queue and (worker := self._least_busy()):
            worker.busy += 1
            self._count()
            return worker
        if len(self._queue) >= self._settings.queue:
            raise BusyError("too many questions are waiting; ask again in a moment")
        place: asyncio.Future[WorkerHandle] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        self._count()
        try:
            async with asyncio.timeout(self._settings.queue_seconds):
                return await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                # Given a worker in the very moment of giving up.
                self._let_go(place.result())
            if isinstance(error, TimeoutError):
                raise BusyError("no worker was free in time; ask again in a moment", 2) from error
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._queue.remove(place)
            self._count()

    def _least_busy(self) -> WorkerHandle | None:
        alive = (worker for worker in self._workers if worker.alive)
        worker = min(alive, key=lambda worker: worker.busy, default=None)
        return worker if worker and worker.busy < self._settings.worker_slots else None

    def _let_go(self, worker: WorkerHandle) -> None:
        worker.busy -= 1
        self._serve_queue()

    def _serve_queue(self) -> None:
        while self._queue and (worker := self._least_busy()):
            place = self._queue.popleft()
            if not place.done():
                worker.busy += 1
                place.set_result(worker)
        self._count()

    async def _keep(self, first: asyncio.Future[None]) -> None:
        """Have one worker running at all times; ``first`` learns of the first that is ready, or cannot be."""
        pause = 0.0
        while True:
            began = time.monotonic()
            try:
                worker = await WorkerHandle.start(self._config(), self._program)
            except FundstelleError as error:
                if not first.done():
                    first.set_exception(error)
                    return
                _log.error("a worker could not be started: %s", error)
            else:
                await self._employ(worker, first)
            lived = time.monotonic() - began
            pause = 0.0 if lived > _SHORT_LIVED else min(_LONGEST_PAUSE, 2 * pause + 0.5)
            await asyncio.sleep(pause)

    async def _employ(self, worker: WorkerHandle, first: asyncio.Future[None]) -> None:
        """Give a worker calls until it ends."""
        try:
            if self._watch.served is None:
                self._adopt(worker.generation)
            self._workers.append(worker)
            self._serve_queue()
            _log.info("worker ready", extra={"pid": worker.pid, "generation": worker.generation})
            if not first.done():
                first.set_result(None)
            code = await worker.ended()
        except asyncio.CancelledError:
            if worker not in self._workers:
                await worker.end()
            raise
        self._workers.remove(worker)
        self._metrics.lost.inc()
        self._count()
        _log.error("worker ended, another is started", extra={"pid": worker.pid, "exit_code": code})

    def _config(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "index": str(settings.index),
            "model": settings.model,
            "generation": self._watch.served,
            "threads": settings.worker_threads,
            "slots": settings.worker_slots,
            "patience": settings.batch_wait_ms / 1000,
            "log_format": settings.log_format,
            "log_level": settings.log_level,
        }

    async def _follow(self) -> None:
        """Serve every new generation that becomes the live one, and end workers that are stuck."""
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            for worker in self._workers:
                if worker.longest() > _STUCK * self._settings.request_seconds:
                    _log.error("worker stuck, ended", extra={"pid": worker.pid})
                    worker.kill()
            name = await asyncio.to_thread(self._watch.news)
            if name:
                await self._offer(name)
            for worker in [w for w in self._workers if w.generation != self._watch.served]:
                # Started before the others went on to the next generation.
                await self._exchange(worker, self._watch.served or "")

    async def _offer(self, name: str) -> None:
        """Let the workers open a generation, one after the other; what the first refuses is not served."""
        for worker in list(self._workers):
            if worker.generation == name:
                continue
            detail = await self._exchange(worker, name)
            if detail and self._watch.served != name:
                self._watch.refuse(name)
                self._metrics.opened.labels("refused").inc()
                _log.error("generation refused", extra={"generation": name, "why": detail})
                return

    async def _exchange(self, worker: WorkerHandle, name: str) -> str:
        """Let one worker open a generation; why it was refused, or an empty text."""
        try:
            detail = await worker.open(name)
        except WorkerLostError:
            return ""
        if not detail:
            self._adopt(name)
        elif self._watch.served == name:
            # What serves the others it cannot open: a new one starts from what is on the disk.
            _log.error("worker cannot follow, ended", extra={"pid": worker.pid, "why": detail})
            worker.kill()
        return detail

    def _adopt(self, name: str) -> None:
        if self._watch.served != name:
            self._watch.served = name
            self._metrics.opened.labels("served").inc()
            self._metrics.served(name)
            _log.info("generation served", extra={"generation": name})

    def _count(self) -> None:
        self._metrics.waiting.set(len(self._queue))
        self._metrics.in_flight.set(sum(worker.busy for worker in self._workers))
        self._metrics.workers.set(len(self._workers))
