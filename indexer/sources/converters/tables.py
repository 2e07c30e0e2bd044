"""Tables as text: each row a statement of its own, with the names of its columns.

A row says nothing without its header, and a passage may hold a part of a table only. So every cell is told
with the name of its column: ``Province: Nghệ An; Communes: 130``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: A table with more columns is layout, or figures that nobody asks for one by one.
_WIDEST = 12


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row below the first, which names the columns; one line a row where it names none.

    Cells are folded to one line; a cell that goes over several columns counts once.
    """
    folded = [[" ".join(cell.split()) for cell in row] for row in rows]
    folded = [_once(row) for row in folded if any(row)]
    if not folded:
        return []
    header, *body = folded
    named = body and len(header) > 1 and all(header) and not any(map(_figure, header))
    if not named or len(header) > _WIDEST:
        return ["; ".join(filter(None, row)) for row in folded]
    return [_row(header, row) for row in body]


def _row(header: Sequence[str], row: Sequence[str]) -> str:
    if len(row) != len(header):
        # A row over all columns is a heading within the table.
        return "; ".join(filter(None, row))
    return "; ".join(f"{name}: {cell}" for name, cell in zip(header, row, strict=True) if cell)


def _once(row: Sequence[str]) -> list[str]:
    """Cells that were merged are repeated by most libraries: all the same in a row is one."""
    return [row[0]] if len(row) > 1 and len(set(row)) == 1 else list(row)


def _figure(cell: str) -> bool:
    return re.fullmatch(r"[\d\s.,%+–-]+", cell) is not None
