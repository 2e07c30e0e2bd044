"""Second pass of a build: the files of a generation beside its document store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.annotation import aspect_classifier
from indexer.annotation.aspect_classifier import Exemplars
from indexer.annotation.reference_attribution import ReferenceAttribution, attribute_references
from indexer.annotation.reference_topics import Topics, title_after
from indexer.arrays import HalfVectors
from indexer.build.collector import CollectedCorpus
from indexer.build.report import ReportProgress
from indexer.documents import Document, Sentence
from indexer.embedding.embedder import Embedder
from indexer.embedding.language_alignment import LanguageAlignment
from indexer.embedding.vector_cache import VectorCache
from indexer.index.layout import (
    ALIGNMENT,
    ASPECTS,
    ATTRIBUTION,
    LEXICAL,
    PASSAGE_VECTORS,
    SENTENCE_VECTORS,
    STORE,
)
from indexer.storage.document_store import DocumentStore
from indexer.storage.vector_store import FaissStore


def write_files(
    folder: Path, corpus: CollectedCorpus, embedder: Embedder, cache: VectorCache, report: ReportProgress
) -> int:
    """Write all files of a generation but its document store and manifest into ``folder``.

    Returns:
        The number of texts that were embedded, as no vector of them was cached.
    """
    corpus.lexical.finish().save(folder / LEXICAL)
    with closing(DocumentStore.open(folder / STORE)) as documents:
        vectors, embedded = _embed(documents, corpus, embedder, cache, report)
        passages, sentences = np.split(vectors, [len(corpus.passages.keys)])
        alignment = LanguageAlignment.build(lambda texts: cache.embed_questions(texts, embedder))
        alignment.save(folder / ALIGNMENT)
        exemplars = Exemplars.build(lambda texts: cache.embed(texts, embedder)[0].astype(np.float32))
        FaissStore.build(passages).save(folder / PASSAGE_VECTORS)
        FaissStore.build(sentences).save(folder / SENTENCE_VECTORS)
        aspects = aspect_classifier.probabilities(corpus.cues(), exemplars.similarities(sentences))
        aspect_classifier.save(folder / ASPECTS, aspects)
        _attribution(documents, corpus).save(folder / ATTRIBUTION)
    return embedded


def _embed(
    documents: DocumentStore,
    corpus: CollectedCorpus,
    embedder: Embedder,
    cache: VectorCache,
    report: ReportProgress,
) -> tuple[HalfVectors, int]:
    """Vectors of all passages, then of all sentences; together, so that texts of equal length are batched."""
    passages, sentences = corpus.passages, corpus.sentences
    lengths = passages.lengths + sentences.lengths
    total, done = sum(lengths), 0

    def progress(characters: int) -> None:
        nonlocal done
        done += characters
        report("characters embedded", done, total)

    def text(row: int) -> str:
        count = len(passages.keys)
        document, start, end = passages.span(row) if row < count else sentences.span(row - count)
        return documents.text(document)[start:end]

    return cache.embed_by_key(passages.keys + sentences.keys, lengths, text, embedder, progress)


def _attribution(documents: DocumentStore, corpus: CollectedCorpus) -> ReferenceAttribution:
    """The attribution of every sentence of the generation to references."""
    titles = (
        (reference.key, title_after(document.text, reference.end), document.language)
        for document, _, _ in _referring_documents(documents, corpus)
        for reference in document.references
    )
    topics = Topics.build(titles, (corpus.stems[row] for row in range(len(corpus.stems))))
    rows: list[tuple[int, str, float]] = []
    first_stems = 0
    for document, sentences, first in _referring_documents(documents, corpus):
        stems = [corpus.stems[first_stems + number] for number in range(len(sentences))]
        first_stems += len(sentences)
        attributed = attribute_references(document, sentences, stems, topics)
        rows += [(first + number, key, strength) for number, key, strength in attributed]
    return ReferenceAttribution.build(rows, documents.keys())


def _referring_documents(
    documents: DocumentStore, corpus: CollectedCorpus
) -> Iterator[tuple[Document, list[Sentence], int]]:
    """Each document that names a reference, its sentences, and the number of its first sentence."""
    spans = documents.sentences()
    columns = spans.start, spans.end, spans.heading
    for number, first, count in corpus.referring:
        rows = zip(*(column[first : first + count].tolist() for column in columns), strict=True)
        yield documents.document(number), [Sentence(*row) for row in rows], first
