"""The scheduler: slots of workers, and the queue in front of them."""

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest
from pool_runner import LONG, run

from service.observability.metrics import Metrics
from service.workers.backend import BusyError
from service.workers.client import WorkerClient
from service.workers.scheduler import Scheduler


@dataclass(eq=False)
class Worker:
    busy: int = 0
    alive: bool = True


class Slots:
    """A scheduler over some workers, and its metrics."""

    def __init__(
        self, workers: int = 1, slots: int = 1, queue: int = 64, queue_seconds: float = LONG
    ) -> None:
        self.metrics = Metrics()
        self.scheduler = Scheduler(slots, queue, queue_seconds, self.metrics)
        self.scheduler.workers += [cast(WorkerClient, Worker()) for _ in range(workers)]

    def acquiring(self) -> "asyncio.Task[WorkerClient]":
        return asyncio.create_task(self.scheduler.acquire())

    def metric(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"fundstelle_{name}")


async def started(*tasks: "asyncio.Task[WorkerClient]") -> None:
    """Return when all have come to the queue."""
    for _ in range(3 * len(tasks)):
        await asyncio.sleep(0)


def test_calls_go_to_the_least_busy_worker() -> None:
    async def work() -> None:
        slots = Slots(workers=2, slots=3)
        taken = [await slots.scheduler.acquire() for _ in range(6)]
        pairs = [{id(worker) for worker in taken[start : start + 2]} for start in (0, 2, 4)]
        assert [len(pair) for pair in pairs] == [2, 2, 2]
        assert [worker.busy for worker in slots.scheduler.workers] == [3, 3]

    run(work())


def test_a_worker_that_is_not_alive_gets_no_call() -> None:
    async def work() -> None:
        slots = Slots(workers=2)
        dead, other = cast(list[Worker], slots.scheduler.workers)
        dead.alive = False
        assert await slots.scheduler.acquire() is cast(WorkerClient, other)

    run(work())


def test_if_the_queue_is_full_one_more_call_is_refused_at_once() -> None:
    async def work() -> None:
        slots = Slots(queue=1)
        worker = await slots.scheduler.acquire()
        waiting = slots.acquiring()
        await started(waiting)
        with pytest.raises(BusyError, match="too many questions are waiting") as caught:
            await slots.scheduler.acquire()
        assert caught.value.retry_after == 1
        slots.scheduler.release(worker)
        assert await waiting is worker

    run(work())


def test_a_call_that_has_waited_too_long_is_refused() -> None:
    async def work() -> None:
        slots = Slots(queue_seconds=0.05)
        worker = await slots.scheduler.acquire()
        with pytest.raises(BusyError, match="no worker was free in time") as caught:
            await slots.scheduler.acquire()
        assert caught.value.retry_after == 2
        slots.scheduler.release(worker)
        assert slots.metric("queue_length") == slots.metric("in_flight") == 0
        assert await slots.scheduler.acquire() is worker

    run(work())


def test_calls_are_assigned_in_the_order_they_came() -> None:
    async def work() -> None:
        slots = Slots()
        worker = await slots.scheduler.acquire()
        order: list[int] = []
        calls = [slots.acquiring() for _ in range(5)]
        for number, call in enumerate(calls):
            call.add_done_callback(lambda _, number=number: order.append(number))
        await started(*calls)
        assert slots.metric("queue_length") == 5
        for _ in calls:
            slots.scheduler.release(worker)
            await asyncio.sleep(0.001)
        await asyncio.gather(*calls)
        assert order == [0, 1, 2, 3, 4]

    run(work())


def test_a_new_worker_takes_a_call_that_waits() -> None:
    async def work() -> None:
        slots = Slots(workers=0)
        waiting = slots.acquiring()
        await started(waiting)
        slots.scheduler.workers.append(cast(WorkerClient, Worker()))
        slots.scheduler.assign()
        assert await waiting is slots.scheduler.workers[0]

    run(work())


@pytest.mark.parametrize("first", ["cancelled", "assigned"])
def test_a_call_that_is_cancelled_in_the_moment_it_is_assigned_a_worker_leaks_no_slot(first: str) -> None:
    async def work() -> None:
        slots = Slots()
        worker = await slots.scheduler.acquire()
        cancelled, last = slots.acquiring(), slots.acquiring()
        await started(cancelled, last)
        steps = [cancelled.cancel, lambda: slots.scheduler.release(worker)]
        for step in steps if first == "cancelled" else reversed(steps):
            step()
        assert await last is worker
        assert cancelled.cancelled() and worker.busy == 1

    run(work())
