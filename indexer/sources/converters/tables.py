"""Tables as text: each row is a statement that names its columns.

A row means nothing without its header, and a passage may have only a part of a table. So every cell follows
the name of its column: ``Province: Nghệ An; Communes: 130``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: A table with more columns is layout, or numbers that nobody asks for one by one.
_MAX_COLUMNS = 12


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row below the header, or for every row if the first one names no columns.

    Cells are folded to one line. A merged cell, which most libraries repeat for each of its columns, counts
    once.
    """
    folded = [[" ".join(cell.split()) for cell in row] for row in rows]
    folded = [_without_repetition(row) for row in folded if any(row)]
    if not folded:
        return []
    header, *body = folded
    has_names = body and len(header) > 1 and all(header) and not any(map(_is_number, header))
    if not has_names or len(header) > _MAX_COLUMNS:
        return ["; ".join(filter(None, row)) for row in folded]
    return [_statement(header, row) for row in body]


def _statement(header: Sequence[str], row: Sequence[str]) -> str:
    if len(row) != len(header):
        # A cell over all columns is a heading in the table.
        return "; ".join(filter(None, row))
    return "; ".join(f"{name}: {cell}" for name, cell in zip(header, row, strict=True) if cell)


def _without_repetition(row: Sequence[str]) -> list[str]:
    """One cell if all cells of a row are the same, which means that they were merged."""
    return [row[0]] if len(row) > 1 and len(set(row)) == 1 else list(row)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[\d\s.,%+–-]+", cell) is not None
