"""Building a generation: read, clean, split, embed, index, and only then make it live."""

from __future__ import annotations

import datetime
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from indexer.annotation import aspect_classifier
from indexer.annotation.aspect_classifier import Exemplars
from indexer.annotation.reference_attribution import ReferenceAttribution, attribute_references
from indexer.annotation.reference_topics import Topics, stems, title_after
from indexer.arrays import HalfVectors
from indexer.build.collector import CollectedCorpus, collect
from indexer.build.preparation import DocumentPreparer
from indexer.build.report import BuildSummary, ReportProgress
from indexer.documents import Document, Sentence
from indexer.embedding.embedder import Embedder
from indexer.embedding.language_alignment import LanguageAlignment
from indexer.embedding.vector_cache import VectorCache, text_key
from indexer.errors import IndexingError, SourceError
from indexer.index.folder import (
    GENERATIONS,
    STAGING,
    is_live,
    new_name,
    prune,
    remove_abandoned,
    set_live,
    sync,
)
from indexer.index.layout import ALIGNMENT, ASPECTS, LEXICAL, PASSAGE_VECTORS, SCOPE, SENTENCE_VECTORS, STORE
from indexer.index.manifest import Manifest, file_facts
from indexer.preprocessing.chunking import Chunking
from indexer.sources.reader import printable
from indexer.storage.document_store import DocumentStore
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.key_value_cache import KeyValueCache
from indexer.storage.vector_store import FaissStore

#: What builds keep for the next ones, beside the generations: vectors and prepared documents, by content.
VECTORS, PREPARED = "vectors", "prepared/documents.sqlite"


def build(
    sources: Sequence[Path],
    index: Path,
    embedder: Embedder,
    *,
    chunking: Chunking | None = None,
    strict: bool = False,
    keep: int = 3,
    report: ReportProgress | None = None,
) -> BuildSummary:
    """Build a new generation from ``sources`` and make it live.

    Args:
        strict: fail on the first file or row that has to be left out.
        keep: how many generations stay for a rollback, the new one included.
        report: called as work goes on.

    Raises:
        SourceError: a source is missing, nothing could be read, or ``strict`` and something was left out.
        IndexingError: another build is running on this index, or the disk is full.
    """
    report = report or (lambda _step, _done, _total: None)
    chunking = chunking or Chunking()
    is_new = not index.exists()
    try:
        (index / GENERATIONS).mkdir(parents=True, exist_ok=True)
        with FileLock(index / ".build.lock", timeout=0):
            try:
                return _write(index, sources, embedder, chunking, strict, keep, report)
            except SourceError:
                # A wrong path must not leave an empty index behind.
                if is_new:
                    shutil.rmtree(index, ignore_errors=True)
                raise
    except Timeout as error:
        raise IndexingError(f"another build is running on {index}") from error
    except (OSError, sqlite3.Error) as error:
        raise IndexingError(f"cannot write the index {index}: {error}") from error


def _write(
    index: Path,
    sources: Sequence[Path],
    embedder: Embedder,
    chunking: Chunking,
    strict: bool,
    keep: int,
    report: ReportProgress,
) -> BuildSummary:
    remove_abandoned(index)
    with (
        closing(KeyValueCache.open(index / PREPARED)) as kept,
        closing(VectorCache.open(index / VECTORS, embedder)) as cache,
    ):
        preparer = DocumentPreparer(kept, chunking, embedder)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=index / GENERATIONS))
        complete = staging
        try:
            with closing(DocumentWriter(staging / STORE)) as writer:
                corpus = collect(sources, index, preparer, writer, strict, report)
            embedded = _fill(staging, corpus, embedder, cache, report)
            now = datetime.datetime.now(datetime.UTC)
            manifest = Manifest(
                created=now.isoformat(timespec="seconds"),
                model={"name": embedder.name, "digest": embedder.digest, "dimension": embedder.dimension},
                chunking=asdict(chunking),
                counts={
                    "documents": writer.documents,
                    "sentences": writer.sentences,
                    "passages": writer.passages,
                },
                files=file_facts(staging),
                sources=[printable(str(source)) for source in sources],
                left_out=[str(problem) for problem in corpus.left_out],
            )
            name = new_name(index, now, manifest.write(staging))
            for path in (*staging.rglob("*"), staging):
                sync(path)
            # mkdtemp makes private folders; the service may run under another account.
            staging.chmod(0o755)
            complete = staging.rename(index / GENERATIONS / name)
            set_live(index, name)
        except BaseException:
            # An interruption may come when the generation is live already.
            if not is_live(index, complete.name):
                shutil.rmtree(complete, ignore_errors=True)
            raise
        # What was removed from the sources stays for a rollback, and goes with the last generation of it.
        pruned = prune(index, keep)
        preparer.forget(keep)
        cache.forget([*corpus.passages.keys, *corpus.sentences.keys, *_own_texts()], keep)
    return BuildSummary(name, manifest.counts, embedded, corpus.left_out, pruned)


