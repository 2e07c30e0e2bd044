"""Records with times and failures, and the page that shows them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from beir import QRELS, TEXTS, jsonl, write_beir
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.datasets.query import Query
from eval.datasets.question_file import Case, Gold
from eval.metrics.ranking import ranking_values
from eval.report import charts
from eval.report.html import page
from eval.runs.runner import RankedQueries
from eval.runs.timing import Stopwatch, summary
from eval.runs.worst_cases import EXCERPT, KEPT, excerpt, worst_answered, worst_ranked
from eval.systems.instrumented_embedders import TimedEmbedder
from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply
from indexer.build.pipeline import build

SCRIPT = "<script>alert('x')</script>"


class Written:
    """A system whose documents are written down."""

    facts: dict[str, Any] = {}  # noqa: RUF012 - the protocol wants no more
    encoding_ms = None

    def search(self, text: str, limit: int) -> list[RetrievedPassage]:
        return []

    def ask(self, text: str) -> SystemReply:
        return SystemReply("no_evidence", 0.0, ())

    def text(self, document_id: str) -> str | None:
        return TEXTS.get(document_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_beir(tmp_path / "small")


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    build([folder / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    gold = [{"document": "school", "quote": "Die neue Schule wurde im September eröffnet."}]
    asked = {"id": "s", "lang": "de", "question": "Wann wurde die neue Schule eröffnet?", "gold": gold}
    wrong = {"id": "w", "lang": "en", "question": "Was sagt Resolution 68?", "gold": gold}
    jsonl(tmp_path / "dev.jsonl", [row | {"status": "answered"} for row in (asked, wrong)])
    return tmp_path / "dev.jsonl"


def ranked(*query_ids: str, found: tuple[RetrievedPassage, ...] = ()) -> RankedQueries:
    kept = RankedQueries()
    for query_id in query_ids:
        kept.add(query_id, found)
    return kept


def hit(document_id: str, score: float = 1.0) -> RetrievedPassage:
    return RetrievedPassage(document_id, score, DocumentSpan(document_id, 0, 32))


# Times


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
def test_the_same_input_gives_the_same_record_but_for_its_times(
    which: str, index: Path, request: pytest.FixtureRequest
) -> None:
    arguments = ("run", request.getfixturevalue(which), "--index", index, "--json")
    first, second = (json.loads(run_eval(*arguments).stdout) for _ in range(2))
    for record in (first, second):
        del record["created"], record["timings"]

    assert json.dumps(first) == json.dumps(second)


def test_what_cannot_be_seen_from_outside_is_not_told() -> None:
    watch = Stopwatch()
    watch.note("search", "q", 5.0)
    watch.note_parts("q", None)

    assert watch.timings == {"search": {"q": 5.0}}


def test_a_timed_embedder_gives_the_same_vectors() -> None:
    timed = TimedEmbedder(FakeEmbedder())

    assert timed.milliseconds is None
    assert (timed.embed_questions(["Reis"]) == FakeEmbedder().embed_questions(["Reis"])).all()
    assert timed.milliseconds is not None


def test_the_summary_says_what_search_costs_beyond_encoding() -> None:
    told = summary({"search": {"a": 30.0, "b": 40.0}, "encode": {"a": 20.0, "b": 20.0}, "ask": {}})

    assert list(told["steps"]) == ["encode", "search"]
    assert told["steps"]["search"] == {"median": 35.0, "p95": 39.5, "max": 40.0, "count": 2}
    assert told["ratios"] == {"search / encode": 1.75}
    assert told["beyond_encoding"] == {"search p95 - encode median": 19.5, "search p95 - encode p95": 19.5}


# The worst questions


def test_a_question_that_went_badly_is_kept_with_what_was_found_instead() -> None:
    queries = [Query("q", "Wo ist die Brücke?", "de", "q")]
    qrels, kept = {"q": {"bridge": 1}}, ranked("q", found=(hit("rice", 1.5), hit("bridge", 0.25)))
    (told,) = worst_ranked(queries, qrels, kept, ranking_values(qrels, kept.run), Written())

    assert (told["query_id"], told["language"], told["text"]) == ("q", "de", "Wo ist die Brücke?")
    assert (told["rank"], told["relevant"]["document_id"]) == (2, "bridge")
    assert told["relevant"]["text"] == TEXTS["bridge"]
    assert told["found"][0] == {
        "document_id": "rice", "score": 1.5, "relevant": False, "text": "Die Reisernte im Norden war gut."
    }  # fmt: skip


def test_questions_without_a_fault_are_left_out() -> None:
    qrels, kept = {"q": {"rice": 1}}, ranked("q", found=(hit("rice"),))
    values = ranking_values(qrels, kept.run)

    assert worst_ranked([Query("q", "?", "de", "q")], qrels, kept, values, Written()) == []


def test_the_worst_are_bounded_and_ties_are_in_order_of_their_ids() -> None:
    ids = [f"q{number:02}" for number in reversed(range(30))]
    qrels, kept = {query_id: {"rice": 1} for query_id in ids}, ranked(*ids)
    queries = [Query(query_id, "?", "de", query_id) for query_id in ids]
    told = worst_ranked(queries, qrels, kept, ranking_values(qrels, kept.run), Written())

    assert [row["query_id"] for row in told] == sorted(ids)[:KEPT]
    assert told[0]["rank"] is None


def test_a_relevant_document_that_is_not_in_the_index_has_no_text() -> None:
    qrels, kept = {"q": {"gone": 1}}, ranked("q")
    values = ranking_values(qrels, kept.run)
    (told,) = worst_ranked([Query("q", "?", "de", "q")], qrels, kept, values, Written())

    assert told["relevant"] == {"document_id": "gone", "text": None}


def test_wrong_statuses_come_before_missed_sentences() -> None:
    gold = (Gold("rice", "Der Reis wurde im Oktober geerntet."),)
    cases = [Case(Query(q, "?", "de", q), "fact", "answered", gold) for q in ("good", "missed", "refused")]
    cited = CitedSpan(DocumentSpan("rice", 0, 32), TEXTS["rice"][:32])
    replies = {q: SystemReply("answered", 0.9, (cited,)) for q in ("good", "missed")}
    replies["refused"] = SystemReply("no_evidence", 0.1, ())
    values = {
        "status right": {"good": 1.0, "missed": 1.0, "refused": 0.0},
        "gold recall": {"good": 1.0, "missed": 0.0, "refused": 0.0},
        "statement precision": {"good": 1.0, "missed": 0.0},
    }
    told = worst_answered(cases, replies, values)

    assert [(row["query_id"], row["given"]) for row in told] == [
        ("refused", "no_evidence"), ("missed", "answered")
    ]  # fmt: skip
    assert told[1]["statements"] == [{"document_id": "rice", "text": "Die Reisernte im Norden war gut."}]
    assert told[1]["gold"] == [{"document_id": "rice", "text": gold[0].quote}]


def test_an_excerpt_is_one_line_cut_between_words() -> None:
    cut = excerpt("Wort  und\nWort " * 100)

    assert excerpt(" a\n b ") == "a b"
    assert len(cut) <= EXCERPT + 2
    assert cut.endswith(("Wort …", "und …"))


# The page


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
def test_what_is_no_record_is_named_in_one_line(tmp_path: Path, content: str, folder: Path) -> None:
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
