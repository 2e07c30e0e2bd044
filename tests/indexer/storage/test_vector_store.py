from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.errors import IndexDamagedError, IndexingError
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


def test_rows_come_back_in_half_precision(store: FaissStore, embedder: FakeEmbedder) -> None:
    rows = store.rows(np.array([2, 0]))
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, embedder.embed_passages(["Nghệ An", "Hà Giang"]).astype(np.float16))


def test_no_rows_have_the_dimension(store: FaissStore) -> None:
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
def test_a_store_that_does_not_fit_on_the_disk_is_an_error(tmp_path: Path, missing: int) -> None:
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
