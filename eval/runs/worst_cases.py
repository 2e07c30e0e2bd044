"""The questions with the lowest measures, and the results that were returned for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.datasets.query import Query
from eval.datasets.question_file import Case
from eval.metrics.ranking import Qrels, Values
from eval.runs.runner import RankedQueries
from eval.systems.protocol import DocumentSpan, System, SystemReply

#: Questions of a set that are kept, so that a record stays small.
MAX_CASES = 20
#: Characters of an excerpt.
EXCERPT = 300
_PERFECT = 1.0
_ROUNDING = 1e-9


def worst_ranked(
    queries: Sequence[Query],
    qrels: Qrels,
    ranked: RankedQueries,
    values: Mapping[str, Values],
    system: System,
) -> list[dict[str, Any]]:
    """Questions in order of nDCG@10, then reciprocal rank, then id; without those of perfect measures.

    ``rank``: of the first relevant document, from 1; ``None`` if the run has no relevant document.
    """
    by_id = {query.query_id: query for query in queries}
    measures = {q: (values["nDCG@10"][q], values["RR"][q]) for q in qrels}
    cases = []
    for query_id in _lowest(measures):
        grades = qrels[query_id]
        order = [document for document, _ in ranked.run[query_id]]
        ranks = [(rank, d) for rank, d in enumerate(order, start=1) if grades.get(d, 0) > 0]
        relevant = ranks[0][1] if ranks else min(grades, key=lambda document: (-grades[document], document))
        text = system.text(relevant)
        cases.append(
            _question(by_id[query_id])
            | {
                "nDCG@10": measures[query_id][0],
                "rank": ranks[0][0] if ranks else None,
                "relevant": {"document_id": relevant, "text": None if text is None else excerpt(text)},
                "found": [
                    {
                        "document_id": hit.document_id,
                        "score": round(hit.score, 6),
                        "relevant": grades.get(hit.document_id, 0) > 0,
                        "text": _slice(hit.best_sentence, system),
                    }
                    for hit in ranked.first[query_id]
                ],
            }
        )
    return cases


def worst_answered(
    cases: Sequence[Case], replies: Mapping[str, SystemReply], values: Mapping[str, Values]
) -> list[dict[str, Any]]:
    """Questions in order of status right, gold recall, statement precision, then id; without perfect ones."""
    by_id = {case.query.query_id: case for case in cases}
    names = ("status right", "gold recall", "statement precision")
    measures = {q: tuple(values[name].get(q, _PERFECT) for name in names) for q in by_id}
    return [
        _question(by_id[q].query)
        | {
            "expected": by_id[q].status,
            "given": replies[q].status,
            "confidence": replies[q].confidence,
            "gold": [
                {"document_id": gold.document_id, "text": excerpt(gold.quote)} for gold in by_id[q].gold
            ],
            "statements": [
                {"document_id": cited.span.document_id, "text": excerpt(cited.quote)}
                for cited in replies[q].cited
            ],
        }
        for q in _lowest(measures)
    ]


def excerpt(text: str) -> str:
    """The beginning of a text in one line, cut between words."""
    # A long document need not be folded as a whole.
    line = " ".join(text[: 4 * EXCERPT].split())
    if len(line) <= EXCERPT:
        return line
    return line[:EXCERPT].rsplit(" ", 1)[0] + " …"


def _lowest(measures: Mapping[str, tuple[float, ...]]) -> Iterable[str]:
    imperfect = [q for q, values in measures.items() if min(values) < _PERFECT - _ROUNDING]
    return sorted(imperfect, key=lambda q: (measures[q], q))[:MAX_CASES]


def _question(query: Query) -> dict[str, Any]:
    return {"query_id": query.query_id, "language": query.language, "text": excerpt(query.text)}


def _slice(span: DocumentSpan, system: System) -> str | None:
    text = system.text(span.document_id)
    return None if text is None else excerpt(text[span.start : span.end])
