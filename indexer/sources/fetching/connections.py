"""Connections to allowed addresses only, all of which end at a deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.errors import FetchError

#: Addresses of a name that are tried. Each may take the whole time limit of a connection.
_MAX_ADDRESSES = 4


class Deadline:
    """A time limit after which all connections made under it are shut down.

    A time limit of a socket alone begins anew with each byte, so that one byte a minute lasts for ever.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def remaining(self) -> float:
        """Seconds that are left.

        Raises:
            FetchError: none.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise FetchError(f"takes over {self.seconds:g} seconds")
        return remaining

    def watch(self, connected: socket.socket) -> None:
        """Shut down this connection, too.

        Raises:
            FetchError: the time is over.
        """
        with self._lock:
            # A duplicate: TLS takes the socket's descriptor away from it.
            self._sockets.append(connected.dup())
        self.remaining()

    def close(self) -> None:
        """Shut down all connections."""
        self._timer.cancel()
        self._expire()

    def _expire(self) -> None:
        with self._lock:
            while self._sockets:
                with self._sockets.pop() as connected, contextlib.suppress(OSError):
                    connected.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def page_connections(
    policy: AddressPolicy, seconds: float, timeout: float, headers: Mapping[str, str]
) -> Iterator[tuple[urllib3.PoolManager, Deadline]]:
    """Connections for one page.

    Args:
        seconds: for everything that is done with them.
        timeout: of a connection, and of a read, in seconds.
    """
    deadline = Deadline(seconds)

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, policy, deadline)

    class TlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, policy, deadline)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    pool = urllib3.PoolManager(retries=False, timeout=timeout, headers=headers)
    pool.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
    try:
        yield pool, deadline
    finally:
        deadline.close()
        pool.clear()


def _connected(connection: HTTPConnection, policy: AddressPolicy, deadline: Deadline) -> socket.socket:
    """A socket that is connected to an allowed address of the host.

    The name is resolved once, and the address that was checked is the one connected to.

    Raises:
        FetchError: the host has no allowed address.
    """
    try:
        found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [address for address in addresses if policy.allows(address)]
    if not allowed:
        raise FetchError(f"{connection.host} is at {', '.join(addresses[:3])}, which is not a public address")
    reasons: list[OSError] = []
    for address in allowed[:_MAX_ADDRESSES]:
        deadline.remaining()
        try:
            connected = create_connection(
                (address, connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            reasons.append(error)
            continue
        deadline.watch(connected)
        return connected
    if isinstance(reasons[-1], TimeoutError):
        raise ConnectTimeoutError(connection, str(reasons[-1])) from reasons[-1]
    raise NewConnectionError(connection, str(reasons[-1])) from reasons[-1]
