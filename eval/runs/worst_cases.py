"""The questions that went worst, with what was found instead: bounded, so that a record stays small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.datasets.query import Query
from eval.datasets.question_file import Case
from eval.metrics.ranking import Qrels, Values
from eval.runs.runner import Ranked
from eval.systems.protocol import Place, Reply, System

#: Questions told of each set.
WORST = 20
#: Characters of an excerpt.
EXCERPT = 300
_PERFECT = 1.0
_ROUNDING = 1e-9


def worst_ranked(
    queries: Sequence[Query], qrels: Qrels, ranked: Ranked, values: Mapping[str, Values], system: System
) -> list[dict[str, Any]]:
    """Questions of the lowest nDCG@10, then reciprocal rank, then by id; those without a fault are left out.

    ``rank`` is that of the first relevant document, from 1, ``None`` where the run does not hold it.
    """
    by_id = {query.query_id: query for query in queries}
    marks = {q: (values["nDCG@10"][q], values["RR"][q]) for q in qrels}
    told = []
    for query_id in _lowest(marks):
        grades = qrels[query_id]
        order = [document for document, _ in ranked.run[query_id]]
        ranks = [(rank, d) for rank, d in enumerate(order, start=1) if grades.get(d, 0) > 0]
        relevant = ranks[0][1] if ranks else min(grades, key=lambda document: (-grades[document], document))
        text = system.text(relevant)
        told.append(
            _question(by_id[query_id])
            | {
                "nDCG@10": marks[query_id][0],
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
    return told


def worst_answered(
    cases: Sequence[Case], replies: Mapping[str, Reply], values: Mapping[str, Values]
) -> list[dict[str, Any]]:
    """Questions of a wrong status first, then of the lowest recall of the gold, of precision, then by id."""
    by_id = {case.query.query_id: case for case in cases}
    measures = ("status right", "gold recall", "statement precision")
    marks = {q: tuple(values[measure].get(q, _PERFECT) for measure in measures) for q in by_id}
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
                {"document_id": cited.place.document_id, "text": excerpt(cited.quote)}
                for cited in replies[q].cited
            ],
        }
        for q in _lowest(marks)
    ]


def excerpt(text: str) -> str:
    """The beginning of a text in one line, cut between words."""
    # More than enough to fold: a document may be long, and its white space is mostly single.
    line = " ".join(text[: 4 * EXCERPT].split())
    if len(line) <= EXCERPT:
        return line
    return line[:EXCERPT].rsplit(" ", 1)[0] + " …"


def _lowest(marks: Mapping[str, tuple[float, ...]]) -> Iterable[str]:
    faulty = [q for q, mark in marks.items() if min(mark) < _PERFECT - _ROUNDING]
    return sorted(faulty, key=lambda q: (marks[q], q))[:WORST]


def _question(query: Query) -> dict[str, Any]:
    return {"query_id": query.query_id, "language": query.language, "text": excerpt(query.text)}


def _slice(place: Place, system: System) -> str | None:
    text = system.text(place.document_id)
    return None if text is None else excerpt(text[place.start : place.end])
