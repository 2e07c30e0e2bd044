"""What commands over several sets take, and refuse, alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

SetsArgument = Annotated[list[Path], typer.Argument(metavar="SET", help="BEIR folders.", show_default=False)]
IndexesOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder of an index: one for each SET, in their order.", show_default="built, then removed"
    ),
]


def require_sets(sets: Sequence[Path], indexes: Sequence[Path] | None) -> None:
    """Refuse folders that are none, and indexes that do not go with the sets.

    Raises:
        typer.BadParameter: names what is wrong.
    """
    if indexes and len(indexes) != len(sets):
        raise typer.BadParameter(f"{len(indexes)} indexes for {len(sets)} sets: one for each, or none")
    for folder in sets:
        if not folder.is_dir():
            raise typer.BadParameter(f"no BEIR folder at {folder}", param_hint="SET")
