"""``python -m eval chunking``: passages of different sizes, overlaps and groupings compared."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from eval.console.options import CacheOption, SetsArgument, model_loader
from eval.console.progress import track
from eval.lab.experiments.chunking import combinations, compare_chunkings, corpora
from eval.report.files import as_json, write_text
from eval.runs.record import ALL
from indexer.build.report import ReportProgress
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from indexer.cli.progress import build_progress
from indexer.preprocessing.chunking import Grouping

SIZES = (400, 800, 1200, 1800)
OVERLAPS = (0, 200)
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
#: Columns that are aligned to the left.
_LEFT = {"grouping"}
_HEAD = """# Passages: size, overlap, grouping

Sizes in characters. Means of the full ranking with half the width of their 95 % intervals; the difference
from the first row of a table is paired, over all questions, with its 95 % interval. Model: {model}.
"""


def _joined(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def main(
    context: typer.Context,
    sets: SetsArgument,
    reports: Annotated[
        Path | None, typer.Option(help="Folder of the reports.", show_default="not measured")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(help="Question file on the reports.", show_default="not measured")
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option(min=100, help="Characters of a passage; repeatable.", show_default=_joined(SIZES)),
    ] = None,
    overlap: Annotated[
        list[int] | None,
        typer.Option(min=0, help="Repeated characters; repeatable.", show_default=_joined(OVERLAPS)),
    ] = None,
    grouping: Annotated[
        list[str] | None,
        typer.Option(help="Unit that a passage stays within; repeatable.", show_default=_joined(GROUPINGS)),
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="Every combination instead of one change at a time.")
    ] = False,
    cache: CacheOption = None,
    output: Annotated[Path | None, typer.Option(help="Folder for chunking.md and chunking.json.")] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Index every SET with passages of several kinds; print the retrieval quality of each."""
    if (reports is None) != (questions is None):
        raise typer.BadParameter("--reports and --questions go together")
    if unknown := set(grouping or ()).difference(GROUPINGS):
        raise typer.BadParameter(
            f"{min(unknown)!r} is not one of {_joined(GROUPINGS)}", param_hint="--grouping"
        )
    groupings = [name for name in GROUPINGS if name in (grouping or GROUPINGS)]
    try:
        chunkings = combinations(size or SIZES, overlap or OVERLAPS, groupings, every)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--overlap") from error
    with exit_on_error(), contextlib.ExitStack() as stack:
        compared = corpora(sets, reports, questions)
        if output:
            # Fails before an hour of work, not after it.
            write_text(output, {})
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
        with build_progress():
            embedder = model_loader(context)(model)
        result = compare_chunkings(compared, chunkings, folder, embedder, _named_progress, track)
        if output:
            write(output, result)
    if as_json_only:
        print(as_json(result))
        return
    for title, rows in tables(result):
        Console().print(_terminal(title, rows))


@contextlib.contextmanager
def _named_progress(label: str) -> Iterator[ReportProgress]:
    with build_progress(label) as report:
        yield lambda what, done, whole: report(f"{label}: {what}", done, whole)


def write(folder: Path, result: Mapping[str, Any]) -> None:
    """Write ``chunking.md`` and ``chunking.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    write_text(folder, {"chunking.json": as_json(result) + "\n", "chunking.md": markdown(result)})


def tables(result: Mapping[str, Any]) -> list[tuple[str, list[dict[str, str]]]]:
    """Title and rows of the table of each set; all rows have the same columns."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in result["rows"]:
        found.setdefault(f"{row['set']}: {row['measure']}", []).append(row)
    return [
        (title, [_cells(row, number) for number, row in enumerate(rows)]) for title, rows in found.items()
    ]


def _cells(row: Mapping[str, Any], number: int) -> dict[str, str]:
    chunking, difference = row["chunking"], row["difference"]
    estimates = {
        group: f"{estimate['mean']:.3f} ±{(estimate['high'] - estimate['low']) / 2:.3f}"
        for group, estimate in row["figures"].items()
    }
    change = f"{difference['mean']:+.3f} ({difference['low']:+.3f} to {difference['high']:+.3f})"
    return {
        "size": str(chunking["size"]),
        "overlap": str(chunking["overlap"]),
        "grouping": chunking["grouping"],
        "passages": str(row["passages"]),
        "mean length": f"{row['mean_length']:.0f}",
        **estimates,
        f"difference, {ALL}": change if number else "",
    }


def markdown(result: Mapping[str, Any]) -> str:
    """The comparison as a Markdown page, one table for each set."""
    parts = [_HEAD.format(model=result["model"]["name"])]
    for title, rows in tables(result):
        rules = ["---" if column in _LEFT else "---:" for column in rows[0]]
        lines: list[Sequence[str]] = [list(rows[0]), rules, *(list(row.values()) for row in rows)]
        parts.append(f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)


def _terminal(title: str, rows: Sequence[Mapping[str, str]]) -> Table:
    """The table without the intervals of single estimates, for which 80 columns are too few."""
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="left" if column in _LEFT else "right")
    for row in rows:
        table.add_row(*(cell.split(" ±")[0] for cell in row.values()))
    return table
