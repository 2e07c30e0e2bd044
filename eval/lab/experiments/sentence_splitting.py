"""``python -m eval segmentation FOLDER``: sentence splitters compared on gold boundaries.

Boundary F1 over the end offsets of sentences, each moved right to the next white space (some gold marks only
the last word). Ends at a line break or at the end of the text are left out: splitters get one line at a time
and cannot differ there. So are gold ends after a colon, semicolon or comma, which do not end a sentence here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.datasets import jsonl
from indexer.cli.options import exit_on_error
from indexer.errors import SourceError
from indexer.text.sentence_splitter import split_sentences

Splitter = Callable[[str], list[int]]  # one line → the end offsets of its sentences
SETS = {"legal": "legal.jsonl.gz", "pysbd": "pysbd_golden.jsonl", "ud": "ud_pud.jsonl"}

_REST_OF_WORD = re.compile(r"\S*")
_LAST = re.compile(r"\s*(?:[\r\n]|\Z)")
_CLAUSE = re.compile(r"""[:;,]["'”“’»)\]]*(?:\[\d+\])*\Z""")


@dataclass(frozen=True, slots=True)
class GoldText:
    """A text with the end offsets of its sentences, and those that are ignored."""

    text: str
    ends: frozenset[int]
    ignored: frozenset[int]


@dataclass(frozen=True, slots=True)
class SplitterResult:
    """Boundary F1 by set, and the speed of a splitter."""

    f1: dict[str, float]
    megabytes_per_second: float

    @property
    def macro(self) -> float:
        """The mean F1 over the sets."""
        return sum(self.f1.values()) / len(self.f1)


def read_gold(path: Path) -> list[GoldText]:
    """Read a gold set.

    Raises:
        SourceError: the file is missing or malformed, or a sentence is not in its text.
    """
    return [_gold(row) for _, row in jsonl.rows(path)]


def measure(splitter: Splitter, sets: dict[str, list[GoldText]]) -> SplitterResult:
    """F1 and speed of a splitter on some sets."""
    splitter("Warm werden. Nr. 57 gilt.")
    f1, size, seconds = {}, 0, 0.0
    for name, golds in sets.items():
        hits = predicted = expected = 0
        for gold in golds:
            began = time.perf_counter()
            ends = list(_split_lines(splitter, gold.text))
            seconds += time.perf_counter() - began
            size += len(gold.text.encode())
            found = inner_ends(gold.text, ends) - gold.ignored
            hits += len(found & gold.ends)
            predicted += len(found)
            expected += len(gold.ends)
        f1[name] = 2 * hits / (predicted + expected) if predicted + expected else 0.0
    return SplitterResult(f1, size / seconds / 1e6)


def inner_ends(text: str, ends: list[int]) -> frozenset[int]:
    """End offsets moved to the next white space, without those at the end of a line."""
    moved = (match.end() for end in ends if (match := _REST_OF_WORD.match(text, end)))
    return frozenset(end for end in moved if not _LAST.match(text, end))


def _gold(row: dict[str, Any]) -> GoldText:
    text: str = row["text"]
    if "sentences_text" in row:  # sentences without offsets, whose white space differs
        ends, position = [], 0
        for sentence in row["sentences_text"]:
            pattern = r"\s*".join(map(re.escape, "".join(sentence.split())))
            match = re.compile(pattern).search(text, position)
            if match is None:
                raise SourceError(f"{row['_id']}: sentence not in text: {sentence!r}")
            position = match.end()
            ends.append(position)
    else:
        ends = [end for _, end in row.get("sentences") or row["sentence_end_word"]]
    inner = inner_ends(text, ends)
    ignored = frozenset(end for end in inner if _CLAUSE.search(text, max(0, end - 20), end))
    return GoldText(text, inner - ignored, ignored)


def _split_lines(splitter: Splitter, text: str) -> Iterator[int]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield from (start + end for end in splitter(line.rstrip()))
        start += len(line) + 1


def _fundstelle() -> Splitter:
    return lambda line: [span.end for span in split_sentences(line)]


def _syntok() -> Splitter:
    segmenter = import_module("syntok.segmenter")
    tokenizer = import_module("syntok.tokenizer").Tokenizer(
        emit_hyphen_or_underscore_sep=True, replace_not_contraction=False
    )

    def split(line: str) -> list[int]:
        sentences = segmenter.split(tokenizer.tokenize(line))
        return [tokens[-1].offset + len(tokens[-1].value) for tokens in sentences if tokens]

    return split


def _pysbd() -> Splitter:
    segmenter = import_module("pysbd").Segmenter(language="de", clean=False, char_span=True)
    return lambda line: [span.start + len(span.sent.rstrip()) for span in segmenter.segment(line)]


def _nupunkt() -> Splitter:
    spans = import_module("nupunkt").sent_spans
    return lambda line: [start + len(line[start:end].rstrip()) for start, end in spans(line)]


def _sentencex() -> Splitter:
    boundaries = import_module("sentencex").get_sentence_boundaries
    return lambda line: [b["start_index"] + len(b["text"].rstrip()) for b in boundaries("de", line)]


def _somajo() -> Splitter:
    somajo = import_module("somajo").SoMaJo("de_CMC", character_offsets=True)
    return lambda line: [tokens[-1].character_offset[1] for tokens in somajo.tokenize_text([line])]


CANDIDATES: dict[str, Callable[[], Splitter]] = {
    "fundstelle": _fundstelle,
    "SoMaJo": _somajo,
    "pysbd": _pysbd,
    "syntok": _syntok,
    "nupunkt": _nupunkt,
    "sentencex": _sentencex,
}


def main(
    folder: Annotated[Path, typer.Argument(help="Folder with the gold sets.", exists=True, file_okay=False)],
) -> None:
    """Print boundary F1 and speed of every splitter that is installed."""
    with exit_on_error():
        sets = {name: read_gold(folder / file) for name, file in SETS.items()}
    table = Table("splitter", *SETS, "macro", "MB/s", title="Boundary F1")
    for name, create in CANDIDATES.items():
        try:
            splitter = create()
        except ModuleNotFoundError:
            table.add_row(name, "not installed")
            continue
        result = measure(splitter, sets)
        label = name if name == "fundstelle" else f"{name} {version(name)}"
        values = [f"{value:.4f}" for value in (*result.f1.values(), result.macro)]
        table.add_row(label, *values, f"{result.megabytes_per_second:.2f}")
    Console().print(table)
