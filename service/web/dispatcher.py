"""Dispatch of requests to the backend, with cache, time limit, metrics, and audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from asgi_correlation_id.context import correlation_id
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from service.api.requests import ReferenceFilterError, canonical_references
from service.auth.rate_limits import address_group
from service.auth.widget_access import WidgetAccess
from service.observability.audit_log import AuditLog
from service.observability.metrics import Metrics
from service.web.answer_cache import AnswerCache
from service.web.problems import problem
from service.workers.backend import Backend, BusyError, Call, Client, Reply

#: Status in metrics and log for a client that left before its reply, as in nginx. Nobody receives it.
CLIENT_CLOSED_REQUEST = 499
#: Calls that are cached and audited, with the argument that has the question.
_QUESTION_CALLS: Mapping[str, str] = {"ask": "question", "search": "query"}
#: Detail for a widget key; the same whether there is such a document or not.
NOT_LED_THERE = "there is no such document, or no answer has led to it"


class Dispatcher:
    """Passes calls of the handlers to the backend and turns its replies into responses."""

    def __init__(
        self,
        backend: Backend,
        cache: AnswerCache,
        metrics: Metrics,
        audit: AuditLog,
        seconds: float,
        widget_access: WidgetAccess,
    ) -> None:
        self.backend = backend
        self.metrics = metrics
        self._cache = cache
        self._audit = audit
        self._seconds = seconds
        self._widget_access = widget_access
        # One at a time: threads of Python code share one processor with the event loop.
        self._reading_references = asyncio.Semaphore(1)

    async def respond(self, request: Request, name: str, body: BaseModel | None = None) -> Response:
        """Have a call answered, from the cache if possible.

        Args:
            name: of the call, see ``service.workers.handlers``.
            body: the validated request; the worker does not validate it again.

        Raises:
            BusyError: too many requests are waiting, or the answer took too long.
            RequestValidationError: a reference of the filters is none.
        """
        call = Call(name, await self._arguments(body) if body else {}, _client(request))
        if not self._may_read(request, call):
            return problem(request.url.path, 404, NOT_LED_THERE)
        reply = await _reply_unless_disconnected(request, self._reply(call))
        if reply is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        if reply.status != 200:
            return problem(request.url.path, reply.status, reply.detail)
        self._widget_access.remember(reply.facts.get("documents", ()))
        if name in _QUESTION_CALLS:
            self._record(request, call, reply.facts)
        return Response(reply.body, media_type="application/json")

    def _may_read(self, request: Request, call: Call) -> bool:
        """False for a document that no reply has led a widget key to."""
        key, read = getattr(request.state, "key", None), call.arguments
        if call.name == "document":
            return self._widget_access.allows_document(key, read["document_id"])
        if call.name == "context":
            length = read["end"] - read["start"]
            return self._widget_access.allows_context(key, read["document_id"], length)
        return True

    async def _arguments(self, body: BaseModel) -> dict[str, Any]:
        """The request as JSON values, with the canonical keys of references.

        Raises:
            BusyError: too many others have references to be read.
            RequestValidationError: a text is not a reference.
        """
        arguments = body.model_dump(mode="json")
        filters = arguments.get("filters")
        if filters and filters["references"]:
            try:
                async with asyncio.timeout(self._seconds), self._reading_references:
                    keys = await asyncio.to_thread(canonical_references, filters["references"])
            except TimeoutError as error:
                raise BusyError(f"no answer within {self._seconds:g} seconds", 5) from error
            except ReferenceFilterError as error:
                raise RequestValidationError(_reference_errors(error)) from error
            filters["references"] = list(keys)
        return arguments

    async def _reply(self, call: Call) -> Reply:
        cacheable = call.name in _QUESTION_CALLS
        if cacheable:
            cached = self._cache.get(self.backend.generation, call)
            self.metrics.cache.labels("hit" if cached else "miss").inc()
            if cached:
                return cached
        try:
            async with asyncio.timeout(self._seconds):
                reply = await self.backend.call(call)
        except TimeoutError as error:
            raise BusyError(f"no answer within {self._seconds:g} seconds", 5) from error
        self.metrics.count_reply(call.name, reply.facts)
        if cacheable:
            self._cache.put(call, reply)
        return reply

    def _record(self, request: Request, call: Call, facts: Mapping[str, Any]) -> None:
        """Count an answer and write its question to the audit log."""
        if "status" in facts:
            self.metrics.answers.labels(facts["status"], facts["language"]).inc()
        key = getattr(request.state, "key", None)
        self._audit.write(
            call=call.name,
            question=call.arguments[_QUESTION_CALLS[call.name]],
            language=facts.get("language"),
            status=facts.get("status"),
            key_id=key.id if key else None,
            generation=facts["generation"],
            request_id=correlation_id.get(),
        )


def _client(request: Request) -> Client:
    key = getattr(request.state, "key", None)
    return Client(key.id if key else "", address_group(request.client.host if request.client else ""))


def _reference_errors(error: ReferenceFilterError) -> list[dict[str, Any]]:
    """The errors in the form that FastAPI gives those of a model."""
    return [
        {"type": "value_error", "loc": ("body", "filters", "references", position), "msg": message}
        for position, message in error.messages.items()
    ]


async def _reply_unless_disconnected(request: Request, reply: Coroutine[Any, Any, Reply]) -> Reply | None:
    """The reply; ``None`` if the client disconnects first, which frees its place in the queue."""
    replying = asyncio.create_task(reply)
    leaving = asyncio.create_task(_until_disconnect(request))
    try:
        await asyncio.wait({replying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return replying.result() if replying.done() else None
    finally:
        replying.cancel()
        leaving.cancel()


async def _until_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
