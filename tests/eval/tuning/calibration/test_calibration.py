"""Fitting the confidence, on rows made up so that the outcome is known."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from eval_command import run_eval
from fakes import FakeEmbedder

from eval.datasets.beir import UNANSWERABLE
from eval.datasets.query import Query
from eval.datasets.question_file import load_questions
from eval.metrics.calibration import calibration_error
from eval.systems.instrumented_embedders import MemoizingEmbedder
from eval.tuning.calibration import regression
from eval.tuning.calibration.coefficients import calibrate
from eval.tuning.calibration.questions import COVID, DIGESTS, MLQA, REPORTS, SQUAD, XQUAD, Item, Row, items
from service.scoring.confidence import Confidence, ConfidenceFeatures

IN_USE = {
    "weights": dict.fromkeys([field.name for field in dataclasses.fields(ConfidenceFeatures)], 0.0),
    "intercept": 0.0,
    "slope": 7.0,
}


def row(corpus: str, source: str, number: int, value: float, language: str = "de") -> Row:
    """A question whose first feature is ``value``, the others 0."""
    query = Query(f"{number}-{language}", "?", language, str(number))
    names = [field.name for field in dataclasses.fields(ConfidenceFeatures)]
    features = ConfidenceFeatures(**(dict.fromkeys(names, 0.0) | {names[0]: value}))
    return Row(Item(corpus, source, query, f"{source}:{number}", source == corpus), features)


def rows() -> list[Row]:
    """On every corpus, its own questions lie around 0.9 and those of others around 0.8."""
    noise = np.random.default_rng(1)
    made = []
    for corpus, other in ((REPORTS, XQUAD), (DIGESTS, MLQA), (XQUAD, COVID), (MLQA, COVID), (COVID, XQUAD)):
        for number in range(40):
            for language in ("de", "en"):
                made.append(row(corpus, corpus, number, 0.9 + noise.normal(0, 0.02), language))
                made.append(row(corpus, other, number, 0.8 + noise.normal(0, 0.02), language))
    return made


def test_outcomes_and_languages_have_equal_weights() -> None:
    made = [row(XQUAD, XQUAD, n, 0.9) for n in range(30)] + [row(XQUAD, COVID, n, 0.8) for n in range(10)]
    made += [row(XQUAD, XQUAD, n, 0.9, "vi") for n in range(5)]
    made += [row(XQUAD, COVID, n, 0.8, "vi") for n in range(5)]
    table = regression.Table.of(made)

    for answerable in (True, False):
        for language in ("de", "vi"):
            mask = (table.answerable == answerable) & (table.language == language)
            assert table.weight[mask].sum() == pytest.approx(len(made) / 4)


def test_a_clear_difference_is_learned_and_calibrated() -> None:
    table = regression.Table.of(rows())
    strength = regression.choose_strength(table)
    quality = regression.quality(table, regression.cross_validated(table, strength))

    assert quality["auroc"] > 0.98
    assert quality["ece"] < 0.15
    model = regression.fit(table, strength)
    probability = model.probability(np.array([[0.8], [0.85], [0.9]]) * np.eye(len(regression.NAMES))[0])
    assert probability[0] < 0.3
    assert probability[1] == pytest.approx(0.5, abs=0.1)
    assert probability[2] > 0.7


def test_calibration_error_is_the_distance_of_prediction_and_outcome() -> None:
    made = [row(XQUAD, XQUAD, 0, 0.0), row(XQUAD, COVID, 1, 0.0)]
    table = regression.Table.of(made)

    def error(predicted: list[float]) -> float:
        return calibration_error(np.array(predicted), table.answerable, table.weight)

    assert error([1.0, 0.0]) == 0.0
    assert error([0.75, 0.75]) == pytest.approx(0.25)
    assert error([0.0, 1.0]) == 1.0


def test_written_coefficients_are_those_the_service_reads(tmp_path: Path) -> None:
    result = calibrate(rows(), IN_USE, fitted_on={})
    (tmp_path / "confidence.json").write_text(json.dumps(result), "utf-8")
    confidence = Confidence.load(tmp_path / "confidence.json")

    assert confidence.slope == 7.0
    assert confidence.threshold == 0.5
    assert confidence.of_answer(row(XQUAD, XQUAD, 0, 0.95).features) > 0.8
    assert confidence.of_answer(row(XQUAD, XQUAD, 0, 0.75).features) < 0.2


def read_rows() -> list[Row]:
    """As above; and as near as what is answered, questions on SQuAD that the reader tells apart."""
    noise = np.random.default_rng(2)
    made = [dataclasses.replace(one, features=dataclasses.replace(one.features, read=3.0)) for one in rows()]
    for number in range(80):
        for source, read in ((SQUAD, 2.0), (UNANSWERABLE, -2.0)):
            one = row(SQUAD, source, number, 0.9 + noise.normal(0, 0.02), "en")
            features = dataclasses.replace(one.features, read=read + noise.normal(0, 0.5))
            near = dataclasses.replace(one.item, near_miss=source == UNANSWERABLE)
            made.append(Row(near, features))
    return made


def test_with_a_cross_encoder_near_misses_need_its_score(tmp_path: Path) -> None:
    result = calibrate(read_rows(), IN_USE, fitted_on={"reader": {"digest": "f"}})
    (tmp_path / "confidence.json").write_text(json.dumps(result), "utf-8")
    confidence = Confidence.load(tmp_path / "confidence.json")
    near, far = row(SQUAD, SQUAD, 0, 0.9).features, row(SQUAD, SQUAD, 0, 0.7).features

    assert set(result["reading"]["weights"]) == {"read"}
    assert confidence.of_answer(dataclasses.replace(near, read=2.0)) > 0.6
    assert confidence.of_answer(dataclasses.replace(near, read=-2.0)) < 0.2
    # However sure the reader is, what is far from the question is of another matter.
    assert confidence.of_answer(dataclasses.replace(far, read=6.0)) < 0.2
    assert result["figures"]["near_misses_squad"]["auroc"] > 0.95


def test_without_a_cross_encoder_near_misses_are_not_fitted() -> None:
    assert "reading" not in calibrate(read_rows(), IN_USE, fitted_on={})
    plain, both = (calibrate(made, IN_USE, fitted_on={}) for made in (rows(), read_rows()))
    assert plain["fitted_on"]["rows"] == both["fitted_on"]["rows"]


def test_the_product_of_both_is_the_confidence_of_the_service() -> None:
    table = regression.Table.of(read_rows())
    model = regression.fit(table, 0.1, reranked=True)
    assert model.read_weights is not None
    confidence = Confidence(
        tuple(model.weights), model.intercept, 0.5, 1.0, tuple(model.read_weights), model.read_intercept
    )
    predicted = [confidence.of_answer(one.features) for one in read_rows()]
    np.testing.assert_allclose(predicted, model.probability(table.features), rtol=1e-6)


def test_corpora_left_out_of_the_fit_are_measured() -> None:
    figures = calibrate(rows(), IN_USE, fitted_on={})["figures"]

    assert set(figures["leave_one_corpus_out"]) == {REPORTS, DIGESTS, XQUAD, MLQA}
    assert all(quality["auroc"] > 0.98 for quality in figures["leave_one_corpus_out"].values())
    assert figures["unseen_corpus"]["auroc"] > 0.98
    assert set(figures["cross_validated"]) == {"all", "de", "en"}


def test_the_coefficients_in_use_are_measured_on_the_same_rows() -> None:
    assert calibrate(rows(), IN_USE, fitted_on={})["figures"]["in_use"]["all"]["auroc"] == 0.5
    other = IN_USE | {"weights": {"another": 1.0}}
    assert "in_use" not in calibrate(rows(), other, fitted_on={})["figures"]


def test_fitting_twice_gives_the_same_coefficients() -> None:
    first, second = (calibrate(rows(), IN_USE, fitted_on={}) for _ in range(2))

    assert first["weights"] == second["weights"]
    assert first["figures"] == second["figures"]


def test_a_question_is_embedded_once_for_all_corpora(embedder: FakeEmbedder) -> None:
    remembering = MemoizingEmbedder(embedder)
    first = remembering.embed_questions(["Was?"])

    assert np.array_equal(remembering.embed_questions(["Was?"]), first)
    assert embedder.questions == ["Was?"]


def test_with_a_cross_encoder_squad_is_asked_on_its_own_paragraphs(tmp_path: Path) -> None:
    for name in ("xquad", "mlqa-dev", "covid-faq", "squad2-en"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "corpus.jsonl").write_text(json.dumps({"_id": "d", "text": "Text."}), "utf-8")
        queries = [
            {"_id": "a", "text": f"Who of {name}?", "lang": "en"},
            {"_id": "u", "text": f"Who not of {name}?", "lang": "en", "unanswerable": True, "about": ["d"]},
        ]
        (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), "utf-8")
        (folder / "qrels.tsv").write_text("a\td\t1\n", "utf-8")
    (tmp_path / "dev.jsonl").write_text(
        json.dumps({"id": "a", "lang": "de", "question": "Was?", "status": "no_evidence"}), "utf-8"
    )
    questions = load_questions(tmp_path / "dev.jsonl")
    plain, read = (items(tmp_path, questions, questions, reranked=reranked) for reranked in (False, True))
    more = [item for item in read if item not in plain]
    assert [(i.corpus, i.source, i.answerable, i.near_miss, i.group, i.about) for i in more] == [
        (SQUAD, SQUAD, True, False, "squad2-en:d", ("d",)),
        (SQUAD, UNANSWERABLE, False, True, "squad2-en:d", ("d",)),
    ]


def test_the_command_needs_the_sets(corpus: Path, tmp_path: Path) -> None:
    case = {"id": "a", "question": "Was?", "status": "no_evidence"}
    (tmp_path / "dev.jsonl").write_text(json.dumps(case), "utf-8")
    options = ["--reports", corpus, "--data", tmp_path, "--questions", tmp_path / "dev.jsonl"]
    result = run_eval("calibrate", *options)

    assert result.exit_code == 1
    assert result.stderr == f"error: {tmp_path / 'xquad'}: no queries.jsonl or queries.jsonl.gz there\n"


def test_the_command_fits_and_writes(corpus: Path, tmp_path: Path) -> None:
    for name, word in (
        ("xquad", "Fluss"),
        ("mlqa-dev", "Planet"),
        ("covid-faq", "Maske"),
        ("squad2-en", "king"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        texts = [f"{word} {number} steht hier im Text {word}{number}." for number in range(12)]
        documents = [json.dumps({"_id": f"d{n}", "text": text}) for n, text in enumerate(texts)]
        queries = [
            json.dumps({"_id": f"{name}{n}", "text": f"Wo steht {word}{n}?", "lang": "de"}) for n in range(12)
        ]
        (folder / "corpus.jsonl").write_text("\n".join(documents), "utf-8")
        (folder / "queries.jsonl").write_text("\n".join(queries), "utf-8")
        (folder / "qrels.tsv").write_text("".join(f"{name}{n}\td{n}\t1\n" for n in range(12)), "utf-8")
    cases = [
        {"id": "a", "lang": "de", "question": "Welche Mängel gab es?", "status": "answered"},
        {"id": "b", "lang": "de", "question": "Wer malte die Mona Lisa?", "status": "no_evidence"},
    ]
    (tmp_path / "dev.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    options = ["--reports", corpus, "--data", tmp_path, "--questions", tmp_path / "dev.jsonl"]
    output = tmp_path / "confidence.json"
    result = run_eval("calibrate", *map(str, options), "--output", output)

    assert result.exit_code == 0, result.stderr
    assert "AUROC" in result.stdout
    assert 0 < Confidence.load(output).threshold <= 0.5
    assert json.loads(output.read_text("utf-8"))["fitted_on"]["model"]["name"] == "fake"
