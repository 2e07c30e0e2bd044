"""Limits on the size of request bodies, on the time they take to arrive, and on the fields of a query."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.problems import problem

#: Fields of a query. No address reads more than three; each unknown one costs a message.
MAX_QUERY_FIELDS = 20


class BodyLimitMiddleware:
    """Reads each body before the application does, and refuses those that are too large or too slow.

    Queries of too many fields are refused as well.

    Args:
        limit: bytes; checked against the declared length, then against what has arrived.
        seconds: longest time that a body may take.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fields = scope["query_string"].count(b"&") + 1
        if fields > MAX_QUERY_FIELDS:
            detail = f"the query has {fields} fields, at most {MAX_QUERY_FIELDS} are read"
            await _refuse(422, detail, scope, send)
            return
        try:
            body = await self._body(scope, receive)
        except TimeoutError:
            await _refuse(408, f"the body did not come within {self._seconds:g} seconds", scope, send)
            return
        except ConnectionError:
            return
        if body is None:
            await _refuse(413, f"the body is over {self._limit} bytes", scope, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body; ``None`` if it is over the limit.

        Raises:
            TimeoutError: it took too long.
            ConnectionError: the client has disconnected.
        """
        declared = Request(scope).headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit:
            return None
        async with asyncio.timeout(self._seconds):
            return await self._read(receive)

    async def _read(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionError
            body += message.get("body", b"")
            if len(body) > self._limit:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body first, then what comes after it."""
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(status: int, detail: str, scope: Scope, send: Send) -> None:
    # The connection is closed, since the rest of the body would be taken for the next request.
    response = problem(scope["path"], status, detail, headers={"Connection": "close"})
    await response(scope, _disconnected, send)


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}
