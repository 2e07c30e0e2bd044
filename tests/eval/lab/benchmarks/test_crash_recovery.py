"""Builds that are killed, a few of them; ``python -m eval crash`` kills fifty."""

from pathlib import Path

from eval.lab.benchmarks import crash_recovery


def test_killed_builds_damage_nothing_and_lose_nothing(tmp_path: Path) -> None:
    figures = crash_recovery.measure(tmp_path, kills=4)
    assert [figure.name for figure in figures if figure.holds is False] == []
    assert next(figure.value for figure in figures if figure.name == "builds killed").startswith("4 of ")


def test_a_text_that_was_embedded_long_before_a_kill_must_not_be_embedded_again() -> None:
    early, late, kill = 100.0, 106.0, 107.0
    again = [(early, "a"), (late, "b"), (110.0, "a"), (111.0, "b")]
    assert crash_recovery.embedded_again(again, [kill]) == 1
    assert crash_recovery.embedded_again(again, []) == 2
