"""Record files and run files in the formats of trec_eval."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.metrics.ranking import Qrels, Run
from eval.runs.record import RECORD
from indexer.errors import SourceError


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write ``record.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    write_text(folder, {RECORD: as_json(record) + "\n"})


def write_output(folder: Path, record: Mapping[str, Any], run: Run, qrels: Qrels) -> None:
    """Write ``record.json`` and, if the set was ranked, ``run.trec`` and ``qrels.trec``.

    Raises:
        SourceError: the folder cannot be written.
    """
    write_record(folder, record)
    if run:
        tag = record["settings"]["ranking"]
        write_text(folder, {"run.trec": trec_run(run, tag), "qrels.trec": trec_qrels(qrels)})


def write_text(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files into a folder, which is created if missing.

    Args:
        files: name → text.

    Raises:
        SourceError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written ({error.strerror})") from error


def as_json(record: Mapping[str, Any]) -> str:
    """A record as JSON text, as it is printed and written."""
    return json.dumps(record, ensure_ascii=False, indent=1)


def trec_run(run: Run, tag: str) -> str:
    """A run in the format of trec_eval: ``query Q0 document rank score tag``."""
    return "".join(
        f"{_word(query_id)} Q0 {_word(document)} {rank} {score:.6f} {_word(tag)}\n"
        for query_id, documents in run.items()
        for rank, (document, score) in enumerate(documents, start=1)
    )


def trec_qrels(qrels: Qrels) -> str:
    """Judgements in the format of trec_eval: ``query 0 document grade``."""
    return "".join(
        f"{_word(query_id)} 0 {_word(document)} {grade}\n"
        for query_id, grades in qrels.items()
        for document, grade in grades.items()
    )


def _word(identifier: str) -> str:
    """An id without white space, which separates fields in these formats: percent-encoded, as in a URL."""
    return re.sub(r"[\s%]", lambda match: urllib.parse.quote(match[0]), identifier)
