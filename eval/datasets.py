"""Question sets on disk: BEIR folders and question files with gold places.

BEIR (Thakur et al. 2021, https://github.com/beir-cellar/beir): ``corpus.jsonl``, ``queries.jsonl``, plain or
gzipped, and ``qrels.tsv`` or ``qrels/test.tsv``. A question file has one row a question:
``{"id", "parallel", "kind", "lang", "question", "status", "gold": [{"document", "quote"}]}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from eval import files
from indexer.errors import SourceError
from service.answers import Status

STATUSES: tuple[str, ...] = get_args(Status)
UNKNOWN_LANGUAGE = "und"  # BCP 47: undetermined
#: Beside the queries of a BEIR folder: questions that its documents do not answer, in the same format.
UNANSWERABLE = "unanswerable.jsonl"
_LANGUAGE_SUFFIX = re.compile(r"-(?:de|en|vi)\Z")


@dataclass(frozen=True, slots=True)
class Query:
    """One question. Questions of one ``parallel`` are translations of each other.

    ``answers``: strings any of which answers it; ``unanswerable``: known to have no answer in the corpus.
    """

    query_id: str
    text: str
    language: str
    parallel: str
    answers: tuple[str, ...] = ()
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A retrieval set; ``qrels``: question id → document id → grade, relevant from 1 on."""

    name: str
    folder: Path
    digest: str
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]

    @property
    def corpus(self) -> Path:
        """The file of the documents.

        Raises:
            SourceError: there is none.
        """
        return files.existing(self.folder, "corpus.jsonl", "corpus.jsonl.gz")

    @property
    def judged(self) -> tuple[Query, ...]:
        """Queries with a relevant document: the others tell nothing about a ranking."""
        return tuple(q for q in self.queries if any(grade > 0 for grade in self.qrels[q.query_id].values()))


@dataclass(frozen=True, slots=True)
class Gold:
    """A sentence that answers, named by its words: offsets change with the cleaning, words do not."""

    document_id: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the status it should get and the places a complete answer cites."""

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


def load(path: Path) -> BeirSet | QuestionSet:
    """Read a BEIR folder or a question file.

    Raises:
        SourceError: something is missing or malformed; the message names file and line.
    """
    return load_beir(path) if path.is_dir() else load_questions(path)


def load_beir(folder: Path) -> BeirSet:
    """Read queries and judgements of a BEIR folder; the corpus is left to the indexer.

    Questions of a file ``unanswerable.jsonl`` beside them are taken too, as such.
    """
    queries_file = files.existing(folder, "queries.jsonl", "queries.jsonl.gz")
    qrels_file = files.existing(folder, "qrels.tsv", "qrels/test.tsv")
    queries = load_queries(queries_file)
    read, near = [queries_file, qrels_file], folder / UNANSWERABLE
    if near.is_file():
        read.append(near)
        known = {query.query_id for query in queries}
        further = load_queries(near)
        for query in further:
            if query.query_id in known:
                raise SourceError(f"{near}: query id {query.query_id!r} is in {queries_file.name} too")
        queries += tuple(replace(query, unanswerable=True) for query in further)
    qrels = _qrels(qrels_file, [query.query_id for query in queries])
    return BeirSet(folder.resolve().name, folder, files.digest(*read), queries, qrels)


def load_queries(path: Path) -> tuple[Query, ...]:
    """Read the queries of a BEIR folder."""
    queries: dict[str, Query] = {}
    for where, row in files.rows(path):
        query_id = files.text(row, "_id", where)
        if query_id in queries:
            raise SourceError(f"{where}: query id {query_id!r} is there twice")
        queries[query_id] = Query(
            query_id,
            files.text(row, "text", where),
            str(row.get("lang") or UNKNOWN_LANGUAGE),
            str(row.get("parallel") or _LANGUAGE_SUFFIX.sub("", query_id)),
            tuple(str(answer) for answer in row.get("answers") or ()),
            bool(row.get("unanswerable")),
        )
    if not queries:
        raise SourceError(f"{path}: no queries")
    return tuple(queries.values())


def load_questions(path: Path) -> QuestionSet:
    """Read a question file."""
    cases: dict[str, Case] = {}
    for where, row in files.rows(path):
        case = _case(row, where)
        if case.query.query_id in cases:
            raise SourceError(f"{where}: question id {case.query.query_id!r} is there twice")
        cases[case.query.query_id] = case
    if not cases:
        raise SourceError(f"{path}: no questions")
    return QuestionSet(
        path.name.removesuffix(".gz").removesuffix(".jsonl"), files.digest(path), tuple(cases.values())
    )


def _case(row: dict[str, Any], where: str) -> Case:
    query_id, status = files.text(row, "id", where), files.text(row, "status", where)
    if status not in STATUSES:
        raise SourceError(f"{where}: status {status!r} is none of {', '.join(STATUSES)}")
    gold = row.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(place, dict) for place in gold):
        raise SourceError(f'{where}: field "gold" is no list of objects')
    language = str(row.get("lang") or UNKNOWN_LANGUAGE)
    parallel = str(row.get("parallel") or query_id)
    return Case(
        Query(
            query_id,
            files.text(row, "question", where),
            language,
            parallel,
            unanswerable=status != "answered",
        ),
        str(row.get("kind") or ""),
        status,
        tuple(
            Gold(files.text(place, "document", where), files.text(place, "quote", where)) for place in gold
        ),
    )


def _qrels(path: Path, queries: Iterable[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {query_id: {} for query_id in queries}
    for number, line in enumerate(files.lines(path), start=1):
        fields = line.rstrip("\r\n").split("\t")
        if (number == 1 and fields[-1] == "score") or not line.strip():
            continue
        if len(fields) != 3 or not re.fullmatch(r"-?\d+", fields[2]):
            raise SourceError(f"{path}:{number}: not query id, document id and a whole number between tabs")
        if fields[0] not in qrels:
            raise SourceError(f"{path}:{number}: no query {fields[0]!r} in the set")
        qrels[fields[0]][fields[1]] = int(fields[2])
    if not any(qrels.values()):
        raise SourceError(f"{path}: no judgements")
    return qrels
