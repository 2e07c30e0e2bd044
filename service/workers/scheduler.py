"""The scheduler: assigns calls to the least busy worker, and queues calls while all are busy."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from service.observability.metrics import Metrics
from service.workers.backend import BusyError
from service.workers.client import WorkerClient


class Scheduler:
    """The slots of all workers and the bounded queue in front of them.

    Args:
        slots: calls that a worker takes at once.
        queue: calls that may wait.
        queue_seconds: longest wait.

    Attributes:
        workers: those that take calls; after a change, call ``assign``.
    """

    def __init__(self, slots: int, queue: int, queue_seconds: float, metrics: Metrics) -> None:
        self.workers: list[WorkerClient] = []
        self._slots = slots
        self._max_waiting = queue
        self._queue_seconds = queue_seconds
        self._metrics = metrics
        self._queue: deque[asyncio.Future[WorkerClient]] = deque()

    async def acquire(self) -> WorkerClient:
        """Take a slot of the least busy worker, to be given back with ``release``.

        Raises:
            BusyError: at once if the queue is full, or after the longest wait.
        """
        if not self._queue and (worker := self._least_busy()):
            worker.busy += 1
            self._update_metrics()
            return worker
        if len(self._queue) >= self._max_waiting:
            raise BusyError("too many questions are waiting; ask again in a moment")
        ticket: asyncio.Future[WorkerClient] = asyncio.get_running_loop().create_future()
        self._queue.append(ticket)
        self._update_metrics()
        try:
            async with asyncio.timeout(self._queue_seconds):
                return await ticket
        except BaseException as error:
            if ticket.done() and not ticket.cancelled():
                # A worker was assigned in the same moment as the caller gave up.
                self.release(ticket.result())
            if isinstance(error, TimeoutError):
                raise BusyError("no worker was free in time; ask again in a moment", 2) from error
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._queue.remove(ticket)
            self._update_metrics()

    def release(self, worker: WorkerClient) -> None:
        """Give back a slot of a worker that has replied or ended."""
        worker.busy -= 1
        self.assign()

    def assign(self) -> None:
        """Assign free slots to waiting calls."""
        while self._queue and (worker := self._least_busy()):
            ticket = self._queue.popleft()
            if not ticket.done():
                worker.busy += 1
                ticket.set_result(worker)
        self._update_metrics()

    def _least_busy(self) -> WorkerClient | None:
        alive = (worker for worker in self.workers if worker.alive)
        worker = min(alive, key=lambda worker: worker.busy, default=None)
        return worker if worker and worker.busy < self._slots else None

    def _update_metrics(self) -> None:
        self._metrics.queue_length.set(len(self._queue))
        self._metrics.in_flight.set(sum(worker.busy for worker in self.workers))
        self._metrics.workers.set(len(self.workers))
