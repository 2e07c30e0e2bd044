"""Replies of a service as a file."""

import json
from pathlib import Path

import pytest
from beir import QUERIES
from eval_command import run_eval
from fakes import FakeEmbedder
from service_process import serving


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_each_question_has_a_row_for_each_address(folder: Path, index: Path, tmp_path: Path) -> None:
    with serving(index, FakeEmbedder()) as url:
        result = run_eval("replies", "--service", url, folder, "--output", tmp_path / "replies.jsonl")
    assert result.exit_code == 0, result.stderr

    found = rows(tmp_path / "replies.jsonl")
    assert [(row["query_id"], row["path"]) for row in found] == [
        (query_id, path) for query_id in QUERIES for path in ("/v1/ask", "/v1/search")
    ]
    assert {row["status"] for row in found} == {200}


def test_the_generation_is_left_out(folder: Path, index: Path, tmp_path: Path) -> None:
    with serving(index, FakeEmbedder()) as url:
        run_eval("replies", "--service", url, folder, "--output", tmp_path / "replies.jsonl", "--limit", 1)

    found = rows(tmp_path / "replies.jsonl")
    assert len(found) == 2
    for row in found:
        reply = row["reply"]
        assert isinstance(reply, dict) and reply and "index" not in reply


def test_two_versions_with_equal_replies_have_equal_files(folder: Path, index: Path, tmp_path: Path) -> None:
    for name in ("before", "after"):
        with serving(index, FakeEmbedder()) as url:
            run_eval("replies", "--service", url, folder, "--output", tmp_path / name)

    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()


def test_a_question_file_is_asked_too(questions: Path, index: Path, tmp_path: Path) -> None:
    with serving(index, FakeEmbedder()) as url:
        run_eval("replies", "--service", url, questions, "--output", tmp_path / "replies.jsonl")

    assert {row["query_id"] for row in rows(tmp_path / "replies.jsonl")} == {"s", "w"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/"])
def test_a_missing_service_is_one_line(folder: Path, tmp_path: Path, url: str) -> None:
    result = run_eval("replies", "--service", url, folder, "--output", tmp_path / "replies.jsonl")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: http://127.0.0.1:9/v1/ask: no answer (")
