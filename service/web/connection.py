"""HTTP on one connection: uvicorn's, with problems for what is no HTTP, and an end to silent connections."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.problems import problem

#: How long, in seconds, and how much, in bytes, of what still comes of a refused request is read and thrown
#: away. Closing at once would make the client's system drop the reply unread.
_LINGER, _LINGER_BYTES = 2.0, 64_000_000


class Protocol(H11Protocol):
    """Replies to what is no HTTP with a problem, as to every error, and closes connections that are silent.

    ``seconds``: how long a client may take to send the head of a request it has begun; between requests
    uvicorn's own limit holds.
    """

    seconds = 15.0
    _patience: asyncio.TimerHandle | None = None
    _lingering = False
    _thrown_away = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._connection = transport
        super().connection_made(_Closing(transport, self))  # type: ignore[arg-type]
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            self._thrown_away += len(data)
            if self._thrown_away > _LINGER_BYTES:
                self._connection.close()
            return
        super().data_received(data)
        if self._idle:
            self._watch()
        else:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # The reply is on its way already; it was given before the body had come.
            self.linger()
            return
        # h11 reads no head of more than 64 KiB, and says so by a status of its own.
        status = getattr(sys.exception(), "error_status_hint", 400)
        detail = "the head of the request is too large" if status == 431 else "this is no HTTP request"
        response = problem("", status, detail, headers={"Connection": "close"})
        for event in (
            h11.Response(status_code=status, headers=response.raw_headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self._connection.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            # A handler is waiting for the rest of a body that is none.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.linger()

    def shutdown(self) -> None:
        if self._lingering:
            self._connection.close()
        else:
            super().shutdown()

    def hang_up(self) -> None:
        """Close, but where the client is still sending only when it has had time to read the reply."""
        if self.conn.their_state is h11.SEND_BODY:
            self.linger()
        else:
            self._connection.close()

    def linger(self) -> None:
        """Send no more, throw away what comes, and close a little later."""
        if self._lingering:
            return
        self._lingering = True
        self._rest()
        if self._connection.is_closing():
            return
        if self._connection.can_write_eof():
            self._connection.write_eof()
        self._connection.resume_reading()
        self.loop.call_later(_LINGER, self._connection.close)

    @property
    def lingering(self) -> bool:
        return self._lingering

    @property
    def _idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.seconds, self._give_up)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self._idle:
            self._connection.close()


class _Closing:
    """The transport as uvicorn is to see it: it asks for an end, and the protocol decides how."""

    def __init__(self, transport: asyncio.Transport, protocol: Protocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        self._protocol.hang_up()

    def is_closing(self) -> bool:
        return self._protocol.lingering or self._transport.is_closing()
