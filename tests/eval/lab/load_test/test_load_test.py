"""A service under load: what is judged from the records, and what is prepared. No load is put here."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import EAGER
from beir import write_beir
from fakes import FakeEmbedder

from eval.datasets.query import Query
from eval.lab.load_test import generation_swaps
from eval.lab.load_test.key_checks import leaks
from eval.lab.load_test.locust_driver import RequestRecord
from eval.lab.load_test.query_stream import QueryStream
from eval.lab.load_test.schema_fuzzing import parse_summary
from eval.lab.load_test.statistics import by_status, failed, growth, milliseconds
from indexer.build.pipeline import build
from indexer.errors import FundstelleError, IndexDamagedError
from indexer.index.generation import open_generation
from indexer.index.live_generation import live_name
from service.api import serializers
from service.engine import Engine, EngineSettings


def records(*found: tuple[float, int | None]) -> Sequence[RequestRecord]:
    return [RequestRecord(0.0, seconds, status, "?", {}, None, None) for seconds, status in found]


def test_no_question_is_taken_twice() -> None:
    questions = QueryStream([Query("1", "Wer?", "de", "1"), Query("2", "Who?", "en", "2")])
    questions_taken = questions.take(10) + questions.take(6)
    assert len(set(questions_taken)) == 16
    assert not set(questions_taken) & {"Wer?", "Who?"}
    with pytest.raises(FundstelleError, match="only 0 distinct questions are left"):
        questions.take(1)


def test_questions_that_are_put_back_are_taken_again() -> None:
    questions = QueryStream([Query("1", "Wer?", "de", "1")])
    questions_taken = questions.take(8)
    questions.put_back(questions_taken[5:])
    assert questions.take(3) == questions_taken[5:]


def test_latencies_are_of_successful_requests() -> None:
    assert milliseconds(records((0.1, 200), (0.3, 200), (9.0, 503)), 50) == pytest.approx(200)


def test_requests_without_status_200_have_failed() -> None:
    found = records((0.1, 200), (0.1, 503), (0.1, None))
    assert [record.status for record in failed(found)] == [503, None]
    assert by_status(found) == "200: 1, 503: 1, none: 1"


def test_growth_compares_the_last_third_with_the_first() -> None:
    assert growth([(float(n), value) for n, value in enumerate((100, 100, 500, 500, 110, 110))]) == 1.1


@pytest.mark.parametrize(
    "body", ["cannot read /srv/index/CURRENT", "Traceback (most recent", "starlette failed", 'File "x.py"']
)
def test_internals_in_an_error_are_found(body: str) -> None:
    assert leaks(body)


def test_a_public_address_reveals_nothing() -> None:
    assert not leaks('{"type":"about:blank","detail":"a valid key is needed","instance":"/v1/references"}')


def test_failures_of_schemathesis_are_counted_by_severity() -> None:
    failures = "  ❌ ST201 Schema-violating request accepted: 2\n  ❌ Server error: 1\n"
    output = f"Failures:\n{failures}\n  3450 generated, 3 found"
    assert [(check.value, check.holds) for check in parse_summary(output)] == [
        ("3450", True),
        ("1", False),
        ("Schema-violating request accepted: 2", False),
    ]


def test_schemathesis_without_a_summary_is_an_error() -> None:
    with pytest.raises(FundstelleError, match="no summary: cannot connect"):
        parse_summary("cannot connect")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    build([write_beir(tmp_path / "set") / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


def test_prepared_generations_differ_and_none_is_live(index: Path, tmp_path: Path) -> None:
    live = live_name(index)
    names = generation_swaps.prepare(tmp_path / "set" / "corpus.jsonl", index, FakeEmbedder(), 2)
    assert live_name(index) == live
    held = []
    for name in names:
        generation = open_generation(index, name)
        held.append({document.document_id for document in generation.store.documents()})
        generation.close()
    assert held == [{"school", "bridge"}, {"rice", "bridge"}]


def test_damaged_generations_are_refused_when_they_are_opened(index: Path) -> None:
    for name in generation_swaps.damage(index):
        with pytest.raises(IndexDamagedError):
            open_generation(index, name)


def answered(index: Path) -> dict[str, Any]:
    generation = open_generation(index)
    engine = Engine.compose(generation, FakeEmbedder(), settings=EngineSettings(confidence=EAGER))
    reply = serializers.ask_reply(engine.ask("Wann wurde der Reis geerntet?"), engine.generation)
    engine.close()
    return reply.model_dump(mode="json")


def test_a_citation_that_differs_from_its_generation_is_found(index: Path) -> None:
    found = answered(index)
    assert found["citations"]
    assert generation_swaps.citation_faults([found], index) == (len(found["citations"]), [])
    found["citations"][0]["start"] += 1
    assert len(generation_swaps.citation_faults([found], index)[1]) == 1


def test_an_answer_from_a_missing_generation_is_found(index: Path) -> None:
    found = answered(index)
    shutil.rmtree(index / "generations")
    assert "which does not exist" in generation_swaps.citation_faults([found], index)[1][0]
