"""Indexes of growing size, here a small one."""

from pathlib import Path

import numpy as np
import pytest
from eval_command import run_eval

from eval.lab.benchmarks import scale
from eval.lab.benchmarks.scale_record import SizeResult, read_scale, scale_file, write_scale
from eval.lab.synthetic_embedders import ClusteredEmbedder
from indexer.errors import SourceError


def test_a_small_index_is_built_opened_and_searched_exactly(tmp_path: Path) -> None:
    found = scale.measure(tmp_path, 150, None)
    assert found.passages == 150 and found.sentences >= 150
    assert found.recall == 1.0
    assert 0 < found.search_p50 <= found.search_p95
    assert min(found.build_seconds, found.open_seconds, found.disk_bytes, found.search_bytes) > 0


def test_real_texts_are_repeated_with_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Ein Satz."}\n{"text": "Noch einer."}\n', "utf-8")
    assert list(scale.document_texts(5, tmp_path / "a.jsonl")) == [
        "Ein Satz.",
        "Noch einer.",
        "Ein Satz. Nummer 1.",
        "Noch einer. Nummer 1.",
        "Ein Satz. Nummer 2.",
    ]


def test_equal_texts_have_equal_unit_vectors() -> None:
    embedder = ClusteredEmbedder()
    first, second, other = embedder.embed_questions(["Dorf", "Dorf", "Stadt"])
    np.testing.assert_array_equal(first, second)
    assert abs(float(np.linalg.norm(other)) - 1) < 1e-5 and float(first @ other) < 0.9


def test_after_a_change_only_that_document_is_embedded(tmp_path: Path) -> None:
    found = scale.measure(tmp_path, 150, None)
    # The passage and its further sentence.
    assert found.changed_embedded == 2
    assert found.changed_seconds > 0


RESULTS = [
    SizeResult(100, 200, 1.0, 10**9, 10**8, 0.5, 2, 0.1, 0.2, 10**9, 1.0, 2.0, 1.0),
    SizeResult(1000, 2000, 10.0, 10**9, 10**9, 0.75, 2, 0.1, 0.2, 10**9, 1.5, 3.0, 0.995),
]


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_scale(tmp_path, RESULTS)
    file = scale_file(tmp_path)
    assert file == scale_file(tmp_path / "scale.json") == tmp_path / "scale.json"
    assert read_scale(file) == RESULTS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "fundstelle-scale-1", "sizes": [{}]}'])
def test_a_malformed_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "scale.json").write_text(text)
    with pytest.raises(SourceError, match=rf"^{tmp_path}/scale\.json: no record of eval scale"):
        read_scale(tmp_path / "scale.json")


def test_measures_by_size_are_on_the_page_with_their_curves(tmp_path: Path) -> None:
    write_scale(tmp_path, RESULTS)
    result = run_eval("report", tmp_path, "--output", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "report.html").read_text("utf-8")
    assert f"Index size: {tmp_path}/scale.json" in text
    assert "<svg" in text and "Curves over 100, 1,000 passages: build, texts a second 300, 300;" in text
    assert "mathdefault" not in text  # ticks written as formulas
    assert ">0.9950<" in text and "1.5 / 3.0 ms" in text
