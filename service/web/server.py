"""The HTTP server: uvicorn with a graceful shutdown.

After SIGTERM, /readyz reports not ready first; then no more connections are accepted; then running requests
end.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from indexer.errors import FundstelleError
from service.settings import Settings
from service.web.connection import Protocol
from service.web.connection_limits import (
    ACCEPTED_AT_ONCE,
    ConnectionLimits,
    ConnectionPolicy,
    connections_within_descriptors,
)

_log = logging.getLogger(__name__)
#: Connections that wait in the kernel until they are accepted; uvicorn's default.
_BACKLOG = 2048


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises:
        ListenError: the address or port cannot be bound.
        FundstelleError: the application cannot start.
    """
    # Bound before the models load, so that a port in use is reported at once; nothing is accepted yet.
    listening = bind(settings.host, settings.port)
    state = app.state
    # uvicorn would log a failed start with a traceback; the caller reports it in one line.
    logging.getLogger("uvicorn.error").addFilter(lambda _: state.failure is None)
    try:
        create_server(app, settings).run([listening])
    except SystemExit as error:
        if state.stopping:
            _log.info("stopped by a signal before it was ready")
            return
        raise state.failure or error from None
    finally:
        listening.close()


def create_server(app: FastAPI, settings: Settings) -> Server:
    """The server of an application, to be run on a socket from ``bind``."""
    limits = ConnectionLimits(_connection_policy(settings), app.state.dispatcher.metrics)
    attributes = {
        "limits": limits,
        "seconds": settings.receive_seconds,
        "send_seconds": settings.send_seconds,
    }
    protocol = type("Protocol", (Protocol,), attributes)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=ACCEPTED_AT_ONCE,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )
    return Server(config, app, settings.drain_seconds)


def _connection_policy(settings: Settings) -> ConnectionPolicy:
    trusted = settings.trusted_proxies.split(",") if settings.trusted_proxies else []
    return ConnectionPolicy(
        total=connections_within_descriptors(settings.connections, settings.workers),
        per_address=settings.address_connections,
        trusted=tuple(map(ipaddress.ip_network, trusted)),
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet.

    Raises:
        ListenError: the address or port cannot be bound.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # Of a name with addresses of both families, the one that every client reaches.
        family, kind, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        # The protocol has to be named: asyncio disables Nagle's algorithm only for TCP sockets.
        with contextlib.ExitStack() as undo:
            listening = undo.enter_context(socket.socket(family, kind, socket.IPPROTO_TCP))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            undo.pop_all()
    except OSError as error:
        raise ListenError.of(host, port, error) from error
    return listening


class ListenError(FundstelleError):
    """The address or port to listen on cannot be bound."""

    @classmethod
    def of(cls, host: str, port: int, error: OSError) -> ListenError:
        return cls(f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}")


class Server(uvicorn.Server):
    """Stops in two steps on SIGTERM, and at once on Ctrl-C or a second signal."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self._application = app
        self._drain_seconds = drain_seconds
        self._closing_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:
            # Another program has bound the same port and listened first.
            await self.lifespan.shutdown()
            raise ListenError.of(self.config.host, self.config.port, error) from error
        for listening in sockets or []:
            # The event loop uses one number for two things: connections that it accepts at once, which take
            # descriptors before they are counted, and those that wait in the kernel, which take none.
            listening.listen(_BACKLOG)
            host, port = listening.getsockname()[:2]
            _log.info("serving on http://%s:%d", f"[{host}]" if ":" in host else host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._application.state.stopping = True
        if sig != signal.SIGTERM or self._closing_at is not None or not self.started:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._closing_at = time.monotonic() + self._drain_seconds

    async def on_tick(self, counter: int) -> bool:
        if self._closing_at is not None and time.monotonic() >= self._closing_at:
            self.should_exit = True
        return await super().on_tick(counter)
