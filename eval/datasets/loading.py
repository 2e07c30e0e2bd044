"""TODO docstring."""

from __future__ import annotations

from pathlib import Path

from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.question_file import QuestionSet, load_questions


def load(path: Path) -> BeirSet | QuestionSet:
    """Read a BEIR folder or a question file.

    Raises:
        SourceError: something is missing or malformed; the message names file and line.
    """
    return load_beir(path) if path.is_dir() else load_questions(path)
