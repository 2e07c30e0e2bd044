"""First pass of a build: each document is read, prepared and written, one at a time.

Only numbers and digests stay in memory. The texts are in the document store, from which the second pass reads
those that have to be embedded.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.arrays import Strengths
from indexer.build.deduplication import Deduplicator
from indexer.build.preparation import DocumentPreparer
from indexer.build.prepared_document import PreparedDocument
from indexer.build.report import ReportProgress
from indexer.documents import RawDocument
from indexer.embedding.vector_cache import text_key
from indexer.errors import SourceError
from indexer.sources.reader import SourceProblem, read_sources
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.lexical_index import Bm25Builder
from indexer.text.spans import Span


class TextSpans:
    """Spans of the texts to embed with the keys of their vectors; one row a text."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.lengths = array("q")
        self._spans = array("q")

    def add(self, document: int, text: str, spans: Iterable[Span]) -> None:
        for span in spans:
            self.keys.append(text_key(text[span.start : span.end]))
            self.lengths.append(span.end - span.start)
            self._spans.extend((document, span.start, span.end))

    def span(self, row: int) -> tuple[int, int, int]:
        """Number of the document, start and end of a text."""
        document, start, end = self._spans[3 * row : 3 * row + 3]
        return document, start, end


class StemTable:
    """Stems of sentences, four bytes each; one row a sentence."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._stems: list[str] = []
        self._rows: list[array[int]] = []

    def add(self, stems: Iterable[str]) -> None:
        self._rows.append(array("i", map(self._number, stems)))

    def __getitem__(self, row: int) -> frozenset[str]:
        return frozenset(self._stems[number] for number in self._rows[row])

    def __len__(self) -> int:
        return len(self._rows)

    def _number(self, stem: str) -> int:
        number = self._numbers.setdefault(stem, len(self._stems))
        if number == len(self._stems):
            self._stems.append(stem)
        return number


class CollectedCorpus:
    """The content of all documents that the second pass needs.

    Attributes:
        passages, sentences: texts to embed.
        lexical: the lexical index as far as it is built.
        referring: number, first sentence and count of sentences of each document that names a reference.
        stems: stems of the sentences of these documents, in their order.
        left_out: files and rows that could not be indexed.
    """

    def __init__(self) -> None:
        self.passages = TextSpans()
        self.sentences = TextSpans()
        self.lexical = Bm25Builder()
        self.referring: list[tuple[int, int, int]] = []
        self.stems = StemTable()
        self.left_out: list[SourceProblem] = []
        self._cues: list[Strengths] = []

    def add(self, prepared: PreparedDocument, number: int, first_sentence: int) -> None:
        """Add a document; ``first_sentence``: number of its first sentence in the generation."""
        text = prepared.document.text
        self.passages.add(number, text, [Span(p.start, p.end) for p in prepared.passages])
        self.sentences.add(number, text, [Span(s.start, s.end) for s in prepared.sentences])
        for terms in prepared.terms:
            self.lexical.add(terms)
        if prepared.document.references:
            self.referring.append((number, first_sentence, len(prepared.sentences)))
        for stems in prepared.stems:
            self.stems.add(stems)
        self._cues.append(prepared.cues)

    def cues(self) -> Strengths:
        """The features that need no vector, of every sentence."""
        return np.concatenate(self._cues)


def collect(
    sources: Sequence[Path],
    index: Path,
    preparer: DocumentPreparer,
    writer: DocumentWriter,
    strict: bool,
    report: ReportProgress,
    follow_links: bool = False,
) -> CollectedCorpus:
    """Read, prepare and write every document of ``sources``, except files of the ``index`` itself.

    Raises:
        SourceError: a source is missing, nothing could be read, or ``strict`` and something was left out.
    """
    corpus = CollectedCorpus()
    deduplicator = Deduplicator()
    # Closed also after a failure, so that the processes that read files end at once.
    with closing(read_sources(sources, index, follow_links)) as items:
        for prepared in _prepare_all(items, preparer, strict, deduplicator, corpus.left_out):
            corpus.add(prepared, writer.documents, writer.sentences)
            writer.add(prepared.document, prepared.sentences, prepared.passages, prepared.mentions)
            report("documents read", writer.documents, None)
    preparer.flush()
    writer.finish(deduplicator.also)
    if not writer.documents:
        reasons = "; ".join(str(problem) for problem in corpus.left_out[:3]) or "no files"
        raise SourceError(f"nothing to index in {', '.join(map(str, sources))}: {reasons}")
    return corpus


def _prepare_all(
    items: Iterator[RawDocument | SourceProblem],
    preparer: DocumentPreparer,
    strict: bool,
    deduplicator: Deduplicator,
    left_out: list[SourceProblem],
) -> Iterator[PreparedDocument]:
    for item in items:
        try:
            if isinstance(item, SourceProblem):
                raise SourceError(str(item))
            deduplicator.require_new(item)
            prepared = preparer.prepare(item)
            if deduplicator.accept(item, prepared.document):
                yield prepared
        except SourceError as error:
            problem = item if isinstance(item, SourceProblem) else SourceProblem(_source(item), str(error))
            if strict:
                raise SourceError(str(problem)) from error
            left_out.append(problem)


def _source(raw: RawDocument) -> str:
    return str(raw.source) if raw.media_type != "application/json" else f"{raw.source}: {raw.document_id}"
