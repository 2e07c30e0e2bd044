"""Opened generation of an index: everything that retrieval and answering read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from indexer.annotation import aspect_classifier
from indexer.annotation.reference_attribution import ReferenceAttribution
from indexer.arrays import Strengths
from indexer.embedding.language_alignment import LanguageAlignment
from indexer.errors import IndexDamagedError, ModelMismatchError
from indexer.index.layout import (
    ALIGNMENT,
    ASPECTS,
    ATTRIBUTION,
    GENERATIONS,
    LEXICAL,
    PASSAGE_VECTORS,
    SENTENCE_VECTORS,
    STORE,
)
from indexer.index.live_generation import live_name
from indexer.index.manifest import Manifest, damaged_files
from indexer.storage.document_store import DocumentStore, Spans
from indexer.storage.lexical_index import Bm25Index, LexicalIndex
from indexer.storage.vector_store import FaissStore, VectorStore


@dataclass(frozen=True, slots=True)
class Generation:
    """An opened generation.

    Attributes:
        aspects: probability that each sentence expresses each aspect, shape ``(sentences, len(ASPECTS))``.
        attribution: references that each sentence is about.
    """

    name: str
    manifest: Manifest
    store: DocumentStore
    passages: Spans
    sentences: Spans
    passage_vectors: VectorStore
    sentence_vectors: VectorStore
    lexical: LexicalIndex
    alignment: LanguageAlignment
    aspects: Strengths
    attribution: ReferenceAttribution

    def close(self) -> None:
        self.store.close()

    def require_model(self, name: str, digest: str) -> None:
        """Check that the index was built with the model of this digest.

        Raises:
            ModelMismatchError: it was built with another model.
        """
        built = self.manifest.model
        if built["digest"] != digest:
            raise ModelMismatchError(
                f"index built with model {built['name']} {built['digest'][:12]}, "
                f"loaded is {name} {digest[:12]}; rebuild the index or pass the same --model"
            )


def open_generation(index: Path, name: str | None = None, check_digests: bool = True) -> Generation:
    """Open a generation, the live one by default, read-only.

    Args:
        check_digests: compare the digest of every file first, so that a damaged one is never served.

    Raises:
        IndexMissingError: there is no index.
        IndexDamagedError: a file is missing, changed or inconsistent; the message names it.
    """
    name = name or live_name(index)
    folder = index / GENERATIONS / name
    manifest = Manifest.read(folder)
    if check_digests:
        damage = next(damaged_files(folder, manifest), None)
        if damage:
            raise IndexDamagedError(f"generation damaged, not served: {damage}")
    store = DocumentStore.open(folder / STORE)
    try:
        sentences = store.sentences()
        return Generation(
            name=name,
            manifest=manifest,
            store=store,
            passages=store.passages(),
            sentences=sentences,
            passage_vectors=FaissStore.open(folder / PASSAGE_VECTORS),
            sentence_vectors=FaissStore.open(folder / SENTENCE_VECTORS),
            lexical=Bm25Index.open(folder / LEXICAL, manifest.counts["passages"]),
            alignment=LanguageAlignment.open(folder / ALIGNMENT, manifest.model["dimension"]),
            aspects=aspect_classifier.load(folder / ASPECTS, len(sentences)),
            attribution=ReferenceAttribution.open(folder / ATTRIBUTION, store.keys()),
        )
    except KeyError as error:
        store.close()
        raise IndexDamagedError(f"{name}: the manifest lacks {error}") from error
    except BaseException:
        store.close()
        raise
