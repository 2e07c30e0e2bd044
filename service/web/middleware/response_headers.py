"""Headers of every response: what browsers may do with it, how long it may be kept, whether it changed."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The API page is served with scripts of its own; FastAPI writes one of them into the page.
_PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_DATA = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: The files of /docs, which belong to a release of a library.
_ASSETS = "/static-offline-docs"


class ResponseHeadersMiddleware:
    """Sets security and cache headers, and replies 304 where the client has the very same body already.

    Replies of GET that are 200 get an ``ETag`` over their body and must be asked for again each time: another
    generation may be live by then. Replies to POST and errors are not kept by anyone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def with_headers(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                _add_headers(scope, message)
                if _tagged(scope, message):
                    # Held back until the body is there, which comes in one piece.
                    start = message
                    return
            elif start is not None:
                held, start = start, None
                await _conditional(scope, held, message, send)
                return
            await send(message)

        await self._app(scope, receive, with_headers)


def _add_headers(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    page = headers.get("content-type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", _PAGES if page else _DATA)
    if "cache-control" not in headers:
        headers["Cache-Control"] = _cache_control(scope, message["status"])


def _cache_control(scope: Scope, status: int) -> str:
    if scope["path"].startswith(_ASSETS) and status in (200, 304):
        return "public, max-age=3600"
    probe = scope["path"] in ("/healthz", "/readyz", "/metrics")
    return (
        "no-store" if probe or scope["method"] != "GET" or status not in (200, 304) else "private, no-cache"
    )


def _tagged(scope: Scope, message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return (
        scope["method"] == "GET"
        and message["status"] == 200
        and "etag" not in headers
        and headers["cache-control"] == "private, no-cache"
    )


async def _conditional(scope: Scope, start: Message, body: Message, send: Send) -> None:
    headers = MutableHeaders(scope=start)
    if not body.get("more_body"):
        tag = f'"{hashlib.blake2b(body.get("body", b""), digest_size=16).hexdigest()}"'
        headers["ETag"] = tag
        # What is sent depends on the key, though all keys of one scope see the same.
        headers.add_vary_header("Authorization, X-API-Key")
        known = Headers(scope=scope).get("if-none-match", "")
        if {tag, "*"} & {name.strip().removeprefix("W/") for name in known.split(",")}:
            start["status"] = 304
            for name in ("content-length", "content-type"):
                del headers[name]
            body = {"type": "http.response.body", "body": b""}
    await send(start)
    await send(body)