def _fill(
    staging: Path, corpus: CollectedCorpus, embedder: Embedder, cache: VectorCache, report: ReportProgress
) -> int:
    """Write all files of a generation beside its store; returns how many texts were embedded anew."""
    corpus.lexical.finish().save(staging / LEXICAL)
    with closing(DocumentStore.open(staging / STORE)) as documents:
        vectors, fresh = _embed(documents, corpus, embedder, cache, report)
        passages, sentences = np.split(vectors, [len(corpus.passages.keys)])
        LanguageAlignment.build(lambda texts: cache.embed_questions(texts, embedder)).save(
            staging / ALIGNMENT
        )
        exemplars = Exemplars.build(lambda texts: cache.embed(texts, embedder)[0].astype(np.float32))
        FaissStore.build(passages).save(staging / PASSAGE_VECTORS)
        FaissStore.build(sentences).save(staging / SENTENCE_VECTORS)
        evidence = aspect_classifier.evidence(corpus.told(), exemplars.similarity(sentences))
        aspect_classifier.save(staging / ASPECTS, aspect_classifier.probabilities(evidence))
        _scopes(documents, corpus).save(staging / SCOPE)
    return fresh


def _embed(
    documents: DocumentStore,
    corpus: CollectedCorpus,
    embedder: Embedder,
    cache: VectorCache,
    report: ReportProgress,
) -> tuple[HalfVectors, int]:
    """Vectors of all passages, then of all sentences: in one go, so that texts of one length go together."""
    passages, sentences = corpus.passages, corpus.sentences
    lengths = passages.lengths + sentences.lengths
    whole, done = sum(lengths), 0

    def progress(characters: int) -> None:
        nonlocal done
        done += characters
        report("characters embedded", done, whole)

    def text(row: int) -> str:
        first = len(passages.keys)
        number, start, end = passages.place(row) if row < first else sentences.place(row - first)
        return documents.text(number)[start:end]

    return cache.embed_by_key(passages.keys + sentences.keys, lengths, text, embedder, progress)


def _own_texts() -> Iterator[bytes]:
    return (text_key(text) for _, text in aspect_classifier.read_exemplars())


def _scopes(documents: DocumentStore, corpus: CollectedCorpus) -> ReferenceAttribution:
    """Which acts each sentence of the generation is about."""

    spans = documents.sentences()

    def naming() -> Iterator[tuple[Document, list[Sentence], int]]:
        for number, first, count in corpus.naming:
            rows = zip(*(column[first : first + count].tolist() for column in columns), strict=True)
            yield documents.document(number), [Sentence(*row) for row in rows], first

    columns = spans.start, spans.end, spans.heading

    titles = (
        (reference.key, title_after(document.text, reference.end), document.language)
        for document, _, _ in naming()
        for reference in document.references
    )
    words = (
        stems(document.text[sentence.start : sentence.end], document.language)
        for document, sentences, _ in naming()
        for sentence in sentences
    )
    topics = Topics.of(titles, words)
    rows = [
        (first + row, key, held)
        for document, sentences, first in naming()
        for row, key, held in attribute_references(document, sentences, topics)
    ]
    return ReferenceAttribution.build(rows, documents.keys())
