"""Builds that are killed at any moment: what of the index is left, and what is embedded again.

    python -m eval crash [--kills 50]

The builds are processes of their own over generated reports, with an embedder that hashes words and takes its
time: what is tried is the index, not the model. After each kill the index is verified as a reader finds it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from eval.lab.checks import Figure, table
from indexer.arrays import Vectors
from indexer.cli.options import exit_on_error
from indexer.embedding.embedder import Progress
from indexer.errors import IndexMissingError
from indexer.index.folder import live_name
from indexer.index.generation import open_generation
from indexer.index.verification import verify

#: What was embedded so long before a kill must not be embedded again, in seconds.
_LOST = 5.0
_REPORTS = 40
_PLACES = ("Hà Giang", "Cà Mau", "Nghệ An", "Quảng Trị", "Huế", "Đà Nẵng")


class SlowEmbedder:
    """Bags of words hashed into a few dimensions, some milliseconds each; ``log``: what was embedded when."""

    name, dimension = "slow", 32

    def __init__(self, log: Path, seconds: float) -> None:
        self._log = log
        self._seconds = seconds

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        for text in texts:
            time.sleep(self._seconds)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps([time.time(), text]) + "\n")
            if progress:
                progress(1)
        return self.embed_questions(texts)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[int.from_bytes(hashlib.md5(word.encode()).digest()[:2], "big") % self.dimension] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def subwords(self, word: str) -> tuple[str, ...]:
        return (word,)


def main(
    kills: Annotated[int, typer.Option(min=1, help="How many builds are killed.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 57,
) -> None:
    """Kill builds at random moments and print what is left of the index: faults, lost and repeated work."""
    with exit_on_error(), tempfile.TemporaryDirectory(prefix="fundstelle-crash-") as folder:
        Console(width=110, markup=False).print(table("crash", measure(Path(folder), kills, seed)))


def measure(folder: Path, kills: int, seed: int = 57, seconds: float = 0.006) -> list[Figure]:
    """Build, kill, look, change a report, and so on; at last a build that is let finish."""
    chance = random.Random(seed)
    sources, index, log = folder / "reports", folder / "index", folder / "embedded.jsonl"
    sources.mkdir(parents=True)
    for number in range(_REPORTS):
        _report(sources, number, chance)
    killed: list[float] = []
    faults: list[str] = []
    whole = 4.0
    builds = 0
    while len(killed) < kills:
        builds += 1
        began = time.monotonic()
        process = _building(sources, index, log, seconds)
        # From its first moment to a little after the last build that was let finish: also while it goes live.
        wait = chance.uniform(0.05, whole * 1.1)
        try:
            process.wait(wait)
            whole = time.monotonic() - began
            for number in chance.sample(range(_REPORTS), 2):
                _report(sources, number, chance)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed.append(time.time())
        faults += _faults(index)
    finished = _building(sources, index, log, seconds).wait(600)
    faults += _faults(index)
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    again = _again(entries, killed)
    left = [path.name for path in (index / "generations").iterdir() if path.name.startswith(".")]
    return [
        Figure("builds killed", f"{len(killed)} of {builds + 1}", "", None),
        Figure("damaged indexes", f"{len(faults)}{': ' + faults[0] if faults else ''}", "0", not faults),
        Figure("the last build", f"exit code {finished}", "0", finished == 0),
        Figure("texts embedded", str(len(entries)), "", None),
        Figure(f"of them again, {_LOST:g} s and more before a kill", str(again), "0", again == 0),
        Figure("what killed builds left behind", f"{len(left)} folders", "0", not left),
    ]


def _report(folder: Path, number: int, chance: random.Random) -> None:
    place = _PLACES[number % len(_PLACES)]
    lines = [
        f"In {place} wurden {chance.randint(2, 999)} Dörfer besucht, {chance.randint(2, 99)} davon zweimal."
        for _ in range(8)
    ]
    (folder / f"bericht-{number}.txt").write_text("\n".join(lines), "utf-8")


def _building(sources: Path, index: Path, log: Path, seconds: float) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path;"
        "from eval.lab.benchmarks.crash_recovery import SlowEmbedder; "
        "from indexer.build.pipeline import build;"
        "build([Path(sys.argv[1])], Path(sys.argv[2]), SlowEmbedder(Path(sys.argv[3]), float(sys.argv[4])))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(sources), str(index), str(log), str(seconds)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
    )


def _faults(index: Path) -> list[str]:
    """What is wrong with the index as a reader finds it; where none went live yet, there is nothing to be."""
    try:
        live_name(index)
    except IndexMissingError:
        return []
    faults = list(verify(index))
    if not faults:
        open_generation(index).close()
    return faults


def _again(entries: Sequence[tuple[float, str]], killed: Sequence[float]) -> int:
    """Texts that were embedded twice although the first time was long enough before a kill, or none came."""
    first: dict[str, float] = {}
    count = 0
    for when, text in entries:
        if text in first:
            lost = any(first[text] <= moment <= when and moment - first[text] < _LOST for moment in killed)
            count += not lost
        first[text] = when
    return count
