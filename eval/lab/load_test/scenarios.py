"""Load scenarios, each on a service of its own over a copy of the index, with their bounds."""

from __future__ import annotations

import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.beir import BeirSet
from eval.lab.checks import Check
from eval.lab.load_test import generation_swaps
from eval.lab.load_test.locust_driver import LoadResult, LocustDriver
from eval.lab.load_test.query_stream import QueryStream
from eval.lab.load_test.statistics import by_status, failed, growth, latencies, milliseconds
from eval.lab.service_process import ServiceProcess, running_service
from indexer.embedding.embedder import Embedder
from indexer.index.live_generation import set_live
from service.reranking.loading import OFF, OWN

UNLIMITED = {"FUNDSTELLE_ADDRESS_RATE": "0"}


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The parameters of all scenarios: set, index, folder for files, sizes."""

    dataset: BeirSet
    index: Path
    folder: Path
    workers: int
    clients: int
    seconds: float
    burst: int
    embedder: Callable[[], Embedder]
    reader: str = OWN

    @property
    def shorter(self) -> float:
        """Seconds of a load with one client."""
        return max(3.0, self.seconds / 3)

    def service(
        self, settings: Mapping[str, str], index: Path | None = None, workers: int | None = None
    ) -> AbstractContextManager[ServiceProcess]:
        """A service over this or another index, with these settings and the cross-encoder of the plan."""
        is_name = self.reader in (OWN, OFF) or not Path(self.reader).exists()
        # The service has another working directory.
        reader = self.reader if is_name else str(Path(self.reader).resolve())
        environment = {"FUNDSTELLE_READER": reader, **settings}
        return running_service(index or self.index, self.folder, environment, workers or self.workers)

    def copy_of_index(self) -> Path:
        """A copy of the index that may be changed."""
        copy = self.folder / f"index-{time.monotonic_ns()}"
        return Path(shutil.copytree(self.index, copy))


def throughput(plan: LoadPlan) -> list[Check]:
    """One client, many, one again; memory under many."""
    with plan.service(UNLIMITED) as service:
        driver = LocustDriver(service.url, QueryStream(plan.dataset.queries), plan.folder)
        warm = driver.warm_up(plan.clients, 4 * plan.seconds)
        single = [driver.load(1, plan.shorter)]
        with service.memory_samples() as memory:
            many = driver.load(plan.clients, plan.seconds)
        single.append(driver.load(1, plan.shorter))
        hits = service.metric("fundstelle_cache_total", result="hit")
    alone = statistics.mean(_rate(load) for load in single)
    median = statistics.mean(milliseconds(load.records, 50) for load in single)
    errors = [record for load in (*single, many) for record in failed(load.records)]
    held = growth(memory)
    worst = milliseconds(many.records, 99)
    return [
        Check("warm-up: questions of the set", str(len(warm.records))),
        *(
            Check(f"one client, {when}", f"{_rate(load):.1f}/s, {latencies(load.records)}")
            for load, when in zip(single, ("before", "after"), strict=True)
        ),
        Check(
            f"{plan.clients} clients",
            f"{_rate(many):.1f}/s, {latencies(many.records)}, {len(many.records)} requests",
        ),
        Check("failed requests", str(len(errors)), "0", not errors),
        Check(
            "throughput against one client", f"{_rate(many) / alone:.2f} ×", "≥ 3 ×", _rate(many) >= 3 * alone
        ),
        Check("p99 against the median of one", f"{worst / median:.1f} ×", "≤ 12 ×", worst <= 12 * median),
        Check(
            "memory, last third against first",
            f"{held:.3f} × of {memory[0][1] / 1e9:.2f} GB",
            "within 5 %",
            abs(held - 1) <= 0.05,
        ),
        Check("answers from the cache", f"{hits:.0f}", "0", hits == 0),
        Check("CPU cores of the clients", f"{many.client_cores:.2f}"),
    ]


def burst(plan: LoadPlan) -> list[Check]:
    """Very many clients at once, with the default limits and without limits."""
    checks = []
    for name, settings in (("default limits", {}), ("no limits", UNLIMITED)):
        with plan.service(settings) as service:
            driver = LocustDriver(service.url, QueryStream(plan.dataset.queries), plan.folder)
            driver.load(4, 5, most_per_second=500)
            before = driver.load(1, plan.shorter)
            crowd = driver.burst(plan.burst, 20)
            after = driver.load(1, plan.shorter)
        records = crowd.records
        slowest = max(record.seconds for record in records)
        expected = len(records) == plan.burst and {r.status for r in records} <= {200, 429, 503}
        has_retry_after = all("retry-after" in r.headers for r in records if r.status in (429, 503))
        ratio = milliseconds(after.records, 50) / milliseconds(before.records, 50)
        checks += [
            Check(f"{plan.burst} at once, {name}", by_status(records), "200, 429, 503", expected),
            Check("slowest reply", f"{slowest:.2f} s", "≤ 5 s", slowest <= 5),
            Check("refusals with Retry-After", "yes" if has_retry_after else "no", "yes", has_retry_after),
            Check("median of one client, after against before", f"{ratio:.2f} ×", "≤ 1.2 ×", ratio <= 1.2),
        ]
    return checks


def new_generations(plan: LoadPlan) -> list[Check]:
    """Ten generations go live and two damaged ones are offered under load."""
    index = plan.copy_of_index()
    intact = generation_swaps.prepare(plan.dataset.corpus, index, plan.embedder(), 10)
    damaged = generation_swaps.damage(index)
    offers = [*intact[:4], damaged[0], *intact[4:7], damaged[1], *intact[7:]]
    with plan.service(UNLIMITED, index) as service:
        first = service.metric("fundstelle_generations_total", result="served")
        driver = LocustDriver(service.url, QueryStream(plan.dataset.queries), plan.folder)
        clients = driver.start(plan.clients, max(plan.seconds, 5.0 * len(offers) + 10))
        for name in offers:
            time.sleep(4)
            set_live(index, name)
            _wait_for_outcome(service, name, damaged)
        load = clients.result()
        served = service.metric("fundstelle_generations_total", result="served") - first
        refused = service.metric("fundstelle_generations_total", result="refused")
    replies = [record.reply for record in load.records if record.reply and record.status == 200]
    answering = Counter(str(reply["index"]["generation"]) for reply in replies)
    checked, wrong = generation_swaps.citation_faults(replies, index)
    faults = generation_swaps.index_faults(index, answering)
    return [
        Check("requests", f"{len(load.records)}, {latencies(load.records)}"),
        Check("failed requests", str(len(failed(load.records))), "0", not failed(load.records)),
        Check("generations that went live", f"{served:.0f}", "10", served == 10),
        Check("damaged ones refused", f"{refused:.0f}", "2", refused == 2),
        Check(
            "generations that answered",
            str(len(answering)),
            "none damaged",
            not set(answering) & set(damaged),
        ),
        Check(
            "citations checked against their generation",
            f"{checked}, {len(wrong)} wrong",
            "0 wrong",
            not wrong,
        ),
        Check("faults that verify finds in them", str(len(faults)), "0", not faults),
    ]


def killed_workers(plan: LoadPlan) -> list[Check]:
    """A worker is killed under load, twice."""
    with plan.service(UNLIMITED) as service:
        driver = LocustDriver(service.url, QueryStream(plan.dataset.queries), plan.folder)
        driver.load(4, 5, most_per_second=500)
        clients = driver.start(plan.clients, max(plan.seconds, 45))
        recovery = []
        for _ in range(2):
            time.sleep(5)
            before = {process.pid for process in service.workers()}
            service.workers()[0].kill()
            began = time.monotonic()
            while service.metric("fundstelle_workers") >= plan.workers and time.monotonic() - began < 5:
                time.sleep(0.02)
            service.wait_for_workers(plan.workers, 60)
            recovery.append(time.monotonic() - began)
            assert {process.pid for process in service.workers()} != before
        load = clients.result()
    lost, slowest = failed(load.records), max(record.seconds for record in load.records)
    return [
        Check("requests", f"{len(load.records)}, {latencies(load.records)}"),
        Check("failed requests", f"{len(lost)} ({by_status(lost) or 'none'})", "0", not lost),
        Check("slowest request", f"{slowest:.2f} s"),
        Check(
            "seconds until all workers answer again",
            " and ".join(f"{s:.1f}" for s in recovery),
            "≤ 15",
            max(recovery) <= 15,
        ),
    ]


SCENARIOS: Mapping[str, Callable[[LoadPlan], list[Check]]] = {
    "throughput": throughput,
    "burst": burst,
    "generations": new_generations,
    "kill": killed_workers,
}


def _rate(load: LoadResult) -> float:
    """Answers per second."""
    return sum(record.status == 200 for record in load.records) / load.seconds


def _wait_for_outcome(service: ServiceProcess, name: str, damaged: list[str]) -> None:
    """Wait until an offered generation is served or, if damaged, refused; at most 30 seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        if service.metric("fundstelle_index_generation", generation=name) == 1:
            return
        if name in damaged and service.metric(
            "fundstelle_generations_total", result="refused"
        ) > damaged.index(name):
            return
        time.sleep(0.2)
