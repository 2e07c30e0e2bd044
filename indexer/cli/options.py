"""Options and error handling that the command lines of this project share."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from indexer.errors import FundstelleError

IndexOption = Annotated[Path, typer.Option("--index", help="Folder of the index.", show_default=False)]
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Embedding model: a folder or a hub id.", show_default="multilingual-e5-small, built in"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@contextlib.contextmanager
def exit_on_error(interrupted: str = "interrupted") -> Iterator[None]:
    """Turn an error of this project into one line on stderr and exit code 1.

    Ctrl-C prints ``interrupted`` and exits with 130.
    """
    try:
        yield
    except FundstelleError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        print(interrupted, file=sys.stderr)
        raise typer.Exit(130) from error
