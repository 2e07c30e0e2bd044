"""The first half of a build: every document read, prepared and written, one at a time.

Of what was read only numbers and digests stay in memory; the texts are in the store, from which the second
half asks for those that have to be embedded.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from indexer.arrays import Strengths
from indexer.build.deduplication import Deduplicator
from indexer.build.preparation import DocumentPreparer, Prepared
from indexer.documents import RawDocument
from indexer.embedding.vector_cache import text_key
from indexer.errors import SourceError
from indexer.sources.reader import SourceProblem, read_sources
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.lexical_index import Bm25Builder
from indexer.text.spans import Span


class Texts:
    """Where texts to embed stand, and under what their vectors are kept; one row a text."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.lengths = array("q")
        #: Document number, start and end of each.
        self.places = array("q")

    def add(self, number: int, text: str, spans: Sequence[Span]) -> None:
        for span in spans:
            self.keys.append(text_key(text[span.start : span.end]))
            self.lengths.append(span.end - span.start)
            self.places.extend((number, span.start, span.end))

    def place(self, row: int) -> tuple[int, int, int]:
        number, start, end = self.places[3 * row : 3 * row + 3]
        return number, start, end


class CollectedCorpus:
    """What is known of the documents when all are read."""

    def __init__(self) -> None:
        self.passages = Texts()
        self.sentences = Texts()
        self.lexical = Bm25Builder()
        #: Number and first sentence of each document that names an act, and how many sentences it has.
        self.naming: list[tuple[int, int, int]] = []
        self.left_out: list[SourceProblem] = []
        self._told: list[Strengths] = []

    def add(self, prepared: Prepared, number: int, first_sentence: int) -> None:
        text = prepared.document.text
        self.passages.add(number, text, [Span(p.start, p.end) for p in prepared.passages])
        self.sentences.add(number, text, [Span(s.start, s.end) for s in prepared.sentences])
        for terms in prepared.terms:
            self.lexical.add(terms)
        if prepared.document.references:
            self.naming.append((number, first_sentence, len(prepared.sentences)))
        self._told.append(prepared.told)

    def told(self) -> Strengths:
        """The evidence of words on aspects of every sentence."""
        return np.concatenate(self._told)


def collect(
    sources: Sequence[Path],
    index: Path,
    preparer: DocumentPreparer,
    writer: DocumentWriter,
    strict: bool,
    report: Callable[[str, int, int | None], None],
) -> CollectedCorpus:
    """Read, prepare and write every document of ``sources``, but for what is of the ``index`` itself.

    Raises:
        SourceError: a source is missing, nothing could be read, or ``strict`` and something was left out.
    """
    found = CollectedCorpus()
    seen = Deduplicator()
    for item in _prepared(read_sources(sources, index), preparer, strict, seen, found.left_out):
        found.add(item, writer.documents, writer.sentences)
        writer.add(item.document, item.sentences, item.passages, item.mentions)
        report("documents read", writer.documents, None)
    preparer.flush()
    writer.finish(seen.also)
    if not writer.documents:
        named = "; ".join(str(problem) for problem in found.left_out[:3]) or "no files"
        raise SourceError(f"nothing to index in {', '.join(map(str, sources))}: {named}")
    return found


def _prepared(
    read: Iterator[RawDocument | SourceProblem],
    preparer: DocumentPreparer,
    strict: bool,
    seen: Deduplicator,
    left_out: list[SourceProblem],
) -> Iterator[Prepared]:
    for item in read:
        try:
            if isinstance(item, SourceProblem):
                raise SourceError(str(item))
            seen.require_new(item)
            prepared = preparer.prepare(item)
            if seen.accept(item, prepared.document):
                yield prepared
        except SourceError as error:
            problem = item if isinstance(item, SourceProblem) else SourceProblem(_place(item), str(error))
            if strict:
                raise SourceError(str(problem)) from error
            left_out.append(problem)


def _place(raw: RawDocument) -> str:
    return str(raw.source) if raw.media_type != "application/json" else f"{raw.source}: {raw.document_id}"
