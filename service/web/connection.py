"""The HTTP/1.1 connection: uvicorn's protocol with problem replies to malformed requests, and with limits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.connection_limits import ConnectionLimits
from service.web.problems import problem

#: Bytes of a head. The longest question takes 24 kB in a URL, percent-encoded.
MAX_HEAD_BYTES = 32_768
#: Fields of a head. Browsers and proxies send 10 to 30; libraries take more than linear time to read them.
MAX_HEADER_FIELDS = 100
#: Status and detail of the replies to connections that a limit refuses.
_REFUSALS = {
    "address": (429, "too many connections from this address; ask again in a moment"),
    "total": (503, "too many connections; ask again in a moment"),
}


class Protocol(H11Protocol):
    """Replies to malformed requests with a problem, as to every error, and closes silent connections.

    Attributes:
        limits: of all connections of the server.
        seconds: time for the head of a request; between requests uvicorn's limit applies.
        send_seconds: time in which a client must read what was sent to it.
        linger_seconds, linger_bytes: limits for the rest of a refused request, which is read and discarded.
            If the connection were closed at once, the client's system would drop the reply unread.
    """

    limits: ClassVar[ConnectionLimits]
    seconds = 15.0
    send_seconds = 30.0
    linger_seconds = 2.0
    linger_bytes = 64_000_000
    _head_timeout: asyncio.TimerHandle | None = None
    _send_timeout: asyncio.TimerHandle | None = None
    _lingering = False
    _discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._connection = transport
        self.conn = _StrictConnection(h11.SERVER, MAX_HEAD_BYTES)
        super().connection_made(_LingeringTransport(transport, self))  # type: ignore[arg-type]
        # Anything that is not sent at once counts as waiting for the client.
        transport.set_write_buffer_limits(high=0)
        refusal = self.limits.admit(self, self.client[0] if self.client else "")
        if refusal is None:
            self._start_timeout()
            self._note_waiting()
            return
        self._send_problem(*_REFUSALS[refusal], {"Retry-After": "1"})
        if self.limits.may_linger:
            self.linger()
        else:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        self._cancel_send_timeout()
        self.limits.release(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._send_timeout is None:
            self._send_timeout = self.loop.call_later(self.send_seconds, self.limits.cut, self, "slow")
        self._note_waiting()
        self.limits.set_unsent(self, True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_send_timeout()
        self.limits.set_unsent(self, False)
        self._note_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note_waiting()

    def abort(self) -> None:
        """End the connection without sending what waits to be sent."""
        self._connection.abort()

    @property
    def unsent_bytes(self) -> int:
        return self._connection.get_write_buffer_size()

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
        self._note_waiting()

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # The reply has begun already, before the whole body had arrived.
            self.linger()
            return
        # h11 hints at the status if the head is too large.
        error = sys.exception()
        status = getattr(error, "error_status_hint", 400)
        detail = "the head of the request is too large" if status == 431 else "not a valid HTTP request"
        self._send_problem(status, str(error) if isinstance(error, _RefusedHeadError) else detail)
        if self.cycle is not None and not self.cycle.response_complete:
            # A handler is waiting for the rest of the malformed body.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.linger()

    def _send_problem(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        response = problem("", status, detail, headers={"Connection": "close", **(headers or {})})
        for event in (
            h11.Response(status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self._connection.write(self.conn.send(event) or b"")

    def shutdown(self) -> None:
        if self._lingering:
            self._connection.close()
        else:
            super().shutdown()

    def close_gracefully(self) -> None:
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

    def _note_waiting(self) -> None:
        """Tell the limits if this connection waits for its client: to send something, or to read it."""
        self.limits.set_waiting(self, self._idle or self.cycle.more_body or self.flow.write_paused)

    def _start_timeout(self) -> None:
        if self._head_timeout is None:
            self._head_timeout = self.loop.call_later(self.seconds, self._close_if_idle)

    def _cancel_timeout(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()
            self._head_timeout = None

    def _cancel_send_timeout(self) -> None:
        if self._send_timeout is not None:
            self._send_timeout.cancel()
            self._send_timeout = None

    def _close_if_idle(self) -> None:
        self._head_timeout = None
        if self._idle:
            self._connection.close()


class _LingeringTransport:
    """The transport that uvicorn sees: it is closed by the protocol, which may linger."""

    def __init__(self, transport: asyncio.Transport, protocol: Protocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._protocol.close_gracefully()

    def is_closing(self) -> bool:
        return self._protocol.lingering or self._transport.is_closing()


class _RefusedHeadError(h11.RemoteProtocolError):
    """A head that the service does not accept, for a reason that its client is told."""


class _StrictConnection(h11.Connection):
    """Refuses heads whose body has no clear end, which is how requests are smuggled past a proxy (RFC 9112,
    section 6.1), and heads with very many fields."""

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            _check_head(event)
        return event


def _check_head(request: h11.Request) -> None:
    """Check the fields of a head.

    Raises:
        _RefusedHeadError: the head is refused.
    """
    if len(request.headers) > MAX_HEADER_FIELDS:
        detail = f"the head has {len(request.headers)} fields, at most {MAX_HEADER_FIELDS} are read"
        raise _RefusedHeadError(detail, 431)
    # h11 counts only what arrives in several parts.
    size = len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)
    if size > MAX_HEAD_BYTES:
        raise _RefusedHeadError("the head of the request is too large", 431)
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version < b"1.1"):
        detail = "Transfer-Encoding beside Content-Length, or in a request of HTTP/1.0"
        raise _RefusedHeadError(detail, 400)
