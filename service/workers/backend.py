"""What the HTTP front asks of whatever answers: one call, one reply. Beside it the kinds of failing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from indexer.errors import FundstelleError


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the engine: its name in ``service.workers.handlers``, and its arguments as JSON values."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call: HTTP status, JSON as bytes, and what is worth counting.

    ``facts``: ``generation``, seconds by stage (``encode``, ``answer``, and from the front ``queue``),
    ``batch`` (texts encoded at once), for answers ``status`` and ``language``. A reply that is no 200 has
    no body but a ``detail``, fit to be shown.
    """

    status: int
    body: bytes
    facts: Mapping[str, Any]
    detail: str = ""


class Backend(Protocol):
    """Engines behind the front."""

    async def start(self) -> None:
        """Return when the first engine is ready.

        Raises:
            FundstelleError: none can be, and why.
        """

    async def stop(self) -> None: ...

    async def call(self, call: Call) -> Reply:
        """Have a call answered.

        Raises:
            BusyError: at once, where too many wait; or after the longest wait.
        """

    @property
    def ready(self) -> bool: ...
    @property
    def generation(self) -> str | None:
        """The newest generation that an engine serves."""


class BusyError(FundstelleError):
    """Too much is asked at the moment; ``retry_after``: whole seconds after which to ask again."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class WorkerLostError(FundstelleError):
    """The process that was answering ended before it had."""
