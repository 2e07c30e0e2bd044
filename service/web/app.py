"""The HTTP application: its composition, and the lifespan that acquires and releases resources."""

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
from service.auth.hosts import host_name
from service.auth.key_ring import KeyRefusedError, KeyRing
from service.auth.rate_limits import RateLimits, RatePolicy
from service.auth.widget_access import WidgetAccess
from service.observability.audit_log import AuditLog
from service.observability.metrics import Metrics
from service.settings import Settings
from service.web import pages, problems
from service.web.answer_cache import AnswerCache
from service.web.dispatcher import Dispatcher
from service.web.middleware.authentication import AuthenticationMiddleware
from service.web.middleware.body_limit import BodyLimitMiddleware
from service.web.middleware.cors import CorsMiddleware
from service.web.middleware.error_handler import ErrorMiddleware
from service.web.middleware.head_requests import HeadMiddleware
from service.web.middleware.host_check import HostMiddleware
from service.web.middleware.request_log import RequestLogMiddleware
from service.web.middleware.response_headers import ResponseHeadersMiddleware
from service.web.routes import guarded, probes, v1
from service.workers.backend import Backend
from service.workers.pool import WorkerPool

#: Documents the keys in the OpenAPI description; the authentication middleware checks them.
_KEY_SCHEMES = [
    Depends(HTTPBearer(auto_error=False, description="A key of this service")),
    Depends(APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key in its own header")),
]


def create_app(settings: Settings, backend: Backend | None = None) -> FastAPI:
    """The application over an index.

    Args:
        backend: started and stopped by the lifespan; by default worker processes.

    Raises:
        KeyFileError, AuditError: a file that the settings name cannot be used.
        PageKeyError: the key for the pages is not an active widget key.
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
        WidgetAccess(settings.widget_documents),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await _start(dispatcher.backend, app)
        except FundstelleError as error:
            app.state.failure = error
            raise
        refreshing = asyncio.create_task(_follow_key_file(keys, settings.poll_seconds)) if keys else None
        yield
        if refreshing:
            refreshing.cancel()
        await dispatcher.backend.stop()
        audit.close()

    # The pages of /docs load their scripts from this service, since there may be no internet.
    app = FastAPIOffline(
        title="Fundstelle",
        version=version("fundstelle"),
        summary="Answers from resolution texts and meeting reports, with the exact place of every sentence",
        lifespan=lifespan,
        redoc_url=None,
        # The target of a redirect would contain the host name that the client claims.
        redirect_slashes=False,
    )
    app.state.dispatcher = dispatcher
    app.state.stopping = False
    app.state.failure = None
    page_routes = pages.router(_page_key(settings, keys))
    for router in (v1, guarded):
        app.include_router(router, dependencies=_KEY_SCHEMES if keys else None)
    for router in (probes, page_routes):
        app.include_router(router)
    problems.install(app)

    def origins() -> frozenset[str]:
        return frozenset(settings.cors_origins) | (keys.origins() if keys else frozenset())

    # The middleware added last is the outermost.
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes, seconds=settings.receive_seconds)
    app.add_middleware(
        AuthenticationMiddleware, keys=keys, limits=RateLimits(_rate_policy(settings)), metrics=metrics
    )
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(CorsMiddleware, origins=origins)
    # A key protects from DNS rebinding, as a page of another origin does not know it.
    if keys is None or settings.allowed_hosts:
        app.add_middleware(HostMiddleware, allowed=[*settings.allowed_hosts, host_name(settings.host)])
    app.add_middleware(ResponseHeadersMiddleware)
    app.add_middleware(HeadMiddleware)
    routes = [route for router in (v1, guarded, probes, page_routes) for route in router.routes]
    app.add_middleware(RequestLogMiddleware, metrics=metrics, routes=routes)
    app.add_middleware(CorrelationIdMiddleware)
    return app


def _rate_policy(settings: Settings) -> RatePolicy:
    return RatePolicy(
        key=settings.key_rate,
        address=settings.address_rate,
        widget=settings.widget_rate,
        widget_address=settings.widget_address_rate,
        burst_seconds=settings.burst_seconds,
    )


async def _start(backend: Backend, app: FastAPI) -> None:
    """Start the backend; return when it can answer.

    Raises:
        StoppedError: a signal came first, so that nobody waits for the models to load any more.
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
    """The key for this service's own pages cannot be used in them."""


def _page_key(settings: Settings, keys: KeyRing | None) -> str:
    """The key that the pages contain; empty if there is none.

    Raises:
        PageKeyError: it is not an active widget key.
    """
    if not settings.page_key:
        return ""
    if keys is None:
        raise PageKeyError("a page key is set, but no key file")
    try:
        key = keys.identify(settings.page_key)
    except KeyRefusedError as error:
        raise PageKeyError("the page key is not in the key file, or revoked or expired") from error
    if not key.widget:
        raise PageKeyError(
            "the page key is a secret key, but anyone can read it in the pages: make a widget key with "
            "`python -m service keys add pages --origin https://this.service --keys keys.json`"
        )
    return settings.page_key


async def _follow_key_file(keys: KeyRing, seconds: float) -> None:
    """Read the key file again whenever it changes, so that a revoked key is refused soon."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(keys.refresh)
