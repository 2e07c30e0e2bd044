"""The attacks command."""

import json
from pathlib import Path

import pytest
from eval_command import run_eval

pytest.importorskip("urllib3", reason="the extra is not installed")


def test_pages_cannot_reach_inside_or_last_for_ever() -> None:
    result = run_eval("attacks", "--part", "pages", "--json")
    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows if not row["holds"]] == []
    assert result.exit_code == 0 and len(rows) == 5


def test_documents_cannot_end_a_build_or_fill_the_memory() -> None:
    result = run_eval("attacks", "--part", "documents", "--json")
    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows if not row["holds"]] == []
    assert result.exit_code == 0 and len(rows) == 6


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    result = run_eval("attacks", "--part", "nichts")
    assert result.exit_code == 2 and "documents, pages, service" in result.stderr


def test_attacks_on_a_service_need_an_index(tmp_path: Path) -> None:
    result = run_eval("attacks", "--part", "service")
    assert result.exit_code == 2 and "--index" in result.stderr
