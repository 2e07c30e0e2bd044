"""The calibrated probability that the corpus answers a question."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from indexer.analysis import analyzer
from service.query.intent import is_list_question
from service.query.question import Question
from service.reranking.rerank_settings import CONFIDENT_LOG_ODDS
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.hits import Hit
from service.retrieval.multilingual_vectors import CorpusVectors
from service.retrieval.sentences import SentenceReader
from service.scoring.candidates import SentenceCandidates

#: Fitted: ``python -m eval calibrate``; coefficients without a cross-encoder, and with the bundled one.
COEFFICIENTS = Path(__file__).with_name("confidence.json")
RERANKED_COEFFICIENTS = Path(__file__).with_name("confidence_reader.json")


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Numbers of hits and sentences that the features are computed from."""

    #: By hand: hits whose highest values count.
    hits: int = 3
    #: By hand: nearest sentences whose median similarity is the usual one for a question.
    background: int = 50
    #: By hand: at most this share of all sentences. Among a handful the far ones would make any best one
    #: stand out.
    background_share: float = 0.4


@dataclass(frozen=True, slots=True)
class ConfidenceFeatures:
    """The features that the probability depends on."""

    #: Cosine of the best sentence, and of the best hit.
    sentence: float
    passage: float
    #: Distance of the best sentence to the usual one.
    peak: float
    #: Best lexical score.
    lexical: float
    #: Share of the question's names and numbers in the documents of the best hits.
    names: float
    #: 1 if the best hit is in another language than the question.
    other_language: float
    #: 1 for a Vietnamese question: its similarities to German and English texts are lower throughout.
    vietnamese: float
    #: Similarity of the best sentence with the learned metric.
    answer: float
    #: Highest share of the question's terms in a sentence or the one before it.
    words: float
    #: By the cross-encoder: log-odds that one of the best hits answers, and that one of their sentences holds
    #: the answer. 0 without one, and for list questions: it was trained on questions for one fact.
    read: float
    place: float


@dataclass(frozen=True, slots=True)
class FeatureExtractor:
    """Computes the features of questions on one generation."""

    lookup: CorpusLookup
    vectors: CorpusVectors
    reader: SentenceReader
    settings: FeatureSettings

    def extract(
        self, query: EncodedQuery, hits: Sequence[Hit], candidates: SentenceCandidates
    ) -> ConfidenceFeatures:
        """The features of a question, its hits and its scored candidates; all 0 if nothing was found."""
        if not hits or not len(candidates):
            return ConfidenceFeatures(*[0.0] * len(fields(ConfidenceFeatures)))
        question, settings = query.question, self.settings
        sentences = len(self.vectors.sentences.store)
        background = min(settings.background, max(2, int(settings.background_share * sentences)))
        usual, _ = self.vectors.sentences.nearest(query.vectors, background)
        first = hits[: settings.hits]
        best = max(hit.sentence_score for hit in first)
        scored = [] if is_list_question(question) else first
        return ConfidenceFeatures(
            sentence=best,
            passage=max(hit.passage_score for hit in first),
            peak=best - float(np.median(usual)),
            lexical=max(hit.lexical_score for hit in first),
            names=self._names_found(question, first),
            other_language=float(str(self.lookup.language[first[0].passage]) != question.language),
            vietnamese=float(question.language == "vi"),
            answer=float(candidates.similarity.max()),
            words=float(candidates.term_overlap.max()),
            read=_highest(hit.relevance for hit in scored if hit.relevance is not None),
            place=_highest(score for hit in scored for score in hit.span_scores.values()),
        )

    def _names_found(self, question: Question, hits: Sequence[Hit]) -> float:
        names = set(analyzer.name_terms(question.normalized_text, question.language))
        if not names:
            return 1.0
        found: set[str] = set()
        for hit in hits:
            found |= names & self.reader.document_terms(int(self.lookup.passage_document[hit.passage]))
        return len(found) / len(names)


def _highest(log_odds: Iterable[float]) -> float:
    return float(np.clip(max(log_odds, default=0.0), -CONFIDENT_LOG_ODDS, CONFIDENT_LOG_ODDS))


@dataclass(frozen=True, slots=True)
class Confidence:
    """Logistic regressions over the features, fitted together by ``python -m eval calibrate``.

    With a cross-encoder there are two, whose probabilities are multiplied: that the corpus covers the topic,
    and that it answers. However near a text is to a question, it answers no more than the cross-encoder says.
    """

    #: That the corpus covers the topic: a weight for each field of ``ConfidenceFeatures``.
    weights: tuple[float, ...]
    intercept: float
    #: From this probability on a question is answered.
    threshold: float
    #: By hand: how fast the probability of a further statement falls with its distance to the best, per
    #: cosine.
    slope: float
    #: That it answers, by the cross-encoder.
    reranked_weights: tuple[float, ...] = ()
    reranked_intercept: float = 0.0

    @classmethod
    def for_cross_encoder(cls, digest: str | None) -> Confidence:
        """The committed coefficients for the cross-encoder with this digest.

        Without one, or for one they were not fitted with, those that do not use its scores.
        """
        if digest is not None and RERANKED_COEFFICIENTS.is_file():
            fitted = json.loads(RERANKED_COEFFICIENTS.read_text("utf-8"))["fitted_on"]["reader"]
            if fitted["digest"] == digest:
                return cls.load(RERANKED_COEFFICIENTS)
        return cls.load()

    @classmethod
    def load(cls, path: Path = COEFFICIENTS) -> Confidence:
        """Read coefficients; a feature without one counts nothing."""
        values = json.loads(path.read_text("utf-8"))
        weights, intercept = _regression(values)
        reranked = _regression(values["reading"]) if "reading" in values else ((), 0.0)
        return cls(weights, intercept, float(values["threshold"]), float(values["slope"]), *reranked)

    def of_answer(self, features: ConfidenceFeatures) -> float:
        """Probability that the corpus answers the question."""
        probability = _logistic(self.weights, self.intercept, features)
        if not self.reranked_weights:
            return probability
        return probability * _logistic(self.reranked_weights, self.reranked_intercept, features)

    def of_sentence(self, answered: float, distance: float) -> float:
        """Probability that a statement answers whose score lies ``distance`` below the best one."""
        return answered * math.exp(-self.slope * distance)


def _regression(values: Mapping[str, Any]) -> tuple[tuple[float, ...], float]:
    names = [field.name for field in fields(ConfidenceFeatures)]
    return tuple(float(values["weights"].get(name, 0.0)) for name in names), float(values["intercept"])


def _logistic(weights: Sequence[float], intercept: float, features: ConfidenceFeatures) -> float:
    logit = intercept + sum(w * x for w, x in zip(weights, astuple(features), strict=True))
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))
