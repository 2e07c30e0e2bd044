"""Replies to unexpected errors and to those of the index."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from service_process import served
from starlette.testclient import TestClient

from indexer.errors import IndexDamagedError
from service.workers.backend import Call, Reply

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"
REQUEST_ID = "5f2b8c1e9d0a4b7f8c6d5e4f3a2b1c0d"


def answered_by(client: TestClient, call: Callable[[Call], Awaitable[Reply]]) -> None:
    """Have questions answered by a function from now on."""
    client.app.state.dispatcher.backend.call = call  # type: ignore[attr-defined]


async def break_down(_: Call) -> Reply:
    raise RuntimeError("cannot read /srv/private/index")


def test_an_unexpected_error_is_a_problem_without_its_message(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answered_by(client, break_down)
    reply = client.get(ASK, headers={"X-Request-ID": REQUEST_ID})
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-request-id"] == REQUEST_ID
    assert reply.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "the service failed on this request; its log says why",
        "instance": "/v1/ask",
    }
    [failure] = [record for record in caplog.records if record.exc_info]
    assert str(failure.exc_info[1]) == "cannot read /srv/private/index"  # type: ignore[index]


def test_an_error_of_the_index_is_a_503_without_its_folder(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def damaged(_: Call) -> Reply:
        raise IndexDamagedError("/srv/private/index/documents.sqlite: missing")

    answered_by(client, damaged)
    reply = client.get(ASK)
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert "private" not in reply.text
    assert "/srv/private/index/documents.sqlite: missing" in caplog.text


def test_an_unexpected_error_has_the_headers_of_every_reply(index: Path) -> None:
    with served(index, cors_origins=("https://a.example",)) as client:
        answered_by(client, break_down)
        reply = client.get(ASK, headers={"Origin": "https://a.example"})
    assert reply.headers["access-control-allow-origin"] == "https://a.example"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"


def test_the_service_goes_on_after_an_error(client: TestClient) -> None:
    backend = client.app.state.dispatcher.backend  # type: ignore[attr-defined]
    call = backend.call
    answered_by(client, break_down)
    assert client.get("/v1/documents").status_code == 500
    answered_by(client, call)
    assert client.get("/v1/documents").status_code == 200
