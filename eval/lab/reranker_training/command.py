"""``python -m eval reader``: train the bundled cross-encoder and measure it on held-out documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.datasets.beir import load_beir
from eval.report.files import as_json, write_text
from indexer.cli.options import exit_on_error
from indexer.cli.progress import bar, build_progress
from indexer.errors import SourceError

DataArgument = Annotated[
    Path, typer.Argument(help="Folder of train and of the question sets.", show_default=False)
]
CacheOption = Annotated[Path, typer.Option(help="Folder for the indexes.", show_default=False)]


def train(
    data: DataArgument,
    into: Annotated[Path, typer.Option(help="Folder of weights, logs and plots.", show_default=False)],
    cache: CacheOption,
    first: Annotated[
        Path | None, typer.Option(help="Weights of the first stage.", show_default="trained as well")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the choice of examples and their order.")] = 57,
    share: Annotated[
        float, typer.Option(min=0.001, max=1, help="Share of the examples; less for a trial.")
    ] = 1.0,
) -> None:
    """Train on DATA in two stages; continues a training that was begun in the same folder."""
    from eval.lab.reranker_training import stage_one, stage_two, trainer

    with exit_on_error("interrupted; the same command continues from the last checkpoint"):
        _require_material(data)
        pools = _pools(data, cache)
        if first is None:
            found = stage_one.examples(data, pools, stage_one.Recipe(), seed)
            first = _stage(found, into / "first", None, trainer.Schedule(), seed, share)
        found = stage_two.examples(data, pools, stage_two.Recipe(), seed)
        _stage(found, into, first, trainer.Schedule(rate=1e-4), seed, share)


def _stage(
    found: dict[str, list[Any]], into: Path, start: Path | None, schedule: Any, seed: int, share: float
) -> Path:
    """Train on these examples from the weights ``start``, or from the layers of the default model."""
    from safetensors.torch import load_file

    from eval.lab.reranker_training import batches, trainer
    from indexer.embedding import model_files
    from service.reranking.network import CrossEncoderNetwork
    from service.reranking.pair_encoding import PairEncoder

    folder, tokenizer = _default_model()
    pairing = PairEncoder(tokenizer)
    examples = [example for group in found.values() for example in group]
    order = batches.batches(batches.rows(examples, pairing), seed)
    order = order[: max(1, round(share * len(order)))]
    network = CrossEncoderNetwork.untrained(folder)
    if start is not None:
        network.load_trained(load_file(start))
    with bar() as progress:
        task = progress.add_task("training steps", total=len(order))
        weights = trainer.train(
            network,
            order,
            pairing.padding,
            into,
            schedule,
            lambda done, whole: progress.update(task, completed=done, total=whole),
        )
    trainer.write_result(
        into,
        weights,
        {"seed": seed, "share": share, "steps": len(order)},
        {name: len(group) for name, group in found.items()},
        schedule,
        model_files.folder_digest(folder),
    )
    print(f"{len(order)} steps on {len(examples)} examples; {into / trainer.WEIGHTS}")
    return into / trainer.WEIGHTS


def measure(
    data: DataArgument,
    cache: CacheOption,
    weights: Annotated[Path | None, typer.Option(help="Weights file.", show_default="those in use")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for reader.json.")] = None,
) -> None:
    """Measure a cross-encoder on the held-out questions of DATA."""
    from eval.datasets.held_out import SETS, Split
    from eval.lab.reranker_training import evaluation
    from service.reranking.bundled import WEIGHTS, BundledCrossEncoder

    with exit_on_error():
        _require_material(data)
        reader = BundledCrossEncoder.load(weights or WEIGHTS)
        split = Split.of([load_beir(data / name) for name in SETS])
        result = evaluation.evaluate(_pools(data, cache), split, reader)
        if output:
            write_text(output, {"reader.json": as_json({"digest": reader.digest, "figures": result}) + "\n"})
    Console(width=120, markup=False).print(_table(result))


def held_out(
    data: DataArgument,
    into: Annotated[Path, typer.Option(help="Folder for the sets.", show_default=False)],
    cache: CacheOption,
) -> None:
    """Write the sets of DATA with the held-out questions only, as BEIR folders."""
    from eval.datasets.held_out import SETS, Split, write_held_out

    with exit_on_error():
        _require_material(data)
        sets = [load_beir(data / name) for name in SETS]
        split, pools = Split.of(sets), _pools(data, cache)
        for dataset in sets:
            held_out_ids = {
                pool.query_id
                for pool in pools[dataset.name]
                if split.holds_out_question(dataset.name, pool.question, pool.about)
            }
            write_held_out(dataset, held_out_ids, into / dataset.name)
            print(f"{len(held_out_ids)} of {len(dataset.queries)} questions: {into / dataset.name}")


def _require_material(data: Path) -> None:
    if not (data / "train").is_dir():
        raise SourceError(f"{data}: no folder train")


def _pools(data: Path, cache: Path) -> dict[str, Any]:
    from eval.datasets.held_out import SETS
    from eval.lab.reranker_training.candidate_pools import pools
    from indexer.analysis import language_detection as language
    from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

    sets = [load_beir(data / name) for name in SETS]
    language.warm_up()
    embedder = SentenceTransformerEmbedder.load()
    found = {}
    for dataset in sets:
        with build_progress("reading") as report:
            found[dataset.name] = pools(dataset, cache, embedder, report)
    return found


def _default_model() -> tuple[Path, Any]:
    from transformers import AutoTokenizer

    from indexer.embedding import model_files

    _, folder = model_files.locate(None)
    return folder, AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _table(result: dict[str, Any]) -> Table:
    table = Table("set", "questions", "weight", "nDCG@10", "AUROC", "refused", box=None)
    for name, row in result.items():
        rejection = row["answerhood"]
        for weight, by_language in row["ndcg@10"].items():
            first = weight == next(iter(row["ndcg@10"]))
            by_name = " ".join(f"{language} {value:.3f}" for language, value in by_language.items())
            table.add_row(
                *((name, str(row["questions"])) if first else ("", "")),
                weight,
                by_name,
                f"{rejection['auroc']:.3f}" if first and rejection else "",
                f"{rejection['refused']:.2f}" if first and rejection else "",
            )
    return table
