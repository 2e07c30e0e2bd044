"""The calibrated confidence: coefficients, features and their probabilities."""

import hashlib
from dataclasses import fields, replace

import pytest
from asking import asked

from service.engine import Engine
from service.query.understanding import understand
from service.reranking.bundled import WEIGHTS
from service.scoring.confidence import (
    COEFFICIENTS,
    RERANKED_COEFFICIENTS,
    Confidence,
    ConfidenceFeatures,
)

NOTHING = ConfidenceFeatures(*[0.0] * len(fields(ConfidenceFeatures)))
#: Only the cosine of the best sentence counts.
BY_SENTENCE = Confidence(
    tuple(float(field.name == "sentence") for field in fields(ConfidenceFeatures)), 0.0, 0.5, 10.0
)


def test_confidence_uses_a_cross_encoder_only_if_it_was_fitted_with_it() -> None:
    assert (
        Confidence.for_cross_encoder(None)
        == Confidence.for_cross_encoder("another")
        == Confidence.load(COEFFICIENTS)
    )


def test_the_committed_coefficients_are_those_of_the_committed_weights() -> None:
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    found = Confidence.for_cross_encoder(digest)
    assert found == Confidence.load(RERANKED_COEFFICIENTS) != Confidence.load(COEFFICIENTS)


def test_a_higher_feature_with_a_positive_weight_is_more_probable() -> None:
    low, high = (BY_SENTENCE.of_answer(replace(NOTHING, sentence=value)) for value in (0.2, 0.9))
    assert 0.5 < low < high < 1.0


def test_with_a_cross_encoder_both_probabilities_are_multiplied() -> None:
    both = replace(BY_SENTENCE, reranked_weights=(0.0,) * len(BY_SENTENCE.weights))
    assert both.of_answer(NOTHING) == pytest.approx(0.25)


def test_a_statement_further_behind_the_best_is_less_probable() -> None:
    scores = [BY_SENTENCE.of_sentence(0.8, distance) for distance in (0.0, 0.05, 0.1)]
    assert scores[0] == 0.8 > scores[1] > scores[2] > 0


def features_of(engine: Engine, question: str) -> ConfidenceFeatures:
    query = engine.retriever.encode(understand(question, "de"))
    hits = engine.pipeline.search(query, 20)
    return engine.features.extract(query, hits, engine.scorer.score(query, hits, ()))


def test_features_show_how_well_the_best_sentence_stands_out() -> None:
    documents = {"a.md": "Frau Lan leitete die Sitzung. Es regnete.", "b.md": "Man pflanzte viel Reis."}
    with asked(documents) as engine:
        near = features_of(engine, "Wer leitete die Sitzung?")
        far = features_of(engine, "Was kostet der Zug?")
    assert near.sentence > far.sentence and near.peak > far.peak and near.words > far.words
    assert (near.other_language, near.vietnamese, near.read, near.place) == (0.0, 0.0, 0.0, 0.0)


def test_names_of_the_question_are_looked_for_in_the_documents_found() -> None:
    with asked({"a.md": "Im Jahr 2019 sprach man lange."}) as engine:
        assert features_of(engine, "Was war 2019?").names == 1.0
        assert features_of(engine, "Was war 2018?").names == 0.0


def test_without_hits_all_features_are_zero() -> None:
    with asked({"a.md": "Es regnete."}) as engine:
        query = engine.retriever.encode(understand("Wer sprach?", "de"))
        candidates = engine.scorer.score(query, [], ())
        assert engine.features.extract(query, [], candidates) == NOTHING
