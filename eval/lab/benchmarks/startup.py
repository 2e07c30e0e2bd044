"""Seconds of the service to its first answer, against loading the model alone; and its peak memory.

    python -m eval startup --index DIR

Both are whole processes, run in turn, so that a machine that slows down slows both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from eval.lab.process_memory import peak_memory_of_tree
from eval.lab.service_process import ServiceProcess, started_service
from indexer.cli.options import exit_on_error
from indexer.embedding.default_model import ensure_default_model

_LOAD = "from sentence_transformers import SentenceTransformer as S; import sys; S(sys.argv[1], device='cpu')"
_QUESTIONS = (
    "what shortcomings were found on Resolution 57",
    "Welche Mängel gab es bei der Resolution 57?",
    "Nghị quyết 57 có những hạn chế gì?",
)
#: Questions before the peak memory is read.
_ASKED = 50


@dataclass(frozen=True, slots=True)
class Startup:
    """Seconds of each run, and the peak memory of the service in bytes."""

    load_seconds: tuple[float, ...]
    answer_seconds: tuple[float, ...]
    peak_bytes: int

    @property
    def ratio(self) -> float:
        """Median of the pairwise ratios of first answer to loading the model alone."""
        pairs = zip(self.answer_seconds, self.load_seconds, strict=True)
        return statistics.median(answer / load for answer, load in pairs)


def main(
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    runs: Annotated[int, typer.Option(min=1, help="Number of starts of each.")] = 3,
) -> None:
    """Time the service to its first answer against loading the model alone; and its peak memory."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with exit_on_error():
        result = measure(index, runs)
    print(f"load the model alone   {statistics.median(result.load_seconds):6.2f} s  (median of {runs})")
    print(f"serve to first answer  {statistics.median(result.answer_seconds):6.2f} s  (median of {runs})")
    print(f"ratio                  {result.ratio:6.2f}    (median of pairs)")
    print(f"peak memory of serving {result.peak_bytes / 1e9:6.2f} GB   (front and workers)")


def measure(index: Path, runs: int = 3) -> Startup:
    """Start model and service in turn ``runs`` times; the last service answers more, for its peak memory.

    Raises:
        FundstelleError: the service ends before it answers, or needs more than three minutes.
    """
    model = ensure_default_model()
    settings = {key: value for key, value in os.environ.items() if key.startswith("FUNDSTELLE_")}
    loads, answers, peak = [], [], 0
    for run in range(runs):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _LOAD, str(model)], check=True, capture_output=True)
        loads.append(time.perf_counter() - began)
        with tempfile.TemporaryDirectory(prefix="fundstelle-startup-") as folder:
            began = time.perf_counter()
            with started_service(index, Path(folder), settings) as service:
                _wait_for_answer(service)
                answers.append(time.perf_counter() - began)
                for number in range(_ASKED if run == runs - 1 else 0):
                    _ask(service, _QUESTIONS[number % len(_QUESTIONS)])
                peak = max(peak, peak_memory_of_tree(service.process.pid))
    return Startup(tuple(loads), tuple(answers), peak)


def _wait_for_answer(service: ServiceProcess) -> None:
    def answered() -> bool:
        _ask(service, _QUESTIONS[0])
        return True

    service.wait_until(answered, "the service did not answer", pause=0.02)


def _ask(service: ServiceProcess, question: str) -> None:
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{service.url}/v1/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        json.load(response)
