"""``python -m indexer``: build, inspect and verify an index."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from indexer.build.pipeline import build as build_index
from indexer.build.report import BuildSummary
from indexer.cli.options import IndexOption, JsonOption, ModelOption, exit_on_error, terminal_text
from indexer.cli.progress import build_progress
from indexer.errors import (
    FundstelleError,
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    SourceError,
    first_line,
)
from indexer.index import live_generation, verification
from indexer.index.layout import GENERATIONS
from indexer.index.manifest import Manifest
from indexer.preprocessing.chunking import Chunking
from indexer.sources.reader import printable

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
#: Problems that a summary lists; the others are only counted.
_LISTED_PROBLEMS = 20
#: Wider than any terminal, so that names of generations are not truncated and can be copied.
_TABLE_WIDTH = 400


@app.command()
def build(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Folders or files: .txt .md .html .docx .pdf .jsonl .zip .tar", show_default=False
        ),
    ],
    index: IndexOption,
    model: ModelOption = None,
    strict: Annotated[bool, typer.Option(help="Fail at a file or row that cannot be indexed.")] = False,
    passage_size: Annotated[
        int, typer.Option(min=100, max=2000, help="Characters of a passage.")
    ] = Chunking().size,
    keep: Annotated[int, typer.Option(min=1, help="Generations to keep, the new one included.")] = 3,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Also read what links in SOURCES lead to outside of them.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running and rebuild whenever a source changes.")
    ] = False,
) -> None:
    """Index SOURCES into a new generation and make it live."""
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

    def build_once() -> None:
        with build_progress() as report:
            summary = build_index(
                sources,
                index,
                embedder,
                chunking=Chunking(passage_size),
                strict=strict,
                keep=keep,
                follow_links=follow_links,
                report=report,
            )
        _print_summary(summary)

    with exit_on_error("interrupted; the index is unchanged"):
        with build_progress():
            embedder = SentenceTransformerEmbedder.load(model)
        build_once()
        if watch:
            _rebuild_on_changes(sources, index, build_once)


@app.command()
def fetch(
    listed: Annotated[
        Path, typer.Argument(metavar="LIST", help="TOML: [[source]] tables with url.", show_default=False)
    ],
    into: Annotated[Path, typer.Option(help="Folder for the pages.", show_default=False)],
    megabytes: Annotated[float, typer.Option(min=0.001, help="Size limit of a page.")] = 50,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests to one host.")] = 1,
    seconds: Annotated[
        float, typer.Option(min=1, help="Time limit of a page, with all its attempts and pauses.")
    ] = 600,
    allow_network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Also fetch from this private network, such as 10.20.0.0/16; may be repeated.",
            show_default="public addresses only",
        ),
    ] = None,
) -> None:
    """Download the public pages of LIST politely; unchanged ones are kept."""
    from indexer.sources.fetching import fetcher
    from indexer.sources.fetching.address_policy import AddressPolicy

    with exit_on_error("interrupted; the pages fetched so far are kept"):
        failed, policy = 0, AddressPolicy.of(allow_network or ())
        pages = fetcher.read_page_list(listed)
        for result in fetcher.fetch(pages, into, int(megabytes * 1e6), pause, seconds=seconds, policy=policy):
            failed += result.outcome == "failed"
            stream = sys.stderr if result.outcome == "failed" else sys.stdout
            print(f"{result.outcome}: {printable(result.url)}: {printable(result.detail)}", file=stream)
        if failed:
            raise SourceError(f"{failed} pages could not be fetched; the others are in {into}")


@app.command()
def status(index: IndexOption, as_json: JsonOption = False) -> None:
    """Show the generations of an index: counts, model, sizes."""
    with exit_on_error():
        live = live_generation.live_name(index)
        rows = [_describe(index, name, live) for name in reversed(live_generation.generation_names(index))]
    if as_json:
        document = {"index": str(index), "live": live, "generations": rows}
        print(json.dumps(document, ensure_ascii=False, indent=1))
        return
    table = Table(
        "generation", "live", "documents", "passages", "sentences", "left out", "MB", "model", box=None
    )
    for row in rows:
        table.add_row(row["name"], "*" if row["live"] else "", *_cells(row))
    Console(width=_TABLE_WIDTH, markup=False).print(table)


def _describe(index: Path, name: str, live: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "live": name == live}
    try:
        manifest = Manifest.read(index / GENERATIONS / name)
    except IndexDamagedError as error:
        return row | {"damage": str(error)}
    return row | {
        "created": manifest.created,
        "counts": manifest.counts,
        "model": manifest.model,
        "chunking": manifest.chunking,
        "sources": manifest.sources,
        "left_out": manifest.left_out,
        "bytes": sum(facts["size"] for facts in manifest.files.values()),
    }


def _cells(row: dict[str, Any]) -> list[str]:
    if "damage" in row:
        return ["", "", "", "", "", row["damage"]]
    counts = [str(row["counts"][unit]) for unit in ("documents", "passages", "sentences")]
    model = f"{row['model']['name']} {row['model']['digest'][:12]}"
    return [*counts, str(len(row["left_out"])), f"{row['bytes'] / 1e6:.1f}", model]


@app.command()
def verify(
    index: IndexOption,
    generation: Annotated[
        str | None, typer.Option(help="Name of a generation.", show_default="the live one")
    ] = None,
) -> None:
    """Check digests, offsets and counts; exit with 1 and name what is damaged."""
    with exit_on_error():
        name = generation or live_generation.live_name(index)
        faults = list(verification.verify(index, name))
    for fault in faults:
        print(f"damaged: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(1)
    print(f"{name}: intact")


@app.command()
def rollback(
    index: IndexOption,
    to: Annotated[
        str | None, typer.Option(help="Name of a generation.", show_default="the one before the live one")
    ] = None,
) -> None:
    """Make an older generation live again, if it is intact; a running service follows."""
    with exit_on_error():
        names = live_generation.generation_names(index)
        try:
            live = live_generation.live_name(index)
        except IndexDamagedError:
            # A broken CURRENT is repaired by naming a generation.
            if to is None:
                raise
            live = "none"
        older = [name for name in names if name < live]
        name = to or (older[-1] if older else None)
        if name is None:
            raise IndexMissingError(f"{index}: no generation older than the live one, {live}")
        if name not in names:
            raise IndexMissingError(f"{index}: no generation {name!r}; there are {', '.join(names)}")
        fault = next(verification.verify(index, name), None)
        if fault:
            raise IndexDamagedError(f"{fault}; {live} stays live")
        try:
            live_generation.set_live(index, name)
        except OSError as error:
            raise IndexingError(f"cannot write {index}: {error.strerror}; {live} stays live") from error
    print(f"{name} is live in place of {live}" if name != live else f"{name} is already live")


def _rebuild_on_changes(sources: list[Path], index: Path, rebuild: Callable[[], None]) -> None:
    """Rebuild after each change until Ctrl-C; a failed build leaves the index unchanged."""
    from indexer.sources.watcher import changes

    print("waiting for changes; press Ctrl-C to end", file=sys.stderr)
    for count in changes(sources, index):
        print(f"{count} files changed", file=sys.stderr)
        try:
            rebuild()
        except FundstelleError as error:
            print(f"error: {terminal_text(str(error))}; the index is unchanged", file=sys.stderr)
        except Exception as error:
            # A fault of this program or of a library, which the next change of the sources may avoid.
            reason = terminal_text(f"{type(error).__name__}: {first_line(error)}")
            print(f"error: {reason}; the index is unchanged", file=sys.stderr)


def _print_summary(summary: BuildSummary) -> None:
    counts = summary.counts
    print(
        f"{counts['documents']} documents, {counts['passages']} passages, {counts['sentences']} sentences; "
        f"{summary.embedded} texts embedded, the others cached; generation {summary.generation} is live"
    )
    for problem in summary.left_out[:_LISTED_PROBLEMS]:
        print(f"left out: {problem}", file=sys.stderr)
    if summary.left_out:
        print(f"{len(summary.left_out)} left out in total", file=sys.stderr)


def main() -> None:
    app(prog_name="python -m indexer")
