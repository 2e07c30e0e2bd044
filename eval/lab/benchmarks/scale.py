"""Indexes of growing size: time to build, disk, memory, time to open, time to search, recall.

    python -m eval scale [--size 1000 --size 10000 …] [--texts dip21/corpus.jsonl.gz] [--output DIR]

Complete indexes by the real build over real or generated texts. Only the vectors are synthetic, derived from
the text and clustered as those of a model are: embedding takes no time, and everything else is measured. Each
size is built and searched in a process of its own, for its memory.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.datasets import jsonl
from eval.lab.benchmarks import scale_process
from eval.lab.benchmarks.scale_record import SizeResult, write_scale
from indexer.cli.options import exit_on_error
from indexer.errors import FundstelleError

_SIZES = [1_000, 10_000, 100_000]
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
    size: Annotated[list[int], typer.Option(min=100, help="Approximate passages; may be repeated.")] = _SIZES,
    texts: Annotated[
        Path | None, typer.Option(help="JSONL file with real texts, such as dip21.", show_default="generated")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for scale.json and report.html.")] = None,
) -> None:
    """Build, open and search indexes of growing size with synthetic vectors, and print the costs."""
    with exit_on_error():
        results = []
        for count in size:
            with tempfile.TemporaryDirectory(prefix="fundstelle-scale-") as folder:
                results.append(measure(Path(folder), count, texts))
        Console(width=140, markup=False).print(_table(results))
        if output:
            from eval.lab.benchmarks.scale_section import scale_section
            from eval.report.html import PAGE, write_page

            write_scale(output, results)
            write_page(output / PAGE, {}, [scale_section(str(output), results)])


def measure(folder: Path, count: int, texts: Path | None) -> SizeResult:
    """Build, change, rebuild and search an index of about ``count`` passages.

    Raises:
        FundstelleError: a process failed.
    """
    source, index = folder / "corpus.jsonl", folder / "index"
    _write_corpus(source, count, texts)
    built = _in_subprocess("build", source, index)
    _change_first_document(source)
    changed = _in_subprocess("build", source, index)
    del built["embedded"]
    searched = _in_subprocess("search", source, index)
    return SizeResult(
        **built,
        **searched,
        changed_seconds=changed["build_seconds"],
        changed_embedded=changed["embedded"],
    )


def document_texts(count: int, texts: Path | None) -> Iterator[str]:
    """So many distinct texts: those of a JSONL file, repeated with a number, or generated ones."""
    random = np.random.default_rng(59)
    number = repetition = 0
    while number < count:
        for text in _texts_of(texts, count):
            if number == count:
                return
            words = " ".join(random.choice(_WORDS, 12))
            if not text:
                yield f"Der Vorgang {number} betrifft {words}."
            else:
                yield f"{text} Nummer {repetition}." if repetition else text
            number += 1
        repetition += 1


def _texts_of(path: Path | None, count: int) -> Iterable[str]:
    """The texts of a JSONL file, or so many empty ones."""
    return [""] * count if path is None else (str(row["text"]) for _, row in jsonl.rows(path))


def _write_corpus(source: Path, count: int, texts: Path | None) -> None:
    with source.open("w", encoding="utf-8") as file:
        for number, text in enumerate(document_texts(count, texts)):
            row = {
                "_id": f"d{number}",
                "title": f"Vorgang {number}",
                "text": text,
                "date": f"20{number % 25:02}-03-17",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _change_first_document(source: Path) -> None:
    """Append a sentence to the first document."""
    changed = source.with_suffix(".changed")
    with source.open(encoding="utf-8") as before, changed.open("w", encoding="utf-8") as after:
        row = json.loads(next(before))
        after.write(json.dumps(row | {"text": f"{row['text']} Ein Nachtrag."}, ensure_ascii=False) + "\n")
        shutil.copyfileobj(before, after)
    changed.replace(source)


def _in_subprocess(step: str, source: Path, index: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", scale_process.__name__, step, str(source), str(index)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FundstelleError(f"{step}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _table(results: Sequence[SizeResult]) -> Table:
    table = Table(
        *("passages", "sentences", "build", "texts/s", "memory", "disk", "one changed", "open", "verified"),
        *("search p50 / p95", "memory", "recall@100"),
        box=None,
    )
    for it in results:
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
