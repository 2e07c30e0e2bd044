"""Headers of every response: security policy, caching, and ``ETag``."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Policy of the API documentation, which has an inline script written by FastAPI.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Path of the files of /docs, which change only with a library's release.
_DOCS_ASSETS = "/static-offline-docs"


class ResponseHeadersMiddleware:
    """Sets security and cache headers, and replies 304 if the client has the same body already.

    Successful replies to GET get an ``ETag`` over their body and are revalidated each time, since another
    generation may be live by then. Replies to POST and errors are not cached by anyone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                _add_headers(scope, message)
                if _needs_tag(scope, message):
                    # Held back until the body is there, which comes in one piece.
                    start = message
                    return
            elif start is not None:
                held, start = start, None
                await _send_with_tag(scope, held, message, send)
                return
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add_headers(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    page = headers.get("content-type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", _PAGE_POLICY if page else _DATA_POLICY)
    if "cache-control" not in headers:
        headers["Cache-Control"] = _cache_control(scope, message["status"])


def _cache_control(scope: Scope, status: int) -> str:
    if scope["path"].startswith(_DOCS_ASSETS) and status in (200, 304):
        return "public, max-age=3600"
    probe = scope["path"] in ("/healthz", "/readyz", "/metrics")
    return (
        "no-store" if probe or scope["method"] != "GET" or status not in (200, 304) else "private, no-cache"
    )


def _needs_tag(scope: Scope, message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return (
        scope["method"] == "GET"
        and message["status"] == 200
        and "etag" not in headers
        and headers["cache-control"] == "private, no-cache"
    )


async def _send_with_tag(scope: Scope, start: Message, body: Message, send: Send) -> None:
    """Send a reply with its ``ETag``, or 304 if the request names that (RFC 9110, If-None-Match)."""
    headers = MutableHeaders(scope=start)
    if not body.get("more_body"):
        tag = f'"{hashlib.blake2b(body.get("body", b""), digest_size=16).hexdigest()}"'
        headers["ETag"] = tag
        # The reply depends on the key, though all keys of one scope see the same.
        headers.add_vary_header("Authorization, X-API-Key")
        known = Headers(scope=scope).get("if-none-match", "")
        if {tag, "*"} & {name.strip().removeprefix("W/") for name in known.split(",")}:
            start["status"] = 304
            for name in ("content-length", "content-type"):
                del headers[name]
            body = {"type": "http.response.body", "body": b""}
    await send(start)
    await send(body)
