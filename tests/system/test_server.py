"""The service as its users start it: processes, sockets and signals, with the real model where it counts."""

import asyncio
import gc
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvicorn
from fakes import FakeEmbedder
from fastapi import FastAPI
from paths import SUPPORT
from service_process import LONG, LocalBackend, ServiceProcess, get, listening, runs, until

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.index.live_generation import live_name, set_live
from service.auth.key_file import KeyFile
from service.settings import Settings
from service.web.app import create_app
from service.web.connection import Protocol
from service.web.server import ListenError, Server, bind, serve

MEGABYTE = b"x" * 1_000_000
REPORT = "ca-mau-politbuero-resolutionen.md"
QUESTION = "what shortcomings were found on Resolution 57"


def ask(port: int, question: str) -> tuple[int, dict[str, Any]]:
    status, body = get(port, f"/v1/ask?q={question.replace(' ', '+')}")
    return status, json.loads(body or "{}")


def replied(port: int, data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Send bytes, read until the other side closes: status line, headers, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection:
        connection.sendall(data)
        with connection.makefile("rb") as stream:
            head, _, body = stream.read().partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, dict(line.lower().split(": ", 1) for line in lines), body


@pytest.fixture(scope="module")
def index(
    corpus: Path, real_embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A report of the example corpus that answers the question, indexed with the real model."""
    index = tmp_path_factory.mktemp("server") / "index"
    build([corpus / REPORT], index, real_embedder)
    return index


@pytest.fixture(scope="module")
def service(index: Path) -> Iterator[ServiceProcess]:
    """With two workers, both ready; the tests share it, and the last of them ends it."""
    command = ("-m", "service", "serve", "--index", str(index), "--port", "0", "--workers", "2")
    service = ServiceProcess(*command, drain_seconds="600", poll_seconds="0.1")
    try:
        until(lambda: service.metric("workers") == 2)
        yield service
    finally:
        service.end()


# One service with its model and two workers.


def test_a_question_is_answered_with_its_places(service: ServiceProcess) -> None:
    status, answer = ask(service.port, QUESTION)
    assert (status, answer["status"]) == (200, "answered")
    assert {citation["document_id"] for citation in answer["citations"]} == {REPORT}


def test_the_command_line_of_a_worker_holds_only_a_number(service: ServiceProcess) -> None:
    for worker in service.workers():
        *program, descriptor = worker.cmdline()[1:]
        assert program == ["-m", "service.workers.worker"] and descriptor.isdigit()


def test_a_port_that_is_taken_is_one_line_and_exit_code_1(service: ServiceProcess, index: Path) -> None:
    second = start_error("--index", str(index), "--port", str(service.port))
    assert second == f"error: cannot listen on 127.0.0.1, port {service.port}: Address already in use\n"


def test_a_new_generation_is_served_without_a_failed_question(service: ServiceProcess, index: Path) -> None:
    former = live_name(index)
    # The end of the name is the digest of what is in the folder; what is before it may be anything.
    name = "20991231T000000000000-" + former.rsplit("-", 1)[1]
    shutil.copytree(index / "generations" / former, index / "generations" / name)
    served = [ask(service.port, QUESTION)[1]["index"]["generation"]]
    set_live(index, name)
    # Both workers have it when no question comes back to the former one.
    for number in range(10_000):
        status, answer = ask(service.port, f"{QUESTION} {number}")
        assert status == 200
        served.append(answer["index"]["generation"])
        if served[-20:] == [name] * 20:
            break
    assert served[0] == former and served[-1] == name


def test_when_a_worker_is_killed_the_other_one_answers(service: ServiceProcess) -> None:
    victim, other = service.workers()
    victim.kill()
    for number in range(30):
        assert ask(service.port, f"{QUESTION}, of {number}")[0] == 200
    assert runs(other)
    until(lambda: service.metric("workers_lost_total") == 1)


def test_the_log_is_json_without_questions(service: ServiceProcess) -> None:
    lines = [json.loads(line) for line in service.lines]
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert "/v1/ask" in [line.get("path") for line in lines]
    assert "shortcomings" not in str(lines)


def test_after_sigterm_it_is_not_ready_but_answers(service: ServiceProcess) -> None:
    service.process.send_signal(signal.SIGTERM)
    until(lambda: get(service.port, "/readyz") == (503, '{"status":"stopping"}'))
    assert ask(service.port, f"{QUESTION} in the end")[0] == 200


def test_when_the_front_is_killed_its_workers_end(service: ServiceProcess) -> None:
    assert service.workers()
    service.process.kill()
    service.process.wait(LONG)
    until(service.workers_have_ended)


# Starts that are refused.


def start_error(*arguments: str) -> str:
    """The stderr of a start that ends with exit code 1."""
    done = subprocess.run(
        [sys.executable, "-m", "service", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_without_an_index_the_error_names_the_command_that_builds_one(tmp_path: Path) -> None:
    where = str(tmp_path / "none")
    assert start_error("--index", where) == (
        f"error: no index at {where}: build one with `python -m indexer build SOURCE --index {where}`\n"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_keys_the_error_names_the_ways_to_listen_beyond_this_machine(host: str) -> None:
    output = start_error("--host", host)
    assert output.startswith(f"error: without keys the service listens on this machine only, not on {host}: ")
    assert "service keys add" in output and "--insecure" in output and output.count("\n") == 1


# Its socket, with a fake model in this process.


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small index, made with the fake embedder."""
    folder = tmp_path_factory.mktemp("village")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture(scope="module")
def port(village: Path) -> Iterator[int]:
    with listening(village) as port:
        yield port


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        (
            b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
            431,
            "the head of the request is too large",
        ),
        (b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n", 431, "the head of the request is too large"),
        (b"\x16\x03\x01\x02\x00 garbage\r\n\r\n", 400, "not a valid HTTP request"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400, "not a valid HTTP request"),
        (
            b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            400,
            "not a valid HTTP request",
        ),
        (
            b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
            "not a valid HTTP request",
        ),
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "Transfer-Encoding beside Content-Length, or in a request of HTTP/1.0",
        ),
        (
            b"POST /v1/ask HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "Transfer-Encoding beside Content-Length, or in a request of HTTP/1.0",
        ),
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"a:\r\n" * 5000 + b"\r\n",
            431,
            "the head has 5001 fields, at most 100 are read",
        ),
        (
            b"GET /healthz?" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            431,
            "the head of the request is too large",
        ),
    ],
    ids=["headers", "path", "garbage", "no host", "length", "chunk", "both", "old", "fields", "query"],
)
def test_a_malformed_request_gets_a_problem(port: int, sent: bytes, status: int, detail: str) -> None:
    line, headers, body = replied(port, sent)
    assert line.startswith(f"HTTP/1.1 {status} ")
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert (json.loads(body)["status"], json.loads(body)["detail"]) == (status, detail)
    assert get(port, "/healthz")[0] == 200


