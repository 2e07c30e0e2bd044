"""What becomes of an index as it grows: time to build, disk, memory, time to open, time to search, recall.

    python -m eval scale [--size 1000 --size 10000 …] [--texts dip21/corpus.jsonl.gz] [--output DIR]

Whole indexes by the real build over real or made-up texts; only the vectors are synthetic, seeded by the text
and gathered in clusters as those of a model are, so that embedding takes no time and what is measured is all
the rest. Each size is built and searched in a process of its own, for its memory.
"""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.lab.benchmarks.memory import peak
from eval.lab.benchmarks.scale_record import Scale, write_growth
from eval.lab.benchmarks.synthetic_embedder import SyntheticEmbedder
from eval.metrics.ann_recall import recall
from indexer.build.pipeline import build
from indexer.cli.options import exit_on_error
from indexer.errors import FundstelleError
from indexer.index.folder import GENERATIONS
from indexer.index.generation import open_generation
from service.engine import Engine

#: Questions that are asked, and of those so many to find how complete a search is.
_QUESTIONS, _COMPARED_BY = 200, 50
_WORDS = (
    *(
        "Gemeinde",
        "Provinz",
        "Resolution",
        "Umsetzung",
        "Bericht",
        "Verwaltung",
        "Schule",
        "Brücke",
        "Straße",
    ),
    *("Netz", "Personal", "Sitzung", "Antrag", "Haushalt", "Mittel", "Gesetz", "Ausschuss", "Fraktion"),
    *("Regierung", "Beschluss", "Aufgabe", "Ergebnis", "Mangel", "Lösung", "Ziel"),
)


def main(
    size: Annotated[list[int], typer.Option(min=100, help="Passages, about; may be repeated.")] = [  # noqa: B006
        1_000,
        10_000,
        100_000,
    ],
    texts: Annotated[
        Path | None, typer.Option(help="Rows with real texts, as of dip21.", show_default="made up")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for scale.json and report.html.")] = None,
) -> None:
    """Build, open and search indexes of growing size with synthetic vectors, and print what it takes."""
    with exit_on_error():
        found = []
        for count in size:
            with tempfile.TemporaryDirectory(prefix="fundstelle-scale-") as folder:
                found.append(measure(Path(folder), count, texts))
        Console(width=140, markup=False).print(_table(found))
        if output:
            from eval.report.html import PAGE, write_page

            write_growth(output, found)
            write_page(output / PAGE, {}, {str(output): found})


def measure(folder: Path, count: int, texts: Path | None) -> Scale:
    """One size.

    Raises:
        FundstelleError: a process failed.
    """
    source, index = folder / "corpus.jsonl", folder / "index"
    with source.open("w", encoding="utf-8") as file:
        for number, text in enumerate(_texts(count, texts)):
            row = {
                "_id": f"d{number}",
                "title": f"Vorgang {number}",
                "text": text,
                "date": f"20{number % 25:02}-03-17",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    built = _apart("build", source, index)
    _change(source)
    changed = _apart("build", source, index)
    del built["embedded"]
    searched = _apart("search", source, index)
    return Scale(
        **built,
        **searched,
        changed_seconds=changed["build_seconds"],
        changed_embedded=changed["embedded"],
    )


def _change(source: Path) -> None:
    """Another sentence at the end of the first document."""
    changed = source.with_suffix(".changed")
    with source.open(encoding="utf-8") as before, changed.open("w", encoding="utf-8") as after:
        row = json.loads(next(before))
        after.write(json.dumps(row | {"text": f"{row['text']} Ein Nachtrag."}, ensure_ascii=False) + "\n")
        shutil.copyfileobj(before, after)
    changed.replace(source)


def _texts(count: int, texts: Path | None) -> Iterator[str]:
    """Real texts, again and again with a word more, so that no two are the same; or made-up ones."""
    chance = np.random.default_rng(59)
    rounds = 0
    number = 0
    while number < count:
        for text in _rows(texts) if texts else [""] * count:
            if number == count:
                return
            words = " ".join(chance.choice(_WORDS, 12))
            yield (
                f"{text} Nummer {rounds}."
                if text and rounds
                else text or f"Der Vorgang {number} betrifft {words}."
            )
            number += 1
        rounds += 1


def _rows(path: Path) -> Iterator[str]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            yield str(json.loads(line)["text"])


def _apart(what: str, source: Path, index: Path) -> dict[str, Any]:
    code = f"import sys; from eval import scale; scale.{what}_one(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(index)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    if done.returncode:
        raise FundstelleError(f"{what}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def build_one(source: str, index: str) -> None:
    """In a process of its own: build, and print what it took."""
    began = time.perf_counter()
    summary = build([Path(source)], Path(index), SyntheticEmbedder())
    seconds = time.perf_counter() - began
    live = Path(index) / GENERATIONS / summary.generation
    size = sum(path.stat().st_size for path in live.rglob("*") if path.is_file())
    print(
        json.dumps(
            {
                "passages": summary.counts["passages"],
                "sentences": summary.counts["sentences"],
                "embedded": summary.embedded,
                "build_seconds": seconds,
                "build_bytes": peak(),
                "disk_bytes": size,
            }
        )
    )


def search_one(source: str, index: str) -> None:
    """In a process of its own: open, search, and print what it took."""
    embedder = SyntheticEmbedder()
    began = time.perf_counter()
    generation = open_generation(Path(index), check_digests=False)
    engine = Engine.of(generation, embedder)
    opened = time.perf_counter() - began
    with Path(source).open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in itertools.islice(file, _QUESTIONS)]
    questions = [" ".join(text.split()[:8]) + "?" for text in texts]
    for question in questions[:20]:
        engine.search(question)
    taken = []
    for question in questions:
        began = time.perf_counter()
        engine.search(question)
        taken.append((time.perf_counter() - began) * 1000)
    found = recall(generation.passage_vectors, embedder.embed_questions(questions[:_COMPARED_BY]))
    most = peak()
    began = time.perf_counter()
    open_generation(Path(index)).close()
    print(
        json.dumps(
            {
                "open_seconds": opened,
                "verify_seconds": time.perf_counter() - began,
                "search_bytes": most,
                "search_p50": statistics.median(taken),
                "search_p95": float(np.percentile(taken, 95)),
                "recall": found,
            }
        )
    )


def _table(found: Sequence[Scale]) -> Table:
    table = Table(
        *(
            "passages",
            "sentences",
            "build",
            "texts/s",
            "memory",
            "disk",
            "one changed",
            "open",
            "verified",
            "search p50 / p95",
        ),
        *("memory", "recall@100"),
        box=None,
    )
    for it in found:
        table.add_row(
            f"{it.passages:,}",
            f"{it.sentences:,}",
            f"{it.build_seconds:.1f} s",
            f"{it.rate:,.0f}",
            f"{it.build_bytes / 1e9:.2f} GB",
            f"{it.disk_bytes / 1e9:.2f} GB",
            f"{it.changed_seconds:.1f} s, {it.changed_embedded} texts",
            f"{it.open_seconds:.2f} s",
            f"{it.verify_seconds:.2f} s",
            f"{it.search_p50:.1f} / {it.search_p95:.1f} ms",
            f"{it.search_bytes / 1e9:.2f} GB",
            f"{it.recall:.4f}",
        )
    return table
