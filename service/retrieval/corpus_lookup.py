"""Look-up tables over a generation: passages and documents by reference, province, date and language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.annotation.reference_attribution import ReferenceAttribution
from indexer.arrays import Ids, Mask, Scores, Strings
from indexer.entities.key_index import KeyIndex
from indexer.entities.places import canonical_place, related_places
from indexer.index.generation import Generation
from indexer.storage.document_store import Spans
from indexer.text.languages import Language
from indexer.text.normalization import fold
from service.query.question import Question
from service.retrieval.filters import Filters

#: By hand: share of a reference's weight where only the document names it.
_IN_DOCUMENT = 0.5


@dataclass(frozen=True, slots=True)
class KnownReference:
    """A reference that the documents name: number of mentions and documents, most frequent wordings."""

    key: str
    mentions: int
    documents: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorpusLookup:
    """Look-up tables over a generation, computed once when it is opened.

    ``passage_of``: passage number of each sentence; where passages overlap, of the first that holds it, which
    has the most text before it. ``first_sentence``, ``last_sentence``: of each passage, the sentences that
    ``passage_of`` assigns to it. ``language``: of each passage; ``languages``: all of them; ``passages_in``:
    passage numbers by language. ``passages_by_key``, ``documents_by_key``: numbers of what names a reference.
    ``key_index``: of the keys of all references. ``published``, ``places``: of each document.
    """

    passage_of: Ids
    language: Strings
    languages: tuple[Language, ...]
    passages_in: dict[Language, Ids]
    passage_document: Ids
    first_sentence: Ids
    last_sentence: Ids
    passages_by_key: dict[str, Ids]
    documents_by_key: dict[str, Ids]
    references: tuple[KnownReference, ...]
    key_index: KeyIndex
    document_ids: dict[str, int]
    attribution: ReferenceAttribution
    published: tuple[str | None, ...]
    places: tuple[str | None, ...]

    @classmethod
    def build(cls, generation: Generation) -> CorpusLookup:
        """Compute the tables of a generation."""
        passages, sentences = generation.passages, generation.sentences
        # Each passage begins and ends after the one before it: those that hold a sentence lie side by side.
        passage_of = np.searchsorted(passages.last, np.arange(len(sentences)))
        last_passage_of = np.searchsorted(passages.first, np.arange(len(sentences)), side="right") - 1
        metadata = generation.store.metadata()
        languages = metadata.languages
        by_key: dict[str, set[int]] = {}
        documents: dict[str, set[int]] = {}
        names: dict[str, Counter[str]] = {}
        # Sentences and mentions are both in reading order, so a mention's sentence is found by bisection.
        mentions = generation.store.references()
        mention_sentences = _sentences_at(
            sentences, np.array([row[1] for row in mentions]), np.array([row[2] for row in mentions])
        )
        for (key, document, _start, _end, text), sentence in zip(mentions, mention_sentences, strict=True):
            if sentence >= 0:
                holding = range(int(passage_of[sentence]), int(last_passage_of[sentence]) + 1)
                by_key.setdefault(key, set()).update(holding)
            documents.setdefault(key, set()).add(document)
            names.setdefault(key, Counter())[" ".join(text.split())] += 1
        of_passage = np.array(languages or ["de"])[passages.document]
        known = (
            KnownReference(
                key, names[key].total(), len(documents[key]), tuple(n for n, _ in names[key].most_common(5))
            )
            for key in documents
        )
        return cls(
            passage_of=passage_of,
            language=of_passage,
            languages=tuple(sorted(set(languages))),
            passages_in={name: np.flatnonzero(of_passage == name) for name in sorted(set(languages))},
            passage_document=passages.document,
            first_sentence=np.maximum(passages.first, np.concatenate([[0], passages.last[:-1] + 1])),
            last_sentence=passages.last,
            passages_by_key={key: np.array(sorted(numbers), np.int64) for key, numbers in by_key.items()},
            documents_by_key={key: np.array(sorted(numbers), np.int64) for key, numbers in documents.items()},
            references=tuple(sorted(known, key=lambda known: (-known.documents, -known.mentions, known.key))),
            key_index=KeyIndex(documents),
            document_ids={name: number for number, name in enumerate(metadata.document_ids)},
            attribution=generation.attribution,
            published=metadata.published,
            places=metadata.places,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all references in the documents, those of most documents first."""
        return tuple(known.key for known in self.references)

    def reference_match(self, keys: tuple[str, ...], passages: Ids, documents: Ids) -> Scores:
        """Strength of the tie of each passage to one of the references, 0 to 1, shape ``(len(passages),)``.

        1 if it names one; else the highest attribution of its sentences; at least 0.5 if its document names
        one.
        """
        fit = np.zeros(len(passages), np.float32)
        for key in keys:
            if key not in self.documents_by_key or len(passages) == 0:
                continue
            naming = self.passages_by_key.get(key, np.zeros(0, np.int64))
            of_passage = np.isin(passages, naming).astype(np.float32)
            sentences, strengths = self.attribution.sentences_of_reference(key)
            order = np.argsort(passages)
            owners = self.passage_of[sentences]
            positions = order[np.minimum(np.searchsorted(passages, owners, sorter=order), len(order) - 1)]
            given = passages[positions] == owners
            np.maximum.at(of_passage, positions[given], strengths[given])
            in_document = np.isin(documents, self.documents_by_key[key]) * np.float32(_IN_DOCUMENT)
            fit = np.maximum(fit, np.maximum(in_document, of_passage))
        return fit

    def place_match(self, question: Question, documents: Ids) -> Scores:
        """1 for each document about a province of the question, or one merged with it, else 0."""
        if not question.places:
            return np.zeros(len(documents), np.float32)
        wanted = related_places(mention.place for mention in question.places)
        return np.array([self.places[number] in wanted for number in documents], np.float32)

    def date_match(self, question: Question, documents: Ids) -> Scores:
        """1 for each document published in a period of the question, else 0."""
        if not question.dates:
            return np.zeros(len(documents), np.float32)
        dates = (self.published[number] for number in documents)
        return np.array(
            [date is not None and any(p.first <= date <= p.last for p in question.dates) for date in dates],
            np.float32,
        )

    def passages_of(self, filters: Filters) -> Ids | None:
        """Numbers of the passages that pass the filters, ascending; ``None`` if these restrict nothing."""
        if filters == Filters():
            return None
        return self.passages_in_documents(self.documents_of(filters))

    def passages_in_documents(self, documents: Mask) -> Ids:
        """Numbers of the passages of the flagged documents, ascending."""
        return np.flatnonzero(documents[self.passage_document])

    def documents_of(self, filters: Filters) -> Mask:
        """Flag for each document that passes the filters; a date filter excludes documents without a date."""
        accepted = np.ones(len(self.places), np.bool_)
        if filters.published_from:
            accepted &= self._days >= filters.published_from
        if filters.published_to:
            accepted &= (self._days <= filters.published_to) & (self._days != "")
        if filters.places:
            accepted &= self._in_places(filters.places)
        if filters.documents:
            chosen = [self.document_ids[name] for name in filters.documents if name in self.document_ids]
            accepted &= np.isin(np.arange(len(accepted)), chosen)
        if filters.references:
            accepted &= np.isin(np.arange(len(accepted)), self._naming(filters.references))
        return accepted

    def _in_places(self, names: Sequence[str]) -> Mask:
        """Flag for each document about one of the provinces or, as in questions, one merged with it."""
        related = related_places(canonical_place(name) or name for name in names)
        wanted = {fold(name) for name in related}
        return np.array([place is not None and fold(place) in wanted for place in self.places])

    def _naming(self, keys: Sequence[str]) -> Ids:
        """Numbers of the documents that name one of the references."""
        by_key = [self.documents_by_key[key] for key in keys if key in self.documents_by_key]
        return np.concatenate(by_key) if by_key else np.zeros(0, np.int64)

    @property
    def _days(self) -> Strings:
        """Day of each document, empty where it has none."""
        return np.array([day or "" for day in self.published] or [""])[: len(self.published)]

    def sentences_of(self, passages: Ids) -> Ids:
        """Numbers of the sentences that ``passage_of`` assigns to the passages, in the order of those."""
        counts = self.last_sentence[passages] - self.first_sentence[passages] + 1
        skipped = np.cumsum(counts) - counts
        shifts = np.repeat(skipped - self.first_sentence[passages], counts)
        numbers: Ids = np.arange(counts.sum()) - shifts
        return numbers


def _sentences_at(sentences: Spans, documents: Ids, starts: Ids) -> list[int]:
    """Number of the sentence that holds each offset, -1 if the nearest is in another document."""
    if not len(documents) or not len(sentences):
        return [-1] * len(documents)
    # Document and place in one number: a text has less than four thousand million letters.
    begins = (sentences.document << 32) + sentences.start
    numbers = np.searchsorted(begins, (documents << 32) + starts, side="right") - 1
    within = (numbers >= 0) & (sentences.document[numbers] == documents)
    found: list[int] = np.where(within, numbers, -1).tolist()
    return found
