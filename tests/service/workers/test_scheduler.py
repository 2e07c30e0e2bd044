"""The scheduler: slots of workers, and the queue in front of them."""

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest
from pool_runner import LONG, run

from service.observability.metrics import Metrics
from service.workers.backend import BusyError, Client
from service.workers.client import WorkerClient
from service.workers.scheduler import Scheduler

ONE, OTHER, THIRD = (Client(address=address) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"))
WITH_KEY = [Client("page", f"10.0.0.{number}") for number in range(10)]
OTHER_KEY = Client("intranet", "10.0.0.1")


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

    def acquiring(self, client: Client = ONE) -> "asyncio.Task[WorkerClient]":
        return asyncio.create_task(self.scheduler.acquire(client))

    def metric(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"fundstelle_{name}")


async def started(*tasks: "asyncio.Task[WorkerClient]") -> None:
    """Return when all have come to the queue."""
    for _ in range(3 * len(tasks)):
        await asyncio.sleep(0)


def test_calls_go_to_the_least_busy_worker() -> None:
    async def work() -> None:
        slots = Slots(workers=2, slots=3)
        taken = [await slots.scheduler.acquire(ONE) for _ in range(6)]
        pairs = [{id(worker) for worker in taken[start : start + 2]} for start in (0, 2, 4)]
        assert [len(pair) for pair in pairs] == [2, 2, 2]
        assert [worker.busy for worker in slots.scheduler.workers] == [3, 3]

    run(work())


def test_a_worker_that_is_not_alive_gets_no_call() -> None:
    async def work() -> None:
        slots = Slots(workers=2)
        dead, other = cast(list[Worker], slots.scheduler.workers)
        dead.alive = False
        assert await slots.scheduler.acquire(ONE) is cast(WorkerClient, other)

    run(work())


def test_if_the_queue_is_full_one_more_call_is_refused_at_once() -> None:
    async def work() -> None:
        slots = Slots(queue=1)
        worker = await slots.scheduler.acquire(ONE)
        waiting = slots.acquiring()
        await started(waiting)
        with pytest.raises(BusyError, match="too many questions are waiting") as caught:
            await slots.scheduler.acquire(ONE)
        assert caught.value.retry_after == 1
        slots.scheduler.release(worker, ONE)
        assert await waiting is worker

    run(work())


def test_a_call_that_has_waited_too_long_is_refused() -> None:
    async def work() -> None:
        slots = Slots(queue_seconds=0.05)
        worker = await slots.scheduler.acquire(ONE)
        with pytest.raises(BusyError, match="no worker was free in time") as caught:
            await slots.scheduler.acquire(ONE)
        assert caught.value.retry_after == 2
        slots.scheduler.release(worker, ONE)
        assert slots.metric("queue_length") == slots.metric("in_flight") == 0
        assert await slots.scheduler.acquire(ONE) is worker

    run(work())


def test_calls_are_assigned_in_the_order_they_came() -> None:
    async def work() -> None:
        slots = Slots()
        worker = await slots.scheduler.acquire(ONE)
        order: list[int] = []
        calls = [slots.acquiring() for _ in range(5)]
        for number, call in enumerate(calls):
            call.add_done_callback(lambda _, number=number: order.append(number))
        await started(*calls)
        assert slots.metric("queue_length") == 5
        for _ in calls:
            slots.scheduler.release(worker, ONE)
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
        worker = await slots.scheduler.acquire(ONE)
        cancelled, last = slots.acquiring(), slots.acquiring()
        await started(cancelled, last)
        steps = [cancelled.cancel, lambda: slots.scheduler.release(worker, ONE)]
        for step in steps if first == "cancelled" else reversed(steps):
            step()
        assert await last is worker
        assert cancelled.cancelled() and worker.busy == 1

    run(work())


@pytest.mark.parametrize(
    ("greedy", "other"),
    [
        ([ONE] * 5, OTHER),
        (WITH_KEY[:5], OTHER_KEY),
        ([WITH_KEY[0]] * 5, Client("intranet", WITH_KEY[0].address)),
    ],
)
def test_whoever_takes_all_slots_leaves_one_for_another(greedy: list[Client], other: Client) -> None:
    async def work() -> None:
        slots = Slots(slots=5)
        for client in greedy:
            await slots.scheduler.acquire(client)
        more = slots.acquiring(greedy[-1])
        await started(more)
        assert not more.done()
        worker = await slots.scheduler.acquire(other)
        # The one in the spare slot is no way in for those that wait.
        slots.scheduler.release(worker, other)
        await started(more)
        assert not more.done() and worker.busy == 5
        more.cancel()

    run(work())


def test_the_call_of_a_client_with_fewer_slots_is_next() -> None:
    async def work() -> None:
        slots = Slots(slots=2)
        worker = await slots.scheduler.acquire(ONE)
        for client in (ONE, THIRD):
            await slots.scheduler.acquire(client)
        first, second, last = slots.acquiring(ONE), slots.acquiring(ONE), slots.acquiring(OTHER)
        await started(first, second, last)
        slots.scheduler.release(worker, THIRD)
        assert await last is worker and not first.done()
        for client in (OTHER, ONE):
            slots.scheduler.release(worker, client)
        assert await first is worker and not second.done()
        second.cancel()

    run(work())


def test_many_addresses_with_one_key_have_the_share_of_one_key() -> None:
    async def work() -> None:
        slots = Slots(slots=4)
        for client in (*WITH_KEY[:3], OTHER_KEY):
            worker = await slots.scheduler.acquire(client)
        waiting = [slots.acquiring(client) for client in WITH_KEY[3:]]
        late = slots.acquiring(OTHER_KEY)
        await started(*waiting, late)
        slots.scheduler.release(worker, WITH_KEY[0])
        assert await late is worker
        assert not any(call.done() for call in waiting)
        for call in waiting:
            call.cancel()

    run(work())


def test_in_a_full_queue_the_greediest_client_gives_up_its_latest_place() -> None:
    async def work() -> None:
        slots = Slots(queue=3)
        worker = await slots.scheduler.acquire(ONE)
        await slots.scheduler.acquire(THIRD)
        waiting = [slots.acquiring(ONE) for _ in range(3)]
        await started(*waiting)
        other = slots.acquiring(OTHER)
        await started(*waiting, other)
        assert [call.done() for call in waiting] == [False, False, True]
        with pytest.raises(BusyError, match="too many questions are waiting"):
            await waiting[2]
        # Two and one: nobody else has to go.
        with pytest.raises(BusyError, match="too many questions are waiting"):
            await slots.scheduler.acquire(OTHER)
        slots.scheduler.release(worker, THIRD)
        assert await other is worker
        for call in waiting:
            call.cancel()

    run(work())


def test_places_of_calls_that_were_refused_are_free_again() -> None:
    async def work() -> None:
        slots = Slots(queue=2, queue_seconds=0.05)
        worker = await slots.scheduler.acquire(ONE)
        for _ in range(3):
            waiting = [slots.acquiring(ONE) for _ in range(2)]
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(result, BusyError) for result in results)
        assert slots.metric("queue_length") == 0
        slots.scheduler.release(worker, ONE)
        assert worker.busy == 0

    run(work())
