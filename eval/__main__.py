"""``python -m eval``: measure a question set, compare two runs, time the service, fit the confidence."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval import chunking, segmentation
from eval.comparing import compare_records, comparison_table, read_record
from eval.datasets import BeirSet, QuestionSet, load
from eval.figures import record
from eval.progress import building, tracked
from eval.report import as_json, print_record, write_output
from eval.systems import LocalSystem, Ranking, System
from indexer.cli import JsonOption, ModelOption, failing_in_one_line
from indexer.errors import SourceError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def run(
    questions: Annotated[
        Path, typer.Argument(metavar="SET", help="A BEIR folder or a question file.", show_default=False)
    ],
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of the index.", show_default="for a BEIR folder: built, then removed"),
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="URL", help="Measure a running service.")] = None,
    ranking: Annotated[Ranking, typer.Option(help="Rank by one part of the evidence alone.")] = "full",
    answers: Annotated[bool, typer.Option("--answers", help="Also ask for answers: BEIR folders.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions a language.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for record.json and TREC files.")] = None,
    model: ModelOption = None,
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
    with failing_in_one_line():
        dataset = load(questions)
        with _system(dataset, index, service, model, ranking) as system:
            result, outcome_run, qrels = _measure(dataset, system, ranking, limit, answers)
        if output:
            write_output(output, result, outcome_run, qrels)
    if as_json_only:
        print(as_json(result))
    else:
        print_record(result, Console())


def _measure(
    dataset: BeirSet | QuestionSet, system: System, ranking: Ranking, limit: int | None, answers: bool
) -> tuple[dict[str, Any], Any, Any]:
    from eval.measuring import measure_beir, measure_questions

    if isinstance(dataset, BeirSet):
        kind = "beir"
        outcome = measure_beir(dataset, system, limit=limit, with_answers=answers, track=tracked)
    else:
        kind = "questions"
        outcome = measure_questions(dataset, system, limit=limit, track=tracked)
    source = {"name": dataset.name, "kind": kind, "sha256": dataset.digest}
    settings = {"ranking": ranking, "limit": limit, "answers": answers}
    return (
        record(outcome.measured, source, system.facts, settings, outcome.queries),
        outcome.run,
        outcome.qrels,
    )


@contextlib.contextmanager
def _system(
    dataset: BeirSet | QuestionSet,
    index: Path | None,
    service: str | None,
    model: str | None,
    ranking: Ranking,
) -> Iterator[System]:
    """What is to be measured; an index built for it is gone afterwards."""
    from service.engine import Engine

    if service:
        from eval.remote import RemoteSystem

        yield RemoteSystem.open(service)
        return
    with contextlib.ExitStack() as stack:
        if index:
            engine = Engine.open(index, model)
        else:
            assert isinstance(dataset, BeirSet)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
            engine = _built(dataset, folder, model)
        stack.callback(engine.close)
        if isinstance(dataset, BeirSet):
            _require_documents(dataset, engine)
        yield LocalSystem(engine, ranking)


def _built(dataset: BeirSet, folder: Path, model: str | None) -> Any:
    from indexer.build import build
    from indexer.embedder import SentenceTransformerEmbedder
    from indexer.index import open_generation
    from service.engine import Engine

    with building() as report:
        embedder = SentenceTransformerEmbedder.load(model)
        # Not the folder: its queries would become documents.
        build([dataset.corpus], folder, embedder, report=report)
    return Engine.of(open_generation(folder), embedder)


def _require_documents(dataset: BeirSet, engine: Any) -> None:
    judged = {
        document for grades in dataset.qrels.values() for document, grade in grades.items() if grade > 0
    }
    missing = sorted(name for name in judged if engine.generation.store.number_of(name) is None)
    if len(missing) == len(judged):
        raise SourceError(
            f"{dataset.name}: none of its documents is in the index, for instance {missing[0]!r}"
        )
    if missing:
        told = f"{len(missing)} of {len(judged)} relevant documents are not in the index"
        print(f"{told}, for instance {missing[0]!r}", file=sys.stderr)


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(help="record.json or its folder.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    measure: Annotated[str, typer.Option(help="Measure to compare by.")] = "nDCG@10",
    as_json_only: JsonOption = False,
) -> None:
    """Paired difference B - A on the questions both runs share: interval and randomisation test."""
    with failing_in_one_line():
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
    cache: Annotated[
        Path | None, typer.Option(help="Folder for the indexes.", show_default="built, then removed")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File for the coefficients.")] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Fit the probability that the corpus answers a question; print how good it is."""
    from eval.calibration.run import calibration_of, print_calibration, write_coefficients

    with failing_in_one_line(), contextlib.ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-")))
        result = calibration_of(reports, data, questions, folder, model)
        if output:
            write_coefficients(output, result)
    if as_json_only:
        print(as_json(result))
    else:
        print_calibration(result, Console())


@app.command()
def latency(
    questions: Annotated[
        Path, typer.Argument(metavar="SET", help="A BEIR folder or a question file.", show_default=False)
    ],
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, help="At most so many questions, spread over the set.")] = 200,
    model: ModelOption = None,
) -> None:
    """Time encoding, searching and asking, question by question."""
    from eval.latency import measure, print_latencies
    from indexer.embedder import SentenceTransformerEmbedder
    from indexer.index import open_generation
    from service.engine import Engine

    with failing_in_one_line():
        dataset = load(questions)
        asked = dataset.queries if isinstance(dataset, BeirSet) else [case.query for case in dataset.cases]
        texts = [query.text for query in asked]
        embedder = SentenceTransformerEmbedder.load(model)
        with contextlib.closing(Engine.of(open_generation(index), embedder)) as engine:
            spread = texts[:: max(1, len(texts) // limit)][:limit]
            print_latencies(measure(engine, embedder, spread), Console())


@app.command()
def startup(
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    runs: Annotated[int, typer.Option(min=1, help="How often each is started.")] = 3,
) -> None:
    """Time the service to its first answer against loading the model alone; and its peak memory."""
    from eval import startup as measurement

    with failing_in_one_line():
        measurement.main(index, runs)


app.command("chunking")(chunking.main)
app.command("segmentation")(segmentation.main)


def main() -> None:
    app(prog_name="python -m eval")


if __name__ == "__main__":
    main()
