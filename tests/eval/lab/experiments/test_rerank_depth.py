"""Rerank depth: the same questions under several settings, and their section in the report."""

from pathlib import Path

import pytest
from eval_command import run_eval
from fakes import FakeCrossEncoder, FakeEmbedder

from eval.datasets.beir import load_beir
from eval.lab.experiments.rerank_depth import SETTINGS, engine_with, measure
from eval.lab.experiments.rerank_depth_record import (
    RERANK_DEPTH,
    DepthResult,
    read_rerank_depth,
    rerank_depth_file,
    write_rerank_depth,
)
from eval.systems.local import LocalSystem
from indexer.build.pipeline import build
from indexer.errors import SourceError
from indexer.index.generation import open_generation
from service.reranking.rerank_settings import RerankSettings

RESULTS = [
    DepthResult("off", 0.9, 0.7, 0.98, None, 30.0, 60.0),
    DepthResult("default", 0.95, 0.8, 0.97, 0.4, 80.0, 120.0),
]


def test_the_default_and_no_reranking_are_among_the_settings() -> None:
    assert SETTINGS["off"] is None and SETTINGS["default"] == RerankSettings()


def test_every_question_is_asked_with_all_settings(tmp_path: Path) -> None:
    names = ["Anna", "Bert", "Carla", "Dora"]
    (tmp_path / "corpus.jsonl").write_text(
        "".join(f'{{"_id": "{n}", "text": "Die Sitzung begann. Der Vorsitz lag bei {n}."}}\n' for n in names)
    )
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "Wie begann die Sitzung?", "lang": "de", "answers": ["Dora"]}\n'
        '{"_id": "q2", "text": "Wer sang?", "lang": "de", "unanswerable": true}\n'
    )
    (tmp_path / "qrels.tsv").write_text("q1\tDora\t1\n")
    dataset = load_beir(tmp_path)
    build([dataset.corpus], tmp_path / "index", FakeEmbedder())
    generation = open_generation(tmp_path / "index")
    every = RerankSettings(passages=4, first=4, hit_weight=1.0)
    cross_encoder = FakeCrossEncoder(lambda _, text: 5.0 if "Dora" in text else -5.0)
    try:
        systems = {
            name: LocalSystem(engine_with(generation, FakeEmbedder(), cross_encoder, settings))
            for name, settings in {"off": None, "all": every}.items()
        }
        off, read = measure(dataset, systems)
    finally:
        generation.close()
    assert (off.name, read.name) == ("off", "all")
    # Equal texts but for the name, which the question does not say: only who reads tells them apart.
    assert off.ndcg < read.ndcg == 1.0
    assert off.refused is not None and 0 < read.milliseconds <= read.p95


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_rerank_depth(tmp_path, "xquad", "own", RESULTS)
    file = rerank_depth_file(tmp_path)
    assert file == rerank_depth_file(tmp_path / RERANK_DEPTH) == tmp_path / "effort.json"
    assert read_rerank_depth(file) == RESULTS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "fundstelle-effort-1", "plans": [{}]}'])
def test_a_malformed_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / RERANK_DEPTH).write_text(text)
    with pytest.raises(SourceError, match=rf"^{tmp_path}/effort\.json: no record of eval reader effort"):
        read_rerank_depth(tmp_path / RERANK_DEPTH)


def test_the_curve_is_on_the_page(tmp_path: Path) -> None:
    write_rerank_depth(tmp_path, "xquad", "own", RESULTS)
    result = run_eval("report", tmp_path, "--output", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "report.html").read_text("utf-8")
    assert f"Rerank depth: {tmp_path}/effort.json" in text
    assert "off: 30 ms, nDCG@10 0.900, first citation 0.700; default: 80 ms" in text
    assert ">default</text>" in text and "80.0 / 120.0 ms" in text


def test_without_a_cross_encoder_there_is_nothing_to_compare(tmp_path: Path) -> None:
    arguments = ["reader", "effort", str(tmp_path), "--index", str(tmp_path), "--reader", "off"]
    result = run_eval(*arguments)
    assert result.exit_code == 2 and "without a reader there is nothing to compare" in result.output
