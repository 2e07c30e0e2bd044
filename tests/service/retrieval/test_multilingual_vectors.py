"""Nearest rows and similarities with a query vector for each language."""

import numpy as np
import pytest

from indexer.storage.vector_store import FaissStore
from service.retrieval.multilingual_vectors import MultilingualVectors, VectorByLanguage

ROWS = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8], [0, 1]], np.float32)
LANGUAGES = np.array(["de", "vi", "vi", "de", "vi"])

RIGHT, UP = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
ONE: VectorByLanguage = {"de": RIGHT}
TWO: VectorByLanguage = {"de": RIGHT, "vi": UP}
NONE = np.array([], np.int64)


@pytest.fixture
def german() -> MultilingualVectors:
    return MultilingualVectors.build(FaissStore.build(ROWS), np.array(["de"] * len(ROWS)))


@pytest.fixture
def mixed() -> MultilingualVectors:
    return MultilingualVectors.build(FaissStore.build(ROWS), LANGUAGES)


def test_rows_of_one_language_are_compared_with_its_vector(german: MultilingualVectors) -> None:
    assert german.similarities(ONE, np.arange(5)) == pytest.approx([1, 0, 1, 0.6, 0], abs=1e-3)


def test_each_row_is_compared_with_the_vector_of_its_language(mixed: MultilingualVectors) -> None:
    assert mixed.similarities(TWO, np.arange(5)) == pytest.approx([1, 1, 0, 0.6, 1], abs=1e-3)


def test_similarities_come_in_the_order_of_the_rows_asked_for(mixed: MultilingualVectors) -> None:
    assert mixed.similarities(TWO, np.array([3, 1, 3, 2])) == pytest.approx([0.6, 1, 0.6, 0], abs=1e-3)


@pytest.mark.parametrize("question", [ONE, TWO], ids=["one", "two"])
def test_no_rows_have_no_similarities(mixed: MultilingualVectors, question: VectorByLanguage) -> None:
    assert mixed.similarities(question, NONE).shape == (0,)


def test_the_nearest_rows_of_one_language_come_first(german: MultilingualVectors) -> None:
    scores, rows = german.nearest(ONE, 3)
    assert scores == pytest.approx([1, 1, 0.6], abs=1e-3)
    assert (set(rows[:2]), rows[2]) == ({0, 2}, 3)


def test_the_nearest_rows_of_two_languages_are_one_list(mixed: MultilingualVectors) -> None:
    scores, rows = mixed.nearest(TWO, 10)
    assert rows.tolist() == [0, 1, 4, 3, 2]
    assert scores == pytest.approx([1, 1, 1, 0.6, 0], abs=1e-3)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_equally_near_rows_of_two_languages_come_by_number(mixed: MultilingualVectors, limit: int) -> None:
    assert mixed.nearest(TWO, limit)[1].tolist() == [0, 1, 4, 3][:limit]


@pytest.mark.parametrize(
    ("allowed", "nearest"),
    [([1, 2, 3], [1, 3, 2]), ([3, 0], [0, 3]), ([2], [2]), ([4, 3, 1], [1, 4, 3])],
)
def test_only_allowed_rows_of_two_languages_are_found(
    mixed: MultilingualVectors, allowed: list[int], nearest: list[int]
) -> None:
    assert mixed.nearest(TWO, 10, np.array(allowed))[1].tolist() == nearest


def test_only_allowed_rows_of_one_language_are_found(german: MultilingualVectors) -> None:
    assert german.nearest(ONE, 10, np.array([1, 2, 3]))[1].tolist() == [2, 3, 1]


def test_a_limit_is_filled_from_the_allowed_rows_of_either_language(mixed: MultilingualVectors) -> None:
    assert mixed.nearest(TWO, 2, np.array([1, 4]))[1].tolist() == [1, 4]
    assert mixed.nearest(TWO, 2, np.array([0, 3]))[1].tolist() == [0, 3]


@pytest.mark.parametrize("question", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize(("limit", "allowed"), [(0, None), (5, NONE)], ids=["no limit", "none allowed"])
def test_a_search_for_nothing_finds_nothing(
    mixed: MultilingualVectors, question: VectorByLanguage, limit: int, allowed: np.ndarray | None
) -> None:
    scores, rows = mixed.nearest(question, limit, allowed)
    assert (len(scores), len(rows)) == (0, 0)
    assert rows.dtype == np.int64
