"""The service under test: started over a copy of an index, watched by its metrics and its processes."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from indexer.errors import FundstelleError

_PATIENCE = 180.0


@dataclass(slots=True)
class Service:
    """A running service: its address, its front process, and the file its log goes to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    memory: list[tuple[float, float]] = field(default_factory=list)

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's series that have these labels; 0 where there is none."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as reply:
            text = reply.read().decode()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if re.match(rf"{name}[ {{]", line) and all(label in line for label in wanted)
        )

    def workers(self) -> list[psutil.Process]:
        """Processes that answer: what the front has started."""
        return psutil.Process(self.process.pid).children()

    def wait_for_workers(self, count: int, patience: float = _PATIENCE) -> float:
        """Wait until so many workers answer; seconds it took.

        Raises:
            FundstelleError: it takes longer than ``patience``, or the service has ended.
        """
        began = time.monotonic()
        while time.monotonic() - began < patience:
            if self.process.poll() is not None:
                raise FundstelleError(f"the service ended with code {self.process.returncode}: {self.said()}")
            with contextlib.suppress(OSError):
                if self.metric("fundstelle_workers") >= count:
                    return time.monotonic() - began
            time.sleep(0.1)
        raise FundstelleError(f"no {count} workers within {patience:.0f} s: {self.said()}")

    def said(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "nothing"

    @contextlib.contextmanager
    def watching_memory(self) -> Iterator[list[tuple[float, float]]]:
        """Each second while the block runs: seconds since its begin, resident bytes of all processes."""
        samples: list[tuple[float, float]] = []
        over = threading.Event()
        began = time.monotonic()

        def sample() -> None:
            while not over.wait(1.0):
                with contextlib.suppress(psutil.Error):
                    front = psutil.Process(self.process.pid)
                    held = sum(process.memory_info().rss for process in [front, *front.children()])
                    samples.append((time.monotonic() - began, float(held)))

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield samples
        finally:
            over.set()
            thread.join()


@contextlib.contextmanager
def running(
    index: Path, workers: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A service over an index with so many workers, all of them ready; ended when the block is left.

    Settings come from ``environment`` (``FUNDSTELLE_…``) alone: those of whoever measures do not count.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "service", "serve", "--index", str(index.resolve()), "--port", str(port)]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("FUNDSTELLE_")}
    log = folder / f"service-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--workers", str(workers)],
            cwd=folder,  # where no ``.env`` is
            stdout=file,
            stderr=file,
            env=inherited
            | {"FUNDSTELLE_DRAIN_SECONDS": "0", "FUNDSTELLE_LOG_FORMAT": "json"}
            | dict(environment or {}),
        )
        service = Service(f"http://127.0.0.1:{port}", process, log)
        try:
            _wait_until_ready(service)
            yield service
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(service: Service) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE:
        if service.process.poll() is not None:
            raise FundstelleError(f"the service ended before it was ready: {service.said()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{service.url}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise FundstelleError(f"the service was not ready within {_PATIENCE:.0f} s: {service.said()}")
