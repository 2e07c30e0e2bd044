"""Error replies as ``application/problem+json`` (RFC 9457); each kind of error is mapped here, once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from indexer.errors import FundstelleError
from service.api.responses import Problem
from service.workers.backend import BusyError

MEDIA_TYPE = "application/problem+json"
#: Most errors of fields in one reply, and characters of a name or message from the request.
MAX_ERRORS = 20
MAX_TEXT = 200
_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Register the error handlers."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(FundstelleError, _unavailable)


def problem(
    path: str,
    status: int,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem response.

    Args:
        path: of the request.
        errors: of single fields, for status 422.
    """
    body = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, instance=path, errors=errors
    )
    return JSONResponse(body.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)


def internal_error(path: str) -> JSONResponse:
    """The response to an unexpected error."""
    return problem(path, 500, "the service failed on this request; its log says why")


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found: Sequence[Any] = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        reason = found[0].get("ctx", {}).get("error", "not readable")
        return problem(request.url.path, 400, f"the body is not valid JSON: {reason}")
    # The input is not repeated: it may be long, and the sender knows it.
    # The first part of a location says where the field was sent: body, query, or path.
    errors = [
        {
            "field": _shortened(".".join(str(part) for part in item["loc"][1:])),
            "message": _shortened(item["msg"].removeprefix("Value error, ")),
        }
        for item in found[:MAX_ERRORS]
    ]
    detail = "; ".join(f"{item['field'] or 'body'}: {item['message']}" for item in errors[:3])
    if len(found) > MAX_ERRORS:
        detail += f"; {len(found)} errors in all, of which {MAX_ERRORS} are given"
    return problem(request.url.path, 422, detail, errors)


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    route = request.scope.get("route")
    if error.status_code == 405 and route is not None:
        # The router names the methods of one handler only, while a path may have several.
        operations = request.app.openapi()["paths"].get(route.path, {})
        headers["Allow"] = ", ".join(sorted(map(str.upper, operations))) or headers["Allow"]
    return problem(request.url.path, error.status_code, str(error.detail), headers=headers)


async def _busy(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BusyError)
    return problem(request.url.path, 503, str(error), headers={"Retry-After": str(error.retry_after)})


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    # The message may name folders of this machine, so it goes to the log only.
    _log.error("%s: %s", request.url.path, error)
    return problem(request.url.path, 503, "the service cannot answer at the moment; its log says why")
