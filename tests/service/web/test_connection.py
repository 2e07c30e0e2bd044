"""Limits of connections, over a real socket and with counted ones."""

import ipaddress
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from service_process import LONG, get, listening, until

from indexer.build.pipeline import build
from service.observability.metrics import Metrics
from service.web.connection_limits import ConnectionLimits, ConnectionPolicy

HALF = b"GET /healthz HTTP/1.1\r\nHost: loc"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("connection")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def connected(sockets: ExitStack, port: int, sent: bytes) -> socket.socket:
    connection = sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=LONG))
    connection.sendall(sent)
    return connection


def received(connection: socket.socket) -> bytes:
    """The bytes that come until the other side closes."""
    data = b""
    while part := connection.recv(65_536):
        data += part
    return data


def ended(connection: socket.socket) -> bool:
    """True once the other side has ended the connection; otherwise the read times out."""
    with suppress(ConnectionResetError):
        received(connection)
    return True


def refused(port: int, why: str) -> float:
    """The number of connections refused or ended by a limit."""
    name = f'fundstelle_connections_refused_total{{why="{why}"}} '
    values = [line.removeprefix(name) for line in get(port, "/metrics")[1].splitlines() if name in line]
    return float(values[0]) if values else 0


def test_beyond_its_limit_an_address_gets_429(index: Path, sockets: ExitStack) -> None:
    with listening(index, address_connections=3) as port:
        first, *_ = [connected(sockets, port, HALF) for _ in range(3)]
        head, _, body = received(connected(sockets, port, b"")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429 ")
        assert {b"retry-after: 1", b"connection: close"} <= set(head.lower().splitlines())
        assert json.loads(body)["detail"] == "too many connections from this address; ask again in a moment"
        first.close()
        until(lambda: get(port, "/healthz")[0] == 200)


def test_if_all_places_are_taken_the_longest_waiting_connection_makes_room(
    index: Path, sockets: ExitStack
) -> None:
    with listening(index, connections=3) as port:
        first, second, third = (connected(sockets, port, HALF) for _ in range(3))
        fourth = connected(sockets, port, WHOLE)
        assert fourth.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert ended(first)
        for connection in (second, third):
            connection.sendall(b"alhost\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_half_sent_heads_lock_nobody_out(index: Path, sockets: ExitStack) -> None:
    with listening(index, connections=20) as port:
        for _ in range(100):
            connected(sockets, port, HALF)
        assert [get(port, "/healthz")[0] for _ in range(5)] == [200] * 5
        assert refused(port, "waiting") >= 80


def test_a_client_that_does_not_read_is_disconnected(index: Path) -> None:
    with listening(index, send_seconds=0.1) as port, socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(LONG)
        reader.connect(("127.0.0.1", port))
        # One and a half megabytes each, more than all buffers between both sides hold.
        asked = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        reader.sendall(asked * 20)
        until(lambda: refused(port, "slow") == 1)
        assert ended(reader)


def test_a_client_that_reads_gets_all_of_a_large_reply(index: Path, sockets: ExitStack) -> None:
    with listening(index, send_seconds=5) as port:
        asked = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n"
        reader = connected(sockets, port, asked + b"Connection: close\r\n\r\n")
        head, _, body = received(reader).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower() and len(body) > 1_000_000


# Counted connections.


class Connection:
    def __init__(self, unsent: int = 0) -> None:
        self.unsent_bytes = unsent
        self.ended = False

    def abort(self) -> None:
        self.ended = True


def limits(total: int = 100, per_address: int = 100, **further: object) -> ConnectionLimits:
    return ConnectionLimits(ConnectionPolicy(total, per_address, **further), Metrics())  # type: ignore[arg-type]


def test_if_no_connection_waits_a_further_one_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    counted = limits(total=2)
    busy = [Connection(), Connection()]
    assert [counted.admit(connection, "192.0.2.1") for connection in busy] == [None, None]
    assert counted.admit(Connection(), "192.0.2.2") == "total"
    assert caplog.messages == ["connection refused or ended"]
    counted.release(busy[0])
    assert counted.admit(Connection(), "192.0.2.2") is None


def test_a_connection_that_is_answered_does_not_make_room() -> None:
    counted = limits(total=2)
    first, second = Connection(), Connection()
    for connection in (first, second):
        counted.admit(connection, "192.0.2.1")
        counted.set_waiting(connection, True)
    counted.set_waiting(first, False)
    assert counted.admit(Connection(), "192.0.2.2") is None
    assert (first.ended, second.ended) == (False, True)


def test_addresses_of_one_network_are_one_client() -> None:
    counted = limits(per_address=1)
    assert counted.admit(Connection(), "2001:db8::1") is None
    assert counted.admit(Connection(), "2001:db8::2") == "address"
    assert counted.admit(Connection(), "2001:db8:0:1::1") is None


def test_a_trusted_proxy_connects_for_many_and_is_not_cut_while_it_waits() -> None:
    counted = limits(total=3, per_address=1, trusted=(ipaddress.ip_network("10.0.0.0/8"),))
    proxy = [Connection() for _ in range(3)]
    for connection in proxy:
        assert counted.admit(connection, "10.1.2.3") is None
        counted.set_waiting(connection, True)
    assert counted.admit(Connection(), "192.0.2.1") == "total"
    assert not any(connection.ended for connection in proxy)


def test_unread_replies_take_no_more_memory_than_allowed() -> None:
    counted = limits(unsent_bytes=250)
    readers = [Connection(100) for _ in range(4)]
    for connection in readers:
        counted.admit(connection, "192.0.2.1")
        counted.set_unsent(connection, True)
    assert [connection.ended for connection in readers] == [True, True, False, False]


def test_few_refused_connections_stay_for_their_reply_to_be_read() -> None:
    counted = limits(total=1, refusals=2)
    counted.admit(Connection(), "192.0.2.1")
    stayed = []
    for _ in range(4):
        counted.admit(Connection(), "192.0.2.1")
        stayed.append(counted.may_linger)
    assert stayed == [True, True, False, False]


@pytest.mark.parametrize(
    ("soft", "hard", "connections"), [(256, 4096, 2000), (256, 600, 150), (4096, 4096, 2000)]
)
def test_file_descriptors_suffice_for_all_connections(soft: int, hard: int, connections: int) -> None:
    program = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from service.web.connection_limits import connections_within_descriptors
print(connections_within_descriptors(2000, 1))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LONG)
    assert (done.returncode, done.stdout) == (0, f"{connections}\n")
    assert ("at most 150 connections, not 2000" in done.stderr) == (connections == 150)