def test_a_body_declared_as_too_large_is_refused_before_it_is_sent(port: int) -> None:
    sent = (
        b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n"
    )
    status, headers, _ = replied(port, sent)
    assert status.startswith("HTTP/1.1 413 ") and headers["connection"] == "close"


@pytest.mark.parametrize("sent", [b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_connection_with_an_incomplete_head_is_closed(village: Path, sent: bytes) -> None:
    with (
        listening(village, receive_seconds=0.1) as port,
        socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection,
    ):
        connection.sendall(sent)
        assert connection.recv(1000) == b""


def test_a_connection_with_an_incomplete_head_of_a_later_request_is_closed(village: Path) -> None:
    with (
        listening(village, receive_seconds=0.1) as port,
        socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"alive" not in received:
            received += connection.recv(1000)
        connection.sendall(b"GET /heal")
        assert connection.recv(1000) == b""


def test_a_client_still_sending_too_large_a_body_can_read_the_refusal(port: int) -> None:
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        connection.request("POST", "/v1/ask", body=3 * MEGABYTE)
        assert connection.getresponse().status == 413
        connection.close()


def test_data_after_a_refusal_is_discarded(
    village: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    keys.add("any")
    with (
        listening(village, keys=keys.path) as port,
        socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection,
    ):
        connection.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        received = connection.recv(5000)
        assert b" 401 " in received
        connection.sendall(b"zz\r\n")
        while connection.recv(5000):
            pass
    assert "Fatal error" not in caplog.text


def test_a_client_that_sends_without_end_after_a_refusal_is_disconnected(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Protocol, "linger_seconds", LONG)
    monkeypatch.setattr(Protocol, "linger_bytes", 100_000)
    with socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection:
        connection.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\n\r\n")
        with pytest.raises(OSError):
            while True:
                connection.sendall(MEGABYTE)


def test_a_port_that_another_program_took_meanwhile_is_one_line(village: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        given = Settings(index=village, port=port)
        backend = LocalBackend(village, FakeEmbedder())
        start = backend.start

        async def meanwhile() -> None:
            await start()
            other.listen()

        backend.start = meanwhile  # type: ignore[method-assign]
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1, port {port}: Address"):
            serve(create_app(given, backend), given)
        assert not backend.ready


def test_a_socket_that_cannot_be_bound_is_closed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # One that is left open is an error of the test by its warning.
        with pytest.raises(ListenError):
            bind("127.0.0.1", taken.getsockname()[1])
        gc.collect()


def test_a_request_with_an_incomplete_body_is_refused_and_closed(village: Path) -> None:
    with listening(village, receive_seconds=0.1) as port:
        sent = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        status, headers, _ = replied(port, sent)
    assert status.startswith("HTTP/1.1 408 ") and headers["connection"] == "close"


def test_several_requests_come_over_one_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    for _ in range(3):
        connection.request("GET", "/v1/documents/none")
        reply = connection.getresponse()
        assert (reply.status, reply.read()[:1]) == (404, b"{")
        first = connection.sock
        assert first is not None
    connection.close()


def test_requests_sent_at_once_are_replied_to_in_turn(port: int) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    _, _, rest = replied(port, asked * 2 + last)
    assert re.findall(rb"HTTP/1\.1 (\d+)", rest) == [b"200", b"404"]


# Ending.


#: What ``service serve`` does, with another program for its workers.
FRONT = """
import sys
from pathlib import Path
from service.observability import logs
from service.web.app import create_app
from service.observability.metrics import Metrics
from service.web.server import serve
from service.settings import Settings
from service.workers.pool import WorkerPool

logs.configure()
settings = Settings(index=Path(sys.argv[1]), port=0, workers=2)
serve(create_app(settings, WorkerPool(settings, Metrics(), sys.argv[2:])), settings)
"""


@pytest.mark.parametrize(
    ("signals", "drain_seconds"),
    [([signal.SIGTERM], "0"), ([signal.SIGTERM, signal.SIGTERM], "600"), ([signal.SIGINT], "600")],
    ids=["drained", "second", "ctrl-c"],
)
def test_a_signal_ends_the_service_and_its_workers(
    tmp_path: Path, signals: list[int], drain_seconds: str
) -> None:
    (tmp_path / "generations" / "only").mkdir(parents=True)
    set_live(tmp_path, "only")
    program = (sys.executable, str(SUPPORT / "stub_worker.py"))
    service = ServiceProcess("-c", FRONT, str(tmp_path), *program, drain_seconds=drain_seconds)
    try:
        assert get(service.port, "/v1/references") == (200, "{}")
        assert service.workers()
        *first, last = signals
        for number in first:
            service.process.send_signal(number)
            until(lambda: get(service.port, "/readyz")[0] == 503)
        service.process.send_signal(last)
        assert service.process.wait(LONG) == -last
        until(service.workers_have_ended)
        assert get(service.port, "/healthz")[0] == 0
    finally:
        service.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_while_its_workers_load(tmp_path: Path, number: int) -> None:
    (tmp_path / "generations" / "only").mkdir(parents=True)
    set_live(tmp_path, "only")
    (tmp_path / "start").write_text('["hang", "hang"]')
    program = (sys.executable, str(SUPPORT / "stub_worker.py"))
    process = subprocess.Popen(
        [sys.executable, "-c", FRONT, str(tmp_path), *program], stderr=subprocess.PIPE, text=True
    )
    started = tmp_path / "started"
    until(lambda: started.exists() and len(started.read_text().splitlines()) == 2)
    process.send_signal(number)
    _, output = process.communicate(timeout=LONG)
    assert process.returncode == 0
    assert "stopped by a signal before it was ready" in output and "Traceback" not in output
    assert not any(psutil.pid_exists(int(pid)) for pid in started.read_text().split())


def started_server(drain_seconds: float) -> tuple[FastAPI, Server]:
    """A server that has started, without sockets."""
    app = FastAPI()
    app.state.stopping = False
    server = Server(uvicorn.Config(app), app, drain_seconds)
    server.started = True
    return app, server


def test_after_sigterm_it_closes_when_load_balancers_have_had_time_to_notice() -> None:
    app, ending = started_server(drain_seconds=0.05)
    ending.handle_exit(signal.SIGTERM, None)
    assert app.state.stopping and not ending.should_exit

    async def work() -> None:
        while not await ending.on_tick(0):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(work(), LONG))
    assert ending.should_exit


@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
def test_on_ctrl_c_or_a_second_signal_it_closes_at_once(signals: tuple[int, ...]) -> None:
    app, ending = started_server(drain_seconds=3600)
    for number in signals:
        ending.handle_exit(number, None)
    assert app.state.stopping and ending.should_exit


def test_on_sigterm_before_it_serves_it_does_not_wait() -> None:
    _, ending = started_server(drain_seconds=3600)
    ending.started = False
    ending.handle_exit(signal.SIGTERM, None)
    assert ending.should_exit
