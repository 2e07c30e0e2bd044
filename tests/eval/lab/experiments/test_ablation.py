"""Every ranking from one search per question, end to end with the fake embedder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from beir import QUERIES, jsonl, write_beir
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.datasets.beir import load_beir
from eval.lab.experiments.ablation import (
    ablation_table,
    measure_rankings,
)
from eval.runs.comparison import full_against_best_part, in_one_sentence, verdict
from eval.runs.runner import DEPTH
from eval.systems.local import LocalSystem
from eval.systems.rankings import RANKINGS
from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from service.engine import Engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_beir(tmp_path / "small")


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    build([folder / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def engine(index: Path, embedder: FakeEmbedder) -> Iterator[Engine]:
    engine = Engine.compose(open_generation(index), embedder)
    yield engine
    engine.close()


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("created", "timings")}


@pytest.mark.parametrize("ranking", RANKINGS)
def test_a_ranking_is_the_same_as_when_it_is_run_alone(engine: Engine, ranking: Any) -> None:
    system, text = LocalSystem(engine), QUERIES["2-de"][0]
    query = system.encode(text)
    found = {"full": system.full(query, DEPTH)} | system.ablated(query, DEPTH)

    assert found[ranking] == LocalSystem(engine, ranking).search(text, DEPTH)


def test_a_question_is_embedded_once_for_all_rankings(
    folder: Path, engine: Engine, embedder: FakeEmbedder
) -> None:
    measure_rankings(load_beir(folder), LocalSystem(engine))

    warm_up, measured = embedder.questions[: len(QUERIES)], embedder.questions[len(QUERIES) :]
    assert warm_up == measured == [text for text, _ in QUERIES.values()]


def test_the_record_of_full_is_that_of_a_run(folder: Path, index: Path, tmp_path: Path) -> None:
    result = run_eval("ablate", folder, "--index", index, "--output", tmp_path / "out", "--limit", 1)
    assert result.exit_code == 0, result.stderr
    alone = run_eval("run", folder, "--index", index, "--limit", 1, "--json")

    kept = json.loads((tmp_path / "out" / "small" / "full" / "record.json").read_text("utf-8"))
    assert without_times(kept) == without_times(json.loads(alone.stdout))


def test_every_set_and_ranking_has_its_folder(folder: Path, tmp_path: Path) -> None:
    other = write_beir(tmp_path / "other")
    result = run_eval("ablate", folder, other, "--output", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    for name in ("small", "other"):
        for ranking in RANKINGS:
            kept = {path.name for path in (tmp_path / "out" / name / ranking).iterdir()}
            assert kept == {"record.json", "run.trec", "qrels.trec"}
    assert "<h2>other</h2>" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_the_table_has_a_row_per_ranking_and_a_line_per_language(
    folder: Path, index: Path, tmp_path: Path
) -> None:
    result = run_eval("ablate", folder, "--index", index, "--output", tmp_path / "out", "--json")
    table = (tmp_path / "out" / "ablation.md").read_text("utf-8").splitlines()

    assert table[2] == "| set | ranking | nDCG@10 all | nDCG@10 de | nDCG@10 en | R@1 | MRR |"
    assert [line.split(" | ")[1] for line in table[4:9]] == list(RANKINGS)
    assert [line.split(":")[0] for line in table if line.startswith("- ")] == [
        "- small, all", "- small, de", "- small, en"
    ]  # fmt: skip
    assert [row["language"] for row in json.loads(result.stdout)["comparisons"]] == ["all", "de", "en"]


def record(ranking: str, values: dict[str, float]) -> dict[str, Any]:
    figure = {"mean": sum(values.values()) / len(values), "low": 0.0, "high": 1.0, "count": len(values)}
    return {
        "created": "",
        "set": {"name": "a|b", "kind": "beir", "sha256": "0"},
        "system": {},
        "settings": {"ranking": ranking},
        "figures": {measure: {"all": figure} for measure in ("nDCG@10", "R@1", "RR")},
        "queries": {query_id: {"language": "de", "parallel": query_id} for query_id in values},
        "values": {"nDCG@10": values},
    }


def test_full_is_compared_with_the_part_of_the_highest_mean() -> None:
    full = record("full", {"1": 1.0, "2": 0.5})
    parts = [record("passage", {"1": 0.5, "2": 0.5}), record("sentence", {"1": 1.0, "2": 0.9})]
    (row,) = full_against_best_part([full, *parts])

    assert (row["part"], row["part_mean"], row["full_mean"]) == ("sentence", 0.95, 0.75)
    assert row["difference"]["mean"] == pytest.approx(-0.2)
    assert in_one_sentence(row).startswith(
        "a|b, all: full 0.750 against sentence 0.950, difference -0.200 (-0.400"
    )


def test_the_full_ranking_alone_has_no_comparison() -> None:
    assert full_against_best_part([record("full", {"1": 1.0})]) == []


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.2, -0.1, "worse than the part"),
        (-0.2, 0.0, "not worse beyond the interval"),
        (0.0, 0.1, "not worse beyond the interval"),
        (0.1, 0.2, "better than the part"),
    ],
)
def test_full_is_worse_only_if_the_whole_interval_is_below_zero(
    low: float, high: float, expected: str
) -> None:
    assert verdict({"low": low, "high": high}) == expected


def test_a_bar_in_a_name_is_escaped() -> None:
    made = record("full", {"1": 1.0})

    assert "| a\\|b | full | 1.000 ± 0.500 |" in ablation_table([made], [])


def test_indexes_are_one_for_each_set_or_none(folder: Path, index: Path, tmp_path: Path) -> None:
    other = write_beir(tmp_path / "b")
    result = run_eval("ablate", folder, other, "--index", index, "--output", tmp_path / "out")

    assert result.exit_code == 2
    assert "1 indexes for 2 sets" in result.stderr


def test_two_sets_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    result = run_eval("ablate", folder, write_beir(tmp_path / "b" / "small"), "--output", tmp_path / "out")

    assert result.exit_code == 2
    assert "the same name" in result.stderr


def test_a_question_file_is_not_ablated(tmp_path: Path) -> None:
    jsonl(tmp_path / "dev.jsonl", [{"id": "1"}])

    assert run_eval("ablate", tmp_path / "dev.jsonl", "--output", tmp_path / "out").exit_code == 2
