"""What is measured against what must hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.lab.load_test.locust_driver import Record


def milliseconds(records: Sequence[Record], percent: float) -> float:
    """A percentile of the latencies of replies that are answers."""
    answered = [record.seconds for record in records if record.status == 200]
    return float(np.percentile(answered, percent)) * 1000 if answered else float("nan")


def failed(records: Sequence[Record]) -> list[Record]:
    """Requests without an answer."""
    return [record for record in records if record.status != 200]


def by_status(records: Sequence[Record]) -> str:
    """How many replies there were of each status, ``none`` for requests without one."""
    names = ["none" if record.status is None else str(record.status) for record in records]
    return ", ".join(f"{name}: {names.count(name)}" for name in sorted(set(names)))


def growth(samples: Sequence[tuple[float, float]]) -> float:
    """Mean of the last third of some samples against that of the first, as a ratio."""
    values = [value for _, value in samples]
    third = max(1, len(values) // 3)
    return float(np.mean(values[-third:]) / np.mean(values[:third])) if values else float("nan")


def latencies(records: Sequence[Record]) -> str:
    """Median, p95 and p99 in milliseconds."""
    return " / ".join(f"{milliseconds(records, percent):.0f}" for percent in (50, 95, 99)) + " ms"
