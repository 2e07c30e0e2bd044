"""Which documents and questions of the sets training never sees: a reader is measured on them.

The sets are not apart from each other: a German paragraph of XQuAD is an English one of SQuAD 2.0, asked
some of the same questions. Documents that share a question go to the same side.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.datasets import jsonl
from eval.datasets.beir import UNANSWERABLE, BeirSet
from indexer.errors import SourceError

#: Sets whose documents and questions are used beside the rows of ``train``.
SETS = ("xquad", "mlqa-dev", "squad2-en", "covid-faq")

#: Share of the documents that training never sees.
HELD_OUT = 0.4


def is_held_out(key: str) -> bool:
    """Whether what is called ``key`` is never trained on; the same on every machine."""
    number = int.from_bytes(hashlib.sha256(f"held out {key}".encode()).digest()[:8], "big")
    return number < HELD_OUT * 2**64


@dataclass(frozen=True, slots=True)
class Split:
    """``documents``: by set and id, whether held out; ``questions``: the same by what is asked.

    ``shared``: for each document the others that it shares a question with, by set and id.
    """

    documents: Mapping[tuple[str, str], bool]
    questions: Mapping[str, bool]
    shared: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, sets: Sequence[BeirSet]) -> Split:
        """The split of these sets.

        Raises:
            SourceError: a file of them is malformed.
        """
        group: dict[tuple[str, str], tuple[str, str]] = {}

        def root(document: tuple[str, str]) -> tuple[str, str]:
            while group.setdefault(document, document) != document:
                document = group[document]
            return document

        by_question: dict[str, tuple[str, str]] = {}
        for dataset in sets:
            for text, document_ids in _asked(dataset):
                for document_id in document_ids:
                    mine = root((dataset.name, document_id))
                    other = root(by_question.setdefault(_folded(text), mine))
                    group[max(mine, other)] = min(mine, other)
        documents = {document: is_held_out(root(document)[1]) for document in group}
        members: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for document in group:
            members.setdefault(root(document), []).append(document)
        shared = {
            document: tuple(other for other in members[root(document)] if other != document)
            for document in group
        }
        questions = {text: documents[document] for text, document in by_question.items()}
        return cls(documents, questions, shared)

    def document(self, name: str, document_id: str) -> bool:
        """Whether a document of a set is held out; one that nobody asks about goes by its own id."""
        known = self.documents.get((name, document_id))
        return is_held_out(document_id) if known is None else known

    def question(self, name: str, text: str, about: Iterable[str]) -> bool:
        """Whether a question is held out, with any of the documents that it is about."""
        known = self.questions.get(_folded(text))
        return any(self.document(name, document_id) for document_id in about) if known is None else known


def write_held_out(dataset: BeirSet, query_ids: Collection[str], folder: Path) -> None:
    """Write a set with some of its questions only, and all of its documents.

    Raises:
        SourceError: a file of the set is malformed, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The name tells whether it is packed.
        shutil.copyfile(dataset.corpus, folder / dataset.corpus.name)
        for name in ("queries.jsonl", UNANSWERABLE):
            path = dataset.folder / name
            packed = path if path.is_file() else path.with_name(f"{name}.gz")
            if packed.is_file():
                rows = [
                    row for where, row in jsonl.rows(packed) if jsonl.text(row, "_id", where) in query_ids
                ]
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                (folder / name).write_text(text, "utf-8")
        judged = (
            (i, document, grade) for i in sorted(query_ids) for document, grade in dataset.qrels[i].items()
        )
        (folder / "qrels.tsv").write_text("".join(f"{i}\t{d}\t{grade}\n" for i, d, grade in judged), "utf-8")
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written ({error.strerror})") from error


def _asked(dataset: BeirSet) -> Iterator[tuple[str, list[str]]]:
    """Questions with the documents that answer them or, answered by none, that they were written about."""
    for query in dataset.queries:
        yield query.text, [i for i, grade in dataset.qrels[query.query_id].items() if grade > 0]
    for _, text, document_id in written_about(dataset):
        yield text, [document_id]


def written_about(dataset: BeirSet) -> Iterator[tuple[str, str, str]]:
    """Unanswerable questions with the document each was written about, where the set says which.

    Each as its place in the file, its text, and the document's id.
    """
    for where, row in jsonl.rows(jsonl.existing(dataset.folder, "queries.jsonl", "queries.jsonl.gz")):
        if row.get("unanswerable"):
            for document_id in row.get("about") or ():
                yield where, jsonl.text(row, "text", where), str(document_id)


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()
