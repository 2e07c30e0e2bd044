"""Handlers of the calls that a worker answers, from JSON values to the bytes of a reply.

The front has validated the arguments (``service.api.requests``); they are complete and not checked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from indexer.errors import FundstelleError
from service.api import browsing, serializers
from service.api.browsing_responses import (
    ContextReply,
    DocumentInfo,
    DocumentReply,
    DocumentsReply,
    FacetsReply,
    ReferencesReply,
    SuggestionsReply,
)
from service.api.facets import facets
from service.api.responses import AskReply, SearchReply
from service.deadline import DeadlineExceededError, time_limit, within_time
from service.engine import Engine
from service.workers.backend import Call, Reply
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder

_log = logging.getLogger(__name__)
#: Detail of a reply to a call that failed for an unexpected reason.
FAILED = "the service failed on this request; its log says why"
#: By hand: seconds of work on a call, far more than a question takes on a small machine under load.
ANSWER_SECONDS = 20.0

_NOT_FOUND = {
    "document": "there is no such document",
    "context": "there is no such document, or no such place in it",
}


def answer(
    call: Call, holder: EngineHolder, embedder: BatchingEmbedder, seconds: float = ANSWER_SECONDS
) -> Reply:
    """Answer a call in this thread, on one generation throughout. Never raises: errors are replies.

    Args:
        seconds: after which it is given up.
    """
    began = time.perf_counter()
    with holder.lease() as engine:
        facts: dict[str, Any] = {"generation": engine.generation.name}
        try:
            with embedder.question() as timing, time_limit(seconds):
                response = _HANDLERS[call.name](engine, call.arguments, facts)
                body = response.model_dump_json().encode() if response else b""
            facts |= {"encode": timing.seconds, "batch": timing.batch}
            facts["answer"] = time.perf_counter() - began - timing.seconds
            return Reply(200, body, facts) if response else Reply(404, b"", facts, _NOT_FOUND[call.name])
        except DeadlineExceededError:
            _log.warning("%s given up after %g seconds", call.name, seconds)
            return Reply(
                504, b"", facts, f"no answer within {seconds:g} seconds of work: ask for less at once"
            )
        # The messages may name folders of this machine, so they go to the log only.
        except FundstelleError as error:
            _log.error("%s: %s", call.name, error)
            return Reply(503, b"", facts, "the index cannot be read; the service's log says why")
        except Exception:
            _log.exception("%s failed", call.name)
            return Reply(500, b"", facts, FAILED)


def _ask(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> AskReply:
    found = engine.ask(
        arguments["question"],
        arguments["language"],
        arguments["max_citations"],
        serializers.filters_of(arguments["filters"]),
    )
    facts |= {"status": found.status, "language": found.question.language}
    facts["documents"] = _ids(citation.document.document_id for citation in found.citations)
    return serializers.ask_reply(found, engine.generation)


def _search(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> SearchReply:
    filters = serializers.filters_of(arguments["filters"])
    question, hits = engine.search(arguments["query"], arguments["top_k"], filters)
    reply = serializers.search_reply(question, hits, engine.generation)
    facts |= {"language": question.language, "documents": _ids(hit.document_id for hit in reply.hits)}
    return reply


def _ids(document_ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(document_ids))


def _documents(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> DocumentsReply:
    offset, limit = arguments["offset"], arguments["limit"]
    return DocumentsReply(
        total=engine.generation.manifest.counts["documents"],
        offset=offset,
        limit=limit,
        documents=[
            DocumentInfo(**serializers.document_fields(document))
            for document in within_time(engine.generation.store.listed(offset, limit))
        ],
    )


def _document(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> DocumentReply | None:
    number = engine.generation.store.number_of(arguments["document_id"])
    if number is None:
        return None
    document = engine.generation.store.document(number)
    highlights = browsing.document_highlights(engine.generation, number)
    return DocumentReply(
        **serializers.document_fields(document),
        text=document.text,
        mentions=highlights.mentions,
        told=highlights.told,
        headings=highlights.headings,
    )


def _context(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> ContextReply | None:
    document_id, start, end = arguments["document_id"], arguments["start"], arguments["end"]
    return browsing.context(engine.generation, document_id, start, end)


def _suggestions(engine: Engine, _: Mapping[str, Any], __: dict[str, Any]) -> SuggestionsReply:
    return browsing.suggestions(engine.generation, engine.lookup)


def _facets(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> FacetsReply:
    filters = serializers.filters_of(arguments["filters"])
    return facets(engine.generation, engine.lookup, filters)


def _references(engine: Engine, _: Mapping[str, Any], __: dict[str, Any]) -> ReferencesReply:
    known = serializers.reference_infos(engine.lookup)
    return ReferencesReply(references=known, index=serializers.index_info(engine.generation))


_HANDLERS: Mapping[str, Callable[[Engine, Mapping[str, Any], dict[str, Any]], BaseModel | None]] = {
    "ask": _ask,
    "search": _search,
    "documents": _documents,
    "document": _document,
    "references": _references,
    "context": _context,
    "suggestions": _suggestions,
    "facets": _facets,
}
