"""TODO docstring."""

from __future__ import annotations

from typing import Annotated

import typer

READER_HELP = "What reads the first passages again: own, off, or a cross-encoder's folder or hub id."
ReaderOption = Annotated[str, typer.Option(help=READER_HELP, envvar="FUNDSTELLE_READER")]
