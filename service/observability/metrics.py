"""Prometheus metrics, in a registry of one application."""

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
            "Requests by route and status",
            ["path", "status"],
            registry=self.registry,
        )
        self.request_seconds = self._histogram(
            "request_seconds", "Seconds from a request to the end of its reply", ["path"]
        )
        self.stage_seconds = self._histogram(
            "stage_seconds", "Seconds waiting for a worker, encoding, and answering", ["call", "stage"]
        )
        self.batch_texts = Histogram(
            "fundstelle_batch_texts",
            "Texts encoded in one batch with those of a request",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=self.registry,
        )
        self.answers = Counter(
            "fundstelle_answers",
            "Answers by status and language",
            ["status", "language"],
            registry=self.registry,
        )
        self.cache = Counter(
            "fundstelle_cache", "Look-ups in the answer cache by result", ["result"], registry=self.registry
        )
        self.refused = Counter(
            "fundstelle_refused",
            "Requests refused before they were read, by status",
            ["why"],
            registry=self.registry,
        )
        self.connections = self._gauge("connections", "Open connections")
        self.connections_refused = Counter(
            "fundstelle_connections_refused",
            "Connections refused or ended by a limit",
            ["why"],
            registry=self.registry,
        )
        self.queue_length = self._gauge("queue_length", "Requests waiting for a worker")
        self.in_flight = self._gauge("in_flight", "Requests being answered by a worker")
        self.workers = self._gauge("workers", "Workers that are ready")
        self.workers_lost = Counter(
            "fundstelle_workers_lost", "Workers that ended unexpectedly", registry=self.registry
        )
        self.generations = Counter(
            "fundstelle_generations",
            "Generations offered to the workers, by result",
            ["result"],
            registry=self.registry,
        )
        self.index_generation = Gauge(
            "fundstelle_index_generation",
            "1 for the generation served",
            ["generation"],
            registry=self.registry,
        )
        self.index_age = self._gauge("index_age_seconds", "Seconds since the generation served was built")

    def _histogram(self, name: str, text: str, labels: list[str]) -> Histogram:
        return Histogram(f"fundstelle_{name}", text, labels, buckets=_SECONDS, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"fundstelle_{name}", text, registry=self.registry)

    def set_generation(self, name: str) -> None:
        """Record the generation that is served from now on."""
        self.index_generation.clear()
        self.index_generation.labels(name).set(1)
        built = _build_time(name)
        self.index_age.set_function(lambda: time.time() - built)

    def count_reply(self, call: str, facts: Mapping[str, Any]) -> None:
        """Count the stages and batch of a worker's reply (``service.workers.backend.Reply.facts``)."""
        for stage in STAGES:
            if stage in facts:
                self.stage_seconds.labels(call, stage).observe(facts[stage])
        if facts.get("batch"):
            self.batch_texts.observe(facts["batch"])

    def render(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


def _build_time(generation: str) -> float:
    """Seconds since 1970 at which a generation was built, from its name; now if the name has no time."""
    try:
        stamp = datetime.datetime.strptime(generation.split("-")[0], "%Y%m%dT%H%M%S%f")
    except ValueError:
        return time.time()
    return stamp.replace(tzinfo=datetime.UTC).timestamp()
