"""Bodies that are too large, or too slow in coming, are refused before anything reads them."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.problems import problem


class BodyLimitMiddleware:
    """Refuses bodies over a size, by their declared length or as soon as more has come in; and slow ones."""

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Request(scope).headers.get("content-length", "")
        body: bytes | None = None
        if not (declared.isdigit() and int(declared) > self._limit):
            try:
                async with asyncio.timeout(self._seconds):
                    body = await self._read(receive)
            except TimeoutError:
                await self._refuse(
                    408, f"the body did not come within {self._seconds:g} seconds", scope, send
                )
                return
            except ConnectionError:
                return
        if body is None:
            await self._refuse(413, f"the body is over {self._limit} bytes", scope, send)
            return
        whole, replayed = body, False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": whole, "more_body": False}

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body, ``None`` when it is over the limit.

        Raises:
            ConnectionError: the client has gone.
        """
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

    @staticmethod
    async def _refuse(status: int, detail: str, scope: Scope, send: Send) -> None:
        # Closed, since the rest of the body would be taken for the next request.
        response = problem(scope["path"], status, detail, headers={"Connection": "close"})
        await response(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
