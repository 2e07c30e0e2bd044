"""Comparing sizes, overlaps and groupings of passages, on small sets with the fake embedder."""

import json
from pathlib import Path
from typing import Any

import pytest
from eval_command import run_eval
from fakes import FakeEmbedder
from typer.testing import Result

from eval.lab.experiments.chunking import combinations
from indexer.embedding.language_alignment import parallel_sentences
from indexer.preprocessing.chunking import Chunking

#: Three sentences of about 50 characters on a line of their own each.
TEXTS = {
    "rice": "Die Reisernte im Norden war in diesem Jahr gut.\n"
    "Der Reis wurde im Oktober auf allen Feldern geerntet.\n"
    "Das Wasser kam wie in jedem Jahr aus dem Roten Fluss.",
    "school": "Die neue Schule wurde im September eröffnet.\n"
    "Sie hat zwölf Klassen und einen großen Hof für alle.\n"
    "Der Unterricht beginnt jeden Morgen um sieben Uhr.",
}
QUERIES = {
    "1-de": ("Wann wurde der Reis geerntet?", "de", "rice"),
    "2-de": ("Wann wurde die neue Schule eröffnet?", "de", "school"),
    "2-en": ("school September eröffnet", "en", "school"),
}
CASE = {"lang": "de", "status": "answered", "question": "Wann wurde der Reis auf allen Feldern geerntet?"}
QUOTE = "Der Reis wurde im Oktober auf allen Feldern geerntet."


def jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    jsonl(folder / "corpus.jsonl", [{"_id": i, "title": "", "text": text} for i, text in TEXTS.items()])
    rows = [{"_id": i, "text": text, "lang": lang} for i, (text, lang, _) in QUERIES.items()]
    jsonl(folder / "queries.jsonl", rows)
    lines = [f"{query}\t{document}\t1\n" for query, (_, _, document) in QUERIES.items()]
    (folder / "qrels.tsv").write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture
def reports(tmp_path: Path) -> list[str]:
    """Options for two reports with a question to one of them."""
    (tmp_path / "reports").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "reports" / f"{name}.txt").write_text(text, "utf-8")
    gold = [{"document": "rice.txt", "quote": QUOTE}]
    other = {"id": "b", "question": "Wer malte die Mona Lisa?", "status": "no_evidence"}
    jsonl(tmp_path / "dev.jsonl", [CASE | {"id": "a", "gold": gold}, other])
    return ["--reports", str(tmp_path / "reports"), "--questions", str(tmp_path / "dev.jsonl")]


def test_one_thing_is_changed_at_a_time() -> None:
    assert combinations([400, 1200], [0, 200], ["paragraph", "section"]) == [
        Chunking(),
        Chunking(400),
        Chunking(overlap=200),
        Chunking(grouping="section"),
    ]


def test_every_combination_on_request() -> None:
    assert combinations([400], [0, 200], ["paragraph", "section"], every=True) == [
        Chunking(),
        Chunking(400),
        Chunking(400, grouping="section"),
        Chunking(400, 200),
        Chunking(400, 200, "section"),
    ]


def test_an_index_is_built_and_measured_for_each(folder: Path) -> None:
    result = run_eval("chunking", folder, "--size", 100, "--overlap", 60, "--json")

    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["rows"]
    assert [(*row["chunking"].values(), row["passages"]) for row in rows] == [
        (1200, 0, "paragraph", 6),
        (100, 0, "paragraph", 6),
        (1200, 60, "paragraph", 6),
        (1200, 0, "section", 2),
    ]
    assert rows[0]["mean_length"] == pytest.approx(sum(len(t) - 2 for t in TEXTS.values()) / 6, abs=0.1)
    assert rows[3]["mean_length"] == sum(len(text) for text in TEXTS.values()) / 2
    assert all(set(row["figures"]) == {"all", "de", "en"} for row in rows)
    assert all(row["values"] == dict.fromkeys(QUERIES, 1.0) for row in rows)


def test_differences_are_from_the_default(folder: Path) -> None:
    rows = json.loads(run_eval("chunking", folder, "--json").stdout)["rows"]
    assert rows[0]["chunking"] == {"size": 1200, "overlap": 0, "grouping": "paragraph"}
    assert rows[-1]["difference"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "count": 3}
    assert rows[-1]["p"] == 1.0


def test_no_text_and_no_question_is_embedded_twice(folder: Path, embedder: FakeEmbedder) -> None:
    assert run_eval("chunking", folder, embedder=embedder).exit_code == 0
    assert sorted(embedder.texts) == sorted(set(embedder.texts))
    ours = {text for row in parallel_sentences() for text in row.values()}
    asked = [text for text in embedder.questions if text not in ours]
    assert sorted(asked) == sorted(text for text, _, _ in QUERIES.values())


