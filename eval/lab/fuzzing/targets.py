"""Targets of fuzzing: what is done with a case."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from indexer.annotation.aspect_cues import aspect_cues
from indexer.documents import RawDocument
from indexer.entities import dates, persons, places, references
from indexer.entities.key_index import KeyIndex
from indexer.entities.mentions import find_mentions
from indexer.errors import FundstelleError
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document
from indexer.sources.reader import SourceProblem, read_sources
from service.query import answer_type, intent, rewriting, understanding

#: Files read by one process.
_BATCH = 250


def _clean(text: str) -> None:
    for media_type in ("text/plain", "text/markdown"):
        raw = RawDocument("a", Path("a"), text, media_type, {"place": text[:40], "url": text[:200]})
        with suppress(FundstelleError):
            split_document(to_document(raw).text)


def _find_references(text: str) -> None:
    found = references.find_references(text)
    keys = [reference.key for reference in found] or ["NQ-57"]
    KeyIndex([*keys, "NQ-57", "CT-35"]).nearest(keys[0])


def _find_dates(text: str) -> None:
    dates.first_date(text)
    dates.without_days(text)
    find_mentions(text)


def _find_names(text: str) -> None:
    places.place_of_document(text, text[:200])
    places.canonical_place(text[:100])
    persons.find_persons(text)


def _understand(text: str) -> None:
    question = understanding.understand(text)
    intent.is_domain_question(question)
    intent.is_list_question(question)
    rewriting.rewrite_without_context(question)
    if answer_type.asks_for_number(text):
        answer_type.contains_number(text, text)
    answer_type.matches_answer_type(text, text)


def _find_cues(text: str) -> None:
    aspect_cues(text)


#: What is done with a text. An error of this project is a reply; any other is a crash.
TEXTS: Mapping[str, Callable[[str], None]] = {
    "cleaning, metadata and chunking": _clean,
    "references": _find_references,
    "dates": _find_dates,
    "places and persons": _find_names,
    "aspect cues": _find_cues,
}
QUESTIONS: Mapping[str, Callable[[str], None]] = {"question": _understand}
#: Suffixes of the files that are read.
FILES: Mapping[str, str] = {
    "Markdown file": ".md",
    "text file": ".txt",
    "JSON Lines file": ".jsonl",
    "HTML file": ".html",
}


def read_files(texts: Sequence[str], suffix: str) -> Iterator[tuple[float, str | None]]:
    """Seconds that reading each text as a file took, and the reason if it was refused as an unknown fault."""
    for first in range(0, len(texts), _BATCH):
        with tempfile.TemporaryDirectory(prefix="fundstelle-fuzz-") as name:
            folder = Path(name)
            paths = [folder / f"{number:06}{suffix}" for number in range(len(texts[first : first + _BATCH]))]
            for path, text in zip(paths, texts[first : first + _BATCH], strict=True):
                path.write_bytes(text.encode("utf-8", "surrogatepass"))
            yield from _read(paths)


def _read(paths: list[Path]) -> Iterator[tuple[float, str | None]]:
    seconds = dict.fromkeys(paths, 0.0)
    faults: dict[Path, str] = {}
    left = paths
    while left:
        last = _read_until_crash(left, seconds, faults)
        left = left[left.index(last) + 1 :] if last else []
    yield from ((seconds[path], faults.get(path)) for path in paths)


def _read_until_crash(paths: list[Path], seconds: dict[Path, float], faults: dict[Path, str]) -> Path | None:
    """The file whose reading raised an error, as far as that can be told; ``None`` if none did."""
    items = read_sources(paths)
    position = -1
    while True:
        began = time.perf_counter()
        try:
            item = next(items, None)
        except Exception as error:
            crashed = paths[min(position + 1, len(paths) - 1)]
            faults[crashed] = f"{type(error).__name__} ends the build"
            return crashed
        if item is None:
            return None
        name = str(item.source).partition(":")[0]
        found = next((number for number, path in enumerate(paths) if str(path) == name), position)
        # The first file also pays for the start of the process.
        if found > 0:
            seconds[paths[found]] += time.perf_counter() - began
        if isinstance(item, SourceProblem) and any(sign in item.reason for sign in _FAULTS):
            faults[paths[found]] = item.reason
        position = found


#: In the reasons of refused files: faults that a reader did not expect, contained by its process.
_FAULTS = ("not readable (", "crashes", "too much time or memory", "takes over")
