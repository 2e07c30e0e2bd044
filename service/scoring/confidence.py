"""How probable it is that the corpus answers a question: a small calibrated model over a few features."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from indexer.analysis import analyzer
from service.query.intent import collects
from service.query.question import Question
from service.reranking.reranker import SURE
from service.retrieval.encoded_query import Evidence
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.scoring.candidates import Candidates

#: Coefficients without a reader, and those with the one of our own.
COEFFICIENTS = Path(__file__).with_name("confidence.json")
WITH_READER = Path(__file__).with_name("confidence_reader.json")
#: Sentences whose similarity tells what is usual for a question.
_BACKGROUND = 50
#: At most this share of all: among a handful of sentences the far ones would make any best one stand out.
_BACKGROUND_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Features:
    """What the probability depends on.

    sentence: cosine of the best sentence; passage: cosine of the best hit; peak: how far the best
    sentence stands above the usual one; lexical: best lexical share; names: share of the question's
    names and numbers that the best hits hold; other_language: 1 when the best hit is in another
    language than the question; vietnamese: 1 for a question in Vietnamese, whose similarities to texts
    of the other two languages are lower throughout; answer: likeness of the best sentence by the learned
    metric; words: share of the question's words that it or the sentence before it uses; read: log-odds by the
    reader that one of the best hits answers; place: that the answer stands in one of their sentences; both 0
    where nothing was read, and where all that is said of an aspect is wanted: the reader was trained on
    questions for one fact, and has no say in what is collected.
    """

    sentence: float
    passage: float
    peak: float
    lexical: float
    names: float
    other_language: float
    vietnamese: float
    answer: float
    words: float
    read: float
    place: float

    @classmethod
    def of(
        cls, evidence: Evidence, hits: list[Hit], candidates: Candidates, retriever: Retriever
    ) -> Features:
        """Features of a question and what was found on it."""
        question = evidence.question
        if not hits or not len(candidates):
            return cls(*[0.0] * len(fields(cls)))
        generation = retriever.generation
        background = min(_BACKGROUND, max(2, int(_BACKGROUND_SHARE * len(generation.sentences))))
        usual, _ = retriever.sentences.nearest(evidence.vectors, background)
        best = max(hit.sentence_score for hit in hits[:3])
        language = str(retriever.catalogue.language[hits[0].passage])
        read = [] if collects(question) else hits[:3]
        return cls(
            sentence=best,
            passage=max(hit.passage_score for hit in hits[:3]),
            peak=best - float(np.median(usual)),
            lexical=max(hit.lexical_score for hit in hits[:3]),
            names=_names_found(question, hits[:3], retriever),
            other_language=float(language != question.language),
            vietnamese=float(question.language == "vi"),
            answer=float(candidates.likeness.max()),
            words=float(candidates.words.max()),
            read=_highest(hit.relevance for hit in read if hit.relevance is not None),
            place=_highest(gain for hit in read for gain in hit.gains.values()),
        )


def _highest(said: Iterable[float]) -> float:
    return float(np.clip(max(said, default=0.0), -SURE, SURE))


def _names_found(question: Question, hits: list[Hit], retriever: Retriever) -> float:
    wanted = set(analyzer.name_terms(question.read, question.language))
    if not wanted:
        return 1.0
    spans = retriever.generation.passages
    found: set[str] = set()
    for hit in hits:
        found |= wanted & retriever.written(spans.document[hit.passage])
    return len(found) / len(wanted)


@dataclass(frozen=True, slots=True)
class Confidence:
    """Logistic regressions over the features, fitted together by ``python -m eval calibrate``.

    With a reader two, whose probabilities are multiplied: that the corpus speaks of the matter, by
    ``weights`` and ``intercept``, and that it answers, by ``read_weights`` and ``read_intercept``. However
    near a text is to a question, it answers no more than the reader says.
    """

    weights: tuple[float, ...]
    intercept: float
    threshold: float
    #: How fast the probability of a further statement falls with its distance to the best, per cosine.
    slope: float
    read_weights: tuple[float, ...] = ()
    read_intercept: float = 0.0

    @classmethod
    def of_reader(cls, digest: str | None) -> Confidence:
        """The committed coefficients for the reader with this digest; without one, or for one they were not
        fitted with, those that do not look at what was read."""
        if digest is not None and WITH_READER.is_file():
            fitted = json.loads(WITH_READER.read_text("utf-8"))["fitted_on"]["reader"]
            if fitted["digest"] == digest:
                return cls.load(WITH_READER)
        return cls.load()

    @classmethod
    def load(cls, path: Path = COEFFICIENTS) -> Confidence:
        """Read committed coefficients; a feature without one counts nothing."""
        values = json.loads(path.read_text("utf-8"))
        weights, intercept = _regression(values)
        read = _regression(values["reading"]) if "reading" in values else ((), 0.0)
        return cls(weights, intercept, float(values["threshold"]), float(values["slope"]), *read)

    def of_answer(self, features: Features) -> float:
        """Probability that the corpus answers the question."""
        probability = _logistic(self.weights, self.intercept, features)
        if not self.read_weights:
            return probability
        return probability * _logistic(self.read_weights, self.read_intercept, features)

    def of_sentence(self, answered: float, distance: float) -> float:
        """Probability that a statement answers, which lies ``distance`` below the best one."""
        return answered * math.exp(-self.slope * distance)


def _regression(values: Mapping[str, Any]) -> tuple[tuple[float, ...], float]:
    names = [field.name for field in fields(Features)]
    return tuple(float(values["weights"].get(name, 0.0)) for name in names), float(values["intercept"])


def _logistic(weights: Sequence[float], intercept: float, features: Features) -> float:
    logit = intercept + sum(w * x for w, x in zip(weights, astuple(features), strict=True))
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))
