"""Loading of question sets of either kind."""

from __future__ import annotations

from pathlib import Path

from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet, load_questions
from indexer.errors import SourceError


def load(path: Path) -> BeirSet | QuestionSet:
    """Read a BEIR folder or a question file.

    Raises:
        SourceError: something is missing or malformed; the message names file and line.
    """
    return load_beir(path) if path.is_dir() else load_questions(path)


def load_only_beir(path: Path) -> BeirSet:
    """Read a BEIR folder.

    Raises:
        SourceError: the path is no folder, or something is missing or malformed.
    """
    if not path.is_dir():
        raise SourceError(f"{path}: a BEIR folder is needed")
    return load_beir(path)


def queries_of(dataset: BeirSet | QuestionSet) -> tuple[Query, ...]:
    """All questions of a set of either kind."""
    return dataset.queries if isinstance(dataset, BeirSet) else tuple(case.query for case in dataset.cases)
