"""Generations as they go live: offered to the workers one after another, served once one has verified it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import IndexingError
from indexer.index.folder import CURRENT, live_name
from service.observability.metrics import Metrics
from service.workers.backend import WorkerLostError
from service.workers.client import WorkerClient

_log = logging.getLogger(__name__)
#: A worker may end by chance while it opens a generation, but hardly twice.
_FATAL = 2


class GenerationFollower:
    """What is served, and how it becomes another generation. ``workers``: those of the pool, as they come."""

    def __init__(self, index: Path, workers: Sequence[WorkerClient], metrics: Metrics) -> None:
        self._watch = IndexPoller(index)
        self._workers = workers
        self._metrics = metrics
        self._ended: Counter[str] = Counter()

    @property
    def served(self) -> str | None:
        """Name of the newest generation that a worker serves."""
        return self._watch.served

    def joined(self, worker: WorkerClient, wanted: str | None) -> None:
        """A worker is ready that was to open ``wanted``, or whatever is live."""
        # One that opened another could not open that: it is gone or damaged, and will be for all others.
        if self.served is None or (wanted is not None and worker.generation != wanted):
            self._adopt(worker.generation)

    async def follow(self) -> None:
        """Serve what has become the live generation, if it is another and sound."""
        name = await asyncio.to_thread(self._watch.news)
        if name:
            await self._offer(name)
        for worker in [w for w in self._workers if w.generation != self.served]:
            # Started before the others went on to the next generation.
            await self._open(worker, self.served or "")

    async def _offer(self, name: str) -> None:
        """Let the workers open a generation, one after the other; what the first refuses is not served."""
        for worker in list(self._workers):
            if worker.generation == name:
                self._adopt(name)
                continue
            why = await self._open(worker, name)
            if why and self.served != name:
                self._watch.refuse(name)
                self._metrics.opened.labels("refused").inc()
                _log.error("generation refused", extra={"generation": name, "why": why})
                return

    async def _open(self, worker: WorkerClient, name: str) -> str:
        """Let one worker open a generation; why it is to be refused, or an empty text."""
        try:
            why = await worker.open(name)
        except WorkerLostError:
            self._ended[name] += 1
            return "workers that open it end" if self._ended[name] >= _FATAL else ""
        if not why:
            self._adopt(name)
        elif self.served == name:
            # What serves the others it cannot open: a new one starts from what is on the disk.
            _log.error("worker cannot follow, ended", extra={"pid": worker.pid, "why": why})
            worker.kill()
        return why

    def _adopt(self, name: str) -> None:
        if self.served != name:
            self._watch.served = name
            self._ended.clear()
            self._metrics.opened.labels("served").inc()
            self._metrics.served(name)
            _log.info("generation served", extra={"generation": name})


class IndexPoller:
    """Remembers what is served and what was refused; that is news again once it is made live again."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._seen: tuple[str, int] | None = None
        self._refused: tuple[str, int] | None = None
        self.served: str | None = None

    def news(self) -> str | None:
        """Name of the live generation if it is to be opened; ``None`` also where the index cannot be read."""
        try:
            # The time first: what is made live meanwhile is news the next time.
            changed = (self._index / CURRENT).stat().st_mtime_ns
            name = live_name(self._index)
        except (IndexingError, OSError):
            return None
        self._seen = name, changed
        return None if name == self.served or self._refused == self._seen else name

    def refuse(self, name: str) -> None:
        """Not to be served until somebody makes it live once more: after it was last told as news."""
        if self._seen and self._seen[0] == name:
            self._refused = self._seen
