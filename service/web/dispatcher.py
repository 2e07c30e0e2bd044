"""Between the addresses of the HTTP contract and the engines: cache, time limit, counting, audit."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from asgi_correlation_id.context import correlation_id
from fastapi import Request, Response
from pydantic import BaseModel

from service.observability.audit_log import AuditLog
from service.observability.metrics import Metrics
from service.web.answer_cache import AnswerCache
from service.web.problems import problem
from service.workers.backend import Backend, BusyError, Call, Reply

#: Counted for a client that went before its answer came; nobody gets it. As nginx does.
CLIENT_CLOSED_REQUEST = 499
#: Calls that put a question: kept in the cache, and in the audit log where there is one.
_QUESTIONS: Mapping[str, str] = {"ask": "question", "search": "query"}


class Dispatcher:
    """Takes calls from handlers and gives them responses."""

    def __init__(
        self, backend: Backend, cache: AnswerCache, metrics: Metrics, audit: AuditLog, seconds: float
    ) -> None:
        self.backend = backend
        self.metrics = metrics
        self._cache = cache
        self._audit = audit
        self._seconds = seconds

    async def respond(self, request: Request, name: str, arguments: BaseModel | None = None) -> Response:
        """Have a call answered, from the cache where it was answered lately.

        Raises:
            BusyError: too much is asked, or the answer took too long.
        """
        call = Call(name, arguments.model_dump(mode="json") if arguments else {})
        reply = await _reply_unless_disconnected(request, self._reply(call))
        if reply is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        if reply.status != 200:
            return problem(request.url.path, reply.status, reply.detail)
        if name in _QUESTIONS:
            self._note(request, call, reply.facts)
        return Response(reply.body, media_type="application/json")

    async def _reply(self, call: Call) -> Reply:
        kept = self._cache.get(self.backend.generation, call) if call.name in _QUESTIONS else None
        if call.name in _QUESTIONS:
            self.metrics.cache.labels("hit" if kept else "miss").inc()
        if kept:
            return kept
        try:
            async with asyncio.timeout(self._seconds):
                reply = await self.backend.call(call)
        except TimeoutError as error:
            raise BusyError(f"no answer within {self._seconds:g} seconds", 5) from error
        self.metrics.replied(call.name, reply.facts)
        if call.name in _QUESTIONS:
            self._cache.put(call, reply)
        return reply

    def _note(self, request: Request, call: Call, facts: Mapping[str, Any]) -> None:
        if "status" in facts:
            self.metrics.answers.labels(facts["status"], facts["language"]).inc()
        key = getattr(request.state, "key", None)
        self._audit.write(
            call=call.name,
            question=call.arguments[_QUESTIONS[call.name]],
            language=facts.get("language"),
            status=facts.get("status"),
            key_id=key.id if key else None,
            generation=facts["generation"],
            request_id=correlation_id.get(),
        )


async def _reply_unless_disconnected(request: Request, answering: Coroutine[Any, Any, Reply]) -> Reply | None:
    """The reply; ``None`` where the client goes first, whose place in the queue is others' then."""
    reply = asyncio.create_task(answering)
    leaving = asyncio.create_task(_until_disconnect(request))
    try:
        await asyncio.wait({reply, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return reply.result() if reply.done() else None
    finally:
        reply.cancel()
        leaving.cancel()


async def _until_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
