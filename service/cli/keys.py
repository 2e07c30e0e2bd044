"""Make, list and revoke the API keys of the service."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from indexer.cli.options import JsonOption, exit_on_error, terminal_text
from service.auth.api_key import MAX_RATE, Key, KeyScope, as_record
from service.auth.key_file import KeyFile
from service.cli.options import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

KeysOption = Annotated[
    Path | None, typer.Option("--keys", help="File of the keys.", show_default="FUNDSTELLE_KEYS")
]


class ScopeChoice(StrEnum):
    """``KeyScope`` as a repeatable option, since typer does not support a list of a Literal."""

    ask = "ask"
    admin = "admin"
    widget = "widget"


def _expiry(text: str) -> datetime:
    """The last second of a day in UTC, or the time a number of days from now."""
    try:
        if re.fullmatch(r"[0-9]{1,5}d", text):
            return datetime.now(UTC).replace(microsecond=0) + timedelta(days=int(text[:-1]))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}") from error
    raise typer.BadParameter(f"{text!r} is neither a day such as 2027-01-31 nor a number of days such as 90d")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Purpose of the key, shown in lists and logs.")],
    keys: KeysOption = None,
    scope: Annotated[
        list[ScopeChoice] | None,
        typer.Option(help="What the key may be used for.", show_default="ask, with --origin widget"),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin of pages that contain the key in public; makes it a widget key."),
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            parser=_expiry,
            metavar="DAY|90d",
            help="Last day on which the key is valid, in UTC, or a number of days.",
            show_default="never",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=MAX_RATE,
            help="Requests per second; 0: no limit.",
            show_default="from the settings of the service",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the key NAME and print its text, which is not shown again."""
    with exit_on_error():
        file = _file(keys)
        wanted = scope or [ScopeChoice.widget if origin else ScopeChoice.ask]
        scopes = [known for known in get_args(KeyScope) if known in wanted]
        key, text = file.add(name, scopes, origin or [], expires, rate)
    print(json.dumps(_public(key) | {"key": text}, ensure_ascii=False, indent=1) if as_json else text)
    print(f"This key is shown only now: {file.path} keeps only a digest of it.", file=sys.stderr)


@app.command("list")
def list_keys(keys: KeysOption = None, as_json: JsonOption = False) -> None:
    """Show all keys without their secrets, including expired and revoked ones."""
    with exit_on_error():
        file = _file(keys)
        warn(file)
        rows = [_public(key) for key in file.read()]
    if as_json:
        print(json.dumps({"keys": rows}, ensure_ascii=False, indent=1))
        return
    table = Table("id", "name", "scopes", "origins", "created", "expires", "state", "rate", box=None)
    for row in rows:
        expires, revoked = row["expires"] or "never", row["revoked"] or ""
        table.add_row(
            row["id"],
            row["name"],
            " ".join(row["scopes"]),
            " ".join(row["origins"]),
            row["created"],
            expires,
            f"{row['state']} {revoked}".strip(),
            "as set" if row["rate"] is None else f"{row['rate']:g}/s" if row["rate"] else "no limit",
        )
    # Wider than any terminal: ids and origins are to be copied, so no column may be cut.
    Console(width=400, markup=False, emoji=False, highlight=False).print(table)


@app.command()
def revoke(
    id_or_name: Annotated[str, typer.Argument(help="Id or name, as `list` shows it.")],
    keys: KeysOption = None,
) -> None:
    """Revoke a key; a running service notices by itself."""
    with exit_on_error():
        key = _file(keys).revoke(id_or_name)
    print(f"revoked {key.id} {key.name}")


def warn(file: KeyFile) -> None:
    """Print the danger in the permissions of a key file, if there is any."""
    if warning := file.warning():
        print(f"warning: {terminal_text(warning)}", file=sys.stderr)


def _public(key: Key) -> dict[str, Any]:
    """The public fields of a key as JSON values, with its present state."""
    shown = {name: value for name, value in as_record(key).items() if name not in ("salt", "digest")}
    return shown | {"state": key.state(datetime.now(UTC))}


def _file(path: Path | None) -> KeyFile:
    """The given key file, else the one in the settings."""
    path = path or load_settings().keys
    if path is None:
        raise typer.BadParameter("no key file: give --keys FILE or set FUNDSTELLE_KEYS")
    return KeyFile(path)
