"""``python -m eval``: measure question sets, compare and show what came of it, fit the confidence."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval.console.progress import tracked
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load
from eval.lab.benchmarks import build_rate, crash_recovery, index_probe, page_screenshots, scale
from eval.lab.benchmarks.latency import latency_record, print_latencies, spread
from eval.lab.benchmarks.scale_record import growth_file, read_growth
from eval.lab.experiments import ablation_command, chunking_command, sentence_splitting
from eval.lab.experiments.rerank_depth_record import effort_file, read_efforts
from eval.lab.load_test import command as load_command
from eval.lab.reranker_training import command as reader_command
from eval.report.files import as_json, write_output, write_record
from eval.report.terminal import print_record
from eval.runs.comparison import compare_records, comparison_table
from eval.runs.record import read_record, record_file
from eval.systems.rankings import Ranking
from eval.tuning import aspect_agreement, diagonal_metric, fusion_weights_command
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.cli.options import ReaderOption
from service.reranking.loading import OFF, OWN, load_reader

_CORPUS = Path(__file__).parent.parent / "corpus"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

SetArgument = Annotated[
    Path, typer.Argument(metavar="SET", help="A BEIR folder or a question file.", show_default=False)
]


@app.command()
def run(
    questions: SetArgument,
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of the index.", show_default="for a BEIR folder: built, then removed"),
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="URL", help="Measure a running service.")] = None,
    ranking: Annotated[Ranking, typer.Option(help="Rank by one part of the evidence alone.")] = "full",
    answers: Annotated[bool, typer.Option("--answers", help="Also ask for answers: BEIR folders.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions a language.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for record.json, report.html and TREC files.")
    ] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Put SET through the whole system and print figures with 95 % intervals."""
    if index and service:
        raise typer.BadParameter("--index and --service exclude each other")
    if service and (ranking != "full" or model):
        raise typer.BadParameter("--ranking and --model are the service's own matter with --service")
    if not questions.exists():
        raise typer.BadParameter(f"no folder or file at {questions}", param_hint="SET")
    if not questions.is_dir() and not index and not service:
        raise typer.BadParameter("a question file needs --index or --service")
    from eval.runs.evaluation import measure_beir, measure_questions, run_record
    from eval.systems.opening import embedder_loader, local_system, remote_system

    with exit_on_error():
        dataset = load(questions)
        # What one part of the evidence ranks alone is not read again; a service has its own reader.
        used = None if service else reader if ranking == "full" else OFF
        opened = (
            remote_system(dataset, service)
            if service
            else local_system(dataset, index, embedder_loader(model), ranking, used or OFF)
        )
        with opened as system:
            if isinstance(dataset, BeirSet):
                outcome = measure_beir(dataset, system, limit=limit, with_answers=answers, track=tracked)
            else:
                outcome = measure_questions(dataset, system, limit=limit, track=tracked)
            settings = {"ranking": ranking, "limit": limit, "answers": answers, "reader": used}
            result = run_record(dataset, outcome, system, settings)
        if output:
            from eval.report.html import PAGE, write_page

            write_output(output, result, outcome.run, outcome.qrels)
            write_page(output / PAGE, {str(questions): result})
    if as_json_only:
        print(as_json(result))
    else:
        print_record(result, Console())


app.command("ablate")(ablation_command.main)


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
    """Show records of sets, rankings, latencies, index sizes or reading on one page that needs no network."""
    with exit_on_error():
        grown = {str(file): read_growth(file) for path in records if (file := growth_file(path))}
        read = {str(file): read_efforts(file) for path in records if (file := effort_file(path))}
        others = [path for path in records if not growth_file(path) and not effort_file(path)]
        found = {str(record_file(path)): read_record(path) for path in others}
        from eval.report.html import write_page

        write_page(output, found, grown, read)
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
    reports: Annotated[Path, typer.Option(help="Folder of the reports.", show_default=False)],
    data: Annotated[
        Path,
        typer.Option(help="Folder of xquad, mlqa-dev, covid-faq and squad2-en.", show_default=False),
    ],
    questions: Annotated[Path, typer.Option(help="Question file on the reports.", show_default=False)],
    digests: Annotated[
        Path, typer.Option(help="Folder of the digests that come with the project.")
    ] = _CORPUS,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for the indexes.", show_default="built, then removed")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File for the coefficients.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Fit the probability that the corpus answers a question; print how good it is."""
    from eval.tuning.calibration.command import calibration_of, print_calibration, write_coefficients

    with exit_on_error(), contextlib.ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
        result = calibration_of(reports, digests, data, questions, folder, model, reader)
        if output:
            write_coefficients(output, result)
    if as_json_only:
        print(as_json(result))
    else:
        print_calibration(result, Console())


@app.command()
def latency(
    questions: SetArgument,
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, help="At most so many questions, spread over the set.")] = 200,
    output: Annotated[Path | None, typer.Option(help="Folder for record.json and report.html.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Time encoding, searching and asking, question by question."""
    from eval.lab.benchmarks.latency import measure
    from eval.systems.local import LocalSystem
    from eval.systems.opening import embedder_loader
    from indexer.index.generation import open_generation
    from service.engine import Engine

    with exit_on_error():
        dataset = load(questions)
        queries = spread(dataset, limit)
        embedder = embedder_loader(model)()
        opened = Engine.of(open_generation(index), embedder, load_reader(reader, embedder.inner))
        with contextlib.closing(opened) as engine:
            taken = measure(engine, embedder, [query.text for query in queries])
            result = latency_record(taken, queries, dataset, LocalSystem(engine).facts, limit)
        if output:
            from eval.report.html import PAGE, write_page

            write_record(output, result)
            write_page(output / PAGE, {str(questions): result})
    if as_json_only:
        print(as_json(result))
    else:
        print_latencies(taken, Console())


@app.command()
def startup(
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    runs: Annotated[int, typer.Option(min=1, help="How often each is started.")] = 3,
) -> None:
    """Time the service to its first answer against loading the model alone; and its peak memory."""
    from eval.lab.benchmarks import startup as measurement

    with exit_on_error():
        measurement.main(index, runs)


app.command("aspects")(aspect_agreement.main)
app.command("build-rate")(build_rate.main)
app.command("chunking")(chunking_command.main)
app.command("crash")(crash_recovery.main)
app.command("faces")(page_screenshots.main)
app.command("fit")(fusion_weights_command.main)
app.command("load")(load_command.main)
app.command("metric")(diagonal_metric.main)
app.command("probe")(index_probe.main)
app.add_typer(reader_command.app, name="reader")
app.command("scale")(scale.main)
app.command("segmentation")(sentence_splitting.main)


def main() -> None:
    app(prog_name="python -m eval")
