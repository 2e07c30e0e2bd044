"""The service as a process of its own: started over an index, observed by its metrics and its processes."""

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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from indexer.errors import FundstelleError

#: Seconds until the service must answer.
PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """A started service: its address, its front process, and the file of its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's series that have these labels; 0 if there are none."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as reply:
            text = reply.read().decode()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if re.match(rf"{name}[ {{]", line) and all(label in line for label in wanted)
        )

    def workers(self) -> list[psutil.Process]:
        """The worker processes: children of the front."""
        return psutil.Process(self.process.pid).children()

    def wait_for_workers(self, count: int, patience: float = PATIENCE) -> float:
        """Wait until so many workers answer; returns the seconds it took.

        Raises:
            FundstelleError: it takes longer than ``patience`` seconds, or the service ended.
        """

        def enough() -> bool:
            return self.metric("fundstelle_workers") >= count

        return self.wait_until(enough, f"no {count} workers", patience)

    def wait_until_ready(self) -> float:
        """Wait until ``/readyz`` agrees; returns the seconds it took.

        Raises:
            FundstelleError: it takes longer than three minutes, or the service ended.
        """

        def ready() -> bool:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                return True

        return self.wait_until(ready, "the service was not ready")

    def wait_until(
        self, condition: Callable[[], bool], failure: str, patience: float = PATIENCE, pause: float = 0.1
    ) -> float:
        """Wait for a condition, in which ``OSError`` counts as false; returns the seconds it took.

        Raises:
            FundstelleError: it takes longer than ``patience`` seconds, or the service ended.
        """
        began = time.monotonic()
        while time.monotonic() - began < patience:
            if self.process.poll() is not None:
                raise FundstelleError(
                    f"the service ended with code {self.process.returncode}: {self.last_log_line()}"
                )
            with contextlib.suppress(OSError):
                if condition():
                    return time.monotonic() - began
            time.sleep(pause)
        raise FundstelleError(f"{failure} within {patience:.0f} s: {self.last_log_line()}")

    def last_log_line(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "nothing"

    @contextlib.contextmanager
    def memory_samples(self) -> Iterator[list[tuple[float, float]]]:
        """Each second while the block runs: seconds since its begin, resident bytes of all processes."""
        samples: list[tuple[float, float]] = []
        stopped = threading.Event()
        began = time.monotonic()

        def sample() -> None:
            while not stopped.wait(1.0):
                with contextlib.suppress(psutil.Error):
                    front = psutil.Process(self.process.pid)
                    resident = sum(process.memory_info().rss for process in [front, *front.children()])
                    samples.append((time.monotonic() - began, float(resident)))

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield samples
        finally:
            stopped.set()
            thread.join()


@contextlib.contextmanager
def started_service(
    index: Path, folder: Path, environment: Mapping[str, str] | None = None, workers: int | None = None
) -> Iterator[ServiceProcess]:
    """A service over an index, perhaps not ready yet; ended when the block is left.

    Args:
        folder: for its log; also its working directory, so that no ``.env`` is read.
        environment: its settings (``FUNDSTELLE_…``); those of the calling process do not count.
        workers: the default number if ``None``.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "service", "serve", "--index", str(index.resolve()), "--port", str(port)]
    if workers is not None:
        command += ["--workers", str(workers)]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("FUNDSTELLE_")}
    defaults = {"FUNDSTELLE_DRAIN_SECONDS": "0", "FUNDSTELLE_LOG_FORMAT": "json"}
    log = folder / f"service-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=file,
            stderr=file,
            env=inherited | defaults | dict(environment or {}),
        )
        try:
            yield ServiceProcess(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def running_service(
    index: Path, folder: Path, environment: Mapping[str, str] | None = None, workers: int | None = None
) -> Iterator[ServiceProcess]:
    """The same, ready when the block begins.

    Raises:
        FundstelleError: it is not ready within three minutes.
    """
    with started_service(index, folder, environment, workers) as service:
        service.wait_until_ready()
        yield service
