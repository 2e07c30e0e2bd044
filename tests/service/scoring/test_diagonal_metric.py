"""The learned metric, as it is stored."""

import json

import numpy as np

from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from service.scoring.diagonal_metric import DIAGONAL_METRIC, DiagonalMetric

DIGEST = json.loads(DIAGONAL_METRIC.read_text("utf-8"))["model"]["digest"]


def test_another_model_has_no_metric() -> None:
    assert DiagonalMetric.load("0" * 64) is None


def test_the_metric_is_of_the_default_model(real_embedder: SentenceTransformerEmbedder) -> None:
    metric = DiagonalMetric.load(real_embedder.digest)
    assert metric is not None
    assert metric.weights.shape == metric.offset.shape == (real_embedder.dimension,)


def test_the_stored_numbers_are_finite() -> None:
    metric = DiagonalMetric.load(DIGEST)
    assert metric is not None
    assert np.isfinite(metric.weights).all() and np.isfinite(metric.offset).all()


def test_a_sentence_scores_higher_if_it_agrees_with_the_question_in_dimensions_of_large_weight() -> None:
    metric = DiagonalMetric(weights=np.array([1, 0], np.float32), offset=np.zeros(2, np.float32))
    question, centre = np.array([1.5, 1.5], np.float32), np.array([0.5, 0.5], np.float32)
    assert metric.scores(question, centre, np.eye(2, dtype=np.float32)).tolist() == [1, 0]
