"""``python -m eval aspects``: stored aspects and references of sentences against labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.datasets import jsonl
from eval.metrics.spans import folded
from eval.report.files import as_json
from indexer.annotation.aspects import ASPECTS
from indexer.cli.options import JsonOption, exit_on_error
from indexer.errors import SourceError
from indexer.index.generation import Generation, open_generation

Strings = frozenset[str]
#: Labelled and stored names of a sentence.
Pair = tuple[Strings, Strings]

#: Strength from which an aspect or a reference counts as stored.
_THRESHOLD = 0.5
_LABELS = Path(__file__).parents[1] / "questions" / "aspects.jsonl"


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """Labelled and stored aspects and references of a sentence."""

    aspects: Strings
    references: Strings
    stored_aspects: Strings
    stored_references: Strings


def main(
    index: Annotated[Path, typer.Option(help="Index of the labelled documents.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="File of the labelled sentences.")] = _LABELS,
    as_json_only: JsonOption = False,
) -> None:
    """Compare the stored aspects and references of sentences with labels."""
    with exit_on_error(), closing(open_generation(index)) as generation:
        measures = agreement(labelled_sentences(labels, generation))
    if as_json_only:
        print(as_json(measures))
        return
    table = Table(
        "aspect", "sentences", "precision", "recall", "F1", title=f"{labels.name}", title_justify="left"
    )
    for name, row in measures.items():
        table.add_row(
            name, str(row["sentences"]), *(f"{row[key]:.2f}" for key in ("precision", "recall", "f1"))
        )
    Console().print(table)


def labelled_sentences(labels: Path, generation: Generation) -> list[LabelledSentence]:
    """The labelled sentences with their stored aspects and references.

    Raises:
        SourceError: a row is malformed, or its sentence is not in the index.
    """
    stored = _stored(generation)
    sentences = []
    for where, row in jsonl.rows(labels):
        key = (jsonl.text(row, "document", where), folded(jsonl.text(row, "quote", where)))
        if key not in stored:
            raise SourceError(f"{where}: the sentence is not in document {key[0]!r} of the index")
        labelled = _names(row, "aspects", where), _names(row, "references", where)
        sentences.append(LabelledSentence(*labelled, *stored[key]))
    return sentences


def agreement(sentences: Sequence[LabelledSentence]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of every aspect, of all aspects together, and of the references."""
    pairs: dict[str, list[Pair]] = {
        aspect: [(row.aspects & {aspect}, row.stored_aspects & {aspect}) for row in sentences]
        for aspect in ASPECTS
    }
    pairs["all aspects"] = [(row.aspects, row.stored_aspects) for row in sentences]
    pairs["acts"] = [(row.references, row.stored_references) for row in sentences]
    return {name: _measures(found) for name, found in pairs.items()}


def _measures(pairs: Sequence[Pair]) -> dict[str, Any]:
    right = sum(len(labelled & stored) for labelled, stored in pairs)
    labelled = sum(len(labelled) for labelled, _ in pairs)
    stored = sum(len(stored) for _, stored in pairs)
    precision, recall = right / stored if stored else 0.0, right / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"sentences": labelled, "precision": precision, "recall": recall, "f1": f1}


def _stored(generation: Generation) -> dict[tuple[str, str], Pair]:
    """Stored aspects and references of every sentence, by document and words."""
    references: dict[int, set[str]] = {}
    for key in generation.store.keys():  # noqa: SIM118
        for sentence, strength in zip(*generation.attribution.sentences_of_reference(key), strict=True):
            if strength >= _THRESHOLD:
                references.setdefault(int(sentence), set()).add(key)
    spans = generation.sentences
    found: dict[tuple[str, str], tuple[Strings, Strings]] = {}
    for number in range(len(spans)):
        document = generation.store.document(int(spans.document[number]))
        words = folded(document.text[int(spans.start[number]) : int(spans.end[number])])
        row = generation.aspects[number]
        aspects: Strings = frozenset(name for name, p in zip(ASPECTS, row, strict=True) if p >= _THRESHOLD)
        found[document.document_id, words] = aspects, frozenset(references.get(number, ()))
    return found


def _names(row: Mapping[str, Any], field: str, where: str) -> Strings:
    values = row.get(field)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SourceError(f'{where}: field "{field}" is not a list of names')
    return frozenset(values)
