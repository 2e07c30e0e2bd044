"""Authentication and rate limits: both come before anything of a request is read.

::

    limit of the address ──► key ──► scope, origin ──► limit of the key ──► the request
    429                      401     403               429

The reply is the same for an unknown, a revoked, and an expired key.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth.api_key import Key, KeyScope
from service.auth.key_ring import KeyRefusedError, KeyRing, allows, allows_origin, request_origin
from service.auth.rate_limits import Budget, RateLimits, rate_limit_headers, tightest
from service.observability.metrics import Metrics
from service.web.problems import problem

_log = logging.getLogger(__name__)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Fundstelle"'}
#: Paths for widget keys too. What they may read of documents is decided by ``WidgetAccess``.
_WIDGET_PATHS = frozenset({"/v1/ask", "/v1/search", "/v1/context", "/v1/suggestions", "/v1/facets"})
_DOCUMENT = "/v1/documents/"


class _Refusal(Exception):
    """A request that is refused: status, detail, and header fields of the reply."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


class AuthenticationMiddleware:
    """Lets requests to guarded paths through only within the rate limits and with a valid key.

    Without a key ring, the limit of the address alone applies.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing | None, limits: RateLimits, metrics: Metrics) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        required = _accepted_scopes(scope["path"]) if scope["type"] == "http" else None
        if required is None:
            await self._app(scope, receive, send)
            return
        try:
            budget = self._admit(scope, required)
        except _Refusal as refusal:
            self._metrics.refused.labels(str(refusal.status)).inc()
            response = problem(scope["path"], refusal.status, refusal.detail, headers=refusal.headers)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, _with_rate_headers(budget, send))

    def _admit(self, scope: Scope, required: Sequence[KeyScope]) -> Budget | None:
        """Charge and check a request; return the tightest budget.

        Raises:
            _Refusal: the request exceeds a limit, or its key is missing, invalid, or not allowed here.
        """
        client = scope.get("client")
        address = client[0] if client else ""
        budget = _within_limit(self._limits.charge_address(address))
        if self._keys is None:
            return budget
        headers = Headers(scope=scope)
        key = self._identify(self._keys, headers, address)
        scope.setdefault("state", {})["key"] = key
        if not allows(key, required):
            raise _Refusal(403, f"this key does not have the scope {required[0]!r}")
        if not allows_origin(key, request_origin(headers)):
            raise _Refusal(403, "this key may not be used from this page")
        return _within_limit(tightest(budget, self._limits.charge_key(key, address)))

    @staticmethod
    def _identify(keys: KeyRing, headers: Headers, address: str) -> Key:
        try:
            return keys.identify(_key_text(headers))
        except KeyRefusedError as error:
            # The log has the reason that the reply does not give.
            key_id = error.key.id if error.key else None
            _log.warning("key refused", extra={"why": error.reason, "key": key_id, "client": address})
            raise _Refusal(401, "a valid key is needed", _CHALLENGE) from error


def _accepted_scopes(path: str) -> tuple[KeyScope, ...] | None:
    """The scopes of which a key must have one for a path; ``None`` if the path needs no key."""
    if path == "/metrics":
        return ("admin",)
    if path in _WIDGET_PATHS or path.startswith(_DOCUMENT):
        return ("ask", "widget")
    return ("ask",) if path.startswith("/v1/") else None


def _key_text(headers: Headers) -> str:
    """The key in ``Authorization: Bearer …`` or ``X-API-Key``; empty if there is neither."""
    kind, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "").strip()


def _within_limit(budget: Budget | None) -> Budget | None:
    """The budget, unless it is used up.

    Raises:
        _Refusal: it is.
    """
    if budget and budget.limited:
        headers = rate_limit_headers(budget)
        raise _Refusal(429, f"too many requests; ask again in {headers['Retry-After']} s", headers)
    return budget


def _with_rate_headers(budget: Budget | None, send: Send) -> Send:
    """A ``send`` that adds the header fields of a budget to the response."""
    if budget is None:
        return send
    headers = rate_limit_headers(budget)

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers
