"""Questions with known outcome for the confidence: their features on corpora that answer them or do not.

A set's questions are answerable on its own corpus. On the corpus of another set they are not: the topics
differ, and the few that overlap by accident are noise. What is adversarially near (SQuAD 2.0 questions
written on these very paragraphs) is collected too, but only to be reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eval.datasets import BeirSet, Query, QuestionSet, load_beir, load_questions, load_unjudged
from indexer.build import Report, build
from indexer.embedder import Embedder, Progress, Vectors
from indexer.index import open_generation
from indexer.errors import IndexingError
from service.confidence import Features
from service.query import understand
from service.retrieval import Retriever

import numpy as np

REPORTS, XQUAD, MLQA, COVID, SQUAD = "reports", "xquad", "mlqa-dev", "covid-faq", "squad2-en"
#: Corpora the coefficients are fitted on.
FITTED = (REPORTS, XQUAD, MLQA)
#: A corpus none of them is: what the fit is worth elsewhere.
UNSEEN = COVID
#: Hits the features are read from; as many as answering looks at.
_HITS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One question on one corpus. Rows of one ``group`` stay together in cross-validation."""

    corpus: str
    source: str
    language: str
    group: str
    answerable: bool
    near_miss: bool
    features: Features


class RememberingEmbedder:
    """An embedder that embeds each question once, in batches, however many corpora it is put to."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def digest(self) -> str:
        return self._embedder.digest

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._embedder.embed_passages(texts, progress)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.embed_questions(new), strict=True))
        return np.stack([self._known[text] for text in texts])
