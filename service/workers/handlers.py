"""The calls that an engine takes, from JSON values to the bytes of a reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from indexer.errors import FundstelleError
from service.api import browsing, responses, serializers
from service.api.requests import AskBody, FacetsBody, PageQuery, SearchBody
from service.api.responses import ContextReply, DocumentReply, FacetsReply, SuggestionsReply
from service.engine import Engine
from service.workers.backend import Call, Reply
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder

_log = logging.getLogger(__name__)
#: Told in place of a cause that nobody has foreseen.
FAILED = "the service failed on this request; its log says why"


_MISSING = {
    "document": "there is no such document",
    "context": "there is no such document, or no such place in it",
}


def answer(call: Call, live: EngineHolder, embedder: BatchingEmbedder) -> Reply:
    """Answer a call in this thread, on one generation from begin to end. Never raises: errors are replies."""
    began = time.perf_counter()
    with live.lease() as engine:
        facts: dict[str, Any] = {"generation": engine.generation.name}
        try:
            with embedder.question() as share:
                found = _CALLS[call.name](engine, call.arguments, facts)
                body = found.model_dump_json().encode() if found else b""
            facts |= {"encode": share.seconds, "batch": share.batch}
            facts["answer"] = time.perf_counter() - began - share.seconds
            return Reply(200, body, facts) if found else Reply(404, b"", facts, _MISSING[call.name])
        # The causes may name folders of this machine: they are for the log, not for who asked.
        except FundstelleError as error:
            _log.error("%s: %s", call.name, error)
            return Reply(503, b"", facts, "the index cannot be read; the service's log says why")
        except Exception:
            _log.exception("%s failed", call.name)
            return Reply(500, b"", facts, FAILED)


def _ask(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> responses.AskReply:
    body = AskBody.model_validate(arguments)
    filters = serializers.filters_of(body.filters)
    reply = serializers.ask_reply(
        engine.ask(body.question, body.language, body.max_citations, filters), engine
    )
    facts |= {"status": reply.status, "language": reply.language}
    return reply


def _search(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> responses.SearchReply:
    body = SearchBody.model_validate(arguments)
    question, hits = engine.search(body.query, body.top_k, serializers.filters_of(body.filters))
    facts["language"] = question.language
    return serializers.search_reply(question, hits, engine)


def _documents(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> responses.DocumentsReply:
    page = PageQuery.model_validate(arguments)
    return responses.DocumentsReply(
        total=engine.generation.manifest.counts["documents"],
        offset=page.offset,
        limit=page.limit,
        documents=[
            serializers.document_info(document)
            for document in engine.generation.store.documents(page.offset, page.limit)
        ],
    )


def _document(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> DocumentReply | None:
    number = engine.generation.store.number_of(arguments["document_id"])
    if number is None:
        return None
    document = engine.generation.store.document(number)
    return DocumentReply(
        **serializers.document_info(document).model_dump(),
        text=document.text,
        **browsing.document_highlights(engine, number).model_dump(),
    )


def _context(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> ContextReply | None:
    return browsing.context(engine, arguments["document_id"], arguments["start"], arguments["end"])


def _suggestions(engine: Engine, _: Mapping[str, Any], __: dict[str, Any]) -> SuggestionsReply:
    return browsing.suggestions(engine)


def _facets(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> FacetsReply:
    body = FacetsBody.model_validate(arguments)
    return browsing.facets(engine, serializers.filters_of(body.filters))


def _references(engine: Engine, _: Mapping[str, Any], __: dict[str, Any]) -> responses.ReferencesReply:
    known = serializers.reference_infos(engine.lookup)
    return responses.ReferencesReply(references=known, index=serializers.index_info(engine))


_CALLS: Mapping[str, Callable[[Engine, Mapping[str, Any], dict[str, Any]], BaseModel | None]] = {
    "ask": _ask,
    "search": _search,
    "documents": _documents,
    "document": _document,
    "references": _references,
    "context": _context,
    "suggestions": _suggestions,
    "facets": _facets,
}
