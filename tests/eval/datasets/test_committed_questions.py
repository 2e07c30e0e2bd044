"""The question sets of the project agree with the corpus they are on and with their README."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

from eval.datasets.question_file import STATUSES, load_questions

FOLDER = ROOT / "eval" / "questions"
QUESTIONS = FOLDER / "corpus.jsonl"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def parallels(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[row["parallel"]].append(row)
    return grouped


def test_the_set_loads_with_all_its_questions_and_statuses() -> None:
    cases = load_questions(QUESTIONS).cases

    assert len(cases) >= 60
    assert {case.status for case in cases} == set(STATUSES)


def test_every_gold_quotation_is_at_its_position_in_the_file(
    rows: list[dict[str, Any]], corpus: Path
) -> None:
    for row in rows:
        for gold in row["gold"]:
            text = (corpus / gold["document"]).read_bytes().decode("utf-8")
            assert text[gold["start"] : gold["end"]] == gold["quote"], row["id"]


def test_ids_are_unique_and_made_of_parallel_and_language(rows: list[dict[str, Any]]) -> None:
    ids = [row["id"] for row in rows]

    assert len(set(ids)) == len(ids)
    assert ids == [f"{row['parallel']}-{row['lang']}" for row in rows]


def test_translations_differ_in_their_words_only(parallels: dict[str, list[dict[str, Any]]]) -> None:
    for parallel, translations in parallels.items():
        first = translations[0]
        assert sorted(row["lang"] for row in translations) == ["de", "en", "vi"], parallel
        assert len({row["question"] for row in translations}) == 3, parallel
        for field in ("kind", "status", "gold"):
            assert all(row[field] == first[field] for row in translations), (parallel, field)


def test_only_answered_questions_have_gold(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert bool(row["gold"]) is (row["status"] == "answered"), row["id"]


def test_the_readme_names_the_kinds_with_their_counts_and_statuses(
    parallels: dict[str, list[dict[str, Any]]],
) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)` \| (\d+) \| `(\w+)` \|", readme, re.MULTILINE)
    counted = Counter((rows[0]["kind"], rows[0]["status"]) for rows in parallels.values())

    assert {(kind, status): int(count) for kind, count, status in named} == counted
