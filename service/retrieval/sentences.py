"""Sentences of a generation read for ranking: text, terms, concepts, context window."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np
from cachetools import LRUCache, cachedmethod

from indexer.analysis import analyzer, concepts
from indexer.arrays import Vectors
from indexer.documents import Document
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation
from indexer.storage.bounded_cache import bounded_cache, number_of_items
from service.retrieval.corpus_lookup import CorpusLookup

#: By hand, for memory: sentences whose terms, concepts and vectors are cached, because questions on one
#: matter read the same ones; and terms of documents.
CACHED_SENTENCES, CACHED_TERMS = 1 << 14, 1 << 19


class SentenceReader:
    """Reads sentences by number, with caches. Safe to use from several threads."""

    def __init__(self, generation: Generation, lookup: CorpusLookup, embedder: Embedder) -> None:
        self._generation = generation
        self._lookup = lookup
        self._embedder = embedder
        self._lock = threading.Lock()
        self._stems: MutableMapping[Any, frozenset[str]] = LRUCache(CACHED_SENTENCES)
        self._concepts: MutableMapping[Any, frozenset[str]] = LRUCache(CACHED_SENTENCES)
        self._terms: MutableMapping[Any, frozenset[str]] = bounded_cache(CACHED_TERMS, number_of_items)
        self._windows: dict[int, Vectors] = {}

    def document_number(self, sentence: int) -> int:
        """Number of the document that a sentence stands in."""
        return int(self._generation.sentences.document[sentence])

    def document(self, sentence: int) -> Document:
        """The document that a sentence stands in."""
        return self._generation.store.document(self.document_number(sentence))

    def span(self, sentence: int) -> tuple[int, int]:
        """``[start, end)`` of a sentence in its document, in code points."""
        spans = self._generation.sentences
        return int(spans.start[sentence]), int(spans.end[sentence])

    def text(self, sentence: int) -> str:
        """A sentence as it stands in its document."""
        start, end = self.span(sentence)
        return self.document(sentence).text[start:end]

    @cachedmethod(lambda self: self._stems, lock=lambda self: self._lock)
    def stems(self, sentence: int) -> frozenset[str]:
        """Stems of a sentence's content words, and the keys of the references it names."""
        return frozenset(analyzer.question_terms(self.text(sentence), self.document(sentence).language))

    @cachedmethod(lambda self: self._concepts, lock=lambda self: self._lock)
    def concepts(self, sentence: int) -> frozenset[str]:
        """Concepts of the glossary that a sentence mentions."""
        return concepts.find_concepts(self.text(sentence), self.document(sentence).language)

    @cachedmethod(lambda self: self._terms, lock=lambda self: self._lock)
    def document_terms(self, document: int) -> frozenset[str]:
        """Surface terms of a document, its title and its place."""
        found = self._generation.store.document(document)
        return frozenset(analyzer.surface_terms(f"{found.title} {found.place or ''} {found.text}"))

    def window(self, sentence: int) -> tuple[str, int]:
        """A sentence with the one before it in its passage, as one text, and its offset in that text."""
        spans, first = self._generation.sentences, self._lookup.first_sentence
        begin = max(sentence - 1, int(first[self._lookup.passage_of[sentence]]))
        start = int(spans.start[begin])
        text = self.document(sentence).text[start : int(spans.end[sentence])]
        return text, int(spans.start[sentence]) - start

    def embed_windows(self, sentences: Sequence[int]) -> Vectors:
        """Unit vectors of the windows of at least one sentence, shape ``(len(sentences), dimension)``."""
        known = {n: vector for n in sentences if (vector := self._windows.get(n)) is not None}
        missing = [number for number in sentences if number not in known]
        if missing:
            texts = [self.window(number)[0] for number in missing]
            known.update(zip(missing, self._embedder.embed_passages(texts), strict=True))
            if len(self._windows) > CACHED_SENTENCES:
                self._windows.clear()
            self._windows.update(known)
        return np.stack([known[number] for number in sentences])
