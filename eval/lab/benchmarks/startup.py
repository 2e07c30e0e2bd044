"""How long the service takes to its first answer, against loading the model alone, and its peak memory.

    python -m eval startup --index DIR

Both are whole processes, run in turn, so that a machine that slows down slows both.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.embedding.default_model import ensure_default_model
from indexer.errors import FundstelleError

_LOAD = "from sentence_transformers import SentenceTransformer as S; import sys; S(sys.argv[1], device='cpu')"
_QUESTIONS = (
    "what shortcomings were found on Resolution 57",
    "Welche Mängel gab es bei der Resolution 57?",
    "Nghị quyết 57 có những hạn chế gì?",
)
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Startup:
    """Seconds of each run, and the largest resident memory of the service in bytes."""

    load_seconds: tuple[float, ...]
    answer_seconds: tuple[float, ...]
    peak_bytes: int

    @property
    def ratio(self) -> float:
        """Median of the pairwise ratios: first answer to loading the model alone."""
        pairs = zip(self.answer_seconds, self.load_seconds, strict=True)
        return statistics.median(answer / load for answer, load in pairs)


def measure(index: Path, runs: int = 3, questions: int = 50) -> Startup:
    """Start model and service in turn ``runs`` times; the last service answers ``questions`` for its peak.

    Raises:
        FundstelleError: the service ends before it answers, or takes longer than three minutes.
    """
    model = ensure_default_model()
    loads, answers, peak = [], [], 0
    for run in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", _LOAD, str(model)], check=True, capture_output=True)
        loads.append(time.perf_counter() - started)
        started = time.perf_counter()
        with _service(index) as (process, port):
            _first_answer(process, port, started)
            answers.append(time.perf_counter() - started)
            if run == runs - 1:
                for number in range(questions):
                    _ask(port, _QUESTIONS[number % len(_QUESTIONS)])
            peak = max(peak, _peak(process.pid))
    return Startup(tuple(loads), tuple(answers), peak)


@contextmanager
def _service(index: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "service", "serve", "--index", str(index), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process, port
    finally:
        process.terminate()
        process.communicate()


def _first_answer(process: subprocess.Popen[bytes], port: int, started: float) -> None:
    while time.perf_counter() - started < _PATIENCE:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            raise FundstelleError(f"the service ended before it answered: {said}")
        try:
            _ask(port, _QUESTIONS[0])
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise FundstelleError(f"the service did not answer within {_PATIENCE:.0f} s")


def _ask(port: int, question: str) -> None:
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/ask", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        json.load(response)


def _peak(pid: int) -> int:
    """Largest resident sets so far of a process and those it started, in bytes, added up; 0 where the system
    does not tell (not Linux)."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return (int(found[1]) * 1024 if found else 0) + sum(_peak(int(child)) for child in children)


def main(index: Path, runs: int = 3) -> None:
    """Measure and print."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    found = measure(index, runs)
    print(f"load the model alone   {statistics.median(found.load_seconds):6.2f} s  (median of {runs})")
    print(f"serve to first answer  {statistics.median(found.answer_seconds):6.2f} s  (median of {runs})")
    print(f"ratio                  {found.ratio:6.2f}    (median of pairs)")
    print(f"peak memory of serving {found.peak_bytes / 1e9:6.2f} GB   (front and workers)")
