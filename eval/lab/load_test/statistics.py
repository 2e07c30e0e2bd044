"""Statistics of requests and of memory under load."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.lab.load_test.locust_driver import RequestRecord


def milliseconds(records: Sequence[RequestRecord], percent: float) -> float:
    """A percentile of the milliseconds of successful requests; NaN if there are none."""
    answered = [record.seconds for record in records if record.status == 200]
    return float(np.percentile(answered, percent)) * 1000 if answered else float("nan")


def failed(records: Sequence[RequestRecord]) -> list[RequestRecord]:
    """The requests that were not answered with status 200."""
    return [record for record in records if record.status != 200]


def by_status(records: Sequence[RequestRecord]) -> str:
    """The number of replies by status, ``none`` for requests without a reply."""
    names = ["none" if record.status is None else str(record.status) for record in records]
    return ", ".join(f"{name}: {names.count(name)}" for name in sorted(set(names)))


def growth(samples: Sequence[tuple[float, float]]) -> float:
    """The ratio of the mean of the last third of some samples to the mean of the first third."""
    values = [value for _, value in samples]
    third = max(1, len(values) // 3)
    return float(np.mean(values[-third:]) / np.mean(values[:third])) if values else float("nan")


def latencies(records: Sequence[RequestRecord]) -> str:
    """Median, p95 and p99 of the latency as text."""
    return " / ".join(f"{milliseconds(records, percent):.0f}" for percent in (50, 95, 99)) + " ms"
