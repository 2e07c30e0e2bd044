"""TODO docstring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indexer.sources.reader import SourceProblem

#: Told what is being done, how much of it is done by now, and the whole, as far as known.
ReportProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build did: the new generation, its counts, what was embedded anew, what was left out."""

    generation: str
    counts: dict[str, int]
    embedded: int
    left_out: list[SourceProblem]
    pruned: list[str]
