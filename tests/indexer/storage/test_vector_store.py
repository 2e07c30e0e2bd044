import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.arrays import Vectors
from indexer.embedding.vector_cache import VectorCache
from indexer.errors import IndexDamagedError, IndexingError
from indexer.storage.lexical_index import Bm25Index
from indexer.storage.vector_store import FaissStore

TEXTS = ["Hà Giang", "Cà Mau", "Nghệ An", "Hà Giang"]


@pytest.fixture
def store(embedder: FakeEmbedder) -> FaissStore:
    return FaissStore.build(embedder.embed_passages(TEXTS))


def test_the_best_rows_come_first(store: FaissStore, embedder: FakeEmbedder) -> None:
    scores, ids = store.search(embedder.embed_questions(["Ca Mau"])[0], 4)
    assert ids[0] == 1
    assert scores[0] == pytest.approx(1, abs=1e-3)
    assert list(scores) == sorted(scores, reverse=True)


def test_a_search_is_restricted_to_the_allowed_rows(store: FaissStore, embedder: FakeEmbedder) -> None:
    _, ids = store.search(embedder.embed_questions(["Ca Mau"])[0], 10, np.array([0, 2]))
    assert sorted(ids) == [0, 2]


@pytest.mark.parametrize(("limit", "allowed"), [(0, None), (3, np.array([], np.int64))])
def test_a_search_for_nothing_finds_nothing(
    store: FaissStore, embedder: FakeEmbedder, limit: int, allowed: np.ndarray | None
) -> None:
    scores, ids = store.search(embedder.embed_questions(["Ca Mau"])[0], limit, allowed)
    assert (len(scores), len(ids)) == (0, 0)


def test_rows_come_back_as_they_went_in_to_half_precision(store: FaissStore, embedder: FakeEmbedder) -> None:
    rows = store.rows(np.array([2, 0]))
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, embedder.embed_passages(["Nghệ An", "Hà Giang"]).astype(np.float16))


def test_no_rows_have_the_dimension_too(store: FaissStore) -> None:
    assert store.rows(np.array([], np.int64)).shape == (0, 64)


def test_a_saved_store_is_the_same(store: FaissStore, tmp_path: Path) -> None:
    store.save(tmp_path / "a.faiss")
    opened = FaissStore.open(tmp_path / "a.faiss")
    assert (len(opened), opened.dimension) == (4, 64)
    np.testing.assert_array_equal(opened.rows(np.arange(4)), store.rows(np.arange(4)))


@pytest.mark.parametrize("data", [b"", b"no index", None])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "a.faiss").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"^a\.faiss: not a readable FAISS index$"):
        FaissStore.open(tmp_path / "a.faiss")


def test_a_store_that_cannot_be_written_is_named(store: FaissStore, tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match=r"cannot write .*/gone/a\.faiss"):
        store.save(tmp_path / "gone" / "a.faiss")


@pytest.mark.parametrize("missing", [1, 10, 1000, 9000])
def test_a_store_that_finds_no_room_on_the_disk_is_an_error(tmp_path: Path, missing: int) -> None:
    resource = pytest.importorskip("resource")
    store = FaissStore.build(np.eye(100, 64, dtype=np.float32))
    store.save(tmp_path / "whole.faiss")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = (tmp_path / "whole.faiss").stat().st_size - missing
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        with pytest.raises(IndexingError, match=r"cannot write .*/a\.faiss: the disk may be full"):
            store.save(tmp_path / "a.faiss")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def embed(folder: Path, embedder: FakeEmbedder, texts: list[str]) -> tuple[np.ndarray, int, list[int]]:
    cache = VectorCache.open(folder, embedder)
    told: list[int] = []
    try:
        return *cache.embed(texts, embedder, told.append), told
    finally:
        cache.close()


def test_a_text_is_embedded_once_however_often_it_stands(tmp_path: Path, embedder: FakeEmbedder) -> None:
    vectors, fresh, told = embed(tmp_path, embedder, TEXTS)
    assert sorted(embedder.texts) == sorted(TEXTS[:3])
    assert (fresh, sum(told)) == (3, len("".join(TEXTS)))
    np.testing.assert_array_equal(vectors[0], vectors[3])


def test_cached_and_fresh_vectors_are_the_same(tmp_path: Path, embedder: FakeEmbedder) -> None:
    fresh, _, _ = embed(tmp_path, embedder, TEXTS)
    cached, new, told = embed(tmp_path, FakeEmbedder(), TEXTS)
    assert (new, sum(told)) == (0, len("".join(TEXTS)))
    np.testing.assert_array_equal(cached, fresh)


def test_each_model_has_its_own_vectors(tmp_path: Path, embedder: FakeEmbedder) -> None:
    embed(tmp_path, embedder, TEXTS)
    assert embed(tmp_path, FakeEmbedder("other"), TEXTS)[1] == 3


def test_what_was_embedded_before_a_failure_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.embedding.vector_cache._COMMIT_EVERY", 2)
    with pytest.raises(RuntimeError, match="the model broke"):
        embed(tmp_path, FakeEmbedder(fail_after=2), TEXTS)
    assert embed(tmp_path, FakeEmbedder(), TEXTS)[1] == 1


