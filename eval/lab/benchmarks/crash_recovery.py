"""Builds that are killed at random moments: damage to the index, and texts that are embedded again.

    python -m eval crash [--kills 50]

The builds are processes of their own over generated reports, with a slow embedder without a model. After each
kill the index is verified.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from eval.lab.checks import Check, checks_table
from eval.lab.synthetic_embedders import SlowEmbedder
from indexer.build.pipeline import build
from indexer.cli.options import exit_on_error
from indexer.errors import IndexMissingError
from indexer.index.generation import open_generation
from indexer.index.live_generation import live_name
from indexer.index.verification import verify

#: Seconds before a kill within which embedded texts may be lost.
_MAY_BE_LOST = 5.0
_REPORTS = 40
_PLACES = ("Hà Giang", "Cà Mau", "Nghệ An", "Quảng Trị", "Huế", "Đà Nẵng")


def main(
    kills: Annotated[int, typer.Option(min=1, help="Number of killed builds.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the moments.")] = 57,
) -> None:
    """Kill builds at random moments; print faults of the index, lost and repeated work."""
    with exit_on_error(), tempfile.TemporaryDirectory(prefix="fundstelle-crash-") as folder:
        Console(width=110, markup=False).print(checks_table("crash", measure(Path(folder), kills, seed)))


def measure(folder: Path, kills: int, seed: int = 57, seconds: float = 0.006) -> list[Check]:
    """Build, kill, verify, change reports, again and again; at last a build that may finish.

    Args:
        folder: for reports, index and log; must not have them yet.
        seconds: pause of the embedder for each text.
    """
    random = Random(seed)
    sources, index, log = folder / "reports", folder / "index", folder / "embedded.jsonl"
    sources.mkdir(parents=True)
    for number in range(_REPORTS):
        _report(sources, number, random)
    killed: list[float] = []
    faults: list[str] = []
    whole = 4.0
    builds = 0
    while len(killed) < kills:
        builds += 1
        began = time.monotonic()
        process = _start_build(sources, index, log, seconds)
        # From its first moment to a little after the time of a complete build: also while it goes live.
        wait = random.uniform(0.05, whole * 1.1)
        try:
            process.wait(wait)
            whole = time.monotonic() - began
            for number in random.sample(range(_REPORTS), 2):
                _report(sources, number, random)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed.append(time.time())
        faults += _faults(index)
    exit_code = _start_build(sources, index, log, seconds).wait(600)
    faults += _faults(index)
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    repeated = embedded_again(entries, killed)
    leftovers = [path.name for path in (index / "generations").iterdir() if path.name.startswith(".")]
    return [
        Check("builds killed", f"{len(killed)} of {builds + 1}", "", None),
        Check("damaged indexes", f"{len(faults)}{': ' + faults[0] if faults else ''}", "0", not faults),
        Check("the last build", f"exit code {exit_code}", "0", exit_code == 0),
        Check("texts embedded", str(len(entries)), "", None),
        Check(f"of them again, {_MAY_BE_LOST:g} s and more before a kill", str(repeated), "0", repeated == 0),
        Check("left by killed builds", f"{len(leftovers)} folders", "0", not leftovers),
    ]


def _report(folder: Path, number: int, random: Random) -> None:
    place = _PLACES[number % len(_PLACES)]
    lines = [
        f"In {place} wurden {random.randint(2, 999)} Dörfer besucht, {random.randint(2, 99)} davon zweimal."
        for _ in range(8)
    ]
    (folder / f"bericht-{number}.txt").write_text("\n".join(lines), "utf-8")


def build_slowly(sources: str, index: str, log: str, seconds: str) -> None:
    """Build an index with a slow embedder; arguments as those of a command line."""
    build([Path(sources)], Path(index), SlowEmbedder(Path(log), float(seconds)))


def _start_build(sources: Path, index: Path, log: Path, seconds: float) -> subprocess.Popen[bytes]:
    code = f"import sys; from {__name__} import build_slowly; build_slowly(*sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(sources), str(index), str(log), str(seconds)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _faults(index: Path) -> list[str]:
    """Faults of the live generation; none if no generation is live yet."""
    try:
        live_name(index)
    except IndexMissingError:
        return []
    faults = list(verify(index))
    if not faults:
        open_generation(index).close()
    return faults


def embedded_again(entries: Sequence[tuple[float, str]], killed: Sequence[float]) -> int:
    """The number of texts that were embedded again without having been lost by a kill.

    Args:
        entries: time and text of each embedding, in order.
        killed: times of the kills.
    """
    first: dict[str, float] = {}
    count = 0
    for when, text in entries:
        if text in first:
            lost = any(
                first[text] <= moment <= when and moment - first[text] < _MAY_BE_LOST for moment in killed
            )
            count += not lost
        first[text] = when
    return count
