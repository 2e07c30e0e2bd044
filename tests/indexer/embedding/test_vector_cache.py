import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.arrays import Vectors
from indexer.embedding.vector_cache import VectorCache

TEXTS = ["Hà Giang", "Cà Mau", "Nghệ An", "Hà Giang"]


def embed(
    folder: Path, embedder: FakeEmbedder, texts: list[str], commit_every: int = 128
) -> tuple[np.ndarray, int, list[int]]:
    """Vectors of ``texts``, how many were embedded, and the characters of each progress report."""
    characters: list[int] = []
    with closing(VectorCache.open(folder, embedder, commit_every)) as cache:
        return *cache.embed(texts, embedder, characters.append), characters


def test_a_repeated_text_is_embedded_once(tmp_path: Path, embedder: FakeEmbedder) -> None:
    vectors, fresh, characters = embed(tmp_path, embedder, TEXTS)
    assert sorted(embedder.texts) == sorted(TEXTS[:3])
    assert (fresh, sum(characters)) == (3, len("".join(TEXTS)))
    np.testing.assert_array_equal(vectors[0], vectors[3])


def test_cached_and_fresh_vectors_are_the_same(tmp_path: Path, embedder: FakeEmbedder) -> None:
    fresh, _, _ = embed(tmp_path, embedder, TEXTS)
    cached, new, characters = embed(tmp_path, FakeEmbedder(), TEXTS)
    assert (new, sum(characters)) == (0, len("".join(TEXTS)))
    np.testing.assert_array_equal(cached, fresh)


def test_each_model_has_its_own_vectors(tmp_path: Path, embedder: FakeEmbedder) -> None:
    embed(tmp_path, embedder, TEXTS)
    assert embed(tmp_path, FakeEmbedder("other"), TEXTS)[1] == 3


def test_what_was_embedded_before_a_failure_is_kept(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the model broke"):
        embed(tmp_path, FakeEmbedder(fail_after=2), TEXTS, commit_every=2)
    assert embed(tmp_path, FakeEmbedder(), TEXTS)[1] == 1


def test_a_damaged_cache_is_replaced_by_an_empty_one(tmp_path: Path, embedder: FakeEmbedder) -> None:
    embed(tmp_path, embedder, TEXTS)
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"no database at all" * 400)
    assert embed(tmp_path, embedder, TEXTS)[1] == 3
    assert embed(tmp_path, embedder, TEXTS)[1] == 0


def test_a_damaged_page_of_the_cache_is_noticed(tmp_path: Path, embedder: FakeEmbedder) -> None:
    texts = [f"Text {number}" for number in range(200)]
    vectors = embed(tmp_path, embedder, texts)[0]
    (file,) = tmp_path.glob("*.sqlite")
    data = bytearray(file.read_bytes())
    data[4096 * 3 : 4096 * 3 + 200] = bytes(200)
    file.write_bytes(data)
    np.testing.assert_array_equal(embed(tmp_path, embedder, texts)[0], vectors)


@pytest.mark.parametrize("value", [b"", b"\0" * 128, b"\0" * 64, b"\xff" * 128])
def test_a_cached_vector_of_another_length_is_made_again(
    tmp_path: Path, embedder: FakeEmbedder, value: bytes
) -> None:
    vectors = embed(tmp_path, embedder, TEXTS)[0]
    (file,) = tmp_path.glob("*.sqlite")
    connection = sqlite3.connect(file)
    connection.execute("UPDATE kept SET value = ?", (value,))
    connection.commit()
    connection.close()
    again, fresh, _ = embed(tmp_path, embedder, TEXTS)
    assert fresh == 3
    np.testing.assert_array_equal(again, vectors)


def embed_questions(folder: Path, embedder: FakeEmbedder, texts: list[str]) -> np.ndarray:
    with closing(VectorCache.open(folder, embedder)) as cache:
        return cache.embed_questions(texts, embedder)


def test_a_question_is_embedded_once(tmp_path: Path, embedder: FakeEmbedder) -> None:
    fresh = embed_questions(tmp_path, embedder, TEXTS)
    cached = embed_questions(tmp_path, embedder, TEXTS)
    assert sorted(embedder.questions) == sorted(TEXTS[:3])
    np.testing.assert_array_equal(cached, fresh)


def test_cached_questions_equal_those_of_the_model(tmp_path: Path, embedder: FakeEmbedder) -> None:
    made = embedder.embed_questions(TEXTS).astype(np.float16)
    np.testing.assert_array_equal(embed_questions(tmp_path, embedder, TEXTS), made)


class Prompted(FakeEmbedder):
    """A model in which a question lies opposite to a passage of the same words."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return -super().embed_questions(texts)


def test_questions_and_passages_of_the_same_text_are_cached_apart(tmp_path: Path) -> None:
    embedder = Prompted()
    for _ in range(2):
        passages, _, _ = embed(tmp_path, embedder, TEXTS)
        questions = embed_questions(tmp_path, embedder, TEXTS)
        np.testing.assert_array_equal(questions, -passages)
    assert sorted(embedder.texts) == sorted(embedder.questions) == sorted(TEXTS[:3])