def test_a_cache_is_used_by_the_next_run(folder: Path, embedder: FakeEmbedder, tmp_path: Path) -> None:
    first = run_eval("chunking", folder, "--cache", tmp_path / "cache", "--json", embedder=embedder).stdout
    embedder.texts.clear()
    assert (
        run_eval("chunking", folder, "--cache", tmp_path / "cache", "--json", embedder=embedder).stdout
        == first
    )
    assert embedder.texts == []


def test_reports_are_measured_by_their_gold_sentences(folder: Path, reports: list[str]) -> None:
    result = run_eval("chunking", folder, *reports, "--grouping", "section", "--json")

    assert result.exit_code == 0, result.stderr
    found = [row for row in json.loads(result.stdout)["rows"] if row["set"] == "reports"]
    assert [row["measure"] for row in found] == ["gold in first hits"] * len(found)
    assert [row["values"] for row in found] == [{"a": 1.0}] * len(found)


def test_the_comparison_is_printed_and_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    result = run_eval("chunking", folder, "--size", 1200, "--overlap", 0, "--output", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    assert "small: nDCG@10" in result.stdout
    assert "1.000" in result.stdout
    assert "…" not in result.stdout
    assert len(json.loads((tmp_path / "out" / "chunking.json").read_text("utf-8"))["rows"]) == 2
    assert (tmp_path / "out" / "chunking.md").read_text("utf-8").split("## ")[1].splitlines() == [
        "small: nDCG@10",
        "",
        "| size | overlap | grouping | passages | mean length | all | de | en | difference, all |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 1200 | 0 | paragraph | 6 | 50 | 1.000 ±0.000 | 1.000 ±0.000 | 1.000 ±0.000 |  |",
        "| 1200 | 0 | section | 2 | 152 | 1.000 ±0.000 | 1.000 ±0.000 | 1.000 ±0.000 "
        "| +0.000 (+0.000 to +0.000) |",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["--reports", "somewhere"],
        ["--questions", "dev.jsonl"],
        ["--grouping", "page"],
        ["--overlap", "1200"],
        ["--size", "100", "--overlap", "200", "--every"],
        ["--size", "99"],
        ["--overlap", "-1"],
    ],
)
def test_wrong_usage_exits_with_2(folder: Path, options: list[str]) -> None:
    assert run_eval("chunking", folder, *options).exit_code == 2


def failure(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stdout == ""
    return result.stderr


def test_a_wrong_folder_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert (
        failure(run_eval("chunking", missing))
        == f"error: {missing}: no queries.jsonl or queries.jsonl.gz there\n"
    )


def test_a_set_without_documents_is_one_line(folder: Path) -> None:
    (folder / "corpus.jsonl").unlink()
    assert (
        failure(run_eval("chunking", folder))
        == f"error: {folder}: no corpus.jsonl or corpus.jsonl.gz there\n"
    )


def test_wrong_reports_are_one_line(folder: Path, reports: list[str]) -> None:
    assert failure(run_eval("chunking", folder, *reports, "--reports", folder / "no")) == (
        f"error: {folder / 'no'}: no such folder or file\n"
    )


def test_questions_on_other_reports_are_one_line(folder: Path, reports: list[str], tmp_path: Path) -> None:
    gold = [{"document": "rice.txt", "quote": "Davon steht dort nichts."}]
    jsonl(tmp_path / "dev.jsonl", [CASE | {"id": "a", "gold": gold}])
    assert failure(run_eval("chunking", folder, *reports)) == (
        "error: question 'a': document 'rice.txt' does not hold 'Davon steht dort nichts.'\n"
    )


def test_questions_without_gold_are_one_line(folder: Path, reports: list[str], tmp_path: Path) -> None:
    jsonl(tmp_path / "dev.jsonl", [CASE | {"id": "a"}])
    assert failure(run_eval("chunking", folder, *reports)) == (
        "error: reports: no question has a relevant document or gold sentence\n"
    )


def test_two_sets_of_one_name_are_one_line(folder: Path) -> None:
    assert failure(run_eval("chunking", folder, folder)) == (
        "error: two sets are called 'small', which names their rows\n"
    )


def test_an_output_that_is_a_file_fails_before_the_work(folder: Path, embedder: FakeEmbedder) -> None:
    result = run_eval("chunking", folder, "--output", folder / "qrels.tsv", embedder=embedder)
    assert failure(result) == f"error: {folder / 'qrels.tsv'}: cannot be written (File exists)\n"
    assert embedder.texts == []
