"""``python -m eval attacks``: every known attack, with its figure before its defence and now."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval.lab.attacks.attack import AttackResult, results_table
from eval.lab.attacks.document_attacks import attack_by_documents
from eval.lab.attacks.fetch_attacks import attack_by_pages
from eval.lab.attacks.service_attacks import attack_service
from indexer.cli.options import JsonOption, exit_on_error
from indexer.errors import FundstelleError

_PARTS = ("documents", "pages", "service")


def main(
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of an index, for the attacks on a service.", show_default=False),
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(help=f"Only this; may be repeated: {', '.join(_PARTS)}.")
    ] = None,
    as_json_only: JsonOption = False,
) -> None:
    """Attack reading, fetching and a service on this machine; fail if an attack misses its bound."""
    chosen = part or [name for name in _PARTS if name != "service" or index]
    for name in chosen:
        if name not in _PARTS:
            raise typer.BadParameter(f"no part {name!r}: {', '.join(_PARTS)}", param_hint="--part")
        if name == "service" and index is None:
            raise typer.BadParameter("the attacks on a service need one", param_hint="--index")
    with exit_on_error(), tempfile.TemporaryDirectory(prefix="fundstelle-attacks-") as folder:
        results = [result for name in chosen for result in _attacks(name, index, Path(folder))]
        if as_json_only:
            print(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))
        else:
            Console(width=200, markup=False).print(results_table(results))
        missed = sum(not result.holds for result in results)
        if missed:
            raise FundstelleError(f"{missed} of {len(results)} attacks miss their bound")


def _attacks(part: str, index: Path | None, folder: Path) -> Iterator[AttackResult]:
    own = folder / part
    own.mkdir()
    parts: dict[str, Callable[[], Iterator[AttackResult]]] = {
        "documents": lambda: attack_by_documents(own),
        "pages": lambda: attack_by_pages(own),
        "service": lambda: attack_service(index or own, own),
    }
    return parts[part]()
