"""The calls that an engine takes, from JSON values to the bytes of a reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from indexer.errors import FundstelleError
from service import replies, schemas
from service.engine import Engine
from service.workers.backend import Call, Reply
from service.workers.batching import BatchingEmbedder
from service.workers.live import LiveEngine

_log = logging.getLogger(__name__)
#: Told in place of a cause that nobody has foreseen.
FAILED = "the service failed on this request; its log says why"


def answer(call: Call, live: LiveEngine, embedder: BatchingEmbedder) -> Reply:
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
            return Reply(200, body, facts) if found else Reply(404, b"", facts, "there is no such document")
        # The causes may name folders of this machine: they are for the log, not for who asked.
        except FundstelleError as error:
            _log.error("%s: %s", call.name, error)
            return Reply(503, b"", facts, "the index cannot be read; the service's log says why")
        except Exception:
            _log.exception("%s failed", call.name)
            return Reply(500, b"", facts, FAILED)


def _ask(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> schemas.AskReply:
    body = schemas.AskBody.model_validate(arguments)
    filters = replies.filters_of(body.filters)
    reply = replies.ask_reply(engine.ask(body.question, body.language, body.max_citations, filters), engine)
    facts |= {"status": reply.status, "language": reply.language}
    return reply


def _search(engine: Engine, arguments: Mapping[str, Any], facts: dict[str, Any]) -> schemas.SearchReply:
    body = schemas.SearchBody.model_validate(arguments)
    question, hits = engine.search(body.query, body.top_k, replies.filters_of(body.filters))
    facts["language"] = question.language
    return replies.search_reply(question, hits, engine)


def _documents(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> schemas.DocumentsReply:
    page = schemas.PageQuery.model_validate(arguments)
    return schemas.DocumentsReply(
        total=engine.generation.manifest.counts["documents"],
        offset=page.offset,
        limit=page.limit,
        documents=[
            replies.document_info(document)
            for document in engine.generation.store.documents(page.offset, page.limit)
        ],
    )


def _document(engine: Engine, arguments: Mapping[str, Any], _: dict[str, Any]) -> schemas.DocumentText | None:
    number = engine.generation.store.number_of(arguments["document_id"])
    return None if number is None else replies.document_text(engine.generation.store.document(number))


def _references(engine: Engine, _: Mapping[str, Any], __: dict[str, Any]) -> schemas.ReferencesReply:
    known = replies.reference_infos(engine.retriever.catalogue)
    return schemas.ReferencesReply(references=known, index=replies.index_info(engine))


_CALLS: Mapping[str, Callable[[Engine, Mapping[str, Any], dict[str, Any]], BaseModel | None]] = {
    "ask": _ask,
    "search": _search,
    "documents": _documents,
    "document": _document,
    "references": _references,
}
