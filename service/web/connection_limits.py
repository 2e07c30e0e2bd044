"""Limits on open connections: their number, in all and by address, and the bytes that wait to be sent."""

from __future__ import annotations

import ipaddress
import logging
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.auth.rate_limits import address_group
from service.observability.metrics import Metrics

_log = logging.getLogger(__name__)
#: Connections that the event loop accepts at once, before any of them is counted.
ACCEPTED_AT_ONCE = 128
#: File descriptors of the front besides its connections: files, workers, connections that are being accepted
#: or refused.
OTHER_DESCRIPTORS = 512
DESCRIPTORS_PER_WORKER = 8


class LimitedConnection(Protocol):
    """The part of a connection that the limits use."""

    @property
    def unsent_bytes(self) -> int: ...
    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectionPolicy:
    """Limits of connections.

    Attributes:
        total: most open connections.
        per_address: most of one client address; IPv6 counts by its first 64 bits.
        trusted: networks of proxies, which connect for many clients: only ``total`` applies to them.
        unsent_bytes: most bytes of replies that wait until clients read them, over all connections.
        refusals: refused connections that stay open for a moment, so that the client can read the reply.
    """

    total: int
    per_address: int
    trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()
    # By hand: a tenth of the memory that docs/operating.md plans for the front and an opening generation.
    unsent_bytes: int = 48_000_000
    # By hand: few against ``total``.
    refusals: int = 64


class ConnectionLimits:
    """Counts open connections; refuses new ones, or ends old ones that wait for their client.

    If all places are taken, the connection that has waited longest for its client makes room: one with half a
    request, between two requests, or with a reply that nobody reads. A client that sends its request at once
    is therefore served, however many connections others hold open.
    """

    def __init__(self, policy: ConnectionPolicy, metrics: Metrics) -> None:
        self._policy = policy
        self._metrics = metrics
        self._open: dict[LimitedConnection, str] = {}
        self._by_address: Counter[str] = Counter()
        # Both in the order in which they were added.
        self._waiting: dict[LimitedConnection, None] = {}
        self._unsent: dict[LimitedConnection, None] = {}
        self._refused: set[LimitedConnection] = set()

    def admit(self, connection: LimitedConnection, address: str) -> str | None:
        """Count a new connection; or the limit that refuses it, ``address`` or ``total``."""
        group = "" if self._is_trusted(address) else address_group(address)
        if group and self._by_address[group] >= self._policy.per_address:
            return self._refuse(connection, "address", address)
        if len(self._open) >= self._policy.total and not self._make_room():
            return self._refuse(connection, "total", address)
        self._open[connection] = group
        self._by_address[group] += 1
        self._metrics.connections.set(len(self._open))
        return None

    def release(self, connection: LimitedConnection) -> None:
        """Forget a connection that has ended; may be called twice."""
        self._refused.discard(connection)
        self._waiting.pop(connection, None)
        self._unsent.pop(connection, None)
        group = self._open.pop(connection, None)
        if group is not None:
            self._by_address[group] -= 1
            if not self._by_address[group]:
                del self._by_address[group]
            self._metrics.connections.set(len(self._open))

    def set_waiting(self, connection: LimitedConnection, waiting: bool) -> None:
        """Note that a connection waits for its client, or no longer does. Proxies are never cut for that."""
        if not waiting:
            self._waiting.pop(connection, None)
        elif self._open.get(connection):
            self._waiting.setdefault(connection)

    def set_unsent(self, connection: LimitedConnection, unsent: bool) -> None:
        """Note that a reply waits to be sent, or no longer does; too many end the oldest ones."""
        if not unsent:
            self._unsent.pop(connection, None)
            return
        self._unsent.setdefault(connection)
        while len(self._unsent) > 1 and self._total_unsent() > self._policy.unsent_bytes:
            self.cut(next(iter(self._unsent)), "unsent")

    def cut(self, connection: LimitedConnection, why: str) -> None:
        """End a connection at once: ``waiting`` for its place, ``slow`` or ``unsent`` for its reply."""
        self.release(connection)
        self._count(why, None)
        connection.abort()

    @property
    def may_linger(self) -> bool:
        """True if few refused connections are open, so that one more may stay for a moment."""
        return len(self._refused) <= self._policy.refusals

    def _make_room(self) -> bool:
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        self.cut(oldest, "waiting")
        return True

    def _refuse(self, connection: LimitedConnection, why: str, address: str) -> str:
        self._refused.add(connection)
        self._count(why, address)
        return why

    def _count(self, why: str, address: str | None) -> None:
        self._metrics.connections_refused.labels(why).inc()
        _log.warning("connection refused or ended", extra={"why": why, "client": address})

    def _total_unsent(self) -> int:
        return sum(connection.unsent_bytes for connection in self._unsent)

    def _is_trusted(self, address: str) -> bool:
        if not self._policy.trusted:
            return False
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._policy.trusted)


def connections_within_descriptors(wanted: int, workers: int) -> int:
    """The number of connections that file descriptors suffice for, at most ``wanted``.

    The soft limit of the process is raised as far as its hard limit allows.
    """
    others = OTHER_DESCRIPTORS + DESCRIPTORS_PER_WORKER * workers
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + others
    if hard == resource.RLIM_INFINITY:
        hard = max(needed, soft)
    if soft < needed:
        soft = min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    # By hand: a quarter of few descriptors, since the others do not need all of their share at once.
    possible = max(1, soft // 4, soft - others)
    if possible < wanted:
        _log.warning("at most %d connections, not %d: the limit of open files is %d", possible, wanted, soft)
    return min(possible, wanted)
