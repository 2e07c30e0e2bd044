"""Verification of a generation: digests, counts, spans, texts and vectors agree."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from indexer.documents import Document, text_digest
from indexer.errors import IndexDamagedError
from indexer.index.generation import Generation, open_generation
from indexer.index.layout import ATTRIBUTION, GENERATIONS, PASSAGE_VECTORS, SENTENCE_VECTORS, STORE
from indexer.index.live_generation import live_name
from indexer.index.manifest import Manifest, damaged_files
from indexer.storage.document_store import DocumentStore, Spans


def verify(index: Path, name: str | None = None) -> Iterator[str]:
    """Check a generation, by default the live one: digests first, and if they are right, counts and content.

    Yields:
        One line for each fault.
    """
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
        # First, as files that do not fit the store cannot be opened, which would hide the cause.
        with contextlib.closing(DocumentStore.open(folder / STORE)) as store:
            yield from wrong_counts(name, store, manifest)
        with contextlib.closing(open_generation(index, name, check_digests=False)) as generation:
            yield from inconsistencies(generation)
    except IndexDamagedError as error:
        yield f"{name}/{error}"


def wrong_counts(name: str, store: DocumentStore, manifest: Manifest) -> Iterator[str]:
    """One line for each table of a store whose size differs from the manifest of its generation."""
    for table, count in store.counts().items():
        expected = manifest.counts.get(table)
        if count != expected:
            yield f"{name}/{STORE}: {count} {table}, the manifest says {expected}"


def inconsistencies(generation: Generation) -> Iterator[str]:
    """One line for each fault that digests cannot reveal, as the files were written like that."""
    store = generation.store
    counts = store.counts()
    yield from _vector_faults(generation, counts)
    for key in store.keys():  # noqa: SIM118 (no mapping)
        sentences, _ = generation.attribution.sentences_of_reference(key)
        if np.any(sentences < 0) or np.any(sentences >= counts["sentences"]):
            yield f"{generation.name}/{ATTRIBUTION}: a sentence about {key} that does not exist"
    yield from _span_faults(generation, counts["documents"])
    stray = store.stray_mentions()
    if stray:
        yield f"{generation.name}/{STORE}: {stray} mentions of documents that do not exist"
    for number, document in enumerate(store.documents()):
        yield from _text_faults(generation, number, document)


def _vector_faults(generation: Generation, counts: dict[str, int]) -> Iterator[str]:
    dimension = generation.manifest.model.get("dimension")
    for file, vectors, table in (
        (PASSAGE_VECTORS, generation.passage_vectors, "passages"),
        (SENTENCE_VECTORS, generation.sentence_vectors, "sentences"),
    ):
        if len(vectors) != counts[table]:
            yield f"{generation.name}/{file}: {len(vectors)} vectors for {counts[table]} {table}"
        width = vectors.rows(np.arange(min(1, len(vectors)))).shape[1]
        if width != dimension:
            yield f"{generation.name}/{file}: vectors of {width} numbers, the manifest says {dimension}"


def _span_faults(generation: Generation, documents: int) -> Iterator[str]:
    file = f"{generation.name}/{STORE}"
    passages, sentences = generation.passages, generation.sentences
    for unit, spans in _spans(generation):
        numbers = spans.document
        if np.any(np.diff(numbers) < 0) or np.any(numbers < 0) or np.any(numbers >= documents):
            yield f"{file}: a {unit} is of no document, or of one out of order"
    valid = (passages.first >= 0) & (passages.first <= passages.last) & (passages.last < len(sentences))
    if not np.all(valid):
        yield f"{file}: a passage has sentences that do not exist"
    first, last = passages.first[valid], passages.last[valid]
    if np.any(passages.start[valid] != sentences.start[first]) or np.any(
        passages.end[valid] != sentences.end[last]
    ):
        yield f"{file}: a passage does not begin or end with its sentences"
    # Search relies on it: passages may overlap, but each adds a sentence, and none is left out.
    reached = np.concatenate([[-1], passages.last])
    if (
        np.any(np.diff(reached) <= 0)
        or np.any(np.diff(passages.first) <= 0)
        or np.any(passages.first > reached[:-1] + 1)
        or reached[-1] != len(sentences) - 1
    ):
        yield f"{file}: a sentence is in no passage, or a passage is out of order"


def _text_faults(generation: Generation, number: int, document: Document) -> Iterator[str]:
    where = f"{generation.name}/{STORE}: document {document.document_id!r}"
    if text_digest(document.text) != document.sha256:
        yield f"{where}: text does not match its sha256"
    for unit, spans in _spans(generation):
        low, high = np.searchsorted(spans.document, [number, number + 1])
        start, end = spans.start[low:high], spans.end[low:high]
        if np.any(start < 0) or np.any(start >= end) or np.any(end > len(document.text)):
            yield f"{where}: a {unit} lies outside the text"
    for reference in document.references:
        if document.text[reference.start : reference.end] != reference.text:
            yield f"{where}: reference {reference.text!r} does not match the text"


def _spans(generation: Generation) -> tuple[tuple[str, Spans], ...]:
    return ("sentence", generation.sentences), ("passage", generation.passages)
