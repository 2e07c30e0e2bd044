"""The contents of ``service/scoring/confidence.json``: coefficients, their data, and their measures."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from eval.datasets.beir import UNANSWERABLE
from eval.datasets.question_file import QuestionSet
from eval.metrics.answers import confusion, status_right
from eval.metrics.calibration import Floats, reliability
from eval.metrics.ranking import mean
from eval.runs.runner import ask
from eval.systems.local import LocalSystem
from eval.tuning.calibration import regression as fitting
from eval.tuning.calibration.questions import COVID, FITTED, FITTED_RERANKED, SQUAD, XQUAD, Row
from indexer.arrays import Mask
from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine, EngineSettings
from service.reranking.cross_encoder import CrossEncoder
from service.scoring.confidence import COEFFICIENTS, RERANKED_COEFFICIENTS, Confidence

#: The threshold of the confidence: .5, as the classes are balanced, or lower, so that in every language at
#: least this share of the answerable questions is answered. By hand: docs/quality.md.
_EVEN, _ANSWERED = 0.5, 0.97
_DIGITS = 4


def calibrate(
    rows: Sequence[Row], current: Mapping[str, Any], fitted_on: Mapping[str, Any]
) -> dict[str, Any]:
    """Fit the coefficients and measure them on held-out rows; returns ``service/scoring/confidence.json``.

    Args:
        current: the coefficients in use, which are measured on the same rows. Their ``slope``, the decrease
            of the probability of further statements, is kept.
    """
    reranked = fitted_on.get("reader") is not None
    used = _used(rows, reranked)
    table = fitting.Table.of(used)
    strength = fitting.choose_strength(table, reranked)
    model = fitting.fit(table, strength, reranked)
    held_out = fitting.cross_validated(table, strength, reranked)
    return {
        **_coefficients(model),
        "threshold": _threshold(table, held_out),
        "slope": float(current["slope"]),
        "fitted_on": {
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "rows": len(used),
            "strength": strength,
            **fitted_on,
        },
        "figures": _rounded(
            _measures(rows, table, held_out)
            | _others(rows, model, strength, reranked)
            | _in_use(rows, table, current)
        ),
    }


def _used(rows: Sequence[Row], reranked: bool) -> list[Row]:
    """The rows of the fit. Only a cross-encoder can distinguish near misses."""
    fitted = FITTED_RERANKED if reranked else FITTED
    return [row for row in rows if row.item.corpus in fitted and (reranked or not row.item.near_miss)]


def _coefficients(model: fitting.Model) -> dict[str, Any]:
    found: dict[str, Any] = {
        "weights": dict(zip(fitting.NAMES, np.round(model.weights, _DIGITS).tolist(), strict=True)),
        "intercept": round(model.intercept, _DIGITS),
    }
    if model.read_weights is not None:
        weights = np.round(model.read_weights, _DIGITS)
        names = [name for name, read in zip(fitting.NAMES, fitting.READ, strict=True) if read]
        found["reading"] = {
            "weights": dict(zip(names, weights[fitting.READ].tolist(), strict=True)),
            "intercept": round(model.read_intercept, _DIGITS),
        }
    return found


def _threshold(table: fitting.Table, held_out: Floats) -> float:
    languages = set(table.language[table.answerable].tolist())
    lowest = (
        float(np.quantile(held_out[table.answerable & (table.language == language)], 1 - _ANSWERED))
        for language in languages
    )
    return math.floor(100 * min(_EVEN, *lowest)) / 100


def _measures(rows: Sequence[Row], table: fitting.Table, held_out: Floats) -> dict[str, Any]:
    """Quality on the rows of the fit, each by a model that was fitted without it."""
    masks = {"all": np.ones(len(held_out), np.bool_)} | {
        language: table.language == language for language in sorted(set(table.language.tolist()))
    }
    within = _in_domain(table)
    return {
        "cross_validated": {
            name: fitting.quality(table.where(mask), held_out[mask]) for name, mask in masks.items()
        },
        "reliability": {
            name: reliability(held_out[mask], table.answerable[mask], table.weight[mask])
            for name, mask in masks.items()
        },
        "xquad_de_or_covid_on_xquad": fitting.quality(table.where(within), held_out[within]),
        **_near_misses(table, held_out),
    }


def _near_misses(table: fitting.Table, held_out: Floats) -> dict[str, Any]:
    """Quality on near misses against the English questions of their corpus; empty if there are none."""
    found = {}
    for name, corpus in (("near_misses", XQUAD), ("near_misses_squad", SQUAD)):
        near = (table.source == UNANSWERABLE) & (table.corpus == corpus)
        own = (table.corpus == corpus) & (table.source == corpus) & (table.language == "en")
        if near.any():
            found[name] = fitting.quality(table.where(near | own), held_out[near | own])
    return found


def _others(rows: Sequence[Row], model: fitting.Model, strength: float, reranked: bool) -> dict[str, Any]:
    """Quality on rows that are not part of a fit."""
    found: dict[str, Any] = {
        "leave_one_corpus_out": {corpus: _left_out(rows, corpus, strength, reranked) for corpus in FITTED},
        "unseen_corpus": _of_others(rows, model, lambda row: row.item.corpus == COVID),
    }
    if not reranked:
        found["near_misses"] = _of_others(rows, model, _is_near_or_own)
    return found


def _is_near_or_own(row: Row) -> bool:
    item = row.item
    return item.near_miss or (item.corpus == item.source == XQUAD and item.query.language == "en")


def _in_use(rows: Sequence[Row], table: fitting.Table, current: Mapping[str, Any]) -> dict[str, Any]:
    """Quality of the coefficients in use on the same rows; empty if they have other features."""
    if set(current["weights"]) != set(fitting.NAMES):
        return {}
    model = _model(current)
    probability, within = model.probability(table.features), _in_domain(table)
    return {
        "in_use": {
            "all": fitting.quality(table, probability),
            "xquad_de_or_covid_on_xquad": fitting.quality(table.where(within), probability[within]),
            "unseen_corpus": _of_others(rows, model, lambda row: row.item.corpus == COVID),
        }
    }


def _model(values: Mapping[str, Any]) -> fitting.Model:
    def regression(values: Mapping[str, Any]) -> tuple[Floats, float]:
        weights = [float(values["weights"].get(name, 0.0)) for name in fitting.NAMES]
        return np.array(weights), float(values["intercept"])

    second = regression(values["reading"]) if "reading" in values else (None, 0.0)
    return fitting.Model(*regression(values), *second)


def _in_domain(table: fitting.Table) -> Mask:
    """German questions of XQuAD and of the COVID-19 set on the corpus of XQuAD: both in its language."""
    own = (table.source == XQUAD) & (table.language == "de")
    return np.asarray((table.corpus == XQUAD) & (own | (table.source == COVID)))


def _left_out(rows: Sequence[Row], corpus: str, strength: float, reranked: bool) -> dict[str, Any] | None:
    """Quality on a corpus whose rows are not part of the fit."""
    used = _used(rows, reranked)
    left = fitting.Table.of([row for row in used if row.item.corpus != corpus])
    model = fitting.fit(left, strength, reranked)
    return _of_others(used, model, lambda row: row.item.corpus == corpus and not row.item.near_miss)


def _of_others(
    rows: Sequence[Row], model: fitting.Model, chosen: Callable[[Row], bool]
) -> dict[str, Any] | None:
    """Quality on the chosen rows; ``None`` if there are none."""
    table = fitting.Table.of([row for row in rows if chosen(row)])
    if not len(table.answerable):
        return None
    return fitting.quality(table, model.probability(table.features))


def statuses(
    questions: QuestionSet,
    index: Path,
    embedder: Embedder,
    coefficients: Path | None,
    cross_encoder: CrossEncoder | None = None,
) -> dict[str, Any]:
    """Statuses of the whole service on a question file, with the given coefficients or those in use.

    Only for questions whose status depends on the confidence: answered, or no evidence.
    """
    cases = [case for case in questions.cases if case.status in ("answered", "no_evidence")]
    digest = cross_encoder.digest if cross_encoder else None
    confidence = Confidence.load(coefficients) if coefficients else Confidence.for_cross_encoder(digest)
    with closing(open_generation(index)) as generation:
        engine = Engine.compose(generation, embedder, cross_encoder, EngineSettings(confidence=confidence))
        replies = ask([case.query for case in cases], LocalSystem(engine))
    by_status = {
        status: mean(status_right([case for case in cases if case.status == status], replies))
        for status in ("answered", "no_evidence")
    }
    return {
        "right": mean(status_right(cases, replies)),
        "by_status": by_status,
        "confusion": confusion(cases, replies),
        "confidence": {query_id: round(reply.confidence, _DIGITS) for query_id, reply in replies.items()},
    }


def in_use(reranked: bool) -> dict[str, Any]:
    """The coefficients in use, with or without a cross-encoder."""
    path = RERANKED_COEFFICIENTS if reranked and RERANKED_COEFFICIENTS.is_file() else COEFFICIENTS
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return values


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value
