"""Which worker takes a call, and the bounded queue of calls for which there is none."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from service.observability.metrics import Metrics
from service.settings import Settings
from service.workers.backend import BusyError
from service.workers.client import WorkerClient


class Scheduler:
    """The slots of all workers. ``workers``: those that take calls; who changes the list tells ``serve``."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.workers: list[WorkerClient] = []
        self._each = settings.worker_slots
        self._longest = settings.queue
        self._seconds = settings.queue_seconds
        self._metrics = metrics
        self._queue: deque[asyncio.Future[WorkerClient]] = deque()

    async def take(self) -> WorkerClient:
        """A slot of the least busy worker, to be given back by ``release``.

        Raises:
            BusyError: at once, where the queue is full; or after the longest wait.
        """
        if not self._queue and (worker := self._least_busy()):
            worker.busy += 1
            self._count()
            return worker
        if len(self._queue) >= self._longest:
            raise BusyError("too many questions are waiting; ask again in a moment")
        place: asyncio.Future[WorkerClient] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        self._count()
        try:
            async with asyncio.timeout(self._seconds):
                return await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                # Given a worker in the very moment of giving up.
                self.release(place.result())
            if isinstance(error, TimeoutError):
                raise BusyError("no worker was free in time; ask again in a moment", 2) from error
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._queue.remove(place)
            self._count()

    def release(self, worker: WorkerClient) -> None:
        """The worker has replied, or ended."""
        worker.busy -= 1
        self.serve()

    def serve(self) -> None:
        """Give those who wait what is free."""
        while self._queue and (worker := self._least_busy()):
            place = self._queue.popleft()
            if not place.done():
                worker.busy += 1
                place.set_result(worker)
        self._count()

    def _least_busy(self) -> WorkerClient | None:
        alive = (worker for worker in self.workers if worker.alive)
        worker = min(alive, key=lambda worker: worker.busy, default=None)
        return worker if worker and worker.busy < self._each else None

    def _count(self) -> None:
        self._metrics.waiting.set(len(self._queue))
        self._metrics.in_flight.set(sum(worker.busy for worker in self.workers))
        self._metrics.workers.set(len(self.workers))
