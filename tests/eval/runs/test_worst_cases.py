"""The questions with the lowest measures."""

from beir import TEXTS
from systems import FixedSystem

from eval.datasets.query import Query
from eval.datasets.question_file import Case, Gold
from eval.metrics.ranking import ranking_values
from eval.runs.runner import RankedQueries
from eval.runs.worst_cases import EXCERPT, MAX_CASES, excerpt, worst_answered, worst_ranked
from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply


def ranked(*query_ids: str, found: tuple[RetrievedPassage, ...] = ()) -> RankedQueries:
    results = RankedQueries()
    for query_id in query_ids:
        results.add(query_id, found)
    return results


def hit(document_id: str, score: float = 1.0) -> RetrievedPassage:
    return RetrievedPassage(document_id, score, DocumentSpan(document_id, 0, 32))


def test_a_worst_case_has_the_passages_that_were_found_instead() -> None:
    queries = [Query("q", "Wo ist die Brücke?", "de", "q")]
    qrels, results = {"q": {"bridge": 1}}, ranked("q", found=(hit("rice", 1.5), hit("bridge", 0.25)))
    (case,) = worst_ranked(queries, qrels, results, ranking_values(qrels, results.run), FixedSystem(TEXTS))

    assert (case["query_id"], case["language"], case["text"]) == ("q", "de", "Wo ist die Brücke?")
    assert (case["rank"], case["relevant"]["document_id"]) == (2, "bridge")
    assert case["relevant"]["text"] == TEXTS["bridge"]
    assert case["found"][0] == {
        "document_id": "rice", "score": 1.5, "relevant": False, "text": "Die Reisernte im Norden war gut."
    }  # fmt: skip


def test_questions_of_perfect_measures_are_left_out() -> None:
    qrels, results = {"q": {"rice": 1}}, ranked("q", found=(hit("rice"),))
    values = ranking_values(qrels, results.run)

    assert worst_ranked([Query("q", "?", "de", "q")], qrels, results, values, FixedSystem(TEXTS)) == []


def test_worst_cases_are_bounded_and_ties_are_in_order_of_their_ids() -> None:
    ids = [f"q{number:02}" for number in reversed(range(30))]
    qrels, results = {query_id: {"rice": 1} for query_id in ids}, ranked(*ids)
    queries = [Query(query_id, "?", "de", query_id) for query_id in ids]
    worst = worst_ranked(queries, qrels, results, ranking_values(qrels, results.run), FixedSystem(TEXTS))

    assert [row["query_id"] for row in worst] == sorted(ids)[:MAX_CASES]
    assert worst[0]["rank"] is None


def test_a_relevant_document_that_is_not_in_the_index_has_no_text() -> None:
    qrels, results = {"q": {"gone": 1}}, ranked("q")
    values = ranking_values(qrels, results.run)
    (case,) = worst_ranked([Query("q", "?", "de", "q")], qrels, results, values, FixedSystem(TEXTS))

    assert case["relevant"] == {"document_id": "gone", "text": None}


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
    worst = worst_answered(cases, replies, values)

    assert [(row["query_id"], row["given"]) for row in worst] == [
        ("refused", "no_evidence"), ("missed", "answered")
    ]  # fmt: skip
    assert worst[1]["statements"] == [{"document_id": "rice", "text": "Die Reisernte im Norden war gut."}]
    assert worst[1]["gold"] == [{"document_id": "rice", "text": gold[0].quote}]


def test_an_excerpt_is_one_line_cut_between_words() -> None:
    cut = excerpt("Wort  und\nWort " * 100)

    assert excerpt(" a\n b ") == "a b"
    assert len(cut) <= EXCERPT + 2
    assert cut.endswith(("Wort …", "und …"))
