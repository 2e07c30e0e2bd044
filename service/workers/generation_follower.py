"""Rolling out new generations: offered to the workers one after another, served once one has verified it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import IndexingError
from indexer.index.layout import CURRENT
from indexer.index.live_generation import live_name
from service.observability.metrics import Metrics
from service.workers.backend import WorkerLostError
from service.workers.client import WorkerClient

_log = logging.getLogger(__name__)
#: Workers that end while they open a generation before it is refused: one may end by chance, hardly two.
_MAX_WORKERS_LOST = 2


class GenerationFollower:
    """Keeps all workers on the live generation.

    Args:
        workers: those of the pool; the list changes as they start and end.
    """

    def __init__(self, index: Path, workers: Sequence[WorkerClient], metrics: Metrics) -> None:
        self._poller = IndexPoller(index)
        self._workers = workers
        self._metrics = metrics
        self._workers_lost: Counter[str] = Counter()

    @property
    def served(self) -> str | None:
        """The name of the newest generation that a worker serves."""
        return self._poller.served

    def add(self, worker: WorkerClient, requested: str | None) -> None:
        """Take note of a worker that is ready.

        Args:
            requested: the generation that it was to open; None for the live one.
        """
        # A worker that opened another generation could not open the requested one: it has been removed or is
        # damaged, for all other workers too.
        if self.served is None or (requested is not None and worker.generation != requested):
            self._set_served(worker.generation)

    async def follow(self) -> None:
        """Roll out the live generation if it is new and sound."""
        name = await asyncio.to_thread(self._poller.poll)
        if name:
            await self._offer(name)
        for worker in [worker for worker in self._workers if worker.generation != self.served]:
            # It started before the others went on to the next generation.
            await self._open(worker, self.served or "")

    async def _offer(self, name: str) -> None:
        """Have the workers open a generation one after another; stop if the first refuses it."""
        for worker in list(self._workers):
            if worker.generation == name:
                self._set_served(name)
                continue
            reason = await self._open(worker, name)
            if reason and self.served != name:
                self._poller.refuse(name)
                self._metrics.generations.labels("refused").inc()
                _log.error("generation refused", extra={"generation": name, "why": reason})
                return

    async def _open(self, worker: WorkerClient, name: str) -> str:
        """Have one worker open a generation; return why it is to be refused, or an empty text."""
        try:
            reason = await worker.open(name)
        except WorkerLostError:
            self._workers_lost[name] += 1
            return "workers end while they open it" if self._workers_lost[name] >= _MAX_WORKERS_LOST else ""
        if not reason:
            self._set_served(name)
        elif self.served == name:
            # It cannot open what the others serve: a new worker starts from the disk.
            _log.error("worker cannot follow, ended", extra={"pid": worker.pid, "why": reason})
            worker.kill()
        return reason

    def _set_served(self, name: str) -> None:
        if self.served != name:
            self._poller.served = name
            self._workers_lost.clear()
            self._metrics.generations.labels("served").inc()
            self._metrics.set_generation(name)
            _log.info("generation served", extra={"generation": name})


class IndexPoller:
    """Detects that another generation is live.

    Attributes:
        served: the generation in use, which is not reported again.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        self._last_poll: tuple[str, int] | None = None
        self._refused: tuple[str, int] | None = None
        #: Logged once, not at every poll.
        self._fault: str | None = None
        self.served: str | None = None

    def poll(self) -> str | None:
        """The live generation if it is to be opened; ``None`` also if the index cannot be read."""
        try:
            # The time is read first: a switch in between is detected by the next poll.
            changed = (self._index / CURRENT).stat().st_mtime_ns
            name = live_name(self._index)
        except (IndexingError, OSError) as error:
            if self._fault != str(error):
                self._fault = str(error)
                _log.warning("index cannot be followed", extra={"why": self._fault})
            return None
        self._fault = None
        self._last_poll = name, changed
        return None if name == self.served or self._refused == self._last_poll else name

    def refuse(self, name: str) -> None:
        """Do not report the generation again until it is made live once more after the last poll."""
        if self._last_poll and self._last_poll[0] == name:
            self._refused = self._last_poll
