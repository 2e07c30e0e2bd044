"""Options and settings shared by the commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from indexer.errors import FundstelleError
from service.settings import Settings

READER_HELP = "Cross-encoder that reranks the first passages: own, off, or a folder or hub id."
ReaderOption = Annotated[str, typer.Option(help=READER_HELP, envvar="FUNDSTELLE_READER")]


def load_settings(**flags: Any) -> Settings:
    """The settings, with flags before environment and file; a flag that is None is not set.

    Raises:
        FundstelleError: a value is invalid; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = f"FUNDSTELLE_{first['loc'][0]}".upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise FundstelleError(f"setting {name}: {reason}") from error
