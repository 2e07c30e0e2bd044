"""Errors that nobody expected, inside of what dresses replies: theirs have the headers of all others."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.problems import failed

_log = logging.getLogger(__name__)


class ErrorMiddleware:
    """Replies with a problem where a handler fails, as long as no reply has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            _log.exception("request failed", extra={"path": scope["path"]})
            await failed(scope["path"])(scope, receive, send)
