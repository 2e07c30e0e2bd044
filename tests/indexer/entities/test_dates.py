"""Dates and periods as the three languages write them."""

import pytest

from indexer.entities.dates import find_periods


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("am 25. April 2024", "2024-04-25", "2024-04-25"),
        ("on April 25, 2024", "2024-04-25", "2024-04-25"),
        ("ngày 25 tháng 4 năm 2024", "2024-04-25", "2024-04-25"),
        ("am 17.03.2025", "2025-03-17", "2025-03-17"),
        ("im März 2025", "2025-03-01", "2025-03-31"),
        ("in February 2024", "2024-02-01", "2024-02-29"),
        ("tháng 12 năm 2025", "2025-12-01", "2025-12-31"),
        ("zum ersten Quartal 2024", "2024-01-01", "2024-03-31"),
        ("the fourth quarter of 2024", "2024-10-01", "2024-12-31"),
        ("quý II năm 2024", "2024-04-01", "2024-06-30"),
        ("What happened in Q1 2024?", "2024-01-01", "2024-03-31"),
        ("Q4/2023", "2023-10-01", "2023-12-31"),
        ("2024-Q3", "2024-07-01", "2024-09-30"),
        ("im Jahr 2025?", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_period_is_its_first_and_last_day(text: str, first: str, last: str) -> None:
    assert [(period.first, period.last) for period in find_periods(text)] == [(first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "Resolution 57/2024/QH15",
        "Legislaturperiode 2020–2025",
        "2.024 Dialoge",
        "am 31. Oktober",
        "30.02.2024",
    ],
)
def test_what_names_no_period_is_none(text: str) -> None:
    assert find_periods(text) == []
