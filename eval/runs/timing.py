"""Milliseconds of each step for each question, and their summary."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

#: Step → question id → milliseconds. Steps: ``search`` with its parts ``encode`` and ``rank`` (query
#: understanding and ranking) if they can be measured, and ``ask``.
Timings = dict[str, dict[str, float]]
STEPS = ("encode", "rank", "search", "ask")
#: Questions before the clock runs: the first ones pay for caches and thread pools.
WARM_UP = 5


class Stopwatch:
    """Collects the milliseconds of each step for each question in ``timings``."""

    def __init__(self) -> None:
        self.timings: Timings = {}

    @contextlib.contextmanager
    def timing(self, step: str, query_id: str) -> Iterator[None]:
        """Note the time of the block."""
        began = time.perf_counter()
        yield
        self.note(step, query_id, (time.perf_counter() - began) * 1000)

    def note(self, step: str, query_id: str, milliseconds: float) -> None:
        self.timings.setdefault(step, {})[query_id] = round(milliseconds, 3)

    def note_parts(self, query_id: str, encoding: float | None) -> None:
        """Split the last search into encoding and the rest, unless ``encoding`` is ``None``."""
        if encoding is not None:
            self.note("encode", query_id, encoding)
            self.note("rank", query_id, max(0.0, self.timings["search"][query_id] - encoding))


def summary(timings: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Median, p95 and maximum of each step in milliseconds, and costs of search and ask beyond their parts.

    ``ratios`` are of medians; ``beyond_encoding`` is the p95 of search minus the median and the p95 of
    encoding, in milliseconds. Both depend on which steps were timed.
    """
    steps = {
        step: {
            "median": _percentile(values, 50),
            "p95": _percentile(values, 95),
            "max": _percentile(values, 100),
            "count": len(values),
        }
        for step, values in ordered(timings).items()
    }
    pairs = [(a, b) for a, b in (("search", "encode"), ("ask", "search")) if a in steps and b in steps]
    ratios = {
        f"{a} / {b}": round(steps[a]["median"] / steps[b]["median"], 3)
        for a, b in pairs
        if steps[b]["median"] > 0
    }
    beyond = {}
    if ("search", "encode") in pairs:
        beyond = {
            f"search p95 - encode {name}": round(steps["search"]["p95"] - steps["encode"][name], 3)
            for name in ("median", "p95")
        }
    return {"steps": steps, "ratios": ratios, "beyond_encoding": beyond}


def ordered(timings: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    """The steps that were timed, in the order of ``STEPS``, unknown ones last."""
    names = sorted((s for s in timings if timings[s]), key=lambda s: STEPS.index(s) if s in STEPS else 99)
    return {name: timings[name] for name in names}


def _percentile(values: Mapping[str, float], share: float) -> float:
    return round(float(np.percentile(list(values.values()), share)), 3)
