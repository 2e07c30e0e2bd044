"""Query encoding: the vectors of a question and its lexical score of every passage."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from indexer.analysis import analyzer
from indexer.arrays import Ids, Scores
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation
from service.query.question import Question
from service.retrieval.context_match import QuestionContext
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.multilingual_vectors import CorpusVectors, MultilingualVectors, VectorByLanguage

#: By hand: where a document fits the question's context, the share of the similarity to the rewritten
#: question. Not all of it: between sentences that are alike, the question's name and date still decide.
REWRITTEN_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class SimilarityOffsets:
    """Offsets of the similarity to the rewritten question, in cosine.

    They bring the nearest row of the context to where the whole question has it: a shorter question is less
    similar to everything, and what fits must not fall behind for that.
    """

    passages: float = 0.0
    sentences: float = 0.0


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question as ranking reads it.

    ``vectors``: its vector for the rows of each language; ``lexical``: score of every passage, 0 to 1,
    shape ``(passages,)``. With a ``context``, ``rewritten_vectors`` are those of the question without it;
    without one they equal ``vectors``.
    """

    question: Question
    vectors: VectorByLanguage
    lexical: Scores
    context: QuestionContext | None
    rewritten_vectors: VectorByLanguage
    offsets: SimilarityOffsets = field(default_factory=SimilarityOffsets)
    rewritten_share: float = REWRITTEN_SHARE

    @property
    def rewritten_text(self) -> str:
        """The question without its context; the whole question if it has none."""
        return self.context.rewritten if self.context else self.question.normalized_text

    def text_for(self, document: int) -> str:
        """The question as it is asked of a document: without the context if the document fits it.

        A report on Hà Giang does not name the province in every passage.
        """
        fits = self.context is not None and self.context.documents[document]
        return self.rewritten_text if fits else self.question.normalized_text

    def passage_similarities(self, vectors: CorpusVectors, rows: Ids, documents: Ids) -> Scores:
        """Similarity of the question and each passage, shape ``(len(rows),)``; ``documents``: of each."""
        return self._similarities(vectors.passages, rows, documents, self.offsets.passages)

    def sentence_similarities(self, vectors: CorpusVectors, rows: Ids, documents: Ids) -> Scores:
        """Similarity of the question and each sentence, shape ``(len(rows),)``; ``documents``: of each."""
        return self._similarities(vectors.sentences, rows, documents, self.offsets.sentences)

    def _similarities(self, vectors: MultilingualVectors, rows: Ids, documents: Ids, offset: float) -> Scores:
        similarity = vectors.similarities(self.vectors, rows)
        if self.context:
            fits = np.flatnonzero(self.context.documents[documents])
            rewritten = vectors.similarities(self.rewritten_vectors, rows[fits])
            rewritten += offset
            share = self.rewritten_share
            similarity[fits] = (1 - share) * similarity[fits] + share * rewritten
        return similarity


class QueryEncoder:
    """Encodes questions for one generation. Safe to use from several threads."""

    def __init__(
        self,
        generation: Generation,
        lookup: CorpusLookup,
        vectors: CorpusVectors,
        embedder: Embedder,
        rewritten_share: float = REWRITTEN_SHARE,
    ) -> None:
        self._alignment = generation.alignment
        self._lexical_index = generation.lexical
        self._lookup = lookup
        self._vectors = vectors
        self._embedder = embedder
        self._rewritten_share = rewritten_share

    def encode(self, question: Question) -> EncodedQuery:
        """Embed a question, align its vectors with each language of the corpus, and look its words up."""
        context = QuestionContext.match(question, self._lookup)
        texts = [question.normalized_text, context.rewritten] if context else [question.normalized_text]
        aligned = [
            {
                name: self._alignment.aligned(vector, question.language, name)
                for name in self._lookup.languages
            }
            for vector in self._embedder.embed_questions(texts)
        ]
        vectors, rewritten = aligned[0], aligned[-1]
        offsets = self._offsets(vectors, rewritten, context) if context else SimilarityOffsets()
        return EncodedQuery(
            question, vectors, self._lexical(question), context, rewritten, offsets, self._rewritten_share
        )

    def _offsets(
        self, vectors: VectorByLanguage, rewritten: VectorByLanguage, context: QuestionContext
    ) -> SimilarityOffsets:
        passages = self._lookup.passages_in_documents(context.documents)
        return SimilarityOffsets(
            _offset(self._vectors.passages, vectors, rewritten, passages),
            _offset(self._vectors.sentences, vectors, rewritten, self._lookup.sentences_of(passages)),
        )

    def _lexical(self, question: Question) -> Scores:
        """Lexical score of every passage, shape ``(passages,)``.

        By stems and subwords in the question's language, else by the terms that translation leaves as they
        are: across languages other words match by chance.
        """
        index, lookup = self._lexical_index, self._lookup
        language, text = question.language, question.normalized_text
        if language not in lookup.languages:
            return index.scores(analyzer.cross_lingual_terms(text, language))
        scores = index.scores(analyzer.question_terms(text, language))
        scores += index.scores(analyzer.subword_terms(text, language, self._embedder.subwords))
        # The mean of both.
        scores /= 2
        others = [lookup.passages_in[name] for name in lookup.languages if name != language]
        if others:
            cross_lingual = index.scores(analyzer.cross_lingual_terms(text, language))
            for passages in others:
                scores[passages] = cross_lingual[passages]
        return scores


def _offset(
    vectors: MultilingualVectors, whole: VectorByLanguage, rewritten: VectorByLanguage, rows: Ids
) -> float:
    nearest, _ = vectors.nearest(whole, 1, rows)
    nearest_rewritten, _ = vectors.nearest(rewritten, 1, rows)
    return max(0.0, float(nearest.max(initial=0.0) - nearest_rewritten.max(initial=0.0)))
