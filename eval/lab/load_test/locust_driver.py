"""Locust as a process of its own, and the requests that it recorded."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from eval.lab.load_test.query_stream import QueryStream
from indexer.errors import FundstelleError

_FILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request as recorded by its client. ``at``: Unix time; ``status``: ``None`` without a reply."""

    at: float
    seconds: float
    status: int | None
    question: str
    headers: dict[str, str]
    reply: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The requests of a run, its length in seconds, and the CPU cores that the clients used."""

    records: list[RequestRecord]
    seconds: float
    client_cores: float


def require_locust() -> None:
    """Check that locust is installed.

    Raises:
        FundstelleError: it is not.
    """
    if importlib.util.find_spec("locust") is None:
        raise FundstelleError("locust is not installed: pip install '.[lab]'")


class LocustDriver:
    """Puts loads on a service. No question of the stream is asked twice."""

    def __init__(self, url: str, questions: QueryStream, folder: Path) -> None:
        self._url = url
        self._questions = questions
        self._folder = folder
        self._runs = 0

    def load(self, clients: int, seconds: float, *, most_per_second: int = 250) -> LoadResult:
        """A number of clients that ask without a pause for some seconds.

        Raises:
            FundstelleError: the set has too few questions.
        """
        questions = self._questions.take(min(self._questions.left, int(most_per_second * seconds)))
        result = self._run(questions, clients, seconds)
        asked = {record.question for record in result.records}
        # They are asked in order; after the last recorded one each client may have taken another.
        last = max(number for number, question in enumerate(questions) if question in asked)
        self._questions.put_back(questions[last + clients :])
        if last + clients >= len(questions):
            raise FundstelleError(
                "the set has too few questions for a load of this length; take fewer seconds"
            )
        return result

    def warm_up(self, clients: int, seconds: float) -> LoadResult:
        """All unchanged questions of the set once, or as many as the time allows."""
        return self._run(self._questions.plain, clients, seconds)

    def burst(self, clients: int, seconds: float) -> LoadResult:
        """A number of clients that ask once each, all at the same moment."""
        return self._run(self._questions.take(clients), clients, seconds, at_once=True)

    def start(self, clients: int, seconds: float) -> LoadRun:
        """A load in the background. It takes all questions that are left."""
        return self._start(self._questions.take(self._questions.left), clients, seconds, at_once=False)

    def _run(
        self, questions: Sequence[str], clients: int, seconds: float, at_once: bool = False
    ) -> LoadResult:
        return self._start(questions, clients, seconds, at_once).result()

    def _start(self, questions: Sequence[str], clients: int, seconds: float, at_once: bool) -> LoadRun:
        self._runs += 1
        asked, records = (self._folder / f"{name}-{self._runs}.jsonl" for name in ("questions", "records"))
        asked.write_text("".join(json.dumps(question) + "\n" for question in questions), "utf-8")
        environment = {**os.environ, "LOAD_QUESTIONS": str(asked), "LOAD_RECORDS": str(records)}
        if at_once:
            environment["LOAD_AT_ONCE"] = "1"
        command = [sys.executable, "-m", "locust", "-f", str(_FILE), "--headless", "--only-summary"]
        command += [
            "-u",
            str(clients),
            "-r",
            str(clients),
            "-t",
            f"{max(1, round(seconds))}s",
            "-H",
            self._url,
        ]
        command += ["--exit-code-on-error", "0", "--loglevel", "ERROR", "--stop-timeout", "30"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return LoadRun(process, records, seconds + 120)


class LoadRun:
    """A load in progress."""

    def __init__(self, process: subprocess.Popen[bytes], records: Path, patience: float) -> None:
        self._process = process
        self._records = records
        self._until = time.monotonic() + patience
        self._cpu = 0.0

    @property
    def ended(self) -> bool:
        """True if the clients have ended."""
        return self._process.poll() is not None

    def result(self) -> LoadResult:
        """Wait for the end of the load.

        Raises:
            FundstelleError: locust failed, or did not end in time.
        """
        while not self.ended:
            if time.monotonic() > self._until:
                self._process.kill()
                raise FundstelleError("locust did not end in time")
            try:
                times = psutil.Process(self._process.pid).cpu_times()
                self._cpu = times.user + times.system
            except psutil.Error:
                break
            time.sleep(0.2)
        output = self._process.communicate()[0].decode(errors="replace")
        if self._process.returncode:
            raise FundstelleError(f"locust failed: {(output.strip().splitlines() or ['no output'])[-1]}")
        records = [
            RequestRecord(**json.loads(line)) for line in self._records.read_text("utf-8").splitlines()
        ]
        if not records:
            raise FundstelleError("no request was made")
        began, ended = min(r.at for r in records), max(r.at + r.seconds for r in records)
        return LoadResult(records, ended - began, self._cpu / max(0.001, ended - began))
