"""BEIR folders: queries and relevance judgements of a corpus.

BEIR (Thakur et al. 2021, https://github.com/beir-cellar/beir): ``corpus.jsonl``, ``queries.jsonl``, plain or
gzipped, and ``qrels.tsv`` or ``qrels/test.tsv``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from eval.datasets import jsonl
from eval.datasets.query import UNKNOWN_LANGUAGE, Query
from indexer.errors import SourceError

#: File of unanswerable questions in the format of the queries.
UNANSWERABLE = "unanswerable.jsonl"
_LANGUAGE_SUFFIX = re.compile(r"-(?:de|en|vi)\Z")


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A retrieval set. ``qrels``: question id → document id → grade; relevant from 1."""

    name: str
    folder: Path
    digest: str
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]

    @property
    def corpus(self) -> Path:
        """The file of the documents.

        Raises:
            SourceError: the file is missing.
        """
        return jsonl.existing(self.folder, "corpus.jsonl", "corpus.jsonl.gz")

    @property
    def judged(self) -> tuple[Query, ...]:
        """Queries with a relevant document: rankings of the others cannot be measured."""
        return tuple(q for q in self.queries if any(grade > 0 for grade in self.qrels[q.query_id].values()))


def load_beir(folder: Path) -> BeirSet:
    """Read queries and judgements of a BEIR folder; its corpus is read by the indexer.

    Questions of ``unanswerable.jsonl`` in the same folder are included.

    Raises:
        SourceError: a file is missing or malformed; the message names file and line.
    """
    queries_file = jsonl.existing(folder, "queries.jsonl", "queries.jsonl.gz")
    qrels_file = jsonl.existing(folder, "qrels.tsv", "qrels/test.tsv")
    queries = load_queries(queries_file)
    files, unanswerable = [queries_file, qrels_file], folder / UNANSWERABLE
    if unanswerable.is_file():
        files.append(unanswerable)
        known = {query.query_id for query in queries}
        further = load_queries(unanswerable)
        for query in further:
            if query.query_id in known:
                raise SourceError(
                    f"{unanswerable}: query id {query.query_id!r} is also in {queries_file.name}"
                )
        queries += tuple(replace(query, unanswerable=True) for query in further)
    qrels = _qrels(qrels_file, [query.query_id for query in queries])
    return BeirSet(folder.resolve().name, folder, jsonl.digest(*files), queries, qrels)


def load_queries(path: Path) -> tuple[Query, ...]:
    """Read a file of queries.

    Raises:
        SourceError: it is missing or malformed; the message names file and line.
    """
    queries: dict[str, Query] = {}
    for where, row in jsonl.rows(path):
        query_id = jsonl.text(row, "_id", where)
        if query_id in queries:
            raise SourceError(f"{where}: query id {query_id!r} occurs twice")
        queries[query_id] = Query(
            query_id,
            jsonl.text(row, "text", where),
            str(row.get("lang") or UNKNOWN_LANGUAGE),
            str(row.get("parallel") or _LANGUAGE_SUFFIX.sub("", query_id)),
            tuple(str(answer) for answer in row.get("answers") or ()),
            bool(row.get("unanswerable")),
        )
    if not queries:
        raise SourceError(f"{path}: no queries")
    return tuple(queries.values())


def _qrels(path: Path, queries: Iterable[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {query_id: {} for query_id in queries}
    for number, line in enumerate(jsonl.lines(path), start=1):
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
