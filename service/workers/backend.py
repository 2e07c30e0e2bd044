"""The interface between the HTTP front and the engines: calls, replies, and errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from indexer.errors import FundstelleError


class Client(NamedTuple):
    """The client of a call: the id of its key, empty without keys, and its group of addresses."""

    key: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the engine.

    Attributes:
        name: of the handler in ``service.workers.handlers``.
        arguments: validated request as JSON values.
        client: whose share of the workers it takes.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    client: Client = field(default=Client(), compare=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a call.

    Attributes:
        status: HTTP status.
        body: JSON; empty unless the status is 200.
        facts: for metrics and logs: ``generation``, seconds by stage (``encode``, ``answer``, and from the
            front ``queue``), ``batch`` (texts encoded in one batch), for answers ``status``, ``language``
            and ``documents``, the ids of those that they lead to.
        detail: reason for the client if the status is not 200.
    """

    status: int
    body: bytes
    facts: Mapping[str, Any]
    detail: str = ""


class Backend(Protocol):
    """The engines behind the HTTP front."""

    async def start(self) -> None:
        """Return when the first engine is ready.

        Raises:
            FundstelleError: no engine can be started.
        """

    async def stop(self) -> None: ...

    async def call(self, call: Call) -> Reply:
        """Have a call answered.

        Raises:
            BusyError: at once if too many calls wait, or after the longest wait.
        """

    @property
    def ready(self) -> bool: ...
    @property
    def generation(self) -> str | None:
        """The newest generation that an engine serves."""


class BusyError(FundstelleError):
    """The service is overloaded; ``retry_after``: whole seconds after which to try again."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class WorkerLostError(FundstelleError):
    """A worker process ended before it had replied."""
