"""The split of the sets into documents for training and held-out documents for measuring cross-encoders.

The sets overlap: a German paragraph of XQuAD is an English one of SQuAD 2.0 with some of the same questions.
Documents that share a question belong to the same side.
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

#: Sets that are used for training beside the rows of ``train``.
SETS = ("xquad", "mlqa-dev", "squad2-en", "covid-faq")

#: Share of the documents that are held out.
HELD_OUT = 0.4

#: Set and id of a document.
DocumentKey = tuple[str, str]


def is_held_out(key: str) -> bool:
    """True if a document of this id is held out; the same on every machine."""
    number = int.from_bytes(hashlib.sha256(f"held out {key}".encode()).digest()[:8], "big")
    return number < HELD_OUT * 2**64


class _Groups:
    """Disjoint sets of documents (union-find). ``parents``: document → one closer to its root."""

    def __init__(self) -> None:
        self.parents: dict[DocumentKey, DocumentKey] = {}

    def root(self, document: DocumentKey) -> DocumentKey:
        """The document that names the group of another one, which is added if it is new."""
        while self.parents.setdefault(document, document) != document:
            document = self.parents[document]
        return document

    def join(self, a: DocumentKey, b: DocumentKey) -> None:
        """Join the groups of two documents."""
        first, second = self.root(a), self.root(b)
        self.parents[max(first, second)] = min(first, second)


@dataclass(frozen=True, slots=True)
class Split:
    """The split of some sets.

    ``documents``: set and id → True if held out; ``questions``: the same by folded text; ``shared``: for each
    document the others that it shares a question with, by set and id.
    """

    documents: Mapping[DocumentKey, bool]
    questions: Mapping[str, bool]
    shared: Mapping[DocumentKey, tuple[DocumentKey, ...]]

    @classmethod
    def of(cls, sets: Sequence[BeirSet]) -> Split:
        """The split of these sets.

        Raises:
            SourceError: a file of them is malformed.
        """
        groups, by_question = _Groups(), dict[str, DocumentKey]()
        for dataset in sets:
            for text, document_ids in _questions(dataset):
                for document_id in document_ids:
                    document = groups.root((dataset.name, document_id))
                    groups.join(document, by_question.setdefault(_folded(text), document))
        documents = {document: is_held_out(groups.root(document)[1]) for document in groups.parents}
        members: dict[DocumentKey, list[DocumentKey]] = {}
        for document in groups.parents:
            members.setdefault(groups.root(document), []).append(document)
        shared = {
            document: tuple(other for other in members[groups.root(document)] if other != document)
            for document in groups.parents
        }
        questions = {text: documents[document] for text, document in by_question.items()}
        return cls(documents, questions, shared)

    def holds_out_document(self, name: str, document_id: str) -> bool:
        """True if a document of a set is held out; one without questions by its own id."""
        held_out = self.documents.get((name, document_id))
        return is_held_out(document_id) if held_out is None else held_out

    def holds_out_question(self, name: str, text: str, about: Iterable[str]) -> bool:
        """True if a question is held out: by its text or, if that is new, by a document that it is about."""
        held_out = self.questions.get(_folded(text))
        if held_out is not None:
            return held_out
        return any(self.holds_out_document(name, document_id) for document_id in about)


def write_held_out(dataset: BeirSet, query_ids: Collection[str], folder: Path) -> None:
    """Write a set with all of its documents and some of its questions.

    Raises:
        SourceError: a file of the set is malformed, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Its name says if it is compressed.
        shutil.copyfile(dataset.corpus, folder / dataset.corpus.name)
        for name in ("queries.jsonl", UNANSWERABLE):
            plain = dataset.folder / name
            path = plain if plain.is_file() else plain.with_name(f"{name}.gz")
            if path.is_file():
                (folder / name).write_text(_chosen_rows(path, query_ids), "utf-8")
        lines = (
            f"{query_id}\t{document}\t{grade}\n"
            for query_id in sorted(query_ids)
            for document, grade in dataset.qrels[query_id].items()
        )
        (folder / "qrels.tsv").write_text("".join(lines), "utf-8")
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written ({error.strerror})") from error


def _chosen_rows(path: Path, query_ids: Collection[str]) -> str:
    rows = (row for where, row in jsonl.rows(path) if jsonl.text(row, "_id", where) in query_ids)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _questions(dataset: BeirSet) -> Iterator[tuple[str, list[str]]]:
    """Questions with their relevant documents or, if unanswerable, with those they were written about."""
    for query in dataset.queries:
        yield query.text, [i for i, grade in dataset.qrels[query.query_id].items() if grade > 0]
    for _, text, document_id in written_about(dataset):
        yield text, [document_id]


def written_about(dataset: BeirSet) -> Iterator[tuple[str, str, str]]:
    """Unanswerable questions with the document that each was written about, if the set states it.

    Each as file and line, text, and id of the document.
    """
    for where, row in jsonl.rows(jsonl.existing(dataset.folder, "queries.jsonl", "queries.jsonl.gz")):
        if row.get("unanswerable"):
            for document_id in row.get("about") or ():
                yield where, jsonl.text(row, "text", where), str(document_id)


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()
