"""Latencies are taken step by step for every question."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.lab.benchmarks.latency import Latency, measure, ratio
from indexer.index.generation import open_generation
from service.engine import Engine


@pytest.fixture
def engine(built_index: Path) -> Iterator[Engine]:
    engine = Engine.compose(open_generation(built_index), FakeEmbedder())
    yield engine
    engine.close()


def test_every_question_is_timed_once_per_step(engine: Engine) -> None:
    found = measure(engine, FakeEmbedder(), ["Wer leitete die Sitzung?", "Wo fehlt das Internet?"])
    assert [(latency.name, len(latency.milliseconds)) for latency in found] == [
        ("encode", 2), ("search", 2), ("ask", 2)
    ]  # fmt: skip
    assert all(milliseconds > 0 for latency in found for milliseconds in latency.milliseconds)


def test_the_ratio_is_that_of_the_medians() -> None:
    found = [Latency("encode", (1.0, 2.0, 9.0)), Latency("search", (3.0, 3.0, 3.0))]
    assert ratio(found, "search", "encode") == 1.5


def test_the_record_has_all_times_and_their_summary(built_index: Path, tmp_path: Path) -> None:
    questions = {"a": "Wer leitete die Sitzung?", "b": "Wo fehlt das Internet?"}
    rows = [{"id": i, "lang": "de", "question": text, "status": "answered"} for i, text in questions.items()]
    (tmp_path / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    arguments = ["latency", str(tmp_path / "dev.jsonl"), "--index", str(built_index), "--json"]
    result = run_eval(*arguments, "--output", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert {step: list(row) for step, row in record["timings"].items()} == {
        "encode": ["a", "b"], "search": ["a", "b"], "ask": ["a", "b"]
    }  # fmt: skip
    assert set(record["latency"]["steps"]["search"]) == {"median", "p95", "max", "count"}
    assert set(record["latency"]["ratios"]) == {"search / encode", "ask / search"}
    assert set(record["latency"]["beyond_encoding"]) == {
        "search p95 - encode median", "search p95 - encode p95"
    }  # fmt: skip
    assert json.loads((tmp_path / "out" / "record.json").read_text("utf-8")) == record
    assert "one client, latency" in (tmp_path / "out" / "report.html").read_text("utf-8")
