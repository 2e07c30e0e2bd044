"""The HTTP/1.1 connection: uvicorn's protocol with problem replies to malformed requests and a time limit."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.problems import problem


class Protocol(H11Protocol):
    """Replies to malformed requests with a problem, as to every error, and closes silent connections.

    Attributes:
        seconds: time for the head of a request; between requests uvicorn's limit applies.
        linger_seconds, linger_bytes: limits for the rest of a refused request, which is read and discarded.
            If the connection were closed at once, the client's system would drop the reply unread.
    """

    seconds = 15.0
    linger_seconds = 2.0
    linger_bytes = 64_000_000
    _head_timeout: asyncio.TimerHandle | None = None
    _lingering = False
    _discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._connection = transport
        super().connection_made(_LingeringTransport(transport, self))  # type: ignore[arg-type]
        self._start_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            self._discarded += len(data)
            if self._discarded > self.linger_bytes:
                self._connection.close()
            return
        super().data_received(data)
        if self._idle:
            self._start_timeout()
        else:
            self._cancel_timeout()

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # The reply has begun already, before the whole body had arrived.
            self.linger()
            return
        # h11 reads no head of more than 64 KiB, and hints at the status for that.
        status = getattr(sys.exception(), "error_status_hint", 400)
        detail = "the head of the request is too large" if status == 431 else "not a valid HTTP request"
        response = problem("", status, detail, headers={"Connection": "close"})
        for event in (
            h11.Response(status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self._connection.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            # A handler is waiting for the rest of the malformed body.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.linger()

    def shutdown(self) -> None:
        if self._lingering:
            self._connection.close()
        else:
            super().shutdown()

    def hang_up(self) -> None:
        """Close the connection; if the client is still sending, only after it could read the reply."""
        if self.conn.their_state is h11.SEND_BODY:
            self.linger()
        else:
            self._connection.close()

    def linger(self) -> None:
        """Send nothing more, discard what arrives, and close after some seconds."""
        if self._lingering:
            return
        self._lingering = True
        self._cancel_timeout()
        if self._connection.is_closing():
            return
        if self._connection.can_write_eof():
            self._connection.write_eof()
        self._connection.resume_reading()
        self.loop.call_later(self.linger_seconds, self._connection.close)

    @property
    def lingering(self) -> bool:
        return self._lingering

    @property
    def _idle(self) -> bool:
        """True if no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _start_timeout(self) -> None:
        if self._head_timeout is None:
            self._head_timeout = self.loop.call_later(self.seconds, self._close_if_idle)

    def _cancel_timeout(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()
            self._head_timeout = None

    def _close_if_idle(self) -> None:
        self._head_timeout = None
        if self._idle:
            self._connection.close()


class _LingeringTransport:
    """The transport that uvicorn sees: closing it lets the protocol decide how."""

    def __init__(self, transport: asyncio.Transport, protocol: Protocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._protocol.hang_up()

    def is_closing(self) -> bool:
        return self._protocol.lingering or self._transport.is_closing()
