"""What Prometheus is told, in a registry of one application."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
STAGES = ("queue", "encode", "answer")


class Metrics:
    """Counters, gauges and histograms; names begin with ``fundstelle_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fundstelle_requests",
            "Requests by address and status",
            ["path", "status"],
            registry=self.registry,
        )
        self.seconds = self._histogram(
            "request_seconds", "Seconds from a request to the end of its reply", ["path"]
        )
        self.stages = self._histogram(
            "stage_seconds", "Seconds waiting for a worker, encoding, and answering", ["call", "stage"]
        )
        self.batch = Histogram(
            "fundstelle_batch_texts",
            "Texts encoded together with those of a request",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=self.registry,
        )
        self.answers = Counter(
            "fundstelle_answers",
            "Answers by status (answered, or why not) and language",
            ["status", "language"],
            registry=self.registry,
        )
        self.cache = Counter(
            "fundstelle_cache", "Looked up in the cache of answers", ["result"], registry=self.registry
        )
        self.refused = Counter(
            "fundstelle_refused",
            "Requests refused before they were read, by why",
            ["why"],
            registry=self.registry,
        )
        self.waiting = self._gauge("queue_length", "Requests waiting for a worker")
        self.in_flight = self._gauge("in_flight", "Requests with a worker")
        self.workers = self._gauge("workers", "Workers that answer")
        self.lost = Counter("fundstelle_workers_lost", "Workers that ended unasked", registry=self.registry)
        self.opened = Counter(
            "fundstelle_generations", "Generations offered, by result", ["result"], registry=self.registry
        )
        self.generation = Gauge(
            "fundstelle_index_generation",
            "1 for the generation served",
            ["generation"],
            registry=self.registry,
        )
        self.age = self._gauge("index_age_seconds", "Seconds since the generation served was built")

    def _histogram(self, name: str, text: str, labels: list[str]) -> Histogram:
        return Histogram(f"fundstelle_{name}", text, labels, buckets=_SECONDS, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"fundstelle_{name}", text, registry=self.registry)

    def served(self, generation: str) -> None:
        """Another generation is served from now on."""
        self.generation.clear()
        self.generation.labels(generation).set(1)
        built = _built(generation)
        self.age.set_function(lambda: time.time() - built)

    def replied(self, call: str, facts: Mapping[str, Any]) -> None:
        """Count what a worker's reply says of itself."""
        for stage in STAGES:
            if stage in facts:
                self.stages.labels(call, stage).observe(facts[stage])
        if facts.get("batch"):
            self.batch.observe(facts["batch"])

    def exposed(self) -> bytes:
        """All of it in the text format of Prometheus."""
        return generate_latest(self.registry)


def _built(generation: str) -> float:
    """When a generation was built, as its name says; now for a name that does not."""
    try:
        stamp = datetime.datetime.strptime(generation.split("-")[0], "%Y%m%dT%H%M%S%f")
    except ValueError:
        return time.time()
    return stamp.replace(tzinfo=datetime.UTC).timestamp()
