"""A generation of an index, opened and verified: everything retrieval and answering read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer import aspect_model
from indexer.alignment import Alignment
from indexer.discourse import Strengths
from indexer.errors import IndexDamagedError, ModelMismatchError
from indexer.generations import GENERATIONS, live_name
from indexer.lexical import Bm25Index, LexicalIndex
from indexer.manifest import Manifest, damaged_files
from indexer.scope import Scopes
from indexer.store import DocumentStore, Spans
from indexer.vectors import FaissStore, VectorStore

STORE = "documents.sqlite"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_VECTORS = "sentences.faiss"
LEXICAL = "lexical"
ALIGNMENT = "alignment.npy"
ASPECTS = "aspects.npy"
SCOPE = "scope.npy"


@dataclass(frozen=True, slots=True)
class Generation:
    """One opened generation: everything retrieval and answering read.

    ``aspects``: probability that each sentence tells each aspect, shape ``(sentences, len(ASPECTS))``.
    """

    name: str
    manifest: Manifest
    store: DocumentStore
    passages: Spans
    sentences: Spans
    passage_vectors: VectorStore
    sentence_vectors: VectorStore
    lexical: LexicalIndex
    alignment: Alignment
    aspects: Strengths
    scopes: Scopes

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
    try:
        sentences = store.sentences()
        return Generation(
            name,
            manifest,
            store,
            store.passages(),
            sentences,
            FaissStore.open(folder / PASSAGE_VECTORS),
            FaissStore.open(folder / SENTENCE_VECTORS),
            Bm25Index.open(folder / LEXICAL, manifest.counts["passages"]),
            Alignment.open(folder / ALIGNMENT, manifest.model["dimension"]),
            aspect_model.load(folder / ASPECTS, len(sentences)),
            Scopes.open(folder / SCOPE, store.keys()),
        )
    except KeyError as error:
        store.close()
        raise IndexDamagedError(f"{name}: the manifest does not count {error}") from error
    except BaseException:
        store.close()
        raise


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
    from indexer.consistency import inconsistencies, miscounts

    try:
        # Before anything else is opened: what does not fit the store cannot be, and would hide why.
        with contextlib.closing(DocumentStore.open(folder / STORE)) as store:
            yield from miscounts(name, store, manifest)
        with contextlib.closing(open_generation(index, name, verify=False)) as generation:
            yield from inconsistencies(generation)
    except IndexDamagedError as error:
        yield f"{name}/{error}"
