"""Who may ask, and how much: the key and the limits, before anything of a request is read.

::

    address known ──► limit of the address ──► key ──► scope, origin ──► limit of the key ──► the request
                      429                      401     403               429

A reply never tells whether a key was unknown, revoked or expired: one wording for all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth.api_key import Key
from service.auth.api_key import Scope as KeyScope
from service.auth.key_ring import KeyRefusedError, KeyRing, allows, allows_origin, origin_of
from service.auth.rate_limits import Budget, RateLimits, headers, tightest
from service.observability.metrics import Metrics
from service.web.problems import problem

_log = logging.getLogger(__name__)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Fundstelle"'}


class AuthenticationMiddleware:
    """Lets requests through to what is guarded only within the limits and, where there are keys, with one."""

    def __init__(self, app: ASGIApp, keys: KeyRing | None, limits: RateLimits, metrics: Metrics) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = _scope_of(scope["path"]) if scope["type"] == "http" else None
        if wanted is None:
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        address = client[0] if client else ""
        budget = self._limits.charge_address(address)
        if budget and budget.limited:
            await self._too_many(budget, scope, receive, send)
            return
        if self._keys is not None:
            try:
                key = self._keys.identify(_key_text(Headers(scope=scope)))
            except KeyRefusedError as refused:
                # The log tells what the reply does not.
                known = refused.key.id if refused.key else None
                _log.warning("key refused", extra={"why": refused.reason, "key": known, "client": address})
                await self._refuse(401, "a valid key is needed", scope, receive, send, _CHALLENGE)
                return
            scope.setdefault("state", {})["key"] = key
            why = _forbidden(key, wanted, origin_of(Headers(scope=scope)))
            if why:
                await self._refuse(403, why, scope, receive, send)
                return
            budget = tightest(budget, self._limits.charge_key(key, address))
            if budget and budget.limited:
                await self._too_many(budget, scope, receive, send)
                return
        await self._app(scope, receive, _with_rate_headers(budget, send))

    async def _too_many(self, budget: Budget, scope: Scope, receive: Receive, send: Send) -> None:
        told = headers(budget)
        detail = f"too many requests; ask again in {told['Retry-After']} s"
        await self._refuse(429, detail, scope, receive, send, told)

    async def _refuse(
        self,
        status: int,
        detail: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self._metrics.refused.labels(str(status)).inc()
        await problem(scope["path"], status, detail, headers=dict(extra or {}))(scope, receive, send)


def _scope_of(path: str) -> KeyScope | None:
    """What a key must be good for to reach a path; ``None`` where none is needed."""
    if path == "/metrics":
        return "admin"
    return "ask" if path.startswith("/v1/") else None


def _key_text(sent: Headers) -> str:
    """The key of a request: ``Authorization: Bearer …`` or ``X-API-Key``; empty where there is none."""
    kind, _, text = sent.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else sent.get("x-api-key", "").strip()


def _forbidden(key: Key, wanted: KeyScope, origin: str | None) -> str | None:
    if not allows(key, wanted):
        return f"this key has not the scope {wanted!r}"
    return None if allows_origin(key, origin) else "this key may not be used from this page"


def _with_rate_headers(budget: Budget | None, send: Send) -> Send:
    """Send with the headers that tell what is left of the tightest limit."""
    if budget is None:
        return send
    told = headers(budget)

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(told)
        await send(message)

    return sent
