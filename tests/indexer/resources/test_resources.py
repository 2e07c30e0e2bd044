"""Readers of the resources."""

import pytest

from indexer import resources


@pytest.mark.parametrize("name", ["glossary.tsv", "exemplars.tsv", "parallel.tsv", "vietnamese.txt"])
def test_a_file_has_lines_without_blank_ones_and_comments(name: str) -> None:
    lines = resources.lines(name)
    assert lines and all(line.strip() and not line.startswith("#") for line in lines)


@pytest.mark.parametrize(
    ("name", "columns"), [("glossary.tsv", 4), ("exemplars.tsv", 2), ("parallel.tsv", 3)]
)
def test_every_row_of_a_table_has_its_columns(name: str, columns: int) -> None:
    assert {len(row) for row in resources.rows(name)} == {columns}
