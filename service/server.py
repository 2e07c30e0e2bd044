"""uvicorn with an orderly end: first /readyz says no, then no more connections, then running requests end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import time
from http import HTTPStatus
from types import FrameType

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from indexer.errors import FundstelleError
from service.problems import problem
from service.settings import Settings

_log = logging.getLogger(__name__)
#: Seconds for which what still comes of a refused request is read and thrown away. Closing at once would
#: make the client's system drop the reply unread.
_LINGER = 2.0


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises:
        ListenError: the address or port cannot be had.
        FundstelleError: the application could not start, and why.
    """
    # Taken before the models load, so that a port that is taken is told at once; nobody is let in yet.
    listening = _bound(settings.host, settings.port)
    state = app.state
    protocol = type("Protocol", (_Protocol,), {"seconds": settings.receive_seconds})
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )
    # uvicorn would tell a failed start by a traceback; it is told by whoever called, in one line.
    logging.getLogger("uvicorn.error").addFilter(lambda _: state.failure is None)
    try:
        Server(config, app, settings.drain_seconds).run([listening])
    except SystemExit as error:
        raise state.failure or error from None


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # Of a name with addresses of both kinds, the one that every client reaches.
        family, kind, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        # The protocol has to be named: by it asyncio knows to send replies without delay.
        listening = socket.socket(family, kind, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return listening


class ListenError(FundstelleError):
    """The address or port to listen on cannot be had."""


class Server(uvicorn.Server):
    """Stops in two steps on SIGTERM, and at once on Ctrl-C or a second signal."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self._application = app
        self._drain_seconds = drain_seconds
        self._closing_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or []:
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


class _Protocol(H11Protocol):
    """Replies to what is no HTTP with a problem, as to every error, and closes connections that are silent.

    ``seconds``: how long a client may take to send the head of its first request; later ones are under
    uvicorn's own limit between requests.
    """

    seconds = 15.0
    _patience: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(self.seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience:
            self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        # h11 reads no head of more than 64 KiB, and says so by a status of its own.
        status = getattr(sys.exception(), "error_status_hint", 400)
        detail = "the head of the request is too large" if status == 431 else "this is no HTTP request"
        response = problem("", status, detail, headers={"Connection": "close"})
        self._refused = True
        for event in (
            h11.Response(status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)

    def _give_up(self) -> None:
        if self.cycle is None:
            self.transport.close()
