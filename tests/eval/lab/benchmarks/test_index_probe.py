"""Probing an index as it is."""

from pathlib import Path

import pytest
from beir import write_beir
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.metrics import ann_recall
from indexer.build.pipeline import build
from indexer.storage.vector_store import FaissStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_beir(tmp_path / "set")
    build([folder], tmp_path / "index", FakeEmbedder())
    return folder


def test_an_index_is_opened_and_searched(folder: Path, tmp_path: Path) -> None:
    result = run_eval("probe", folder, "--index", tmp_path / "index")
    assert result.exit_code == 0, result.output
    lines = {line.split("  ")[0].strip(): line for line in result.stdout.splitlines()}
    assert "3 questions" in result.stdout
    assert "3 / 6" in lines["passages / sentences"]
    assert "1.0000" in lines["recall@100 against exact"]
    assert "ms" in lines["search, p95"]


def test_a_missing_index_is_one_line(folder: Path, tmp_path: Path) -> None:
    result = run_eval("probe", folder, "--index", tmp_path / "gone")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: no index at {tmp_path}/gone")


def test_recall_is_the_share_of_the_nearest_that_is_found() -> None:
    vectors = FakeEmbedder().embed_questions(["Reis", "Reis Ernte", "Schule", "Brücke"])
    store = FaissStore.build(vectors)
    assert ann_recall.recall(store, vectors[:1], compared=2) == 1.0

    class Half(FaissStore):
        def search(self, vector, limit, allowed=None):  # type: ignore[no-untyped-def]
            scores, rows = super().search(vector, limit, allowed)
            return scores[:1], rows[:1]

    assert ann_recall.recall(Half.build(vectors), vectors[:1], compared=2) == 0.5
