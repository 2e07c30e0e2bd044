"""Three ways to run the service: as an application in this process, behind a real socket, as a process."""

import asyncio
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from fakes import FakeEmbedder
from starlette.testclient import TestClient

from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine
from service.settings import Settings
from service.web.app import create_app
from service.web.server import bind, create_server
from service.workers.backend import Call, Reply
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder
from service.workers.handlers import answer

#: Seconds after which something has failed that takes some of them at most.
LONG = 120.0


class LocalBackend:
    """A ``Backend`` of one engine in threads of this process; ``calls`` has all calls so far."""

    def __init__(self, index: Path, embedder: Embedder) -> None:
        self.embedder = BatchingEmbedder(embedder)
        engine = Engine.compose(open_generation(index), self.embedder)
        self.holder = EngineHolder(index, self.embedder, engine)
        self.calls: list[Call] = []
        self.ready = False

    @property
    def generation(self) -> str:
        return self.holder.generation

    async def start(self) -> None:
        self.ready = True

    async def stop(self) -> None:
        self.ready = False
        self.embedder.close()
        self.holder.close()

    async def call(self, call: Call) -> Reply:
        self.calls.append(call)
        return await asyncio.to_thread(answer, call, self.holder, self.embedder)


@contextmanager
def served(index: Path, embedder: Embedder | None = None, **settings: object) -> Iterator[TestClient]:
    """A client of the application, without a socket; by default the index is of the fake embedder."""
    backend = LocalBackend(index, embedder or FakeEmbedder())
    app = create_app(Settings(index=index, **settings), backend)  # type: ignore[arg-type]
    app.state.backend = backend
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        yield client


@contextmanager
def listening(index: Path, embedder: Embedder | None = None, **settings: object) -> Iterator[int]:
    """The port of the application behind a real socket, without limit of the address."""
    given = Settings(index=index, port=0, address_rate=0, **settings)  # type: ignore[arg-type]
    server = create_server(create_app(given, LocalBackend(index, embedder or FakeEmbedder())), given)
    with bind(given.host, given.port) as bound:
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        until(lambda: server.started or not thread.is_alive())
        assert thread.is_alive(), "the service did not start"
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(LONG)
            assert not thread.is_alive()


@contextmanager
def serving(index: Path, embedder: Embedder, **settings: object) -> Iterator[str]:
    """The address of the application behind a real socket."""
    with listening(index, embedder, **settings) as port:
        yield f"http://127.0.0.1:{port}"


class ServiceProcess:
    """A command that serves on a free port. ``lines``: of its stderr so far."""

    def __init__(self, *command: str, **settings: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            # If the tests were started in the background, Ctrl-C is ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            env=os.environ | {f"FUNDSTELLE_{name.upper()}": value for name, value in settings.items()},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self._workers: dict[int, psutil.Process] = {}
        until(lambda: "serving on" in str(self.lines) or self.process.poll() is not None)
        [self.port] = map(int, re.findall(r"serving on http://127\.0\.0\.1:(\d+)", str(self.lines)))

    def _read(self) -> None:
        assert self.process.stderr
        self.lines.extend(line for line in self.process.stderr)

    def workers(self) -> list[psutil.Process]:
        """The worker processes that run."""
        found = psutil.Process(self.process.pid).children()
        self._workers |= {worker.pid: worker for worker in found}
        return found

    def metric(self, name: str) -> float:
        found = re.search(rf"^fundstelle_{name} (\S+)$", get(self.port, "/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers_have_ended(self) -> bool:
        """True if no worker runs that ``workers`` has ever returned."""
        return not any(runs(worker) for worker in self._workers.values())

    def end(self) -> None:
        if self.process.poll() is None:
            self.workers()
            self.process.kill()
        self.process.wait()
        until(self.workers_have_ended)
        self._reading.join(LONG)
        assert self.process.stderr
        self.process.stderr.close()


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body; status 0 if the connection is refused or broken."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
