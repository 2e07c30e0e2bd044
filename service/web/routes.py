"""Routes of the HTTP API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.api import responses
from service.api.browsing_responses import (
    ContextReply,
    DocumentReply,
    DocumentsReply,
    FacetsReply,
    ReferencesReply,
    SuggestionsReply,
)
from service.api.requests import (
    AskBody,
    AskQuery,
    ContextQuery,
    DocumentPath,
    FacetsBody,
    PageQuery,
    SearchBody,
    SearchQuery,
)
from service.web.dependencies import DispatcherDep

_RETRY = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    texts: dict[int, tuple[str, dict[str, Any]]] = {
        400: ("The request is not valid HTTP, or its body is not valid JSON", {}),
        401: ("A valid key is needed: this one is missing, unknown, revoked, or expired", {}),
        403: ("The key is valid, but not for this path or from this page", {}),
        404: ("There is no such document", {}),
        408: ("The body took too long to arrive", {}),
        413: ("The body is too large", {}),
        422: ("A field is invalid; `errors` names it", {}),
        429: ("Too many requests with this key or from this address", _RETRY),
        500: ("The service failed; its log says why", {}),
        504: ("The answer took too long and was given up", {}),
        503: ("The service is overloaded or about to stop", _RETRY),
    }
    return {
        status: {
            "model": responses.Problem,
            "description": texts[status][0],
            "headers": texts[status][1],
            "content": {"application/problem+json": {}},
        }
        for status in statuses
    }


_UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Unchanged since the reply with this `ETag`"}
}
v1 = APIRouter(prefix="/v1", responses=_problems(401, 403, 422, 429, 500, 503, 504))
_POST = _problems(400, 408, 413)
probes = APIRouter()
guarded = APIRouter(responses=_problems(401, 403, 429))


@v1.post(
    "/ask",
    summary="Answer a question with cited statements",
    response_model=responses.AskReply,
    responses=_POST,
)
async def ask(body: AskBody, request: Request, dispatcher: DispatcherDep) -> Response:
    return await dispatcher.respond(request, "ask", body)


@v1.get(
    "/ask",
    summary="Answer a question in the URL, for links",
    response_model=responses.AskReply,
    responses=_UNCHANGED,
)
async def ask_by_link(
    query: Annotated[AskQuery, Query()], request: Request, dispatcher: DispatcherDep
) -> Response:
    return await dispatcher.respond(request, "ask", query.body())


@v1.post("/search", summary="Find passages", response_model=responses.SearchReply, responses=_POST)
async def search(body: SearchBody, request: Request, dispatcher: DispatcherDep) -> Response:
    return await dispatcher.respond(request, "search", body)


@v1.get(
    "/search",
    summary="Find passages for a query in the URL, for links",
    response_model=responses.SearchReply,
    responses=_UNCHANGED,
)
async def search_by_link(
    query: Annotated[SearchQuery, Query()], request: Request, dispatcher: DispatcherDep
) -> Response:
    return await dispatcher.respond(request, "search", query.body())


@v1.get("/documents", summary="List the documents", response_model=DocumentsReply, responses=_UNCHANGED)
async def documents(
    page: Annotated[PageQuery, Query()], request: Request, dispatcher: DispatcherDep
) -> Response:
    return await dispatcher.respond(request, "documents", page)


@v1.get(
    "/documents/{document_id:path}",
    summary="Get a document with its text and the spans to highlight",
    response_model=DocumentReply,
    responses=_UNCHANGED | _problems(404),
)
async def document(
    document_id: Annotated[str, Path(max_length=2000)], request: Request, dispatcher: DispatcherDep
) -> Response:
    return await dispatcher.respond(request, "document", DocumentPath(document_id=document_id))


@v1.get(
    "/references",
    summary="List the references in the documents",
    response_model=ReferencesReply,
    responses=_UNCHANGED,
)
async def references(request: Request, dispatcher: DispatcherDep) -> Response:
    return await dispatcher.respond(request, "references")


@v1.get(
    "/context",
    summary="Get the passage around a span of a document",
    response_model=ContextReply,
    responses=_UNCHANGED | _problems(404),
)
async def context(
    query: Annotated[ContextQuery, Query()], request: Request, dispatcher: DispatcherDep
) -> Response:
    return await dispatcher.respond(request, "context", query)


@v1.get(
    "/suggestions",
    summary="List topics that can be asked about",
    response_model=SuggestionsReply,
    responses=_UNCHANGED,
)
async def suggestions(request: Request, dispatcher: DispatcherDep) -> Response:
    return await dispatcher.respond(request, "suggestions")


@v1.post(
    "/facets",
    summary="Count documents by reference, province, and time",
    response_model=FacetsReply,
    responses=_POST,
)
async def facets(body: FacetsBody, request: Request, dispatcher: DispatcherDep) -> Response:
    return await dispatcher.respond(request, "facets", body)


@probes.get("/healthz", summary="Check that the service is alive")
async def healthz() -> responses.Health:
    return responses.Health(status="alive")


@probes.get(
    "/readyz",
    summary="Check that the service is ready to answer",
    responses={503: {"model": responses.Health, "description": "Loading or stopping"}},
)
async def readyz(request: Request, response: Response) -> responses.Health:
    state = request.app.state
    status = "stopping" if state.stopping else "ready" if state.dispatcher.backend.ready else "loading"
    response.status_code = 200 if status == "ready" else 503
    return responses.Health(status=status)


@guarded.get("/metrics", summary="Get metrics for Prometheus", response_class=Response)
async def metrics(dispatcher: DispatcherDep) -> Response:
    return Response(dispatcher.metrics.render(), media_type=CONTENT_TYPE_LATEST)
