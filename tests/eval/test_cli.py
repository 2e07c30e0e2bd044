"""The command line of the evaluation, end to end on a small set with the fake embedder."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eval_command import run_eval
from fakes import FakeEmbedder
from paths import ROOT

from eval.report.files import trec_qrels, trec_run
from eval.systems.rankings import rank_by
from indexer.build.pipeline import build
from service.retrieval.hits import Hit

TEXTS = {
    "rice": "Die Reisernte im Norden war gut. Der Reis wurde im Oktober geerntet.",
    "school": "Die neue Schule wurde im September eröffnet. Sie hat zwölf Klassen.",
    "bridge": "Die Brücke über den Roten Fluss ist fertig. Sie misst achthundert Meter.",
}
QUERIES = {
    "1-de": ("Wann wurde der Reis geerntet?", "de", ["Oktober"]),
    "2-de": ("Wann wurde die neue Schule eröffnet?", "de", ["September"]),
    "2-en": ("school September eröffnet", "en", ["september"]),
}
QRELS = {"1-de": "rice", "2-de": "school", "2-en": "school"}


def jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    jsonl(folder / "corpus.jsonl", [{"_id": i, "title": "", "text": text} for i, text in TEXTS.items()])
    rows = [{"_id": i, "text": t, "lang": lang, "answers": a} for i, (t, lang, a) in QUERIES.items()]
    jsonl(folder / "queries.jsonl", rows)
    lines = [f"{query}\t{document}\t1\n" for query, document in QRELS.items()]
    (folder / "qrels.tsv").write_text("".join(lines), "utf-8")
    return folder


def test_a_folder_without_an_index_is_indexed_and_measured(folder: Path, tmp_path: Path) -> None:
    result = run_eval("run", folder, "--json", "--output", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["set"]["name"] == "small"
    assert record["system"]["model"] == {"name": "fake", "digest": FakeEmbedder().digest}
    assert record["system"]["generation"].endswith(record["system"]["manifest"])
    assert record["settings"] == {"ranking": "full", "limit": None, "answers": False, "reader": "off"}
    assert record["values"]["nDCG@10"] == {"1-de": 1.0, "2-de": 1.0, "2-en": 1.0}
    figure = record["figures"]["nDCG@10"]["de"]
    assert figure == {"mean": 1.0, "low": 1.0, "high": 1.0, "count": 2}
    assert json.loads((tmp_path / "out" / "record.json").read_text("utf-8")) == record
    assert (tmp_path / "out" / "qrels.trec").read_text("utf-8").splitlines()[0] == "1-de 0 rice 1"
    first = (tmp_path / "out" / "run.trec").read_text("utf-8").splitlines()[0].split()
    assert [first[i] for i in (0, 1, 2, 3, 5)] == ["1-de", "Q0", "rice", "1", "full"]


def test_the_terminal_gets_a_table(folder: Path) -> None:
    result = run_eval("run", folder)

    assert "nDCG@10" in result.stdout
    assert "1.000 ±0.000" in result.stdout
    assert "3 questions" in result.stdout


@pytest.mark.parametrize("ranking", ["passage", "sentence", "lexical", "rrf"])
def test_every_ranking_runs(folder: Path, tmp_path: Path, ranking: str) -> None:
    build([folder / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    result = run_eval(
        "run", folder, "--index", tmp_path / "index", "--ranking", ranking, "--limit", 1, "--json"
    )

    assert result.exit_code == 0, result.stderr
    assert list(json.loads(result.stdout)["values"]["RR"]) == ["1-de", "2-en"]


def test_answers_are_measured_on_request(folder: Path) -> None:
    record = json.loads(run_eval("run", folder, "--answers", "--json").stdout)

    assert record["details"]["invalid_citations"] == 0
    assert set(record["values"]["answered"]) == set(QRELS)
    assert set(record["values"]["answer in first citation"]) == set(QRELS)


def test_a_question_file_is_measured_by_statuses_and_places(folder: Path, tmp_path: Path) -> None:
    build([folder / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    gold = [{"document": "school", "quote": "Die neue  Schule wurde im September eröffnet."}]
    case = {"parallel": "s", "kind": "fact", "status": "answered", "gold": gold}
    jsonl(
        tmp_path / "dev.jsonl",
        [
            case | {"id": "s-de", "lang": "de", "question": "Wann wurde die neue Schule eröffnet?"},
            case | {"id": "s-en", "lang": "en", "question": "neue Schule eröffnet September"},
            {"id": "n", "lang": "de", "question": "Was sagt Resolution 68?", "status": "unknown_reference"},
        ],
    )
    arguments = ("run", tmp_path / "dev.jsonl", "--index", tmp_path / "index")
    record = json.loads(run_eval(*arguments, "--json").stdout)

    assert record["details"]["confusion"]["all"]["unknown_reference"] == {"unknown_reference": 1}
    assert record["values"]["gold in first hits"] == {"s-de": 1.0, "s-en": 1.0}
    assert record["details"]["invalid_citations"] == 0
    assert run_eval(*arguments).exit_code == 0


def test_two_runs_are_compared_on_their_common_questions(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "a")
    run_eval("run", folder, "--limit", 1, "--output", tmp_path / "b")
    comparison = json.loads(
        run_eval("compare", tmp_path / "a", tmp_path / "b" / "record.json", "--json").stdout
    )

    assert comparison["groups"]["all"]["p"] == 1.0
    assert comparison["groups"]["all"]["difference"]["count"] == 2
    assert comparison["left_out"] == {"a": 1, "b": 0}
    assert "+0.0000" in run_eval("compare", tmp_path / "a", tmp_path / "b").stdout


def test_runs_without_a_common_question_cannot_be_compared(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "a")
    record = json.loads((tmp_path / "a" / "record.json").read_text("utf-8"))
    record["values"]["nDCG@10"] = {"other": 1.0}
    (tmp_path / "b.json").write_text(json.dumps(record), "utf-8")
    result = run_eval("compare", tmp_path / "a", tmp_path / "b.json")

    assert result.exit_code == 1
    assert result.stderr == (
        "error: nDCG@10: the two runs have no question in common, there is nothing to compare\n"
    )


def test_a_missing_measure_is_named_with_the_existing_ones(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "a")
    result = run_eval("compare", tmp_path / "a", tmp_path / "a", "--measure", "MAP")

    assert result.exit_code == 1
    assert "'MAP' is not in the run of small: nDCG@10, R@1, R@10, RR" in result.stderr


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format": 0, "values": {}}'])
def test_a_malformed_record_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "record.json").write_text(content, "utf-8")
    result = run_eval("compare", tmp_path, tmp_path)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path / 'record.json'}: ")
    assert result.stderr.count("\n") == 1


def test_an_index_of_other_documents_is_refused(folder: Path, built_index: Path) -> None:
    result = run_eval("run", folder, "--index", built_index)

    assert result.exit_code == 1
    assert result.stderr == "error: small: none of its documents is in the index, for instance 'rice'\n"


@pytest.mark.parametrize(
    "options",
    [
        ["--index", "i", "--service", "http://localhost"],
        ["--service", "http://localhost", "--ranking", "rrf"],
        ["--ranking", "best"],
        ["--limit", "0"],
    ],
)
def test_wrong_usage_exits_with_2(folder: Path, options: list[str]) -> None:
    assert run_eval("run", folder, *options).exit_code == 2


def test_a_question_file_needs_an_index(tmp_path: Path) -> None:
    assert run_eval("run", tmp_path / "dev.jsonl").exit_code == 2


def test_a_missing_service_is_one_line(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        result = run_eval("run", folder, "--service", url)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {url}/v1/search: no answer (")
    assert run_eval("run", folder, "--service", "file:///etc/passwd").exit_code == 1


def test_ablations_order_hits_by_one_part_of_the_evidence() -> None:
    hits = [Hit(1, 9.0, 0.5, 0.9, 0.0, 1), Hit(2, 8.0, 0.6, 0.8, 0.3, 2), Hit(3, 7.0, 0.6, 0.7, 0.2, 3)]

    def order(ranking: Any) -> list[int]:
        return [hit.passage for hit, _ in rank_by(hits, ranking)]

    assert order("full") == [1, 2, 3]
    assert order("passage") == [2, 3, 1]
    assert order("sentence") == [1, 2, 3]
    assert order("lexical") == [2, 3]
    assert [score for _, score in rank_by(hits, "rrf")] == [1 / 61 + 1 / 61, 1 / 62 + 1 / 62, 1 / 63]


def test_ids_with_white_space_are_encoded_for_trec() -> None:
    assert trec_run({"q 1": [("a b%", 0.5), ("c", 0.25)]}, "full") == (
        "q%201 Q0 a%20b%25 1 0.500000 full\nq%201 Q0 c 2 0.250000 full\n"
    )
    assert trec_qrels({"q": {"a\tb": 2}}) == "q 0 a%09b 2\n"


def without_lab(tmp_path: Path) -> Path:
    """A folder with the packages as the wheel has them."""
    shutil.copytree(ROOT / "eval", tmp_path / "eval", ignore=shutil.ignore_patterns("lab"))
    for name in ("indexer", "service"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_without_its_lab_the_product_commands_remain(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eval", "--help"]
    result = subprocess.run(command, cwd=without_lab(tmp_path), capture_output=True, text=True, check=True)

    assert " compare " in result.stdout
    assert " ablate " not in result.stdout and " reader " not in result.stdout


def test_a_missing_library_is_one_line_that_names_the_extra(tmp_path: Path) -> None:
    folder = without_lab(tmp_path)
    (folder / "ir_measures.py").write_text("import no_such_library\n")
    command = [sys.executable, "-m", "eval", "run", "x"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)

    assert result.returncode == 1
    assert result.stderr == "error: eval needs no_such_library: pip install '.[eval]'\n"
