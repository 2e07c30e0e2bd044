"""The HTTP application: composed here, resources taken and released by its lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from service import problems
from service.engine import Engine
from service.middleware import LimitBody, Measure, Metrics
from service.routes import probes, v1
from service.settings import Settings


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The application over an index.

    Args:
        engine: an engine opened before, which then stays the caller's to close; by default the lifespan
            opens the one the settings name.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = engine if engine else await run_in_threadpool(Engine.open, settings.index, settings.model)
        app.state.engine = opened
        yield
        app.state.engine = None
        if opened is not engine:
            opened.close()

    # The pages of /docs load their scripts from this service: there may be no internet.
    app = FastAPIOffline(
        title="Fundstelle",
        version=version("fundstelle"),
        summary="Answers from resolution texts and meeting reports, with the exact place of every sentence",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.metrics = Metrics()
    app.include_router(v1)
    app.include_router(probes)
    problems.install(app)
    app.add_middleware(LimitBody, limit=settings.max_body_bytes)
    app.add_middleware(Measure, metrics=app.state.metrics)
    return app
