"""Cross-origin requests (CORS), for origins from the settings and of widget keys."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from service.web.problems import problem


class CorsMiddleware(CORSMiddleware):
    """Starlette's middleware with origins that may change while the service runs."""

    def __init__(self, app: ASGIApp, origins: Callable[[], Collection[str]]) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "X-API-Key", "X-Request-ID", "Content-Type", "If-None-Match"),
            expose_headers=("X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "ETag"),
            max_age=600,
        )
        self._origins = origins

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        vary = {name: response.headers[name] for name in ("vary",) if name in response.headers}
        return problem("", response.status_code, bytes(response.body).decode(), headers=vary)

    def is_allowed_origin(self, origin: str) -> bool:
        return origin in self._origins()
