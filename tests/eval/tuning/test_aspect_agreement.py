"""Stored aspects and references against labels."""

import json
from pathlib import Path

import pytest
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.tuning.aspect_agreement import LabelledSentence, agreement
from indexer.build.pipeline import build

TEXT = "Die Umsetzung der Resolution 57 ist noch nicht vollständig.\n"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(TEXT, "utf-8")
    build([tmp_path / "texts"], tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


def labels(folder: Path, **row: object) -> Path:
    file = folder / "labels.jsonl"
    known = {"document": "a.txt", "quote": TEXT.strip(), "aspects": ["shortcomings"], "references": ["NQ-57"]}
    file.write_text(json.dumps(known | row) + "\n", "utf-8")
    return file


def sentence(labelled: set[str], stored: set[str]) -> LabelledSentence:
    return LabelledSentence(frozenset(labelled), frozenset(), frozenset(stored), frozenset())


def test_precision_and_recall_count_each_aspect_of_each_sentence() -> None:
    measures = agreement([sentence({"results", "goals"}, {"results"}), sentence(set(), {"results"})])
    assert measures["results"]["precision"] == 0.5
    assert measures["results"]["recall"] == 1.0
    assert measures["goals"]["f1"] == 0.0
    assert measures["all aspects"] == {
        "sentences": 2,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }


def test_the_command_compares_labels_with_the_index(index: Path, tmp_path: Path) -> None:
    options = ["--index", index, "--labels", labels(tmp_path), "--json"]
    result = run_eval("aspects", *map(str, options))
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["acts"]["f1"] == 1.0


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            {"quote": "Etwas anderes."},
            "labels.jsonl:1: the sentence is not in document 'a.txt' of the index",
        ),
        ({"aspects": "results"}, 'labels.jsonl:1: field "aspects" is not a list of names'),
    ],
)
def test_a_row_that_does_not_fit_is_named(
    index: Path, tmp_path: Path, row: dict[str, object], fault: str
) -> None:
    options = ["--index", index, "--labels", labels(tmp_path, **row)]
    result = run_eval("aspects", *map(str, options))
    assert result.exit_code == 1
    assert fault in result.stderr
