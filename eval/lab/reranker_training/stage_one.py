"""What the reader is trained on: names, how many of each, and what is made of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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

#: Documents that only look right are drawn from so many of the best.
_MINED_FROM = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many examples are taken; all of a kind where there are no more.

    ``rows``: of each file of the folder ``train``. ``mined``: wrong texts for each question of a set.
    ``removed``, ``windows``, ``numbers``, ``names``: made of those that answer.
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
    """Examples by where they come from; equal arguments give equal examples.

    Args:
        data: folder of ``train`` and of the sets.
        pools: what retrieval found for the questions of each of ``SETS``.

    Raises:
        SourceError: a file is missing or malformed.
    """
    chance = random.Random(seed)
    found: dict[str, list[Example]] = {}
    for name, count in recipe.rows.items():
        found[name] = sampled(
            from_rows(jsonl.existing(data / "train", f"{name}.jsonl.gz", f"{name}.jsonl")), count, chance
        )
    sets = [load_beir(data / name) for name in SETS]
    split = Split.of(sets)
    by_set = {dataset.name: _texts(dataset) for dataset in sets}
    for dataset in sets:
        texts, name = by_set[dataset.name], dataset.name
        found[name] = [*from_set(dataset, texts, split), *_near(dataset, texts, split)]
        found[f"{name}, mined"] = _mined(name, pools[name], recipe.mined, split, chance)
    found["same paragraph, other language"] = [
        example for dataset in sets for example in _translated(dataset, by_set, split)
    ]
    placed = [e for group in found.values() for e in group if e.span is not None]
    made = (without_answer(e) for e in sampled(placed, 2 * recipe.removed, chance))
    found["answer removed"] = [e for e in made if e][: recipe.removed]
    found["windows"] = [w for e in sampled(placed, recipe.windows, chance) for w in windows(e, chance)]
    answering = [e for group in found.values() for e in group if e.answers]
    other = (with_other_number(e, chance) for e in sampled(answering, len(answering), chance))
    found["other number"] = [e for e in other if e][: recipe.numbers]
    named = (with_other_name(e, chance) for e in sampled(answering, len(answering), chance))
    found["other name"] = [e for e in named if e][: recipe.names]
    return found


def _translated(dataset: BeirSet, by_set: Mapping[str, Mapping[str, str]], split: Split) -> Iterator[Example]:
    """Questions of a set with the same paragraph in another set, which is in another language."""
    for query in dataset.queries:
        for document_id in dataset.qrels.get(query.query_id, {}):
            for text in _elsewhere(dataset, query.text, document_id, by_set, split):
                yield Example(query.text, text, True)
    for _, question, document_id in written_about(dataset):
        for text in _elsewhere(dataset, question, document_id, by_set, split):
            yield Example(question, text, False)


def _elsewhere(
    dataset: BeirSet, question: str, document_id: str, by_set: Mapping[str, Mapping[str, str]], split: Split
) -> list[str]:
    if split.holds_out_question(dataset.name, question, [document_id]):
        return []
    others = split.shared.get((dataset.name, document_id), ())
    return [by_set[name][other] for name, other in others if name != dataset.name]


def _texts(dataset: BeirSet) -> dict[str, str]:
    return {
        jsonl.text(row, "_id", where): str(row.get("text") or "") for where, row in jsonl.rows(dataset.corpus)
    }


def _near(dataset: BeirSet, texts: Mapping[str, str], split: Split) -> list[Example]:
    """Unanswerable questions with the text they were written about, where the set says which."""
    found = []
    for where, question, document_id in written_about(dataset):
        if document_id not in texts:
            raise SourceError(f"{where}: is about {document_id!r}, which is no document of the set")
        if not split.holds_out_question(dataset.name, question, [document_id]):
            found.append(Example(question, texts[document_id], False))
    return found


def _mined(
    name: str, pools: Sequence[Pool], count: int, split: Split, chance: random.Random
) -> list[Example]:
    """Texts among the best found that do not answer; none of a held-out document or question."""
    found = []
    for pool in pools:
        if split.holds_out_question(name, pool.question, pool.about):
            continue
        wrong = [
            hit.text
            for hit in pool.found[:_MINED_FROM]
            if hit.document_id not in pool.relevant and not split.holds_out_document(name, hit.document_id)
        ]
        # An unanswerable question has no more than one text that it was made to fit.
        best = wrong[:1] if pool.unanswerable else chance.sample(wrong, min(count, len(wrong)))
        found += [Example(pool.question, text, False) for text in best]
    return found
