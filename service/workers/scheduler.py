"""The scheduler: assigns calls to the least busy worker, and shares workers and queue among the clients."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field

from service.observability.metrics import Metrics
from service.workers.backend import BusyError, Client
from service.workers.client import WorkerClient

#: Slots of each worker beyond the set number, for clients that hold none: nobody can take all.
SPARE_SLOTS = 1
_NOBODY = Client()


@dataclass(frozen=True, slots=True, eq=False)
class _Ticket:
    """A call that waits for a worker."""

    client: Client
    worker: asyncio.Future[WorkerClient] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class _Shares:
    """Numbers of slots or tickets by key, and by address with a key."""

    def __init__(self) -> None:
        self._keys: Counter[str] = Counter()
        self._clients: Counter[Client] = Counter()

    def add(self, client: Client, count: int) -> None:
        self._keys[client.key] += count
        self._clients[client] += count
        if not self._keys[client.key]:
            del self._keys[client.key]
        if not self._clients[client]:
            del self._clients[client]

    def of(self, client: Client) -> tuple[int, int]:
        """The share of a client: that of its key, which all its addresses have together, then its own."""
        return self._keys[client.key], self._clients[client]

    def has_none(self, client: Client) -> bool:
        """True if a key has no share or, without keys, an address."""
        by_key, own = self.of(client)
        return not (by_key if client.key else own)


class Scheduler:
    """The slots of all workers and the bounded queue in front of them.

    Of the calls that wait, that of the client with the smallest share of the slots is next, and of one client
    the oldest. If the queue is full, a client with fewer calls in it takes a place from the one with most.

    Args:
        slots: calls that a worker takes at once, besides ``SPARE_SLOTS``.
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
        self._queue: list[_Ticket] = []
        self._held = _Shares()
        self._waiting = _Shares()

    async def acquire(self, client: Client = _NOBODY) -> WorkerClient:
        """Take a slot of the least busy worker, to be given back with ``release``.

        Raises:
            BusyError: at once if the queue is full, when another client takes the place in it, or after the
                longest wait.
        """
        if (not self._queue or self._held.has_none(client)) and (worker := self._least_busy(client)):
            self._take(worker, client)
            self._update_metrics()
            return worker
        if len(self._queue) >= self._max_waiting and not self._make_room(client):
            raise _queue_full()
        ticket = _Ticket(client)
        self._queue.append(ticket)
        self._waiting.add(client, 1)
        self._update_metrics()
        try:
            async with asyncio.timeout(self._queue_seconds):
                return await ticket.worker
        except BaseException as error:
            assigned = ticket.worker
            if assigned.done() and not assigned.cancelled() and assigned.exception() is None:
                # A worker was assigned in the same moment as the caller gave up.
                self.release(assigned.result(), client)
            if isinstance(error, TimeoutError):
                raise BusyError("no worker was free in time; ask again in a moment", 2) from error
            raise
        finally:
            self._leave(ticket)
            self._update_metrics()

    def release(self, worker: WorkerClient, client: Client = _NOBODY) -> None:
        """Give back a slot of a worker that has replied or ended."""
        worker.busy -= 1
        self._held.add(client, -1)
        self.assign()

    def assign(self) -> None:
        """Assign free slots to waiting calls."""
        # A slot that is free for some clients only may pass over those that come before.
        for ticket in self._in_turn():
            if ticket.worker.done():
                self._leave(ticket)
        while assigned := next(
            ((t, worker) for t in self._in_turn() if (worker := self._least_busy(t.client))), None
        ):
            ticket, worker = assigned
            self._leave(ticket)
            self._take(worker, ticket.client)
            ticket.worker.set_result(worker)
        self._update_metrics()

    def _in_turn(self) -> list[_Ticket]:
        """The tickets, those of clients with the smallest share of the slots first, older ones first."""
        return sorted(self._queue, key=lambda ticket: self._held.of(ticket.client))

    def _make_room(self, client: Client) -> bool:
        """Refuse the latest call of the client that waits most often, if this one does less often."""
        if not self._queue:
            return False
        # Of equal shares the last one is taken, and of one client its latest ticket.
        last = max(reversed(self._queue), key=lambda ticket: self._waiting.of(ticket.client))
        by_key, own = self._waiting.of(client)
        most_by_key, most = self._waiting.of(last.client)
        fewer = own + 1 < most if client.key == last.client.key else by_key + 1 < most_by_key
        if fewer:
            self._leave(last)
            if not last.worker.done():
                last.worker.set_exception(_queue_full())
        return fewer

    def _leave(self, ticket: _Ticket) -> None:
        with contextlib.suppress(ValueError):
            self._queue.remove(ticket)
            self._waiting.add(ticket.client, -1)

    def _take(self, worker: WorkerClient, client: Client) -> None:
        worker.busy += 1
        self._held.add(client, 1)

    def _least_busy(self, client: Client) -> WorkerClient | None:
        alive = (worker for worker in self.workers if worker.alive)
        worker = min(alive, key=lambda worker: worker.busy, default=None)
        slots = self._slots + (SPARE_SLOTS if self._held.has_none(client) else 0)
        return worker if worker and worker.busy < slots else None

    def _update_metrics(self) -> None:
        self._metrics.queue_length.set(len(self._queue))
        self._metrics.in_flight.set(sum(worker.busy for worker in self.workers))
        self._metrics.workers.set(len(self.workers))


def _queue_full() -> BusyError:
    return BusyError("too many questions are waiting; ask again in a moment")
