"""The request log: each request is counted, timed, and logged.

It is the outermost middleware but for the request id, so it also replies if everything inside has failed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observability.metrics import Metrics
from service.web.problems import internal_error

_log = logging.getLogger("service.access")
#: Characters of a path in the log; the longest address of a document may be longer.
MAX_PATH = 500
#: Status of a request beyond its budget.
TOO_MANY = 429
_PROBES = ("/healthz", "/readyz", "/metrics")


class RequestLogMiddleware:
    """Counts requests and their seconds by route rather than by path, so that the series stay few.

    The log has the path but not the query, which may be a question.
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

        async def tracking_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, tracking_send)
        except Exception:
            _log.exception("request failed", extra={"path": scope["path"][:MAX_PATH]})
            if not status:
                await internal_error(scope["path"])(scope, receive, tracking_send)
        finally:
            seconds = time.perf_counter() - began
            route = self._route(scope)
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.request_seconds.labels(route).observe(seconds)
            _log_request(scope, status, seconds)

    def _route(self, scope: Scope) -> str:
        """The declared path of the route, also if the request was refused before it was routed."""
        route = scope.get("route")
        if route is None:
            matching = (route for route in self._routes if route.matches(scope)[0] is not Match.NONE)
            route = next(matching, None)
        return getattr(route, "path", "other")


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    key = scope.get("state", {}).get("key")
    client = scope.get("client")
    fields = {
        "method": scope["method"],
        "path": scope["path"][:MAX_PATH],
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "client": client[0] if client else None,
        "key": key.id if key else None,
    }
    if status == TOO_MANY:
        # A warning, since floods of warnings are thinned out. The metrics count all of them.
        _log.warning("request", extra=fields)
        return
    # Probes come every few seconds and are of no interest while they succeed.
    quiet = scope["path"] in _PROBES and status == 200
    _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra=fields)
