"""The report page."""

import json
import re
from pathlib import Path

import pytest
from beir import write_beir
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.report import charts
from eval.report.html import page

SCRIPT = "<script>alert('x')</script>"


def test_a_run_is_shown_on_a_page(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text("utf-8")

    assert "<h2>small</h2>" in text
    assert FakeEmbedder().digest in text
    assert "The 1 worst questions, full" in text
    assert "the relevant document bridge" in text
    assert text.count('role="img" aria-label="') == text.count("<svg") == 2
    assert "prefers-color-scheme: dark" in text


def test_several_records_are_on_one_page(folder: Path, questions: Path, index: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--index", index, "--output", tmp_path / "full")
    run_eval("run", folder, "--index", index, "--ranking", "lexical", "--output", tmp_path / "lexical")
    run_eval("run", questions, "--index", index, "--output", tmp_path / "questions")
    run_eval("latency", folder, "--index", index, "--output", tmp_path / "latency")
    records = [tmp_path / name for name in ("full", "lexical", "questions", "latency")]
    result = run_eval("report", *records, "--output", tmp_path / "all.html")
    text = (tmp_path / "all.html").read_text("utf-8")

    assert result.exit_code == 0, result.stderr
    assert re.findall(r"<h2>(.*)</h2>", text) == ["small", "dev"]
    assert "small, all: full" in text
    assert "Expected status by row" in text
    assert "expected answered, given unknown_reference" in text
    assert "Milliseconds per question, one client, latency" in text


def test_equal_records_give_an_equal_page(folder: Path, index: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--index", index, "--output", tmp_path / "out")
    run_eval("report", tmp_path / "out", "--output", tmp_path / "again.html")

    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "out" / "report.html").read_bytes()


def test_ids_on_a_page_are_unique_and_those_referred_to_are_there(
    folder: Path, questions: Path, index: Path, tmp_path: Path
) -> None:
    for name, source in (("a", folder), ("b", folder), ("c", questions)):
        run_eval("run", source, "--index", index, "--output", tmp_path / name)
    run_eval("report", *(tmp_path / name for name in "abc"), "--output", tmp_path / "all.html")
    text = (tmp_path / "all.html").read_text("utf-8")
    ids = re.findall(r' id="([^"]*)"', text)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', text)) | set(re.findall(r"url\(#([^)]*)\)", text)) == set(ids)


def hostile(tmp_path: Path) -> str:
    """A page of a set whose names, ids, languages and texts are all markup."""
    texts = {f"d{SCRIPT}": f"{SCRIPT} Reis im Oktober.", "other": f"Reis {SCRIPT} und Reis."}
    queries = {f"q{SCRIPT}": (f"Reis? {SCRIPT}", f'"{SCRIPT}'), "p": ("Reis $x$ --> ]]>", "de")}
    qrels = {f"q{SCRIPT}": f"d{SCRIPT}", "p": "other"}
    folder = write_beir(tmp_path / "a<b>&'", texts, queries, qrels)
    result = run_eval("run", folder, "--ranking", "lexical", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "out" / "record.json").read_text("utf-8"))
    record["details"]["worst"] = [
        {
            "query_id": SCRIPT,
            "language": SCRIPT,
            "text": SCRIPT,
            "nDCG@10": 0.0,
            "rank": None,
            "relevant": {"document_id": SCRIPT, "text": SCRIPT},
            "found": [{"document_id": SCRIPT, "score": 1.0, "relevant": False, "text": SCRIPT}],
        }
    ]
    record["settings"]["ranking"] = record["system"]["model"]["name"] = SCRIPT
    return page({"record.json": record})


def test_markup_in_questions_and_documents_stays_text(tmp_path: Path) -> None:
    text = hostile(tmp_path)

    assert "<script" not in text.lower()
    assert text.count("&lt;script&gt;alert(") >= 8
    assert "<h2>a&lt;b&gt;&amp;&#39;</h2>" in text


def test_a_page_loads_nothing(tmp_path: Path) -> None:
    text = hostile(tmp_path)

    assert "http://" not in text and "https://" not in text
    targets = re.findall(r"""(?:src|href|srcset|data|action)\s*=\s*["']?([^"'\s>]+)""", text)
    targets += re.findall(r"""url\(["']?([^)"']+)""", text)
    assert targets
    assert all(target.startswith("#") for target in targets)
    assert "@import" not in text


def test_tables_have_captions_and_headers_with_scopes(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text("utf-8")

    assert text.count("<table>") == text.count("<caption>") > 2
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", text))


def test_a_plot_needs_no_value_for_every_group() -> None:
    bar = charts.Bar(0.5, 0.4, 0.6)
    plotted = charts.bars("a", ["all", "de"], {"full": [bar, None], "none": [None, None]}, "nDCG@10")

    assert plotted == charts.bars("a", ["all", "de"], {"full": [bar, None], "none": [None, None]}, "nDCG@10")
    assert "currentColor" in plotted
    assert charts.cumulative_shares("b", {"ask": [5.0]}, "ms").startswith("<svg")


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"format": 1}',
        json.dumps({"format": 1} | {n: {} for n in ("set", "system", "settings", "figures")}),
        json.dumps(
            {"format": 1}
            | {n: {} for n in ("set", "system", "settings", "figures", "details", "queries", "values")}
        ),
    ],
)
def test_a_malformed_record_is_one_line(tmp_path: Path, content: str, folder: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "good")
    (tmp_path / "bad.json").write_text(content, "utf-8")
    result = run_eval("report", tmp_path / "good", tmp_path / "bad.json", "--output", tmp_path / "all.html")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path / 'bad.json'}: no ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "all.html").exists()


def test_a_page_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    run_eval("run", folder, "--output", tmp_path / "out")
    result = run_eval("report", tmp_path / "out", "--output", tmp_path / "out" / "record.json" / "r.html")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_record_of_times_cannot_be_compared_by_quality(folder: Path, index: Path, tmp_path: Path) -> None:
    run_eval("latency", folder, "--index", index, "--output", tmp_path / "out")
    result = run_eval("compare", tmp_path / "out", tmp_path / "out")

    assert result.exit_code == 1
    assert result.stderr == "error: measure 'nDCG@10' is not in the run of small: it has no measures\n"
