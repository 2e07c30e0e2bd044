"""Replies to unexpected errors.

It runs inside the middleware that adds response headers, so that error replies have the same headers.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.problems import internal_error

_log = logging.getLogger(__name__)


class ErrorMiddleware:
    """Replies with a problem if the application raises before it has begun a reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def tracking_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, tracking_send)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            _log.exception("request failed", extra={"path": scope["path"]})
            await internal_error(scope["path"])(scope, receive, send)
