"""The addresses of the HTTP contract. Handlers are plain functions: they run in worker threads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service import replies, schemas
from service.dependencies import EngineDep

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": schemas.Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (400, "Malformed JSON"),
        (413, "Body too large"),
        (422, "A field is wrong; `errors` names it"),
    )
}
v1 = APIRouter(prefix="/v1", responses=PROBLEMS)
probes = APIRouter()


@v1.post("/ask", summary="Answer a question with cited statements")
def ask(body: schemas.AskBody, engine: EngineDep) -> schemas.AskReply:
    filters = replies.filters_of(body.filters)
    return replies.ask_reply(engine.ask(body.question, body.language, body.max_citations, filters), engine)


@v1.get("/ask", summary="The same, for links")
def ask_by_link(query: Annotated[schemas.AskQuery, Query()], engine: EngineDep) -> schemas.AskReply:
    return replies.ask_reply(engine.ask(query.q, query.language, query.max_citations), engine)


@v1.post("/search", summary="Find passages")
def search(body: schemas.SearchBody, engine: EngineDep) -> schemas.SearchReply:
    filters = replies.filters_of(body.filters)
    return replies.search_reply(*engine.search(body.query, body.top_k, filters), engine)


@v1.get("/search", summary="The same, for links")
def search_by_link(query: Annotated[schemas.SearchQuery, Query()], engine: EngineDep) -> schemas.SearchReply:
    return replies.search_reply(*engine.search(query.q, query.top_k), engine)


@v1.get("/documents", summary="List the documents")
def documents(page: Annotated[schemas.PageQuery, Query()], engine: EngineDep) -> schemas.DocumentsReply:
    found = engine.generation.store.documents(page.offset, page.limit)
    return schemas.DocumentsReply(
        total=engine.generation.manifest.counts["documents"],
        offset=page.offset,
        limit=page.limit,
        documents=[replies.document_info(document) for document in found],
    )


@v1.get("/documents/{document_id:path}", summary="One document with its text")
def document(document_id: str, engine: EngineDep) -> schemas.DocumentText:
    number = engine.generation.store.number_of(document_id)
    if number is None:
        raise HTTPException(404, f"no document {document_id!r}")
    return replies.document_text(engine.generation.store.document(number))


@v1.get("/references", summary="List the numbered acts that the documents name")
def references(engine: EngineDep) -> schemas.ReferencesReply:
    known = replies.reference_infos(engine.retriever.catalogue)
    return schemas.ReferencesReply(references=known, index=replies.index_info(engine))


@probes.get("/healthz", summary="Alive")
async def healthz() -> schemas.Health:
    return schemas.Health(status="alive")


@probes.get("/readyz", summary="Ready to answer")
async def readyz(request: Request, response: Response) -> schemas.Health:
    ready = getattr(request.app.state, "engine", None) is not None
    response.status_code = 200 if ready else 503
    return schemas.Health(status="ready" if ready else "loading")


@probes.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
