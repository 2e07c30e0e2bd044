"""``python -m eval aspects``: how well the stored aspects and acts of sentences agree with reading them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
#: What was read in a sentence, and what the index holds.
Pair = tuple[Strings, Strings]

#: A sentence counts as telling an aspect, or as being about an act, from here on.
_TOLD = 0.5
_LABELS = Path(__file__).parents[1] / "questions" / "aspects.jsonl"


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence: the aspects and the acts that were read in it, and those that the index holds."""

    aspects: frozenset[str]
    acts: frozenset[str]
    stored_aspects: frozenset[str]
    stored_acts: frozenset[str]


def main(
    index: Annotated[Path, typer.Option(help="Index of the documents that were read.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="File of the sentences as read.")] = _LABELS,
    as_json_only: JsonOption = False,
) -> None:
    """Compare the aspects and acts stored for each sentence with those that readers saw in it."""
    with exit_on_error(), closing(open_generation(index)) as generation:
        figures = agreement(sentences_told(labels, generation))
    if as_json_only:
        print(as_json(figures))
        return
    table = Table(
        "told", "sentences", "precision", "recall", "F1", title=f"{labels.name}", title_justify="left"
    )
    for name, row in figures.items():
        table.add_row(
            name, str(row["sentences"]), *(f"{row[key]:.2f}" for key in ("precision", "recall", "f1"))
        )
    Console().print(table)


def sentences_told(labels: Path, generation: Generation) -> list[Told]:
    """The labelled sentences with what the index holds on them.

    Raises:
        SourceError: a row is malformed, or its sentence is not in the index.
    """
    stored = _stored(generation)
    told = []
    for where, row in jsonl.rows(labels):
        place = (jsonl.text(row, "document", where), folded(jsonl.text(row, "quote", where)))
        if place not in stored:
            raise SourceError(f"{where}: document {place[0]!r} of the index does not hold the sentence")
        aspects, acts = stored[place]
        told.append(Told(_names(row, "aspects", where), _names(row, "references", where), aspects, acts))
    return told


def agreement(told: Iterable[Told]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of every aspect, of all together, of the acts; ``sentences``: that tell it."""
    told = list(told)
    pairs: dict[str, list[Pair]] = {
        aspect: [(row.aspects & {aspect}, row.stored_aspects & {aspect}) for row in told]
        for aspect in ASPECTS
    }
    pairs["all aspects"] = [(row.aspects, row.stored_aspects) for row in told]
    pairs["acts"] = [(row.acts, row.stored_acts) for row in told]
    return {name: _figures(found) for name, found in pairs.items()}


def _figures(pairs: Sequence[Pair]) -> dict[str, Any]:
    right = sum(len(read & stored) for read, stored in pairs)
    read = sum(len(read) for read, _ in pairs)
    stored = sum(len(stored) for _, stored in pairs)
    precision, recall = right / stored if stored else 0.0, right / read if read else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"sentences": read, "precision": precision, "recall": recall, "f1": f1}


def _stored(generation: Generation) -> dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]]:
    """Aspects and acts of every sentence, by document and words."""
    acts: dict[int, set[str]] = {}
    for key in generation.store.keys():  # noqa: SIM118
        for sentence, strength in zip(*generation.attribution.sentences_of_reference(key), strict=True):
            if strength >= _TOLD:
                acts.setdefault(int(sentence), set()).add(key)
    spans = generation.sentences
    found: dict[tuple[str, str], tuple[Strings, Strings]] = {}
    for number in range(len(spans)):
        document = generation.store.document(int(spans.document[number]))
        words = folded(document.text[int(spans.start[number]) : int(spans.end[number])])
        row = generation.aspects[number]
        aspects: Strings = frozenset(name for name, p in zip(ASPECTS, row, strict=True) if p >= _TOLD)
        found[document.document_id, words] = aspects, frozenset(acts.get(number, ()))
    return found


def _names(row: Mapping[str, Any], field: str, where: str) -> frozenset[str]:
    values = row.get(field)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SourceError(f'{where}: field "{field}" is no list of names')
    return frozenset(values)