def test_a_damaged_cache_is_begun_anew(tmp_path: Path, embedder: FakeEmbedder) -> None:
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
    cache = VectorCache.open(folder, embedder)
    try:
        return cache.embed_questions(texts, embedder)
    finally:
        cache.close()


def test_a_question_is_embedded_once(tmp_path: Path, embedder: FakeEmbedder) -> None:
    fresh = embed_questions(tmp_path, embedder, TEXTS)
    cached = embed_questions(tmp_path, embedder, TEXTS)
    assert sorted(embedder.questions) == sorted(TEXTS[:3])
    np.testing.assert_array_equal(cached, fresh)


def test_cached_questions_are_as_the_model_makes_them(tmp_path: Path, embedder: FakeEmbedder) -> None:
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


PASSAGES = [["provinz", "=57", "mangel"], ["provinz", "provinz"], [], ["=157", "mangel", "mangel"]]


@pytest.fixture(params=["built", "opened"])
def lexical(request: pytest.FixtureRequest, tmp_path: Path) -> Bm25Index:
    index = Bm25Index.build(PASSAGES)
    if request.param == "built":
        return index
    index.save(tmp_path / "lexical")
    return Bm25Index.open(tmp_path / "lexical", len(PASSAGES))


def test_passages_that_hold_the_terms_score(lexical: Bm25Index) -> None:
    scores = lexical.scores(["=57", "mangel"])
    assert scores.shape == (4,)
    assert scores.dtype == np.float32
    assert scores[0] > scores[3] > scores[1] == scores[2] == 0


def test_scores_are_a_share_of_what_could_be_reached(lexical: Bm25Index) -> None:
    assert 0 < lexical.scores(["provinz", "mangel", "=57", "=157"]).max() <= 1


def test_unknown_terms_keep_the_scores_low(lexical: Bm25Index) -> None:
    assert lexical.scores(["=57", "unbekannt"]).max() < lexical.scores(["=57"]).max()


@pytest.mark.parametrize("terms", [[], ["unbekannt"], [""]])
def test_without_known_terms_all_scores_are_zero(lexical: Bm25Index, terms: list[str]) -> None:
    assert not lexical.scores(terms).any()


def test_a_term_said_twice_counts_once(lexical: Bm25Index) -> None:
    np.testing.assert_array_equal(lexical.scores(["=57", "=57"]), lexical.scores(["=57"]))


def test_passages_without_any_term_can_be_indexed(tmp_path: Path) -> None:
    Bm25Index.build([[], []]).save(tmp_path / "lexical")
    assert not Bm25Index.open(tmp_path / "lexical", 2).scores(["mangel"]).any()


@pytest.mark.parametrize("damage", ["missing", "truncated", "no json"])
def test_a_lexical_index_that_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    Bm25Index.build(PASSAGES).save(tmp_path / "lexical")
    if damage == "missing":
        (tmp_path / "lexical" / "vocab.index.json").unlink()
    elif damage == "truncated":
        (tmp_path / "lexical" / "data.csc.index.npy").write_bytes(b"\x93NUMPY")
    else:
        (tmp_path / "lexical" / "params.index.json").write_text("{")
    with pytest.raises(IndexDamagedError, match=r"^lexical: not a readable lexical index \("):
        Bm25Index.open(tmp_path / "lexical", len(PASSAGES))


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """Vectors that crowd together as those of a language model do."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((4000, 64), np.float32) + 2
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_store_of_many_rows_finds_what_an_exact_one_finds(many: np.ndarray) -> None:
    exact, short = FaissStore.build(many), FaissStore.build(many, shortlist_from=len(many))
    for question in many[:20]:
        scores, rows = exact.search(question, 10)
        found_scores, found = short.search(question, 10)
        assert found.tolist() == rows.tolist()
        assert found_scores == pytest.approx(scores)


def test_a_store_of_many_rows_is_the_same_when_opened(many: np.ndarray, tmp_path: Path) -> None:
    store = FaissStore.build(many, shortlist_from=1000)
    store.save(tmp_path / "many.faiss")
    opened = FaissStore.open(tmp_path / "many.faiss")
    assert len(opened) == len(many)
    assert opened.search(many[7], 5)[1].tolist() == store.search(many[7], 5)[1].tolist()
    assert opened.rows(np.array([7])) == pytest.approx(many[7:8], abs=1e-3)


def test_the_same_rows_give_the_same_file(many: np.ndarray, tmp_path: Path) -> None:
    for name in ("a", "b"):
        FaissStore.build(many, shortlist_from=1000).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("allowed", [[3, 9, 4], list(range(0, 4000, 2))], ids=["few", "half"])
def test_a_restricted_search_of_many_rows_is_exact(many: np.ndarray, allowed: list[int]) -> None:
    store = FaissStore.build(many, shortlist_from=1000)
    scores, rows = store.search(many[0], 3, np.array(allowed))
    best = sorted(allowed, key=lambda row: -float(many[row] @ many[0]))[:3]
    assert rows.tolist() == best
    assert scores == pytest.approx([float(many[row] @ many[0]) for row in best], abs=1e-3)
