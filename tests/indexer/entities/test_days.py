import pytest

from indexer.entities.dates import find_days, without_days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Am Morgen des 15. August tagte der Ausschuss.", {(8, 15)}),
        ("on 15 August and October 31st", {(8, 15), (10, 31)}),
        ("hội nghị ngày 15/8", {(8, 15)}),
        ("ngay 17 thang 3", {(3, 17)}),
        ("14:34, 17.03.2025", {(3, 17)}),
        ("vom 6. Dezember 2023", {(12, 6)}),
        ("Resolution 57, 8 %, 2024, Version 1.2, im August 2025", set()),
        ("am 45. Mai", set()),
    ],
)
def test_days_are_found_with_and_without_a_year(text: str, days: set[tuple[int, int]]) -> None:
    assert find_days(text) == days


def test_days_can_be_taken_out() -> None:
    assert without_days("Am 25. April kamen 12 Gäste.").split() == ["Am", "kamen", "12", "Gäste."]
