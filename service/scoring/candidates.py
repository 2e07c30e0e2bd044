"""Candidate sentences of an answer with their features and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from indexer.arrays import Ids, Mask, Scores, Vectors


@dataclass(frozen=True, slots=True)
class SentenceCandidates:
    """Sentences that may become statements, one row each; all arrays but ``vectors`` have shape ``(n,)``."""

    #: Numbers of the sentences, and of their documents.
    numbers: Ids
    documents: Ids
    #: Sentence vectors, shape ``(n, dimension)``.
    vectors: Vectors
    #: Probability that the sentence is about a reference of the question; 1 if the question names none.
    reference_relevance: Scores
    #: Probability that it expresses the aspect of the question; 1 if the question asks for none.
    aspect_probability: Scores
    #: Similarity to the question with the learned metric.
    similarity: Scores
    #: Share of the question's terms in the sentence or the one before it; 0 for all but the best rows.
    term_overlap: Scores
    #: Score by all features but the cross-encoder, and with it.
    retrieval_scores: Scores
    scores: Scores

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, keep: Sequence[bool] | Mask) -> SentenceCandidates:
        """The rows that are flagged."""
        mask = np.asarray(keep, np.bool_)
        return SentenceCandidates(*(getattr(self, field.name)[mask] for field in fields(self)))
