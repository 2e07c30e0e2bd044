"""Rolling out generations to workers, and detecting that another one is live."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from pool_runner import run

from indexer.index.live_generation import set_live
from service.observability.metrics import Metrics
from service.workers.backend import WorkerLostError
from service.workers.client import WorkerClient
from service.workers.generation_follower import GenerationFollower, IndexPoller


class Worker:
    """Opens every generation but those in ``refused``, by reason; ``loses`` as many times it ends instead."""

    def __init__(self, pid: int = 1, generation: str = "old") -> None:
        self.pid = pid
        self.generation = generation
        self.refused: dict[str, str] = {}
        self.loses = 0
        self.offered: list[str] = []
        self.killed = False
        self.on_open: Callable[[], None] = lambda: None

    async def open(self, name: str) -> str:
        self.offered.append(name)
        self.on_open()
        if self.loses:
            self.loses -= 1
            raise WorkerLostError("the worker ended before it had replied")
        if name not in self.refused:
            self.generation = name
        return self.refused.get(name, "")

    def kill(self) -> None:
        self.killed = True


class Rollout:
    """A follower of an index and its workers, which all serve ``old``."""

    def __init__(self, index: Path, *workers: Worker) -> None:
        self.metrics = Metrics()
        self.workers = list(workers)
        self.follower = GenerationFollower(index, cast(list[WorkerClient], self.workers), self.metrics)
        for worker in workers:
            self.follower.add(cast(WorkerClient, worker), None)

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"fundstelle_{name}", labels) or 0.0


def follow(rollout: Rollout, times: int = 1) -> None:
    async def work() -> None:
        for _ in range(times):
            await rollout.follower.follow()

    run(work())


# Rolling out.


def test_a_new_live_generation_is_opened_by_all_workers_and_served(index: Path) -> None:
    rollout = Rollout(index, Worker(), Worker(), Worker())
    set_live(index, "new")
    follow(rollout)
    assert {worker.generation for worker in rollout.workers} == {"new"}
    assert rollout.follower.served == "new"
    assert rollout.metric("index_generation", generation="new") == 1
    assert rollout.metric("generations_total", result="served") == 2


def test_a_refused_generation_is_not_offered_again_until_it_is_made_live_again(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Worker(), Worker()
    rollout = Rollout(index, first, second)
    first.refused["new"] = "generation damaged, not served: new/documents.sqlite"
    set_live(index, "new")
    follow(rollout, 5)
    [record] = [record for record in caplog.records if record.message == "generation refused"]
    assert (record.generation, record.why) == ("new", first.refused["new"])  # type: ignore[attr-defined]
    assert (first.offered, second.offered, rollout.follower.served) == (["new"], [], "old")
    assert rollout.metric("generations_total", result="refused") == 1

    first.refused.clear()
    follow(rollout, 5)
    assert rollout.follower.served == "old"
    set_live(index, "new")
    follow(rollout)
    assert (rollout.follower.served, second.generation) == ("new", "new")


def test_a_generation_made_live_again_while_it_is_refused_is_opened_again(index: Path) -> None:
    worker = Worker()
    rollout = Rollout(index, worker)
    worker.refused["new"] = "damaged"

    def repaired_meanwhile() -> None:
        worker.on_open = worker.refused.clear
        set_live(index, "new")

    worker.on_open = repaired_meanwhile
    set_live(index, "new")
    follow(rollout)
    assert rollout.follower.served == "old"
    follow(rollout)
    assert rollout.follower.served == "new"


def test_going_back_to_the_former_generation_is_a_rollout_too(index: Path) -> None:
    worker = Worker()
    rollout = Rollout(index, worker)
    for name in ("new", "old"):
        set_live(index, name)
        follow(rollout)
        assert (rollout.follower.served, worker.generation) == (name, name)


@pytest.mark.parametrize("content", [b"", b"nowhere\n", b"\xff\n", None])
def test_an_index_that_cannot_be_read_leaves_the_generation_served(
    index: Path, content: bytes | None
) -> None:
    worker = Worker()
    rollout = Rollout(index, worker)
    if content is None:
        (index / "CURRENT").unlink()
    else:
        (index / "CURRENT").write_bytes(content)
    follow(rollout, 3)
    assert (rollout.follower.served, worker.offered) == ("old", [])
    set_live(index, "new")
    follow(rollout)
    assert rollout.follower.served == "new"


def test_a_worker_that_cannot_follow_the_others_is_killed(
    index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Worker(1), Worker(2)
    rollout = Rollout(index, first, second)
    second.refused["new"] = "too many open files"
    set_live(index, "new")
    follow(rollout)
    assert (first.killed, second.killed, rollout.follower.served) == (False, True, "new")
    assert ("worker cannot follow, ended", logging.ERROR) in [
        (record.message, record.levelno) for record in caplog.records
    ]


def test_a_worker_that_started_before_the_others_went_on_is_brought_up_to_date(index: Path) -> None:
    rollout = Rollout(index, Worker())
    set_live(index, "new")
    follow(rollout)
    late = Worker()
    rollout.workers.append(late)
    rollout.follower.add(cast(WorkerClient, late), "old")
    follow(rollout)
    assert late.generation == "new"


def test_a_worker_that_could_not_open_the_requested_generation_changes_the_served_one(index: Path) -> None:
    rollout = Rollout(index, Worker())
    rollout.follower.add(cast(WorkerClient, Worker(generation="new")), "old")
    assert rollout.follower.served == "new"


def test_a_generation_whose_opening_ends_workers_is_refused_after_the_second(index: Path) -> None:
    first, second = Worker(), Worker()
    rollout = Rollout(index, first, second)
    first.loses = second.loses = 1
    set_live(index, "new")
    follow(rollout)
    assert rollout.metric("generations_total", result="refused") == 1
    assert (first.offered, second.offered, rollout.follower.served) == (["new"], ["new"], "old")


def test_a_worker_may_end_once_while_it_opens_a_generation(index: Path) -> None:
    worker = Worker()
    rollout = Rollout(index, worker)
    worker.loses = 1
    set_live(index, "new")
    follow(rollout, 2)
    assert rollout.follower.served == "new"


# Polling.


def test_the_poller_reports_the_live_generation_until_it_is_served(index: Path) -> None:
    poller = IndexPoller(index)
    assert [poller.poll(), poller.poll()] == ["old", "old"]
    poller.served = "old"
    assert poller.poll() is None


def test_a_generation_that_was_not_polled_last_cannot_be_refused(index: Path) -> None:
    poller = IndexPoller(index)
    poller.poll()
    poller.refuse("new")
    set_live(index, "new")
    assert poller.poll() == "new"


def test_a_broken_current_is_logged_once(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    poller = IndexPoller(index)
    (index / "CURRENT").write_text("gone\n")
    assert [poller.poll(), poller.poll()] == [None, None]
    [record] = [record for record in caplog.records if record.message == "index cannot be followed"]
    assert "names the generation 'gone'" in record.__dict__["why"]
    set_live(index, "new")
    assert poller.poll() == "new"
