"""The JSON of ``service/scoring/confidence.json``: coefficients, what they were fitted on, and figures."""

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
from eval.metrics.calibration import reliability
from eval.metrics.ranking import mean
from eval.runs.runner import ask
from eval.systems.local import LocalSystem
from eval.tuning.calibration import regression as fitting
from eval.tuning.calibration.questions import COVID, FITTED, FITTED_READ, SQUAD, XQUAD, Row
from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine, EngineSettings
from service.reranking.cross_encoder import CrossEncoder
from service.scoring.confidence import COEFFICIENTS, RERANKED_COEFFICIENTS, Confidence

#: Where answered and not answered part: where the classes, being balanced, are even, or lower, so that in
#: every language at least this share of what the corpus answers is answered.
_EVEN, _ANSWERED = 0.5, 0.97
_DIGITS = 4


def calibrate(
    rows: Sequence[Row], current: Mapping[str, Any], fitted_on: Mapping[str, Any]
) -> dict[str, Any]:
    """Fit, and measure the fit on rows it did not see; the JSON of ``service/scoring/confidence.json``.

    Args:
        current: the coefficients in use, measured on the same rows; their ``slope``, how fast a further
            statement's probability falls, is taken over.
    """
    read = fitted_on.get("reader") is not None
    used = _used(rows, read)
    table = fitting.Table.of(used)
    strength = fitting.choose_strength(table, read)
    model = fitting.fit(table, strength, read)
    held = fitting.cross_validated(table, strength, read)
    return {
        **_coefficients(model),
        "threshold": _threshold(table, held),
        "slope": float(current["slope"]),
        "fitted_on": {
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "rows": len(used),
            "strength": strength,
            **fitted_on,
        },
        "figures": _rounded(
            _figures(rows, table, held) | _others(rows, model, strength, read) | _in_use(rows, table, current)
        ),
    }


def _used(rows: Sequence[Row], read: bool) -> list[Row]:
    """The rows of the fit."""
    # Similarity cannot tell a near miss, and would only unlearn the rest; a reader can.
    fitted = FITTED_READ if read else FITTED
    return [row for row in rows if row.item.corpus in fitted and (read or not row.item.near_miss)]


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


def _threshold(table: fitting.Table, held_out: fitting.Floats) -> float:
    languages = set(table.language[table.answerable].tolist())
    lowest = (
        float(np.quantile(held_out[table.answerable & (table.language == language)], 1 - _ANSWERED))
        for language in languages
    )
    return math.floor(100 * min(_EVEN, *lowest)) / 100


def _figures(rows: Sequence[Row], table: fitting.Table, held: fitting.Floats) -> dict[str, Any]:
    """Quality on rows of the fit, each by a model that did not see it."""
    masks = {"all": np.ones(len(held), np.bool_)} | {
        language: table.language == language for language in sorted(set(table.language.tolist()))
    }
    within = _in_domain(table)
    return {
        "cross_validated": {
            name: fitting.quality(table.where(mask), held[mask]) for name, mask in masks.items()
        },
        "reliability": {
            name: reliability(held[mask], table.answerable[mask], table.weight[mask])
            for name, mask in masks.items()
        },
        "xquad_de_or_covid_on_xquad": fitting.quality(table.where(within), held[within]),
        **_near_misses(table, held),
    }


def _near_misses(table: fitting.Table, held: fitting.Floats) -> dict[str, Any]:
    """Near misses of the fit against the English questions of their corpus; nothing where there are none."""
    found = {}
    for name, corpus in (("near_misses", XQUAD), ("near_misses_squad", SQUAD)):
        near = (table.source == UNANSWERABLE) & (table.corpus == corpus)
        own = (table.corpus == corpus) & (table.source == corpus) & (table.language == "en")
        if near.any():
            found[name] = fitting.quality(table.where(near | own), held[near | own])
    return found


def _others(rows: Sequence[Row], model: fitting.Model, strength: float, read: bool) -> dict[str, Any]:
    """Quality on rows that took no part in a fit."""
    found: dict[str, Any] = {
        "leave_one_corpus_out": {corpus: _left_out(rows, corpus, strength, read) for corpus in FITTED},
        "unseen_corpus": _of_others(rows, model, lambda row: row.item.corpus == COVID),
    }
    if not read:
        found["near_misses"] = _of_others(rows, model, _is_near_or_own)
    return found


def _is_near_or_own(row: Row) -> bool:
    item = row.item
    return item.near_miss or (item.corpus == item.source == XQUAD and item.query.language == "en")


def _in_use(rows: Sequence[Row], table: fitting.Table, current: Mapping[str, Any]) -> dict[str, Any]:
    """Quality of the coefficients in use on the same rows; nothing when they are of other features."""
    if set(current["weights"]) != set(fitting.NAMES):
        return {}
    model = _model(current)
    said, within = model.probability(table.features), _in_domain(table)
    return {
        "in_use": {
            "all": fitting.quality(table, said),
            "xquad_de_or_covid_on_xquad": fitting.quality(table.where(within), said[within]),
            "unseen_corpus": _of_others(rows, model, lambda row: row.item.corpus == COVID),
        }
    }


def _model(values: Mapping[str, Any]) -> fitting.Model:
    def regression(values: Mapping[str, Any]) -> tuple[fitting.Floats, float]:
        weights = [float(values["weights"].get(name, 0.0)) for name in fitting.NAMES]
        return np.array(weights), float(values["intercept"])

    read = regression(values["reading"]) if "reading" in values else (None, 0.0)
    return fitting.Model(*regression(values), *read)


def _in_domain(table: fitting.Table) -> fitting.Mask:
    """German questions on XQuAD's own corpus, and those on COVID-19 put to it: both in its language."""
    own = (table.source == XQUAD) & (table.language == "de")
    return np.asarray((table.corpus == XQUAD) & (own | (table.source == COVID)))


def _left_out(rows: Sequence[Row], corpus: str, strength: float, read: bool) -> dict[str, Any] | None:
    """Quality on a corpus whose rows took no part in the fit."""
    used = _used(rows, read)
    left = fitting.Table.of([row for row in used if row.item.corpus != corpus])
    model = fitting.fit(left, strength, read)
    return _of_others(used, model, lambda row: row.item.corpus == corpus and not row.item.near_miss)


def _of_others(
    rows: Sequence[Row], model: fitting.Model, chosen: Callable[[Row], bool]
) -> dict[str, Any] | None:
    """Quality on the chosen rows; ``None`` where there are none."""
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
    """Statuses of the whole service on a question file, with given coefficients or those in use.

    Only questions whose status the confidence decides: answered, or no evidence.
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


def in_use(reader: bool) -> dict[str, Any]:
    """The coefficients in use, those with a reader where there are any and one is used."""
    path = RERANKED_COEFFICIENTS if reader and RERANKED_COEFFICIENTS.is_file() else COEFFICIENTS
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return values


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value
