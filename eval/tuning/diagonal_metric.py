"""``python -m eval metric``: fit the diagonal similarity metric of ``service/scoring``.

Material: ``*.sentences.jsonl.gz`` and ``selqa_en.jsonl.gz`` of a folder, rows of ``question``, ``text`` (a
sentence) and ``label`` (1: it answers). The loss is a softmax over the sentences of a question, of
their cosines plus the weighted products of the centred vectors, with the answering sentence as the target.
One weight for each dimension is learned, nothing else.
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
#: Questions that are held out for measuring.
_HELD_OUT = 1000
#: Negative sentences of a question in a step; inverse temperature of the softmax; questions of a step.
_NEGATIVES, _SHARPNESS, _BATCH = 12, 30.0, 128
_EPOCHS, _RATE, _PENALTY = 6, 5e-3, 1e-4
_LANGUAGE: Language = "en"


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """A question with its answering sentences and other sentences near them, as row numbers."""

    question: int
    positive: tuple[int, ...]
    negative: tuple[int, ...]


def main(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of the material.", show_default=False)],
    cache: Annotated[Path, typer.Option(help="Folder for the vectors.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="File for the metric.")] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Fit ``service/scoring/diagonal_metric.json``; print how often an answering sentence comes first."""
    with exit_on_error():
        items, questions, sentences = load(folder)
        embedder = model_loader(context)(model)
        with build_progress() as report:
            vectors = _embed(questions, sentences, cache, embedder, report)
        result = learn(items, *vectors)
        result = {"model": {"name": embedder.name, "digest": embedder.digest}} | result
        if output:
            output.write_text(as_json(result) + "\n", "utf-8")
    measures = result["figures"]
    if as_json_only:
        print(as_json(result))
    else:
        Console().print(
            f"answering sentence first, {measures['held_out']} questions held out: "
            f"cosine {measures['cosine']:.3f}, metric {measures['metric']:.3f}"
        )


def load(folder: Path) -> tuple[list[TrainingQuestion], list[str], list[str]]:
    """The training questions, and the texts of questions and sentences by their row numbers.

    Raises:
        SourceError: a file is missing or malformed.
    """
    labels_by_question = _read_labels(folder)
    questions = sorted(labels_by_question)
    sentences = sorted({text for labels in labels_by_question.values() for text in labels})
    rows = {text: row for row, text in enumerate(sentences)}
    items = []
    for number, question in enumerate(questions):
        labels = labels_by_question[question]
        positive = tuple(rows[text] for text, label in labels.items() if label)
        negative = tuple(rows[text] for text, label in labels.items() if not label)
        if positive and negative:
            items.append(TrainingQuestion(number, positive, negative))
    return items, questions, sentences


def _read_labels(folder: Path) -> dict[str, dict[str, bool]]:
    """Question → sentence → True if it answers; of repeated sentences the first label."""
    paths = sorted(path for pattern in _FILES for path in folder.glob(pattern))
    if not paths:
        raise SourceError(f"{folder}: no {' or '.join(_FILES)}")
    labels: dict[str, dict[str, bool]] = {}
    for path in paths:
        for where, row in jsonl.rows(path):
            text = jsonl.text(row, "text", where)
            if row.get("unit", "sentence") == "sentence":
                of_question = labels.setdefault(jsonl.text(row, "question", where), {})
                of_question.setdefault(text, bool(row["label"]))
    return labels


def learn(
    items: Sequence[TrainingQuestion], questions: Vectors, sentences: Vectors, centroid: Vectors
) -> dict[str, Any]:
    """Fit the weights.

    Args:
        questions: vectors, shape ``(n, dimension)``; rows as in ``items``.
        sentences: vectors, shape ``(m, dimension)``; rows as in ``items``.
        centroid: of the language of the questions, shape ``(dimension,)``.

    Returns:
        The weights by dimension, the offset of the questions from the centroid, and measures.
    """
    import torch

    torch.manual_seed(0)
    random = np.random.default_rng(0)
    order = random.permutation(len(items))
    held_out, seen = order[: min(_HELD_OUT, len(items) // 5)], order[min(_HELD_OUT, len(items) // 5) :]
    mean_question, mean_sentence = questions.mean(axis=0), sentences.mean(axis=0)
    weights = torch.nn.Parameter(torch.zeros(questions.shape[1]))
    optimizer = torch.optim.Adam([weights], lr=_RATE)

    def compared(chosen: npt.NDArray[np.int64]) -> tuple[Any, Any]:
        """Cosines, and products by dimension, of questions and their sentences, a positive one first."""
        rows, filled = _sample([items[i] for i in chosen.tolist()], random)
        asked = torch.tensor(questions[[items[i].question for i in chosen.tolist()]])
        found = torch.tensor(sentences[rows])
        cosines = torch.einsum("bd,bkd->bk", asked, found).masked_fill(torch.tensor(~filled), -1e4)
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
        cosines, products = compared(held_out)
        first = [
            float((scores.argmax(1) == 0).float().mean())
            for scores in (cosines, cosines + products @ weights)
        ]
    return {
        "weights": [round(float(weight), 5) for weight in weights.detach()],
        "offset": [round(float(x), 5) for x in mean_question - centroid],
        "figures": {
            "questions": len(items),
            "held_out": len(held_out),
            "cosine": round(first[0], 4),
            "metric": round(first[1], 4),
        },
    }


def _sample(
    items: Sequence[TrainingQuestion], random: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A positive and some negative sentences of each question, and a mask of the filled positions."""
    rows = np.zeros((len(items), _NEGATIVES + 1), np.int64)
    filled = np.zeros(rows.shape, np.bool_)
    for position, item in enumerate(items):
        negative = random.permutation(item.negative)[:_NEGATIVES]
        rows[position, 0] = random.choice(item.positive)
        rows[position, 1 : 1 + len(negative)] = negative
        filled[position, : 1 + len(negative)] = True
    return rows, filled


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

    vectors = VectorCache.open(cache, embedder)
    try:
        of_sentences, _ = vectors.embed(sentences, embedder, progress)
        of_questions = vectors.embed_questions(questions, embedder)
        alignment = LanguageAlignment.build(lambda texts: vectors.embed_questions(texts, embedder))
    finally:
        vectors.close()
    return of_questions, of_sentences.astype(np.float32), alignment.centroid(_LANGUAGE)
