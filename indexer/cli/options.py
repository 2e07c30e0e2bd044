"""Options and error handling that the command lines of this project share."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from indexer.errors import FundstelleError

#: Kept although they are not printable: line breaks, joiners, and spaces of other widths.
_ALLOWED = "\n\u200c\u200d\u00a0\u2007\u2009\u202f\u3000"
IndexOption = Annotated[Path, typer.Option("--index", help="Folder of the index.", show_default=False)]
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Embedding model: a folder or a hub id.", show_default="multilingual-e5-small, built in"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def terminal_text(text: str) -> str:
    """A text whose control and direction characters are escaped, so that a document cannot steer a terminal.

    Line breaks stay, and so do the joiners that emoji are built with.
    """
    return "".join(
        character
        if character.isprintable() or character in _ALLOWED
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


@contextlib.contextmanager
def exit_on_error(interrupted: str = "interrupted") -> Iterator[None]:
    """Turn an error of this project into one line on stderr and exit code 1.

    Ctrl-C prints ``interrupted`` and exits with 130.
    """
    try:
        yield
    except FundstelleError as error:
        print(f"error: {terminal_text(str(error))}", file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        print(interrupted, file=sys.stderr)
        raise typer.Exit(130) from error
