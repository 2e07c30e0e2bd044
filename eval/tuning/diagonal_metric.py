"""``python -m eval metric``: learn how much each dimension of the model's space says of answering.

Material: ``*.sentences.jsonl.gz`` and ``selqa_en.jsonl.gz`` of a folder, rows of ``question``, ``text`` (a
sentence) and ``label`` (1: it answers). Of each question's sentences the one that answers is to stand first:
softmax over their cosines plus the weighted products of the centred vectors. One weight a dimension is
learned, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console

from eval.console.options import model_loader
from eval.datasets import jsonl
from eval.report.files import as_json
from indexer.arrays import Vectors
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from indexer.cli.progress import build_progress
from indexer.embedding.embedder import Embedder
from indexer.embedding.language_alignment import LanguageAlignment
from indexer.embedding.vector_cache import VectorCache
from indexer.errors import SourceError
from indexer.text.languages import Language

_FILES = ("*.sentences.jsonl.gz", "selqa_en.jsonl.gz")
#: Questions kept out of the learning, to be measured on.
_HELD_OUT = 1000
#: Sentences that the right one is compared with in a step; how peaked the softmax is; size of a step.
_AGAINST, _SHARPNESS, _BATCH = 12, 30.0, 128
_EPOCHS, _RATE, _PENALTY = 6, 5e-3, 1e-4
_LANGUAGE: Language = "en"


@dataclass(frozen=True, slots=True)
class Item:
    """A question with the sentences that answer it and those around them that do not, as row numbers."""

    question: int
    right: tuple[int, ...]
    wrong: tuple[int, ...]


def main(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of the material.", show_default=False)],
    cache: Annotated[Path, typer.Option(help="Folder where vectors are kept.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="File for the metric.")] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Learn ``service/scoring/diagonal_metric.json`` and print how often the right sentence comes first."""
    with exit_on_error():
        items, questions, sentences = load(folder)
        embedder = model_loader(context)(model)
        with build_progress() as report:
            vectors = _embed(questions, sentences, cache, embedder, report)
        result = learn(items, *vectors)
        result = {"model": {"name": embedder.name, "digest": embedder.digest}} | result
        if output:
            output.write_text(as_json(result) + "\n", "utf-8")
    figures = result["figures"]
    if as_json_only:
        print(as_json(result))
    else:
        Console().print(
            f"right sentence first, {figures['held_out']} questions held out: "
            f"cosine {figures['cosine']:.3f}, metric {figures['metric']:.3f}"
        )


def load(folder: Path) -> tuple[list[Item], list[str], list[str]]:
    """Items, and the questions and sentences that their numbers stand for.

    Raises:
        SourceError: a file is missing or malformed.
    """
    paths = sorted(path for pattern in _FILES for path in folder.glob(pattern))
    if not paths:
        raise SourceError(f"{folder}: none of {', '.join(_FILES)}")
    rows: dict[str, dict[str, int]] = {}
    for path in paths:
        for where, row in jsonl.rows(path):
            text = jsonl.text(row, "text", where)
            if row.get("unit", "sentence") == "sentence":
                rows.setdefault(jsonl.text(row, "question", where), {}).setdefault(
                    text, int(bool(row["label"]))
                )
    questions = sorted(rows)
    sentences = sorted({text for labels in rows.values() for text in labels})
    number = {text: i for i, text in enumerate(sentences)}
    items = []
    for i, question in enumerate(questions):
        labels = rows[question]
        right = tuple(number[text] for text, label in labels.items() if label)
        wrong = tuple(number[text] for text, label in labels.items() if not label)
        if right and wrong:
            items.append(Item(i, right, wrong))
    return items, questions, sentences


def learn(items: Sequence[Item], questions: Vectors, sentences: Vectors, centre: Vectors) -> dict[str, Any]:
    """Weights by dimension, the questions' offset from the ``centre`` of their language, and figures."""
    import torch

    torch.manual_seed(0)
    random = np.random.default_rng(0)
    order = random.permutation(len(items))
    held, seen = order[: min(_HELD_OUT, len(items) // 5)], order[min(_HELD_OUT, len(items) // 5) :]
    mean_question, mean_sentence = questions.mean(axis=0), sentences.mean(axis=0)
    weights = torch.nn.Parameter(torch.zeros(questions.shape[1]))
    optimizer = torch.optim.Adam([weights], lr=_RATE)

    def compared(chosen: npt.NDArray[np.int64]) -> tuple[Any, Any]:
        """Cosines, and products by dimension, of questions and their sentences, the right one first."""
        rows, there = _against([items[i] for i in chosen.tolist()], random)
        asked = torch.tensor(questions[[items[i].question for i in chosen.tolist()]])
        found = torch.tensor(sentences[rows])
        cosines = torch.einsum("bd,bkd->bk", asked, found).masked_fill(torch.tensor(~there), -1e4)
        products = (asked - torch.tensor(mean_question))[:, None, :] * (found - torch.tensor(mean_sentence))
        return cosines, products

    for _ in range(_EPOCHS):
        for batch in np.array_split(random.permutation(seen), max(1, len(seen) // _BATCH)):
            cosines, products = compared(batch)
            scores = _SHARPNESS * (cosines + products @ weights)
            loss = torch.nn.functional.cross_entropy(scores, torch.zeros(len(batch), dtype=torch.long))
            loss = loss + _PENALTY * (weights**2).sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    with torch.no_grad():
        cosines, products = compared(held)
        first = [
            float((scores.argmax(1) == 0).float().mean())
            for scores in (cosines, cosines + products @ weights)
        ]
    return {
        "weights": [round(float(weight), 5) for weight in weights.detach()],
        "offset": [round(float(x), 5) for x in mean_question - centre],
        "figures": {
            "questions": len(items),
            "held_out": len(held),
            "cosine": round(first[0], 4),
            "metric": round(first[1], 4),
        },
    }


def _against(
    items: Sequence[Item], random: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Sentences of each question, one that answers first, and which of the places are taken."""
    rows = np.zeros((len(items), _AGAINST + 1), np.int64)
    there = np.zeros(rows.shape, np.bool_)
    for place, item in enumerate(items):
        wrong = random.permutation(item.wrong)[:_AGAINST]
        rows[place, 0] = random.choice(item.right)
        rows[place, 1 : 1 + len(wrong)] = wrong
        there[place, : 1 + len(wrong)] = True
    return rows, there


def _embed(
    questions: list[str],
    sentences: list[str],
    cache: Path,
    embedder: Embedder,
    report: Any,
) -> tuple[Vectors, Vectors, Vectors]:
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        report("embedding", done, len(sentences))

    kept = VectorCache.open(cache, embedder)
    try:
        of_sentences, _ = kept.embed(sentences, embedder, progress)
        of_questions = kept.embed_questions(questions, embedder)
        alignment = LanguageAlignment.build(lambda texts: kept.embed_questions(texts, embedder))
    finally:
        kept.close()
    return of_questions, of_sentences.astype(np.float32), alignment.centroid(_LANGUAGE)
