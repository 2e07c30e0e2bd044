"""Tables as text."""

import pytest

from indexer.sources.converters.tables import table_lines


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["Ort", "Zahl"], ["Huế", "3"]], ["Ort: Huế; Zahl: 3"]),
        ([["Ort", "Zahl"], ["Huế", ""]], ["Ort: Huế"]),
        ([["2023", "2024"], ["1", "2"]], ["2023; 2024", "1; 2"]),
        ([["", "Zahl"], ["Huế", "3"]], ["Zahl", "Huế; 3"]),
        ([["Anhang", "Anhang"], ["a", "b"]], ["Anhang", "a; b"]),
        ([["Ort", "Zahl"], ["Norden", "Norden"], ["Huế", "3"]], ["Norden", "Ort: Huế; Zahl: 3"]),
        ([["nur eine Zeile", "zwei Zellen"]], ["nur eine Zeile; zwei Zellen"]),
        ([], []),
    ],
)
def test_a_row_becomes_a_statement_that_names_its_columns(rows: list[list[str]], lines: list[str]) -> None:
    assert table_lines(rows) == lines


def test_a_table_of_too_many_columns_has_no_names_in_its_rows() -> None:
    header = [f"Spalte {letter}" for letter in "abcdefghijklm"]
    assert table_lines([header, ["x"] * 12 + ["y"]]) == ["; ".join(header), "; ".join(["x"] * 12 + ["y"])]
