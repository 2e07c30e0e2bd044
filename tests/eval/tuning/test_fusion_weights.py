"""Fitting the weights of the ranking: the measure, the choice, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from beir import write_beir
from eval_command import run_eval

from eval.tuning.fusion_weights import COSINES, FEWEST, FOLDS, SHARES, Case, fit
from service.retrieval.fusion_weights import FUSION_WEIGHTS, FusionWeightsByLanguage


def case(
    passage: list[float], sentence: list[float], lexical: list[float], *, group: str = "set de", fold: int = 0
) -> Case:
    """A question whose passages are each a document of its own, the first of them relevant."""
    gains = np.array([1.0] + [0.0] * (len(passage) - 1))
    parts = np.array([passage, sentence, lexical])
    return Case(group, fold, parts, np.arange(len(passage)), gains, ideal=1.0)


def cases_decided_by(kind: str, count: int, group: str = "set de") -> list[Case]:
    """Questions whose relevant passage is ranked first by one kind of score only."""
    right, wrong = [0.9, 0.8], [0.7, 0.9]
    return [
        case(
            *(right if kind == name else wrong for name in ("passage", "sentence")),
            [1.0, 0.0] if kind == "lexical" else [0.0, 0.0],
            group=group,
            fold=number % FOLDS,
        )
        for number in range(count)
    ]


def test_a_document_is_ranked_by_its_best_passage() -> None:
    two_passages = Case(
        "set de",
        0,
        np.array([[0.1, 0.9, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        np.array([0, 0, 1]),
        np.array([1.0, 0.0]),
        1.0,
    )
    assert two_passages.ndcg(np.array([1.0, 1.0, 1.0])) == 1.0


@pytest.mark.parametrize(("kind", "above"), [("sentence", True), ("passage", False)])
def test_the_score_that_finds_the_answer_has_a_higher_weight(kind: str, above: bool) -> None:
    fitted = fit(cases_decided_by(kind, 40), (1.15, 1.15, 0.0))
    assert (fitted.sentence > fitted.passage) is above
    assert fitted.chosen == {"set de": 1.0}


def test_the_lexical_score_has_a_weight_only_if_it_helps() -> None:
    with_words = fit(cases_decided_by("lexical", 40), (1.15, 1.15, 0.0))
    without = fit(cases_decided_by("sentence", 40), (1.15, 1.15, 0.0))
    assert with_words.lexical > 0
    assert without.lexical == 0


def test_the_weights_of_the_similarities_have_a_constant_sum() -> None:
    for kind in ("passage", "sentence", "lexical"):
        fitted = fit(cases_decided_by(kind, 40), (1.15, 1.15, 0.0))
        assert fitted.passage + fitted.sentence == pytest.approx(COSINES)


def test_without_a_difference_the_similarities_have_equal_weights() -> None:
    same = [case([0.9, 0.8], [0.9, 0.8], [1.0, 0.0], fold=number % FOLDS) for number in range(40)]
    fitted = fit(same, (1.15, 1.15, 0.0))
    assert fitted.sentence == pytest.approx(COSINES * min(SHARES, key=lambda share: abs(share - 0.5)))


def test_a_small_group_does_not_outvote_a_large_one() -> None:
    cases = cases_decided_by("sentence", 200) + cases_decided_by("passage", FEWEST - 1, group="set en")
    assert fit(cases, (1.15, 1.15, 0.0)).chosen == {"set de": 1.0}


def test_held_out_values_come_from_weights_of_the_other_folds() -> None:
    # One fold contradicts the others, so their weights rank it badly.
    cases = cases_decided_by("sentence", 40)
    odd = [case([0.9, 0.8], [0.7, 0.9], [0.0, 0.0], fold=0) for _ in range(40)]
    assert fit([c for c in cases if c.fold] + odd, (1.15, 1.15, 0.0)).held_out["set de"] < 0.9


def test_the_command_writes_weights_that_the_service_reads(tmp_path: Path) -> None:
    written = tmp_path / "weights.json"
    result = run_eval("fit", write_beir(tmp_path / "small"), "--output", written)
    assert result.exit_code == 0, result.stderr
    loaded = FusionWeightsByLanguage.load(written)
    assert loaded.same.passage + loaded.same.sentence == pytest.approx(COSINES)


def test_the_same_sets_give_the_same_weights(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "small")
    first, second = (run_eval("fit", folder, "--json").stdout for _ in range(2))
    assert first == second
    assert {"same_language", "other_language", "fitted_on"} == set(json.loads(first))


def test_weights_in_use_name_the_sets_they_were_fitted_on() -> None:
    fitted_on = json.loads(FUSION_WEIGHTS.read_text("utf-8"))["fitted_on"]
    assert [entry["name"] for entry in fitted_on["sets"]] == ["xquad", "mlqa-dev"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["SMALL", "--index", "a", "--index", "b"], "2 indexes for 1 sets"),
        (["nowhere"], "no BEIR folder at nowhere"),
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, arguments: list[str], fault: str) -> None:
    folder = str(write_beir(tmp_path / "small"))
    result = run_eval("fit", *(folder if argument == "SMALL" else argument for argument in arguments))
    assert result.exit_code == 2
    assert fault in " ".join(result.stderr.replace("│", " ").split())
