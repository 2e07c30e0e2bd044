"""Latencies are taken step by step for every question."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from eval.latency import Latency, measure, ratio
from indexer.index import open_generation
from service.engine import Engine


@pytest.fixture
def engine(built_index: Path) -> Iterator[Engine]:
    engine = Engine.of(open_generation(built_index), FakeEmbedder())
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
