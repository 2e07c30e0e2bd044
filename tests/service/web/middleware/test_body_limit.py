"""Limits on the size and time of bodies."""

import asyncio
import json
from pathlib import Path

import pytest
from service_process import served
from starlette.testclient import TestClient
from starlette.types import Message, Scope

JSON = {"Content-Type": "application/json"}
#: Seconds after which something has failed that takes milliseconds.
LONG = 30.0


def sent_raw(client: TestClient, messages: list[Message], **headers: str) -> list[Message]:
    """The messages sent to a client that sends these messages and then nothing more."""
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
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")]
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
    start, *_ = sent_raw(client, [], content_length="64001")
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


def test_a_client_that_leaves_while_sending_gets_no_reply(client: TestClient) -> None:
    assert sent_raw(client, [chunk(b"{", more=True), {"type": "http.disconnect"}]) == []
