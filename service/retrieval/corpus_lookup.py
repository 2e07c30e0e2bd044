"""What a generation holds, arranged for questions: acts, provinces, dates, languages, by passage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.annotation.reference_attribution import ReferenceAttribution
from indexer.arrays import Ids, Scores, Strings
from indexer.entities.places import canonical_place, related_places
from indexer.index.generation import Generation
from indexer.storage.document_store import Spans
from indexer.text.languages import Language
from indexer.text.normalization import fold
from service.query.question import Question
from service.retrieval.filters import Filters


@dataclass(frozen=True, slots=True)
class KnownReference:
    """An act that the documents name: how often, in how many documents, and in which words."""

    key: str
    mentions: int
    documents: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Look-ups over a generation, computed once when it is opened.

    ``passage_of``: passage number of each sentence; where passages overlap, of the first that holds it, in
    which the most is said before it. ``first_sentence`` and ``last_sentence``: of each passage, the sentences
    that ``passage_of`` gives it. ``language``: of each passage;
    ``languages``: all there are, ``passages_in``: by language. The others are by key of an act: numbers of
    the passages and of the documents that name it.
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
    document_ids: dict[str, int]
    attribution: ReferenceAttribution
    published: tuple[str | None, ...]
    places: tuple[str | None, ...]

    @classmethod
    def of(cls, generation: Generation) -> Catalogue:
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
        holding_them = _sentences_at(
            sentences, np.array([row[1] for row in mentions]), np.array([row[2] for row in mentions])
        )
        for (key, document, _start, _end, text), sentence in zip(mentions, holding_them, strict=True):
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
            document_ids={name: number for number, name in enumerate(metadata.document_ids)},
            attribution=generation.attribution,
            published=metadata.published,
            places=metadata.places,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all acts the documents name, those of most documents first."""
        return tuple(known.key for known in self.references)

    def reference_fit(self, keys: tuple[str, ...], passages: Ids, documents: Ids) -> Scores:
        """How much each passage is about one of the acts, 0 to 1.

        1 where it names one, what the surest of its sentences holds where an earlier one did, 0.5 where only
        its document names it.
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
            places = order[np.minimum(np.searchsorted(passages, owners, sorter=order), len(order) - 1)]
            there = passages[places] == owners
            np.maximum.at(of_passage, places[there], strengths[there])
            in_document = np.isin(documents, self.documents_by_key[key]) * np.float32(0.5)
            fit = np.maximum(fit, np.maximum(in_document, of_passage))
        return fit

    def place_fit(self, question: Question, documents: Ids) -> Scores:
        """1 where a document is about a province that the question names, or one merged with it, else 0."""
        if not question.places:
            return np.zeros(len(documents), np.float32)
        wanted = related_places(mention.place for mention in question.places)
        return np.array([self.places[number] in wanted for number in documents], np.float32)

    def date_fit(self, question: Question, documents: Ids) -> Scores:
        """1 where a document was published in a period that the question names, else 0."""
        if not question.dates:
            return np.zeros(len(documents), np.float32)
        dates = (self.published[number] for number in documents)
        return np.array(
            [date is not None and any(p.first <= date <= p.last for p in question.dates) for date in dates],
            np.float32,
        )

    def passages_of(self, filters: Filters) -> Ids | None:
        """Ids of the passages that pass, ascending; ``None`` when the filters restrict nothing."""
        if filters == Filters():
            return None
        return np.flatnonzero(self.documents_of(filters)[self.passage_document])

    def documents_of(self, filters: Filters) -> npt.NDArray[np.bool_]:
        """Whether each document passes; those without a date pass no restriction of it."""
        accepted = np.ones(len(self.places), np.bool_)
        if filters.published_from:
            accepted &= self._days >= filters.published_from
        if filters.published_to:
            accepted &= (self._days <= filters.published_to) & (self._days != "")
        if filters.places:
            # As in questions, a province stands for those it was merged with.
            related = related_places(canonical_place(name) or name for name in filters.places)
            wanted = {fold(name) for name in related}
            accepted &= np.array([place is not None and fold(place) in wanted for place in self.places])
        if filters.documents:
            chosen = [self.document_ids[name] for name in filters.documents if name in self.document_ids]
            accepted &= np.isin(np.arange(len(accepted)), chosen)
        if filters.references:
            by_key = [
                self.documents_by_key[key] for key in filters.references if key in self.documents_by_key
            ]
            named = np.concatenate(by_key) if by_key else np.zeros(0, np.int64)
            accepted &= np.isin(np.arange(len(accepted)), named)
        return accepted

    @property
    def _days(self) -> Strings:
        """Day of each document, empty where it has none."""
        return np.array([day or "" for day in self.published] or [""])[: len(self.published)]

    def sentences_of(self, passages: Ids) -> Ids:
        """Ids of the sentences of the given passages by ``passage_of``, in the order of those."""
        counts = self.last_sentence[passages] - self.first_sentence[passages] + 1
        skipped = np.cumsum(counts) - counts
        shifts = np.repeat(skipped - self.first_sentence[passages], counts)
        numbers: Ids = np.arange(counts.sum()) - shifts
        return numbers


def _sentences_at(sentences: Spans, documents: Ids, starts: Ids) -> list[int]:
    """Number of the sentence that begins at or before each place, -1 when that is in another document."""
    if not len(documents) or not len(sentences):
        return [-1] * len(documents)
    # Document and place in one number: a text has less than four thousand million letters.
    begins = (sentences.document << 32) + sentences.start
    numbers = np.searchsorted(begins, (documents << 32) + starts, side="right") - 1
    within = (numbers >= 0) & (sentences.document[numbers] == documents)
    found: list[int] = np.where(within, numbers, -1).tolist()
    return found
