"""Request ids, counting, and the request log."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from asgi_correlation_id.context import correlation_id
from service_process import served
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from service.observability.metrics import Metrics
from service.web.middleware.request_log import RequestLogMiddleware
from service.workers.backend import Call, Reply

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"
REQUEST_ID = "5f2b8c1e9d0a4b7f8c6d5e4f3a2b1c0d"


def answered_by(client: TestClient, call: Callable[[Call], Awaitable[Reply]]) -> None:
    """Have questions answered by a function from now on."""
    client.app.state.dispatcher.backend.call = call  # type: ignore[attr-defined]


async def break_down(_: Call) -> Reply:
    raise RuntimeError("cannot read /srv/private/index")


def requests(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """The lines of the access log."""
    return [record for record in caplog.records if record.name == "service.access"]


def exposed(client: TestClient) -> set[str]:
    return set(client.get("/metrics").text.splitlines())


@pytest.mark.parametrize("path", [ASK, "/nowhere", "/healthz"])
def test_the_id_of_a_request_comes_back(client: TestClient, path: str) -> None:
    reply = client.get(path, headers={"X-Request-ID": REQUEST_ID})
    assert reply.headers.get_list("x-request-id") == [REQUEST_ID]


@pytest.mark.parametrize("headers", [{}, {"X-Request-ID": "1; DROP"}, {"X-Request-ID": "x" * 5000}])
def test_a_request_without_a_proper_id_is_given_one(client: TestClient, headers: Mapping[str, str]) -> None:
    ids = {client.get("/v1/references", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2 and all(re.fullmatch("[0-9a-f]{32}", text) for text in ids)


def test_the_id_of_a_request_reaches_the_backend(client: TestClient) -> None:
    seen = []

    async def note(_: Call) -> Reply:
        seen.append(correlation_id.get())
        return Reply(404, b"", {}, "there is no such document")

    answered_by(client, note)
    client.get("/v1/documents/none", headers={"X-Request-ID": REQUEST_ID})
    assert seen == [REQUEST_ID]


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    for path in ("/v1/documents/dorf.txt", "/v1/documents/weg.txt", "/v1/documents/none", "/a", "/b"):
        client.get(path)
    client.post("/v1/ask", json={"question": ""})
    route = "/v1/documents/{document_id:path}"
    assert {
        f'fundstelle_requests_total{{path="{route}",status="200"}} 2.0',
        f'fundstelle_requests_total{{path="{route}",status="404"}} 1.0',
        'fundstelle_requests_total{path="other",status="404"} 2.0',
        'fundstelle_requests_total{path="/v1/ask",status="422"} 1.0',
        f'fundstelle_request_seconds_count{{path="{route}"}} 3.0',
    } <= exposed(client)


def test_a_request_refused_before_it_is_routed_counts_for_its_route(index: Path) -> None:
    with served(index, address_rate=0.001) as client:
        client.get("/v1/documents/dorf.txt")
        client.get("/v1/documents/dorf.txt")
        client.post("/v1/nowhere", content=b"x")
        counted = client.app.state.dispatcher.metrics.render().decode()  # type: ignore[attr-defined]
    assert 'fundstelle_requests_total{path="/v1/documents/{document_id:path}",status="429"} 1.0' in counted
    assert 'fundstelle_requests_total{path="other",status="429"} 1.0' in counted


def test_a_reply_out_of_the_clients_own_cache_is_counted_as_such(client: TestClient) -> None:
    client.get(ASK, headers={"If-None-Match": client.get(ASK).headers["etag"]})
    assert 'fundstelle_requests_total{path="/v1/ask",status="304"} 1.0' in exposed(client)


def test_a_line_of_the_access_log_has_no_query_and_no_question(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.get("/v1/ask?q=Wer schwänzt?")
    client.post("/v1/ask", json={"question": "Wer schwänzt?"})
    first, second = requests(caplog)
    assert (first.method, first.path, first.status, first.client) == ("GET", "/v1/ask", 200, "testclient")
    assert (second.method, second.key) == ("POST", None)
    assert first.levelno == logging.INFO and first.milliseconds > 0
    assert "schw" not in str([vars(record) for record in requests(caplog)])


def test_probes_are_logged_only_when_something_is_wrong(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert requests(caplog) == []
    client.app.state.stopping = True  # type: ignore[attr-defined]
    client.get("/readyz")
    assert [(record.path, record.status) for record in requests(caplog)] == [("/readyz", 503)]


def test_an_unexpected_error_is_counted_too(client: TestClient) -> None:
    answered_by(client, break_down)
    client.get(ASK)
    assert 'fundstelle_requests_total{path="/v1/ask",status="500"} 1.0' in exposed(client)


def test_an_error_within_a_reply_begins_no_second_one() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("broke off")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/v1/ask"}
    asyncio.run(RequestLogMiddleware(app, Metrics())(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
