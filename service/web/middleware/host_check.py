"""Check of the ``Host`` header: the service answers under names that are its own.

A hostile page can let its own host name resolve to this machine (DNS rebinding). Its scripts are then of the
same origin as the service in the eyes of the browser; only ``Host`` tells them apart.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.auth.hosts import ANY_HOST, host_name
from service.web.problems import problem

#: Load balancers send any host to these, and their replies reveal nothing.
_PROBES = ("/healthz", "/readyz")


class HostMiddleware:
    """Refuses requests for other hosts with 421.

    Args:
        allowed: names and addresses without port, in lower case. ``localhost``, loopback addresses and the
            address that a connection came to are always allowed.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = (frozenset(allowed) | {"localhost"}) - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        detail = "the service does not answer under this host; FUNDSTELLE_ALLOWED_HOSTS may allow it"
        # The connection is closed, since the body was not read.
        await problem(scope["path"], 421, detail, headers={"Connection": "close"})(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        name = host_name(Headers(scope=scope).get("host", ""))
        if name in self._allowed or ANY_HOST in self._allowed:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        server = scope.get("server")
        return _is_loopback(address) or bool(server and name == server[0])


def _is_loopback(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
