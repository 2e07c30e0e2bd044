"""The index folder: immutable generations, and the name of the live one.

A generation is written into a hidden folder, becomes visible in one rename, and live in another: the
rename of ``CURRENT``. Whatever goes wrong before leaves the old one as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.errors import IndexDamagedError, IndexMissingError, ModelMismatchError
from indexer.lexical import Bm25Index, LexicalIndex
from indexer.manifest import Manifest, damaged_files
from indexer.store import DocumentStore, Spans
from indexer.vectors import FaissStore, VectorStore

CURRENT = "CURRENT"
GENERATIONS = "generations"
STORE = "documents.sqlite"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_VECTORS = "sentences.faiss"
LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class Generation:
    """One opened generation: everything retrieval and answering read."""

    name: str
    manifest: Manifest
    store: DocumentStore
    passages: Spans
    sentences: Spans
    passage_vectors: VectorStore
    sentence_vectors: VectorStore
    lexical: LexicalIndex

    def close(self) -> None:
        self.store.close()

    def require_model(self, name: str, digest: str) -> None:
        """Raise ModelMismatchError unless the index was built with the model of this digest."""
        built = self.manifest.model
        if built["digest"] != digest:
            raise ModelMismatchError(
                f"index built with model {built['name']} {built['digest'][:12]}, "
                f"loaded is {name} {digest[:12]}; build the index anew or pass the same --model"
            )


def live_name(index: Path) -> str:
    """Name of the live generation.

    Raises:
        IndexMissingError: there is no index in this folder.
        IndexDamagedError: ``CURRENT`` names a generation that is not there.
    """
    try:
        name = (index / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise IndexMissingError(
            f"no index at {index}: build one with `python -m indexer build SOURCE --index {index}`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError(f"{index / CURRENT}: not readable ({error})") from error
    if Path(name).name != name or not (index / GENERATIONS / name).is_dir():
        raise IndexDamagedError(f"{index / CURRENT}: names the generation {name!r}, which is not there")
    return name


def generation_names(index: Path) -> list[str]:
    """Complete generations, oldest first."""
    folder = index / GENERATIONS
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def set_live(index: Path, name: str) -> None:
    """Make a generation the live one, in one atomic step."""
    temporary = index / f".{CURRENT}.{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(index / CURRENT)


def prune(index: Path, keep: int) -> list[str]:
    """Remove all but the newest ``keep`` generations and the live one; returns the removed names."""
    live = live_name(index)
    names = [name for name in generation_names(index)[:-keep] if name != live]
    for name in names:
        shutil.rmtree(index / GENERATIONS / name, ignore_errors=True)
    return names


def open_generation(index: Path, name: str | None = None, verify: bool = True) -> Generation:
    """Open a generation, the live one by default, read-only.

    Args:
        verify: check the digest of every file first, so that a damaged one is never served.

    Raises:
        IndexMissingError: there is no index.
        IndexDamagedError: a file is missing, changed or inconsistent; the message names it.
    """
    name = name or live_name(index)
    folder = index / GENERATIONS / name
    manifest = Manifest.read(folder)
    if verify:
        damage = next(damaged_files(folder, manifest), None)
        if damage:
            raise IndexDamagedError(f"generation damaged, not served: {damage}")
    store = DocumentStore.open(folder / STORE)
    return Generation(
        name,
        manifest,
        store,
        store.passages(),
        store.sentences(),
        FaissStore.open(folder / PASSAGE_VECTORS),
        FaissStore.open(folder / SENTENCE_VECTORS),
        Bm25Index.open(folder / LEXICAL, manifest.counts["passages"]),
    )


def verify(index: Path, name: str | None = None) -> Iterator[str]:
    """Check a generation thoroughly: digests, then offsets and counts; yields one line per fault."""
    name = name or live_name(index)
    folder = index / GENERATIONS / name
    try:
        manifest = Manifest.read(folder)
    except IndexDamagedError as error:
        yield str(error)
        return
    damage = list(damaged_files(folder, manifest))
    yield from damage
    if damage:
        return
    try:
        with contextlib.closing(open_generation(index, name, verify=False)) as generation:
            yield from _inconsistencies(generation)
    except IndexDamagedError as error:
        yield f"{name}/{error}"


def _inconsistencies(generation: Generation) -> Iterator[str]:
    from indexer.documents import text_digest

    counted = {
        "documents": len(generation.store.metadata()),
        "sentences": len(generation.sentences),
        "passages": len(generation.passages),
    }
    for what, count in counted.items():
        if count != generation.manifest.counts[what]:
            said = generation.manifest.counts[what]
            yield f"{generation.name}/{STORE}: {count} {what}, the manifest says {said}"
    for file, rows, what in (
        (PASSAGE_VECTORS, len(generation.passage_vectors), "passages"),
        (SENTENCE_VECTORS, len(generation.sentence_vectors), "sentences"),
    ):
        if rows != counted[what]:
            yield f"{generation.name}/{file}: {rows} vectors for {counted[what]} {what}"
    passages, sentences = generation.passages, generation.sentences
    if np.any(passages.start != sentences.start[passages.first]) or np.any(
        passages.end != sentences.end[passages.last]
    ):
        yield f"{generation.name}/{STORE}: a passage does not begin or end with its sentences"
    for number, document in enumerate(generation.store.documents()):
        where = f"{generation.name}/{STORE}: document {document.document_id!r}"
        if text_digest(document.text) != document.sha256:
            yield f"{where}: text does not match its sha256"
        for spans, what in ((sentences, "sentence"), (passages, "passage")):
            low, high = np.searchsorted(spans.document, [number, number + 1])
            if low < high and (
                spans.start[low:high].min() < 0 or spans.end[low:high].max() > len(document.text)
            ):
                yield f"{where}: a {what} lies outside the text"
        for reference in document.references:
            if document.text[reference.start : reference.end] != reference.text:
                yield f"{where}: reference {reference.text!r} is not at its place"
