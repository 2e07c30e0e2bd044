"""Times in records, and their summary."""

import json
from pathlib import Path

import pytest
from beir import QRELS
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.runs.timing import Stopwatch, summary
from eval.systems.instrumented_embedders import TimedEmbedder


def test_every_search_and_every_answer_is_timed(folder: Path, index: Path) -> None:
    timings = json.loads(run_eval("run", folder, "--index", index, "--answers", "--json").stdout)["timings"]

    assert sorted(timings) == ["ask", "encode", "rank", "search"]
    assert all(list(row) == list(QRELS) for row in timings.values())
    for query_id, whole in timings["search"].items():
        assert 0 < timings["encode"][query_id] < whole
        parts = timings["encode"][query_id] + timings["rank"][query_id]
        assert parts == pytest.approx(whole, abs=0.002)


def test_a_question_file_is_timed_by_search_and_answer(questions: Path, index: Path) -> None:
    timings = json.loads(run_eval("run", questions, "--index", index, "--json").stdout)["timings"]

    assert list(timings["search"]) == list(timings["ask"]) == ["s", "w"]


@pytest.mark.parametrize("which", ["folder", "questions"])
def test_equal_input_gives_an_equal_record_except_for_times(
    which: str, index: Path, request: pytest.FixtureRequest
) -> None:
    arguments = ("run", request.getfixturevalue(which), "--index", index, "--json")
    first, second = (json.loads(run_eval(*arguments).stdout) for _ in range(2))
    for record in (first, second):
        del record["created"], record["timings"]

    assert json.dumps(first) == json.dumps(second)


def test_without_the_time_of_encoding_a_search_is_not_split() -> None:
    watch = Stopwatch()
    watch.note("search", "q", 5.0)
    watch.note_parts("q", None)

    assert watch.timings == {"search": {"q": 5.0}}


def test_a_timed_embedder_gives_the_same_vectors() -> None:
    timed = TimedEmbedder(FakeEmbedder())

    assert timed.milliseconds is None
    assert (timed.embed_questions(["Reis"]) == FakeEmbedder().embed_questions(["Reis"])).all()
    assert timed.milliseconds is not None


def test_the_summary_has_the_cost_of_search_beyond_encoding() -> None:
    result = summary({"search": {"a": 30.0, "b": 40.0}, "encode": {"a": 20.0, "b": 20.0}, "ask": {}})

    assert list(result["steps"]) == ["encode", "search"]
    assert result["steps"]["search"] == {"median": 35.0, "p95": 39.5, "max": 40.0, "count": 2}
    assert result["ratios"] == {"search / encode": 1.75}
    assert result["beyond_encoding"] == {"search p95 - encode median": 19.5, "search p95 - encode p95": 19.5}
