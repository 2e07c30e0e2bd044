"""Reports of a build: its progress while it runs, and a summary at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indexer.sources.reader import SourceProblem

#: Called as work proceeds with the current step, how much of it is done, and the total or ``None`` if
#: unknown.
ReportProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """The result of a build.

    Attributes:
        generation: name of the new generation.
        counts: its documents, sentences and passages.
        embedded: texts that were embedded, as no vector of them was cached.
        left_out: files and rows that could not be indexed.
        pruned: names of the old generations that were removed.
    """

    generation: str
    counts: dict[str, int]
    embedded: int
    left_out: list[SourceProblem]
    pruned: list[str]
