"""Indexes of growing size, here a small one."""

from pathlib import Path

import numpy as np

from eval import scale


def test_a_small_index_is_built_opened_and_searched_exactly(tmp_path: Path) -> None:
    found = scale.measure(tmp_path, 150, None)
    assert found.passages == 150 and found.sentences >= 150
    assert found.recall == 1.0
    assert 0 < found.search_p50 <= found.search_p95
    assert min(found.build_seconds, found.open_seconds, found.disk_bytes, found.search_bytes) > 0


def test_real_texts_are_used_again_with_a_word_more(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Ein Satz."}\n{"text": "Noch einer."}\n', "utf-8")
    assert list(scale._texts(5, tmp_path / "a.jsonl")) == [
        "Ein Satz.",
        "Noch einer.",
        "Ein Satz. Nummer 1.",
        "Noch einer. Nummer 1.",
        "Ein Satz. Nummer 2.",
    ]


def test_the_same_text_has_the_same_vector_of_unit_length() -> None:
    embedder = scale.SyntheticEmbedder()
    first, second, other = embedder.embed_questions(["Dorf", "Dorf", "Stadt"])
    np.testing.assert_array_equal(first, second)
    assert abs(float(np.linalg.norm(other)) - 1) < 1e-5 and float(first @ other) < 0.9


def test_its_figures_are_drawn(tmp_path: Path) -> None:
    found = scale.Scale(100, 200, 1.0, 10**9, 10**8, 0.1, 0.2, 10**9, 1.0, 2.0, 1.0)
    scale._plot([found], tmp_path / "scale.svg")
    assert (tmp_path / "scale.svg").stat().st_size > 1000
