"""Raw and hostile requests to a service."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

_TIMEOUT = 60.0


def post(url: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> tuple[int, int, float]:
    """Status, bytes of the reply and seconds of a POST; status 0 if the connection was closed."""
    return request(url, "POST", path, json.dumps(body).encode(), headers)


def request(
    url: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, int, float]:
    """Status, bytes of the reply and seconds of a request; status 0 if the connection was closed."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=_TIMEOUT)
    sent = {"Content-Type": "application/json", **(headers or {})}
    status = size = 0
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        # A refusal may come before the whole body was sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, sent)
        reply = connection.getresponse()
        status, size = reply.status, len(reply.read())
    return status, size, time.monotonic() - began


def raw(url: str, data: bytes) -> tuple[str, bool]:
    """Status line of the first reply to raw bytes, and True if the connection was then closed."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5) as connection:
        connection.sendall(data)
        received, closed = b"", False
        with contextlib.suppress(OSError):
            while not closed and len(received) < 100_000:
                chunk = connection.recv(65536)
                received += chunk
                closed = not chunk
    return received.split(b"\r\n", 1)[0].decode("latin-1"), closed


@contextlib.contextmanager
def slowest_health(url: str) -> Iterator[list[float]]:
    """The seconds that each ``/healthz`` takes while the block runs."""
    taken: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            status, _, seconds = request(url, "GET", "/healthz")
            taken.append(seconds if status == 200 else _TIMEOUT)
            ended.wait(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        thread.join()


def at_once(count: int, action: Any) -> list[Any]:
    """The results of an action in several threads at once."""
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(action())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextlib.contextmanager
def half_sent_heads(url: str, count: int) -> Iterator[int]:
    """The number of connections that could be opened, each with half a request head."""
    parts = urllib.parse.urlsplit(url)
    with contextlib.ExitStack() as stack:
        opened = 0
        for _ in range(count):
            with contextlib.suppress(OSError):
                connection = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2)
                stack.enter_context(connection)
                connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
                opened += 1
        yield opened
