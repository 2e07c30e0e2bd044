"""Hosts that lead a fetch to other addresses, or that do not come to an end."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("urllib3", reason="the extra is not installed")

from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.fetcher import FetchResult, ListedPage, fetch

LOOPBACK = AddressPolicy.of(["127.0.0.0/8"])
NO_ROBOTS = b"HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD = b"HTTP/1.1 200 x\r\nContent-Type: text/plain\r\n"
Reply = Callable[[socket.socket], None]


@contextlib.contextmanager
def host(
    reply: Reply, robots: Reply | None = None, address: str = "127.0.0.1"
) -> Iterator[tuple[int, list[str]]]:
    """Port of a host that writes raw bytes, and the paths that it was asked for."""
    paths: list[str] = []
    listener = socket.create_server((address, 0))

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            path = connection.recv(65536).split(b" ")[1].decode()
            paths.append(path)
            if path != "/robots.txt":
                reply(connection)
            elif robots:
                robots(connection)
            else:
                connection.sendall(NO_ROBOTS)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield listener.getsockname()[1], paths
        listener.shutdown(socket.SHUT_RDWR)


def sent(data: bytes) -> Reply:
    return lambda connection: connection.sendall(data)


def dripping(data: bytes) -> Reply:
    """Bytes, then one more every 20 milliseconds without end."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(data)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return reply


def fetched(url: str, folder: Path, **options: Any) -> FetchResult:
    defaults = {"pause": 0.0, "backoff": 0.0, "policy": LOOPBACK, "seconds": 30.0}
    [result] = fetch([ListedPage(url, "a")], folder, **defaults | options)
    return result


def test_a_listed_page_at_an_address_that_is_not_public_is_refused(tmp_path: Path) -> None:
    with host(sent(HEAD + b"\r\ngeheim")) as (port, paths):
        result = fetched(f"http://localhost:{port}/a", tmp_path, policy=AddressPolicy())
    assert (result.outcome, paths) == ("failed", [])
    assert result.detail.startswith("localhost is at ") and "not a public address" in result.detail


@pytest.mark.parametrize(
    "name", ["127.0.0.2", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "nobody@127.0.0.2"]
)
def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(tmp_path: Path, name: str) -> None:
    with host(sent(HEAD + b"\r\ngeheim"), address="127.0.0.2") as (inner, asked):
        location = f"HTTP/1.1 302 x\r\nLocation: http://{name}:{inner}/a\r\nContent-Length: 0\r\n\r\n"
        with host(sent(location.encode()), address="127.0.0.3") as (port, _):
            only = AddressPolicy.of(["127.0.0.3"])
            result = fetched(f"http://127.0.0.3:{port}/a", tmp_path, policy=only)
    assert (result.outcome, asked, list(tmp_path.iterdir())) == ("failed", [], [])


def test_the_address_that_was_checked_is_the_one_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    answers = ["127.0.0.2"]

    def rebinding(name: str, *args: Any, **options: Any) -> Any:
        """The first time an allowed address at which nobody listens, then another one."""
        if name != "wechsel.example":
            return real(name, *args, **options)
        return real(answers.pop() if answers else "127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with host(sent(HEAD + b"\r\ngeheim")) as (port, paths):
        only = AddressPolicy.of(["127.0.0.2"])
        result = fetched(f"http://wechsel.example:{port}/a", tmp_path, policy=only)
    assert (result.detail, paths) == ("wechsel.example is at 127.0.0.1, which is not a public address", [])


@pytest.mark.parametrize(
    "reply",
    [
        dripping(HEAD + b"\r\n"),
        dripping(HEAD + b"Content-Length: 5000000\r\n\r\n"),
        dripping(HEAD + b"X-Slow: "),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nffff\r\n"),
        dripping(b"HTTP/1.1 302 x\r\nLocation: /b\r\nX-Slow: "),
    ],
)
def test_a_response_without_end_costs_a_limited_time(tmp_path: Path, reply: Reply) -> None:
    began = time.monotonic()
    with host(reply) as (port, _):
        result = fetched(f"http://127.0.0.1:{port}/a", tmp_path, seconds=0.5)
    assert (result.outcome, result.detail) == ("failed", "takes over 0.5 seconds")
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []


def test_a_robots_txt_without_end_costs_a_limited_time(tmp_path: Path) -> None:
    with host(sent(HEAD), robots=dripping(HEAD + b"\r\n")) as (port, paths):
        result = fetched(f"http://127.0.0.1:{port}/a", tmp_path, seconds=0.5)
    assert (result.detail, paths) == ("takes over 0.5 seconds", ["/robots.txt"])


@pytest.mark.parametrize("value", ["7200", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_pause_of_hours_is_not_waited_for(tmp_path: Path, value: str) -> None:
    pauses: list[float] = []
    busy = f"HTTP/1.1 503 x\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n"
    with host(sent(busy.encode())) as (port, paths):
        result = fetched(f"http://127.0.0.1:{port}/a", tmp_path, sleep=pauses.append)
    assert result.detail.startswith("the host wants a pause of ") and "of 30 are left" in result.detail
    assert (pauses, paths) == ([], ["/robots.txt", "/a"])


@pytest.mark.parametrize("value", ["bald", "9" * 5000, "-5"])
def test_a_pause_that_is_no_number_is_the_usual_one(tmp_path: Path, value: str) -> None:
    busy = f"HTTP/1.1 503 x\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n"
    with host(sent(busy.encode())) as (port, paths):
        result = fetched(f"http://127.0.0.1:{port}/a", tmp_path)
    assert (result.detail, paths.count("/a")) == ("HTTP status 503", 5)


@pytest.mark.parametrize("delay", ["9" * 5000, "\u00b2"])
def test_a_robots_txt_with_a_delay_that_is_no_number_fails_only_its_host(tmp_path: Path, delay: str) -> None:
    rules = f"User-agent: *\nCrawl-delay: {delay}\n".encode()
    with host(sent(HEAD), robots=sent(HEAD + b"Connection: close\r\n\r\n" + rules)) as (port, _):
        result = fetched(f"http://127.0.0.1:{port}/a", tmp_path)
    assert (result.outcome, result.detail) == ("failed", "robots.txt is malformed")


@pytest.mark.parametrize("location", ["http://[a/b", "http://a:99999999/b", "http://" + "a" * 70 + "/b"])
def test_a_redirect_that_no_library_can_read_fails_only_its_page(tmp_path: Path, location: str) -> None:
    with host(sent(f"HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())) as (
        port,
        _,
    ):
        assert fetched(f"http://127.0.0.1:{port}/a", tmp_path).outcome == "failed"
