"""``python -m eval``: measure question sets, compare and report runs, fit the numbers of the service."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from eval.console.options import CacheOption, LimitOption, SetArgument, model_loader
from eval.console.progress import track
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load
from eval.report.files import as_json, write_output
from eval.report.terminal import comparison_table, print_record
from eval.runs.comparison import compare_records
from eval.runs.record import read_record, record_file
from eval.systems.rankings import FULL, Ranking
from eval.tuning import aspect_agreement, diagonal_metric, fusion_weights_command
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.cli.options import ReaderOption
from service.reranking.loading import OFF, OWN

if TYPE_CHECKING:
    from eval.report.html import Section

_CORPUS = Path(__file__).parent.parent / "corpus"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def run(
    context: typer.Context,
    questions: SetArgument,
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of the index.", show_default="for a BEIR folder: built, then removed"),
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="URL", help="Measure a running service.")] = None,
    ranking: Annotated[Ranking, typer.Option(help="Rank by one kind of score alone.")] = "full",
    answers: Annotated[bool, typer.Option("--answers", help="Also ask for answers: BEIR folders.")] = False,
    limit: LimitOption = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for record.json, report.html and TREC files.")
    ] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Measure the whole system on SET and print measures with 95 % intervals."""
    _require_system(questions, index, service)
    if service and (ranking != FULL or model):
        raise typer.BadParameter("--ranking and --model cannot be set for a running --service")
    from eval.runs.evaluation import evaluate_beir, evaluate_questions, run_record
    from eval.systems.opening import embedder_loader, local_system, remote_system

    with exit_on_error():
        dataset = load(questions)
        # The other rankings are not reranked; a running service has its own reader.
        reader_used = None if service else reader if ranking == FULL else OFF
        load_embedder = embedder_loader(model_loader(context), model)
        with (
            remote_system(dataset, service)
            if service
            else local_system(dataset, index, load_embedder, ranking, reader_used or OFF)
        ) as system:
            if isinstance(dataset, BeirSet):
                outcome = evaluate_beir(dataset, system, limit=limit, with_answers=answers, track=track)
            else:
                outcome = evaluate_questions(dataset, system, limit=limit, track=track)
            settings = {"ranking": ranking, "limit": limit, "answers": answers, "reader": reader_used}
            record = run_record(dataset, outcome, system, settings)
        if output:
            from eval.report.html import PAGE, write_page

            write_output(output, record, outcome.run, outcome.qrels)
            write_page(output / PAGE, {str(questions): record})
    if as_json_only:
        print(as_json(record))
    else:
        print_record(record, Console())


def _require_system(questions: Path, index: Path | None, service: str | None) -> None:
    if index and service:
        raise typer.BadParameter("--index and --service exclude each other")
    if not questions.exists():
        raise typer.BadParameter(f"no folder or file at {questions}", param_hint="SET")
    if not questions.is_dir() and not index and not service:
        raise typer.BadParameter("a question file needs --index or --service")


@app.command()
def report(
    records: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORD", help="record.json, scale.json, effort.json or its folder.", show_default=False
        ),
    ],
    output: Annotated[Path, typer.Option(help="File for the page.")] = Path("report.html"),
) -> None:
    """Show records of any kind on one page that needs no network."""
    with exit_on_error():
        sections, paths = _lab_sections(records)
        by_file = {str(record_file(path)): read_record(path) for path in paths}
        from eval.report.html import write_page

        write_page(output, by_file, sections)
    print(output)


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(help="record.json or its folder.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    measure: Annotated[str, typer.Option(help="Measure to compare by.")] = "nDCG@10",
    as_json_only: JsonOption = False,
) -> None:
    """Paired difference B - A on the questions both runs share: interval and randomisation test."""
    with exit_on_error():
        comparison = compare_records(read_record(run_a), read_record(run_b), measure)
    if as_json_only:
        print(as_json(comparison))
        return
    Console().print(comparison_table(comparison))
    if not comparison["same_set"]:
        print("note: the two sets differ; only questions of the same id are compared", file=sys.stderr)


@app.command()
def calibrate(
    context: typer.Context,
    reports: Annotated[Path, typer.Option(help="Folder of the reports.", show_default=False)],
    data: Annotated[
        Path,
        typer.Option(help="Folder of xquad, mlqa-dev, covid-faq and squad2-en.", show_default=False),
    ],
    questions: Annotated[Path, typer.Option(help="Question file on the reports.", show_default=False)],
    digests: Annotated[Path, typer.Option(help="Folder of the digests of the project.")] = _CORPUS,
    cache: CacheOption = None,
    output: Annotated[Path | None, typer.Option(help="File for the coefficients.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Fit the probability that the corpus answers a question, and print its quality."""
    from eval.tuning.calibration.command import (
        Materials,
        calibration_of,
        print_calibration,
        write_coefficients,
    )

    with exit_on_error(), contextlib.ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
        materials = Materials(reports, digests, data, questions, folder)
        result = calibration_of(materials, model_loader(context), model, reader)
        if output:
            write_coefficients(output, result)
    if as_json_only:
        print(as_json(result))
    else:
        print_calibration(result, Console())


app.command("aspects")(aspect_agreement.main)
app.command("fit")(fusion_weights_command.main)
app.command("metric")(diagonal_metric.main)


def _has_lab() -> bool:
    """True where the lab is installed: in a checkout, not in the wheel."""
    return importlib.util.find_spec("eval.lab") is not None


def _lab_sections(paths: Sequence[Path]) -> tuple[list[Section], list[Path]]:
    """Sections for the records of the lab, and the other paths."""
    if not _has_lab():
        return [], list(paths)
    from eval.lab.report_sections import lab_sections

    return lab_sections(paths)


if _has_lab():
    from eval.lab.commands import register

    register(app)


def main() -> None:
    app(prog_name="python -m eval")
