"""Whether the parts of a generation agree: counts, spans, texts, vectors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from indexer.documents import text_digest
from indexer.errors import IndexDamagedError
from indexer.index.folder import GENERATIONS, live_name
from indexer.index.generation import Generation, open_generation
from indexer.index.layout import PASSAGE_VECTORS, SCOPE, SENTENCE_VECTORS, STORE
from indexer.index.manifest import Manifest, damaged_files
from indexer.storage.document_store import DocumentStore, Spans


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
        # Before anything else is opened: what does not fit the store cannot be, and would hide why.
        with contextlib.closing(DocumentStore.open(folder / STORE)) as store:
            yield from miscounts(name, store, manifest)
        with contextlib.closing(open_generation(index, name, check_digests=False)) as generation:
            yield from inconsistencies(generation)
    except IndexDamagedError as error:
        yield f"{name}/{error}"


def miscounts(name: str, store: DocumentStore, manifest: Manifest) -> Iterator[str]:
    """One line for each table of a store that holds more or less than the manifest of its generation says."""
    for what, count in store.counts().items():
        said = manifest.counts.get(what)
        if count != said:
            yield f"{name}/{STORE}: {count} {what}, the manifest says {said}"


def inconsistencies(generation: Generation) -> Iterator[str]:
    """One line for each fault that digests cannot show, because it was written like that."""
    counted = generation.store.counts()
    yield from _vector_faults(generation, counted)
    for key in generation.store.keys():  # noqa: SIM118 (no mapping)
        sentences, _ = generation.attribution.sentences_of_reference(key)
        if np.any(sentences < 0) or np.any(sentences >= counted["sentences"]):
            yield f"{generation.name}/{SCOPE}: a sentence about {key} that is not there"
    yield from _span_faults(generation, counted["documents"])
    yield from _text_faults(generation)


def _vector_faults(generation: Generation, counted: dict[str, int]) -> Iterator[str]:
    dimension = generation.manifest.model.get("dimension")
    for file, vectors, what in (
        (PASSAGE_VECTORS, generation.passage_vectors, "passages"),
        (SENTENCE_VECTORS, generation.sentence_vectors, "sentences"),
    ):
        if len(vectors) != counted[what]:
            yield f"{generation.name}/{file}: {len(vectors)} vectors for {counted[what]} {what}"
        width = vectors.rows(np.arange(min(1, len(vectors)))).shape[1]
        if width != dimension:
            yield f"{generation.name}/{file}: vectors of {width} numbers, the manifest says {dimension}"


def _span_faults(generation: Generation, documents: int) -> Iterator[str]:
    at = f"{generation.name}/{STORE}"
    passages, sentences = generation.passages, generation.sentences
    for what, spans in _spans(generation):
        of = spans.document
        if np.any(np.diff(of) < 0) or np.any(of < 0) or np.any(of >= documents):
            yield f"{at}: a {what} is of no document, or of one out of order"
    there = (passages.first >= 0) & (passages.first <= passages.last) & (passages.last < len(sentences))
    if not np.all(there):
        yield f"{at}: a passage has sentences that are not there"
    first, last = passages.first[there], passages.last[there]
    if np.any(passages.start[there] != sentences.start[first]) or np.any(
        passages.end[there] != sentences.end[last]
    ):
        yield f"{at}: a passage does not begin or end with its sentences"
    # Passages may overlap, but each says something new and no sentence is left out: searching relies on it.
    reached = np.concatenate([[-1], passages.last])
    if (
        np.any(np.diff(reached) <= 0)
        or np.any(np.diff(passages.first) <= 0)
        or np.any(passages.first > reached[:-1] + 1)
        or reached[-1] != len(sentences) - 1
    ):
        yield f"{at}: a sentence is in no passage, or a passage is out of order"


def _text_faults(generation: Generation) -> Iterator[str]:
    for number, document in enumerate(generation.store.documents()):
        where = f"{generation.name}/{STORE}: document {document.document_id!r}"
        if text_digest(document.text) != document.sha256:
            yield f"{where}: text does not match its sha256"
        for what, spans in _spans(generation):
            low, high = np.searchsorted(spans.document, [number, number + 1])
            start, end = spans.start[low:high], spans.end[low:high]
            if np.any(start < 0) or np.any(start >= end) or np.any(end > len(document.text)):
                yield f"{where}: a {what} lies outside the text"
        for reference in document.references:
            if document.text[reference.start : reference.end] != reference.text:
                yield f"{where}: reference {reference.text!r} is not at its place"


def _spans(generation: Generation) -> tuple[tuple[str, Spans], ...]:
    return ("sentence", generation.sentences), ("passage", generation.passages)
