"""The fuzz command, and its committed cases."""

import json

import pytest
from eval_command import run_eval

pytest.importorskip("hypothesis", reason="the extra is not installed")

from eval.lab.fuzzing.cases import SEEDS, generated, seeds, text_of
from eval.lab.fuzzing.command import fuzz
from eval.lab.fuzzing.targets import FILES, QUESTIONS, TEXTS

TARGETS = (*TEXTS, *QUESTIONS, *FILES)


def test_every_seed_has_a_target() -> None:
    rows = [json.loads(line) for line in SEEDS.read_text("utf-8").splitlines()]
    assert {name for row in rows for name in row["targets"]} <= set(TARGETS)
    assert SEEDS.stat().st_size < 20_000


@pytest.mark.parametrize("target", TARGETS)
def test_no_seed_crashes_anything_or_takes_long(target: str) -> None:
    outcome = fuzz(target, seeds(target), limit=5.0)
    assert outcome.failures == []


def test_the_same_number_gives_the_same_cases() -> None:
    first, second = generated(20, 1, question=True), generated(20, 1, question=True)
    assert first == second != generated(20, 2, question=True)
    assert max(len(text_of(case)) for case in first) <= 2000


def test_a_case_over_the_limit_is_recorded_as_a_seed() -> None:
    outcome = fuzz("dates", [[("März 2024 ", 2)]], limit=0.0)
    assert (outcome.cases, outcome.over, outcome.crashes) == (1, 1, 0)
    row = {"targets": ["dates"], "case": [["März 2024 ", 2]], "fault": "slow"}
    assert [json.loads(line) for line in outcome.failures] == [row]


def test_the_command_prints_a_row_for_each_target() -> None:
    result = run_eval("fuzz", "--cases", 20, "--target", "dates", "--target", "text file", "--seconds", 20)
    assert result.exit_code == 0
    assert "dates: " in result.stdout and "text file: " in result.stdout and "0 crashes" in result.stdout


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    result = run_eval("fuzz", "--target", "nichts")
    assert result.exit_code == 2 and "nichts" in result.stderr
