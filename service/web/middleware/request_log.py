"""Every request is counted, timed and logged, and none ends without a reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observability.metrics import Metrics
from service.web.problems import failed

_log = logging.getLogger("service.access")


class RequestLogMiddleware:
    """Counts requests and their seconds by route, not by address, so that the series stay few.

    The log names the path but not the query, which may be a question.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Sequence[BaseRoute] = ()) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        began = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("request failed", extra={"path": scope["path"]})
            if not status:
                await failed(scope["path"])(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - began
            route = self._route(scope)
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            self._tell(scope, status, seconds)

    def _route(self, scope: Scope) -> str:
        """The path of the route as it is declared, also where a request was refused before it came there."""
        found = scope.get("route")
        if found is None:
            fitting = (route for route in self._routes if route.matches(scope)[0] is not Match.NONE)
            found = next(fitting, None)
        return getattr(found, "path", "other")

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        key = scope.get("state", {}).get("key")
        client = scope.get("client")
        facts = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "client": client[0] if client else None,
            "key": key.id if key else None,
        }
        # Probes come every few seconds and tell nothing while all is well.
        quiet = scope["path"] in ("/healthz", "/readyz", "/metrics") and status == 200
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra=facts)
