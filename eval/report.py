"""Showing and keeping a run: tables for the terminal, a JSON record, and files in TREC's formats."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.figures import ALL, PARITY
from eval.metrics import Qrels, Run
from eval.timing import summary
from indexer.errors import SourceError

RECORD = "record.json"
#: What a user waits for; the parts of it are in the record.
_STEPS = ("search", "ask")


def print_record(record: Mapping[str, Any], console: Console) -> None:
    """Figures of a run with half the width of their 95 % intervals, and the confusion matrix if any."""
    source, system, details = record["set"], record["system"], record["details"]
    title = f"{source['name']}: {system['model']['name']}, {record['settings']['ranking']} ranking"
    ranked = {name: figures for name, figures in record["figures"].items() if name != PARITY}
    console.print(_table(title, ranked))
    if PARITY in record["figures"]:
        console.print(_table("Places cited in common", {PARITY: record["figures"][PARITY]}))
    if "confusion" in details:
        console.print(_confusion(details["confusion"][ALL]))
    for group, row in details.get("confidence", {}).items():
        told = "" if row["auroc"] is None else f"AUROC {row['auroc']:.3f}, "
        console.print(f"confidence, {group}: {told}calibration error {row['ece']:.3f}")
    if "abstention" in details:
        console.print(_abstention(details["abstention"]), soft_wrap=True)
    if "invalid_citations" in details:
        console.print(f"{details['invalid_citations']} citations do not stand where they say")
    for step, row in summary(record["timings"])["steps"].items():
        if step in _STEPS:
            console.print(f"{step}: median {row['median']:.1f} ms, p95 {row['p95']:.1f} ms")
    count = len(record["queries"])
    console.print(f"{count} questions, ± 95 % confidence, generation {system['generation']}", soft_wrap=True)


def _table(title: str, figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    groups = list(dict.fromkeys(group for row in figures.values() for group in row))
    table = Table("measure", title=title, title_justify="left")
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    for measure, row in figures.items():
        table.add_row(measure, *(_cell(row[group]) if group in row else "" for group in groups))
    return table


def _cell(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.3f} ±{(figure['high'] - figure['low']) / 2:.3f}"


def _confusion(matrix: Mapping[str, Mapping[str, int]]) -> Table:
    given = sorted({status for row in matrix.values() for status in row})
    table = Table("expected \\ given", *given, title="Statuses", title_justify="left")
    for expected in sorted(matrix):
        table.add_row(expected, *(str(matrix[expected].get(status, 0)) for status in given))
    return table


def _abstention(row: Mapping[str, Any]) -> str:
    told = "" if row["auroc"] is None else f"AUROC of the confidence {row['auroc']:.3f}"
    if row["abstained"] is not None:
        told += f", {row['abstained']:.0%} refused where 10 % of the answerable are"
    counts = f"{row['unanswerable']} without an answer against {row['answerable']} with one"
    return f"{counts} ({', '.join(row['languages'])}): {told}"


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write ``record.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    write_text(folder, {RECORD: as_json(record) + "\n"})


def write_output(folder: Path, record: Mapping[str, Any], run: Run, qrels: Qrels) -> None:
    """Write ``record.json`` and, for a ranked set, ``run.trec`` and ``qrels.trec``.

    Raises:
        SourceError: the folder cannot be written.
    """
    write_record(folder, record)
    if run:
        tag = record["settings"]["ranking"]
        write_text(folder, {"run.trec": trec_run(run, tag), "qrels.trec": trec_qrels(qrels)})


def write_text(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts into a folder, which is made where it is missing; ``files``: name → text.

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
    """A record as it is printed and kept."""
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
    """An id without white space, which the format separates by: percent-encoded, as in an address."""
    return re.sub(r"[\s%]", lambda match: urllib.parse.quote(match[0]), identifier)
