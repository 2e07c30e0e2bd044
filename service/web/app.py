"""The HTTP application: composed here, resources taken and released by its lifespan."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import Depends, FastAPI
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi_offline import FastAPIOffline

from indexer.errors import FundstelleError
from service.auth.key_ring import KeyRefusedError, KeyRing
from service.auth.rate_limits import RateLimits
from service.observability.audit_log import AuditLog
from service.observability.metrics import Metrics
from service.settings import Settings
from service.web import pages as faces
from service.web import problems
from service.web.answer_cache import AnswerCache
from service.web.dispatcher import Dispatcher
from service.web.middleware.authentication import AuthenticationMiddleware
from service.web.middleware.body_limit import BodyLimitMiddleware
from service.web.middleware.cors import CorsMiddleware
from service.web.middleware.error_handler import ErrorMiddleware
from service.web.middleware.head_requests import HeadMiddleware
from service.web.middleware.request_log import RequestLogMiddleware
from service.web.middleware.response_headers import ResponseHeadersMiddleware
from service.web.routes import probes, v1, watched
from service.workers.backend import Backend
from service.workers.pool import WorkerPool

#: Told in the description of the API; the gate is what asks for them.
_KEY = [
    Depends(HTTPBearer(auto_error=False, description="A key of this service")),
    Depends(APIKeyHeader(name="X-API-Key", auto_error=False, description="The same, in a header of its own")),
]


def create_app(settings: Settings, backend: Backend | None = None) -> FastAPI:
    """The application over an index.

    Args:
        backend: what answers, started and stopped by the lifespan; by default worker processes.

    Raises:
        KeyFileError, AuditError: a file that the settings name cannot be used.
        PageKeyError: the key for the pages is none that may be public.
    """
    metrics = Metrics()
    keys = KeyRing.open(settings.keys) if settings.keys else None
    audit = AuditLog.open(settings.audit, settings.audit_file, settings.audit_mb, settings.audit_files)
    dispatcher = Dispatcher(
        backend or WorkerPool(settings, metrics),
        AnswerCache(settings.cache_mb, settings.cache_seconds),
        metrics,
        audit,
        settings.request_seconds,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await _started(dispatcher.backend, app)
        except FundstelleError as error:
            app.state.failure = error
            raise
        refreshing = asyncio.create_task(_refresh(keys, settings.poll_seconds)) if keys else None
        yield
        if refreshing:
            refreshing.cancel()
        await dispatcher.backend.stop()
        audit.close()

    # The pages of /docs load their scripts from this service: there may be no internet.
    app = FastAPIOffline(
        title="Fundstelle",
        version=version("fundstelle"),
        summary="Answers from resolution texts and meeting reports, with the exact place of every sentence",
        lifespan=lifespan,
        redoc_url=None,
        # It would be made from what the client takes for this host's name.
        redirect_slashes=False,
    )
    app.state.dispatcher = dispatcher
    app.state.stopping = False
    app.state.failure = None
    pages = faces.router(_page_key(settings, keys))
    for router in (v1, watched):
        app.include_router(router, dependencies=_KEY if keys else None)
    for router in (probes, pages):
        app.include_router(router)
    problems.install(app)

    def origins() -> frozenset[str]:
        return frozenset(settings.cors_origins) | (keys.origins() if keys else frozenset())

    # The last added is the outermost.
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes, seconds=settings.receive_seconds)
    app.add_middleware(AuthenticationMiddleware, keys=keys, limits=RateLimits(settings), metrics=metrics)
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(CorsMiddleware, origins=origins)
    app.add_middleware(ResponseHeadersMiddleware)
    app.add_middleware(HeadMiddleware)
    routes = [route for router in (v1, watched, probes, pages) for route in router.routes]
    app.add_middleware(RequestLogMiddleware, metrics=metrics, routes=routes)
    app.add_middleware(CorrelationIdMiddleware)
    return app


async def _started(backend: Backend, app: FastAPI) -> None:
    """Return when the backend can answer.

    Raises:
        StoppedError: a signal came first: loading models takes its time, and nobody waits for it any more.
    """
    starting = asyncio.create_task(backend.start())
    try:
        while not starting.done():
            await asyncio.wait([starting], timeout=0.1)
            if app.state.stopping:
                raise StoppedError("stopped before it was ready")
        starting.result()
    finally:
        starting.cancel()
        await asyncio.wait([starting])


class StoppedError(FundstelleError):
    """A signal came while the service was starting."""


class PageKeyError(FundstelleError):
    """The key for this service's own pages cannot stand in them."""


def _page_key(settings: Settings, keys: KeyRing | None) -> str:
    """The key that stands in the pages.

    Raises:
        PageKeyError: it is no widget key in force.
    """
    if not settings.page_key:
        return ""
    if keys is None:
        raise PageKeyError("a page key is set, but no file of keys")
    try:
        key = keys.identify(settings.page_key)
    except KeyRefusedError as error:
        raise PageKeyError("the page key is none of the keys file, or no longer in force") from error
    if not key.widget:
        raise PageKeyError(
            "the page key is a secret one, and anyone could read it in the pages: make one for them with "
            "`python -m service keys add pages --origin https://this.service --keys keys.json`"
        )
    return settings.page_key


async def _refresh(keys: KeyRing, seconds: float) -> None:
    """Follow the file of keys, so that a revoked one is refused soon."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(keys.refresh)
