"""What every request passes through: limits of bodies, headers, request ids, counting, the access log."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from asgi_correlation_id.context import correlation_id
from fakes import FakeEmbedder
from service_process import served
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from indexer.build.pipeline import build
from indexer.errors import IndexDamagedError
from service.observability.metrics import Metrics
from service.web.middleware.request_log import RequestLogMiddleware
from service.workers.backend import Call, Reply

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"
JSON = {"Content-Type": "application/json"}
REQUEST_ID = "5f2b8c1e9d0a4b7f8c6d5e4f3a2b1c0d"
#: Seconds after which something has failed that takes milliseconds.
LONG = 30.0


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("middleware")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    (folder / "weg.txt").write_text("Der Weg zur Schule ist weit.", "utf-8")
    build([folder / "dorf.txt", folder / "weg.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def client(index: Path) -> Iterator[TestClient]:
    with served(index, address_rate=0) as client:
        yield client


def sent_raw(client: TestClient, messages: list[Message], **headers: str) -> list[Message]:
    """What the application sends to a client that sends these messages and then nothing more."""
    waiting, replies = list(messages), []

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(3600)
        return waiting.pop(0)

    async def send(message: Message) -> None:
        replies.append(message)

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/ask",
        "raw_path": b"/v1/ask",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json")]
        + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 50_000),
        "server": ("testserver", 80),
    }

    async def ask() -> None:
        async with asyncio.timeout(LONG):
            await client.app(scope, receive, send)

    asyncio.run(ask())
    return replies


def chunk(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def answered_by(client: TestClient, call: Callable[[Call], Awaitable[Reply]]) -> None:
    """Have questions answered by a function from now on."""
    client.app.state.dispatcher.backend.call = call  # type: ignore[attr-defined]


async def break_down(_: Call) -> Reply:
    raise RuntimeError("cannot read /srv/private/index")


def requests(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """The lines of the access log."""
    return [record for record in caplog.records if record.name == "service.access"]


# Bodies.


def question(size: int) -> bytes:
    """The JSON of a question, so many bytes long."""
    body = b'{"question": "Schule?"}'
    return body + b" " * (size - len(body))


def test_a_body_may_be_as_large_as_the_limit_and_no_byte_larger(index: Path) -> None:
    with served(index, max_body_bytes=100) as client:
        replies = [client.post("/v1/ask", content=question(size), headers=JSON) for size in (100, 101)]
    assert [reply.status_code for reply in replies] == [200, 413]
    assert replies[1].headers["content-type"] == "application/problem+json"
    assert replies[1].headers["connection"] == "close"
    assert replies[1].json()["detail"] == "the body is over 100 bytes"


@pytest.mark.parametrize("size", [100, 101])
def test_without_a_declared_length_what_comes_is_counted(index: Path, size: int) -> None:
    with served(index, max_body_bytes=100) as client:
        body = question(size)
        pieces = iter([body[:40], body[40:80], body[80:]])
        reply = client.post("/v1/ask", content=pieces, headers=JSON)
    assert reply.status_code == (200 if size == 100 else 413)


def test_a_body_longer_than_it_was_declared_is_refused_too(index: Path) -> None:
    with served(index, max_body_bytes=100) as client:
        start, *_ = sent_raw(client, [chunk(question(200))], content_length="50")
    assert start["status"] == 413


def test_a_body_declared_as_too_large_is_refused_before_it_comes(client: TestClient) -> None:
    start, *_ = sent_raw(client, [], content_length="1000001")
    assert start["status"] == 413


def test_a_body_that_is_too_slow_in_coming_is_refused(index: Path) -> None:
    with served(index, receive_seconds=0.02) as client:
        start, body, *_ = sent_raw(client, [chunk(b'{"question": "Sch', more=True)])
    assert start["status"] == 408
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert json.loads(body["body"])["detail"] == "the body did not come within 0.02 seconds"


def test_a_body_in_pieces_is_read_whole(client: TestClient) -> None:
    body = question(30)
    start, reply, *_ = sent_raw(client, [chunk(body[:9], more=True), chunk(b"", more=True), chunk(body[9:])])
    assert start["status"] == 200
    assert json.loads(reply["body"])["question"] == "Schule?"


def test_who_goes_away_while_sending_is_not_replied_to(client: TestClient) -> None:
    assert sent_raw(client, [chunk(b"{", more=True), {"type": "http.disconnect"}]) == []


# Headers.


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (ASK, 200), ("/v1/references", 200), ("/v1/search", 422), ("/v1/documents/none", 404),
        ("/nowhere", 404), ("/healthz", 200), ("/metrics", 200), ("/docs", 200), ("/openapi.json", 200),
    ],
)  # fmt: skip
def test_every_reply_tells_browsers_to_do_nothing_with_it(client: TestClient, path: str, status: int) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "server" not in reply.headers


def test_only_the_page_of_the_api_may_run_scripts_and_only_its_own(client: TestClient) -> None:
    page = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'self'" in page and "http" not in page
    assert "default-src 'none'" in client.get("/v1/references").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "kept"),
    [
        ("GET", ASK, "private, no-cache"),
        ("GET", "/v1/documents", "private, no-cache"),
        ("GET", "/openapi.json", "private, no-cache"),
        ("GET", "/static-offline-docs/swagger-ui.css", "public, max-age=3600"),
        ("GET", "/static-offline-docs/nowhere.css", "no-store"),
        ("POST", "/v1/ask", "no-store"),
        ("GET", "/v1/documents/none", "no-store"),
        ("GET", "/v1/search", "no-store"),
        ("GET", "/nowhere", "no-store"),
        ("GET", "/healthz", "no-store"),
        ("GET", "/readyz", "no-store"),
        ("GET", "/metrics", "no-store"),
    ],
)
def test_how_long_a_reply_may_be_kept(client: TestClient, method: str, path: str, kept: str) -> None:
    body = {"question": "Schule?"} if method == "POST" else None
    assert client.request(method, path, json=body).headers["cache-control"] == kept


def test_what_the_client_has_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get(ASK)
    again = client.get(ASK, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "cache-control"):
        assert again.headers[name] == first.headers[name]
    assert not {"content-length", "content-type"} & set(again.headers)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"other", {}', 304),
        ('W/"other",W/{}', 304),
        ('"other"', 200),
        ("", 200),
        ("*", 304),
    ],
)
def test_a_tag_may_be_weak_or_one_of_several(client: TestClient, known: str, status: int) -> None:
    tag = client.get(ASK).headers["etag"]
    assert client.get(ASK, headers={"If-None-Match": known.format(tag)}).status_code == status


def test_tags_differ_where_replies_do(client: TestClient) -> None:
    paths = (ASK, "/v1/documents/dorf.txt", "/v1/documents/weg.txt", "/v1/documents/dorf.txt")
    tags = [client.get(path).headers["etag"] for path in paths]
    assert tags[1] == tags[3] and len(set(tags)) == 3


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nowhere", "/v1/search"])
def test_probes_and_errors_have_no_tag(client: TestClient, path: str) -> None:
    assert "etag" not in client.get(path).headers


def test_what_is_sent_depends_on_key_and_page(client: TestClient) -> None:
    vary = client.get(ASK).headers["vary"]
    assert {"Origin", "Authorization", "X-API-Key"} == set(re.split(r",\s*", vary))


# Request ids.


@pytest.mark.parametrize("path", [ASK, "/nowhere", "/healthz"])
def test_the_id_of_a_request_comes_back(client: TestClient, path: str) -> None:
    reply = client.get(path, headers={"X-Request-ID": REQUEST_ID})
    assert reply.headers.get_list("x-request-id") == [REQUEST_ID]


@pytest.mark.parametrize("headers", [{}, {"X-Request-ID": "1; DROP"}, {"X-Request-ID": "x" * 5000}])
def test_a_request_without_a_proper_id_is_given_one(client: TestClient, headers: Mapping[str, str]) -> None:
    ids = {client.get("/v1/references", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2 and all(re.fullmatch("[0-9a-f]{32}", text) for text in ids)


def test_the_id_of_a_request_reaches_what_answers(client: TestClient) -> None:
    seen = []

    async def note(_: Call) -> Reply:
        seen.append(correlation_id.get())
        return Reply(404, b"", {}, "there is no such document")

    answered_by(client, note)
    client.get("/v1/documents/none", headers={"X-Request-ID": REQUEST_ID})
    assert seen == [REQUEST_ID]


# Errors.


def test_an_error_nobody_expected_is_a_problem_that_tells_nothing_of_it(
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


def test_an_error_of_our_own_is_a_503_that_tells_no_folder(
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


def test_an_error_nobody_expected_has_the_headers_of_every_reply(index: Path) -> None:
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


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1/nowhere", "/v1", "/v1/documents/none", "/static/none", "/static/faces/none"]
)
def test_what_is_not_there_is_a_problem_that_names_the_path(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["instance"] == path


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", ASK, "/v1/documents/dorf.txt", "/v1/none"]
)
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    full, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    kept = ("content-type", "cache-control", "etag")
    assert [head.headers.get(name) for name in kept] == [full.headers.get(name) for name in kept]


def test_head_of_what_is_only_posted_is_refused(client: TestClient) -> None:
    assert client.head("/v1/facets").status_code == 405


def test_a_slash_too_many_is_not_found_rather_than_sent_elsewhere(client: TestClient) -> None:
    reply = client.get("/v1/ask/?q=Dorf", headers={"Host": "elsewhere.example"}, follow_redirects=False)
    assert (reply.status_code, "location" in reply.headers) == (404, False)


def test_a_page_that_may_not_ask_is_told_by_a_problem(client: TestClient) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    reply = client.options("/v1/ask", headers=asked)
    assert (reply.status_code, reply.headers["content-type"]) == (400, "application/problem+json")
    assert reply.json()["detail"] == "Disallowed CORS origin"
    assert "access-control-allow-origin" not in reply.headers


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: TestClient) -> None:
    reply = client.put("/v1/documents")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")


# Counting and the access log.


def exposed(client: TestClient) -> set[str]:
    return set(client.get("/metrics").text.splitlines())


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


def test_what_is_refused_before_it_is_routed_counts_where_it_was_going(index: Path) -> None:
    with served(index, address_rate=0.001) as client:
        client.get("/v1/documents/dorf.txt")
        client.get("/v1/documents/dorf.txt")
        client.post("/v1/nowhere", content=b"x")
        counted = client.app.state.dispatcher.metrics.render().decode()  # type: ignore[attr-defined]
    assert 'fundstelle_requests_total{path="/v1/documents/{document_id:path}",status="429"} 1.0' in counted
    assert 'fundstelle_requests_total{path="other",status="429"} 1.0' in counted


def test_an_error_nobody_expected_is_counted_too(client: TestClient) -> None:
    answered_by(client, break_down)
    client.get(ASK)
    assert 'fundstelle_requests_total{path="/v1/ask",status="500"} 1.0' in exposed(client)


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


def test_readyz_tells_loading_ready_and_stopping(client: TestClient) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    told = [client.get("/readyz").json()["status"]]
    state.backend.ready = False
    told.append(client.get("/readyz").json()["status"])
    state.stopping = True
    told.append(client.get("/readyz").json()["status"])
    assert told == ["ready", "loading", "stopping"]
    assert client.get("/healthz").status_code == 200
