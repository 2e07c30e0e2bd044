"""Question files with expected status and gold sentences.

One JSON row for each question:
``{"id", "parallel", "kind", "lang", "question", "status", "gold": [{"document", "quote"}]}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from eval.datasets import jsonl
from eval.datasets.query import UNKNOWN_LANGUAGE, Query
from indexer.errors import SourceError
from service.answering.answer import Status

STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Gold:
    """An answering sentence by its words: cleaning changes offsets, but not words."""

    document_id: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its expected status and the sentences of a complete answer."""

    query: Query
    kind: str
    status: str
    gold: tuple[Gold, ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A question file."""

    name: str
    digest: str
    cases: tuple[Case, ...]


def load_questions(path: Path) -> QuestionSet:
    """Read a question file.

    Raises:
        SourceError: it is missing or malformed; the message names file and line.
    """
    cases: dict[str, Case] = {}
    for where, row in jsonl.rows(path):
        case = _case(row, where)
        if case.query.query_id in cases:
            raise SourceError(f"{where}: question id {case.query.query_id!r} occurs twice")
        cases[case.query.query_id] = case
    if not cases:
        raise SourceError(f"{path}: no questions")
    return QuestionSet(
        path.name.removesuffix(".gz").removesuffix(".jsonl"), jsonl.digest(path), tuple(cases.values())
    )


def _case(row: dict[str, Any], where: str) -> Case:
    query_id, status = jsonl.text(row, "id", where), jsonl.text(row, "status", where)
    if status not in STATUSES:
        raise SourceError(f"{where}: status {status!r} is not one of {', '.join(STATUSES)}")
    gold = row.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(row, dict) for row in gold):
        raise SourceError(f'{where}: field "gold" is not a list of objects')
    language = str(row.get("lang") or UNKNOWN_LANGUAGE)
    parallel = str(row.get("parallel") or query_id)
    return Case(
        Query(
            query_id,
            jsonl.text(row, "question", where),
            language,
            parallel,
            unanswerable=status != "answered",
        ),
        str(row.get("kind") or ""),
        status,
        tuple(
            Gold(jsonl.text(sentence, "document", where), jsonl.text(sentence, "quote", where))
            for sentence in gold
        ),
    )
