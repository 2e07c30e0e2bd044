"""Examples of the first training stage: files, question sets, and variants of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from eval.datasets import jsonl
from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.held_out import SETS, Split, written_about
from eval.lab.reranker_training.candidate_pools import Pool
from eval.lab.reranker_training.examples import (
    Example,
    from_rows,
    from_set,
    sampled,
    windows,
    with_other_name,
    with_other_number,
    without_answer,
)
from indexer.errors import SourceError

#: Hard negatives are drawn from so many of the first passages.
_MINED_FROM = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """Most examples of each kind.

    ``rows``: of each file of the folder ``train``; ``mined``: hard negatives of each question of a set;
    ``removed``, ``windows``, ``numbers``, ``names``: variants of answering examples.
    """

    rows: Mapping[str, int] = field(
        default_factory=lambda: {
            "squad2_train10_en": 4704,
            "urasys_squad2_en": 1000,
            "squad_paragraphs_en": 2500,
            "squad_paragraphs_en.negatives": 2500,
            "tydiqa_en": 2500,
            "tydiqa_en.negatives": 2000,
            "belebele_de_en": 3600,
            "belebele_de_en.negatives": 3600,
            "clapnq_en": 1500,
            "selqa_en": 2000,
            "squad_reqa_en": 1500,
            "squad_reqa_en.negatives": 1500,
            "bundestag_fragestunde_de": 800,
            "bundestag_fragestunde_de.negatives": 800,
        }
    )
    mined: int = 2
    removed: int = 5000
    windows: int = 4000
    numbers: int = 1500
    names: int = 3000


def examples(
    data: Path, pools: Mapping[str, Sequence[Pool]], recipe: Recipe, seed: int
) -> dict[str, list[Example]]:
    """Examples by origin. Equal arguments give equal examples.

    Args:
        data: folder of ``train`` and of the sets.
        pools: retrieved candidates for the questions of each of ``SETS``.

    Raises:
        SourceError: a file is missing or malformed.
    """
    random = Random(seed)
    found: dict[str, list[Example]] = {}
    for name, count in recipe.rows.items():
        path = jsonl.existing(data / "train", f"{name}.jsonl.gz", f"{name}.jsonl")
        found[name] = sampled(from_rows(path), count, random)
    found |= _of_sets([load_beir(data / name) for name in SETS], pools, recipe, random)
    return found | _variants(found, recipe, random)


def _of_sets(
    sets: Sequence[BeirSet], pools: Mapping[str, Sequence[Pool]], recipe: Recipe, random: Random
) -> dict[str, list[Example]]:
    """Examples of the question sets, and those of a paragraph in another language."""
    split = Split.of(sets)
    texts_by_set = {dataset.name: _texts(dataset) for dataset in sets}
    found: dict[str, list[Example]] = {}
    for dataset in sets:
        texts, name = texts_by_set[dataset.name], dataset.name
        found[name] = [*from_set(dataset, texts, split), *_near_misses(dataset, texts, split)]
        found[f"{name}, mined"] = _mined(name, pools[name], recipe.mined, split, random)
    found["same paragraph, other language"] = [
        example for dataset in sets for example in _translated(dataset, texts_by_set, split)
    ]
    return found


def _variants(
    found: Mapping[str, Sequence[Example]], recipe: Recipe, random: Random
) -> dict[str, list[Example]]:
    """Variants of the examples that answer. Later kinds are made of the windows too."""
    variants: dict[str, list[Example]] = {}
    with_span = [e for group in found.values() for e in group if e.span is not None]
    removed = (without_answer(e) for e in sampled(with_span, 2 * recipe.removed, random))
    variants["answer removed"] = _first(removed, recipe.removed)
    variants["windows"] = [w for e in sampled(with_span, recipe.windows, random) for w in windows(e, random)]
    answering = [e for group in (*found.values(), *variants.values()) for e in group if e.answers]
    numbers = (with_other_number(e, random) for e in sampled(answering, len(answering), random))
    variants["other number"] = _first(numbers, recipe.numbers)
    names = (with_other_name(e, random) for e in sampled(answering, len(answering), random))
    variants["other name"] = _first(names, recipe.names)
    return variants


def _first(examples: Iterable[Example | None], count: int) -> list[Example]:
    return [example for example in examples if example][:count]


def _translated(dataset: BeirSet, texts: Mapping[str, Mapping[str, str]], split: Split) -> Iterator[Example]:
    """Questions of a set with the same paragraph in another set and language."""
    for query in dataset.queries:
        for document_id in dataset.qrels.get(query.query_id, {}):
            for text in _in_other_sets(dataset, query.text, document_id, texts, split):
                yield Example(query.text, text, True)
    for _, question, document_id in written_about(dataset):
        for text in _in_other_sets(dataset, question, document_id, texts, split):
            yield Example(question, text, False)


def _in_other_sets(
    dataset: BeirSet, question: str, document_id: str, texts: Mapping[str, Mapping[str, str]], split: Split
) -> list[str]:
    if split.holds_out_question(dataset.name, question, [document_id]):
        return []
    others = split.shared.get((dataset.name, document_id), ())
    return [texts[name][other] for name, other in others if name != dataset.name]


def _texts(dataset: BeirSet) -> dict[str, str]:
    return {
        jsonl.text(row, "_id", where): str(row.get("text") or "") for where, row in jsonl.rows(dataset.corpus)
    }


def _near_misses(dataset: BeirSet, texts: Mapping[str, str], split: Split) -> list[Example]:
    """Unanswerable questions with the text that they were written about."""
    examples = []
    for where, question, document_id in written_about(dataset):
        if document_id not in texts:
            raise SourceError(f"{where}: {document_id!r} is not a document of the set")
        if not split.holds_out_question(dataset.name, question, [document_id]):
            examples.append(Example(question, texts[document_id], False))
    return examples


def _mined(name: str, pools: Sequence[Pool], count: int, split: Split, random: Random) -> list[Example]:
    """Hard negatives: first passages that do not answer, without held-out documents and questions."""
    examples = []
    for pool in pools:
        if split.holds_out_question(name, pool.question, pool.about):
            continue
        wrong = [
            hit.text
            for hit in pool.found[:_MINED_FROM]
            if hit.document_id not in pool.relevant and not split.holds_out_document(name, hit.document_id)
        ]
        # An unanswerable question was written for one text.
        chosen = wrong[:1] if pool.unanswerable else random.sample(wrong, min(count, len(wrong)))
        examples += [Example(pool.question, text, False) for text in chosen]
    return examples
