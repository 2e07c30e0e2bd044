"""Dates, days and periods in three languages."""

import pytest

from indexer.entities.dates import DATE, find_days, find_periods, first_date, iso_date, without_days


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
def test_other_numbers_are_not_periods(text: str) -> None:
    assert find_periods(text) == []


def test_periods_come_in_reading_order_without_overlap() -> None:
    text = "Im Jahr 2023 und am 17. März 2025, wie im ersten Quartal 2024"
    assert [period.text for period in find_periods(text)] == ["2023", "17. März 2025", "ersten Quartal 2024"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("17.03.2025 und 18.03.2025", "2025-03-17"),
        ("on March 17, 2025", "2025-03-17"),
        ("am 17. März", None),
        ("31.04.2025", None),
        ("57 Haushalte", None),
    ],
)
def test_the_first_date_of_a_text_is_in_iso_8601(text: str, date: str | None) -> None:
    assert first_date(text) == date


@pytest.mark.parametrize(
    ("text", "date"), [("17. März", "2024-03-17"), ("17. März 2025", "2025-03-17"), ("30. Februar", None)]
)
def test_a_default_year_completes_a_date(text: str, date: str | None) -> None:
    match = DATE.search(text)
    assert match and iso_date(match, 2024) == date


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


def test_days_are_replaced_by_a_blank() -> None:
    assert without_days("Am 25. April kamen 12 Gäste.").split() == ["Am", "kamen", "12", "Gäste."]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("5 Auguſt 2024", "2024-08-05"),
        ("5. junı 2024", "2024-06-05"),
        ("5. JULİ 2024", "2024-07-05"),
        ("im Auguſt 2024", "2024-08-01"),
        ("ſecond quarter of 2024", "2024-04-01"),
        ("quý ıv năm 2024", "2024-10-01"),
    ],
)
def test_a_name_in_letters_that_match_regardless_of_case_is_read(text: str, first: str) -> None:
    assert [period.first for period in find_periods(text)] == [first]


def test_a_day_in_letters_that_match_regardless_of_case_is_read() -> None:
    assert first_date("5 Auguſt 2024") == "2024-08-05"
    assert find_days("5 Auguſt, 6. junı und 7. JULİ") == {(8, 5), (6, 6), (7, 7)}
