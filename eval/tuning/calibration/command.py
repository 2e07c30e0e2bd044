"""The steps of ``eval calibrate``: index, ask, fit, compare with the coefficients in use, print, write."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.console.options import ModelLoader
from eval.console.progress import track
from eval.datasets.beir import load_beir
from eval.datasets.held_out import SETS, Split
from eval.datasets.question_file import QuestionSet, load_questions
from eval.report.files import as_json
from eval.tuning.calibration.coefficients import calibrate, in_use, statuses
from eval.tuning.calibration.questions import FITTED, FITTED_RERANKED, REPORTS, collect, index_corpora, items
from indexer.cli.progress import build_progress
from indexer.embedding.embedder import Embedder
from indexer.errors import SourceError
from service.reranking.cross_encoder import CrossEncoder
from service.reranking.loading import OFF, load_cross_encoder

#: The questions on the digests of ``corpus/``.
_QUESTIONS = Path(__file__).parents[2] / "questions" / "corpus.jsonl"


@dataclass(frozen=True, slots=True)
class Materials:
    """Folders of the reports, of the digests and of the question sets, the question file, and a cache."""

    reports: Path
    digests: Path
    data: Path
    questions: Path
    cache: Path


def calibration_of(
    materials: Materials, load_model: ModelLoader, model: str | None = None, reader: str = OFF
) -> dict[str, Any]:
    """Fit the contents of ``service/scoring/confidence.json``, or of ``confidence_reader.json``.

    Raises:
        SourceError: a set, the question file or the reports cannot be read.
        ModelError: the model cannot be loaded.
    """
    asked_set, own = load_questions(materials.questions), load_questions(_QUESTIONS)
    asked = items(materials.data, asked_set, own, reranked=reader != OFF)
    with build_progress() as report:
        embedder = load_model(model)
        index_corpora(
            materials.reports,
            materials.digests,
            materials.data,
            materials.cache,
            embedder,
            report,
            reranked=reader != OFF,
        )
        loaded = load_cross_encoder(reader, embedder)
    # Scores on texts it was trained on are too good: only held-out questions show how good it is.
    split = Split.of([load_beir(materials.data / name) for name in SETS]) if loaded else None
    rows = collect(asked, materials.cache, embedder, track, loaded, split)
    fitted_on = {
        "model": {"name": embedder.name, "digest": embedder.digest},
        "reader": {"name": loaded.name, "digest": loaded.digest} if loaded else None,
        "corpora": list(FITTED_RERANKED if loaded else FITTED),
        "questions": {"name": asked_set.name, "sha256": asked_set.digest},
    }
    result = calibrate(rows, in_use(loaded is not None), fitted_on)
    result["figures"]["statuses"] = _statuses(asked_set, materials.cache / REPORTS, embedder, result, loaded)
    return result


def _statuses(
    questions: QuestionSet,
    index: Path,
    embedder: Embedder,
    fitted: Mapping[str, Any],
    cross_encoder: CrossEncoder | None,
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder:
        coefficients = Path(folder) / "confidence.json"
        write_coefficients(coefficients, fitted)
        after = statuses(questions, index, embedder, coefficients, cross_encoder)
    before = statuses(questions, index, embedder, None, cross_encoder)
    return {"questions": questions.name, "before": before, "after": after}


def write_coefficients(path: Path, result: Mapping[str, Any]) -> None:
    """Write the coefficients for the service.

    Raises:
        SourceError: the file cannot be written.
    """
    try:
        path.write_text(as_json(result) + "\n", "utf-8")
    except OSError as error:
        raise SourceError(f"{path}: cannot be written ({error.strerror})") from error


def print_calibration(result: Mapping[str, Any], console: Console) -> None:
    """Print coefficients and measures."""
    measures = result["figures"]
    weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in result["weights"].items())
    console.print(f"{weights}, intercept {result['intercept']:+.2f}", soft_wrap=True)
    if reading := result.get("reading"):
        weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in reading["weights"].items())
        console.print(
            f"by the cross-encoder: {weights}, intercept {reading['intercept']:+.2f}", soft_wrap=True
        )
    table = Table("rows held out", title="Confidence", title_justify="left")
    for column in ("answerable", "unanswerable", "AUROC", "Brier", "ECE"):
        table.add_column(column, justify="right")
    for name, quality in _qualities(measures):
        auroc = "" if quality["auroc"] is None else f"{quality['auroc']:.3f}"
        counts = (str(quality["answerable"]), str(quality["unanswerable"]))
        table.add_row(name, *counts, auroc, f"{quality['brier']:.3f}", f"{quality['ece']:.3f}")
    console.print(table)
    for name, bins in measures["reliability"].items():
        tenths = "  ".join(f"{row['said']:.2f}→{row['true']:.2f} ({row['count']})" for row in bins)
        console.print(f"predicted→observed, {name}: {tenths}", soft_wrap=True)
    for when in ("before", "after"):
        status = measures["statuses"][when]
        console.print(f"statuses {when}: {status['right']:.3f} right, {json.dumps(status['confusion'])}")


def _qualities(measures: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    named: list[tuple[str, Mapping[str, Any] | None]] = [
        *((f"by group, {name}", quality) for name, quality in measures["cross_validated"].items()),
        ("xquad de or covid, on xquad", measures["xquad_de_or_covid_on_xquad"]),
        *((f"corpus {name}", quality) for name, quality in measures["leave_one_corpus_out"].items()),
        ("corpus covid-faq, not fitted", measures["unseen_corpus"]),
        ("near misses on xquad, en", measures["near_misses"]),
        ("near misses on squad2-en", measures.get("near_misses_squad")),
        *((f"in use, {name}", quality) for name, quality in measures.get("in_use", {}).items()),
    ]
    return [(name, quality) for name, quality in named if quality]
