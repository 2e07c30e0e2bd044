"""Examples of the second training stage: unanswerable variants, questions in another language.

The first stage teaches from mostly English examples. The service is asked in English and Vietnamese about
German texts, and must not take a similar sentence for an answer. There is little material for both, so it is
generated: by replacing words of questions, by code switching, and from parallel sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import bm25s

from eval.datasets import jsonl
from eval.datasets.beir import load_beir
from eval.datasets.held_out import is_held_out
from eval.lab.reranker_training import examples as basic
from eval.lab.reranker_training import stage_one
from eval.lab.reranker_training.augmentation.clozes import ParallelText, clozes
from eval.lab.reranker_training.augmentation.code_switching import Lexicon
from eval.lab.reranker_training.augmentation.unanswerable import (
    Vocabulary,
    with_negation,
    with_opposite,
    with_other_word,
)
from eval.lab.reranker_training.candidate_pools import Pool
from eval.lab.reranker_training.examples import Example, sampled
from indexer.analysis.language_detection import detect_language

_BM25: Any = bm25s.BM25  # untyped
_TOKENS: Any = bm25s.tokenize  # type: ignore[attr-defined]
#: Set of titles of proceedings with their abstracts: questions without a verb.
TITLES = "dip21"
#: Parallel sentences with and without their order in the source.
_ORDERED, _UNORDERED = ("flores_pairs", "ntrex_pairs"), ("tatoeba_pairs", "belebele_de_en")
#: Range of the share of words that are switched.
_SWITCHED = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Most examples of each kind.

    ``rows``: of each file of the folder ``train``; ``unanswerable``: repetitions of the unanswerable examples
    that were written by people, each time with other words switched.
    """

    rows: Mapping[str, int] = field(
        default_factory=lambda: {
            "squad2_train10_en": 4704,
            "urasys_squad2_en": 1000,
            "squad_paragraphs_en": 4342,
            "squad_paragraphs_en.negatives": 2000,
            "tydiqa_en": 2500,
            "tydiqa_en.negatives": 1000,
            "belebele_de_en": 3600,
            "belebele_de_en.negatives": 3600,
            "squad_reqa_en": 2500,
            "squad_reqa_en.negatives": 1000,
            "selqa_en": 1500,
            "bundestag_fragestunde_de": 500,
            "bundestag_fragestunde_de.negatives": 500,
        }
    )
    unanswerable: int = 4
    mined: int = 2
    removed: int = 5000
    windows: int = 3000
    numbers: int = 2500
    names: int = 3500
    words: int = 5000
    opposites: int = 2500
    negations: int = 1500
    clozes: int = 7000
    titles: int = 1100


def examples(
    data: Path, pools: Mapping[str, Sequence[Pool]], recipe: Recipe, seed: int
) -> dict[str, list[Example]]:
    """Examples by origin. Equal arguments give equal examples.

    Args:
        data: folder of ``train`` and of the sets.
        pools: retrieved candidates for the questions of each of ``held_out.SETS``.

    Raises:
        SourceError: a file is missing or malformed.
    """
    random = Random(seed)
    first = stage_one.Recipe(recipe.rows, recipe.mined, recipe.removed, recipe.windows, numbers=0, names=0)
    originals = stage_one.examples(data, pools, first, seed)
    everything = [example for group in originals.values() for example in group]
    answering = [example for example in everything if example.answers and len(example.text) > 60]
    found = originals | _unanswerable(answering, recipe, random)
    switch = _CodeSwitching.learn(data / "train", random)
    found = {name: [switch(example) for example in group] for name, group in found.items()}
    by_people = _written_by_people(data, pools, recipe)
    written = list(dict.fromkeys(e for e in everything if not e.answers and e.question in by_people))
    found["unanswerable, again"] = [
        switch(example) for _ in range(recipe.unanswerable - 1) for example in written
    ]
    found["clozes"] = sampled(_clozes(data / "train", random), recipe.clozes, random)
    found["titles"] = _titles(data, recipe.titles, random)
    return found


def _unanswerable(answering: Sequence[Example], recipe: Recipe, random: Random) -> dict[str, list[Example]]:
    """Unanswerable variants by kind; questions in another language than the text come first, being rare."""
    vocabulary = Vocabulary.of(answering)
    kinds: dict[str, tuple[int, Callable[[Example], Example | None]]] = {
        "other number": (recipe.numbers, lambda e: basic.with_other_number(e, random)),
        "other name": (recipe.names, lambda e: basic.with_other_name(e, random)),
        "other word": (recipe.words, lambda e: with_other_word(e, vocabulary, random)),
        "opposite": (recipe.opposites, lambda e: with_opposite(e, random)),
        "negation": (recipe.negations, lambda e: with_negation(e, random)),
    }
    across, others = _by_language(answering)
    variants: dict[str, list[Example]] = {}
    for kind, (count, vary) in kinds.items():
        ordered = [*sampled(across, len(across), random), *sampled(others, len(others), random)]
        varied = (vary(example) for example in ordered)
        variants[kind] = list(islice((example for example in varied if example), count))
    return variants


def _by_language(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """English questions about German texts, and the others."""
    across: list[Example] = []
    others: list[Example] = []
    for example in examples:
        both = detect_language(example.question), detect_language(example.text)
        (across if both == ("en", "de") else others).append(example)
    return across, others


def _written_by_people(data: Path, pools: Mapping[str, Sequence[Pool]], recipe: Recipe) -> set[str]:
    """Unanswerable questions of SQuAD 2.0, which were written by people."""
    found = {pool.question for of_set in pools.values() for pool in of_set if pool.unanswerable}
    for name in recipe.rows:
        if "squad2" in name:
            path = jsonl.existing(data / "train", f"{name}.jsonl.gz", f"{name}.jsonl")
            found |= {example.question for example in basic.from_rows(path) if not example.answers}
    return found


class _CodeSwitching:
    """Puts German words into English texts, and German or Vietnamese words into questions."""

    def __init__(self, lexicons: Mapping[tuple[str, str], Lexicon], random: Random) -> None:
        self._lexicons = lexicons
        self._random = random

    @classmethod
    def learn(cls, folder: Path, random: Random) -> _CodeSwitching:
        pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name in (*_ORDERED, *_UNORDERED):
            for row in _parallel_rows(folder, name):
                pairs.setdefault((row["lang_b"], row["lang_a"]), []).append((row["b"], row["a"]))
                pairs.setdefault((row["lang_a"], row["lang_b"]), []).append((row["a"], row["b"]))
        wanted = (("en", "de"), ("en", "vi"), ("de", "vi"))
        return cls({both: Lexicon.learn(pairs[both]) for both in wanted}, random)

    def __call__(self, example: Example) -> Example:
        random = self._random
        question_language, text_language = detect_language(example.question), detect_language(example.text)
        if text_language == "en" and random.random() < 0.6:
            text, span = self._lexicons["en", "de"].switched(
                example.text, random, self._share(), example.span
            )
            example = replace(example, text=text, span=span)
        drawn = random.random()
        to = "vi" if drawn < 0.12 else "de" if drawn < 0.3 and question_language == "en" else ""
        if to and (question_language, to) in self._lexicons:
            question, _ = self._lexicons[question_language, to].switched(
                example.question, random, self._share()
            )
            example = replace(example, question=question)
        return example

    def _share(self) -> float:
        return self._random.uniform(*_SWITCHED)


def _parallel_rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    path = jsonl.existing(folder, f"{name}.pairs.jsonl.gz", f"{name}.pairs.jsonl")
    for where, row in jsonl.rows(path):
        yield {
            **{key: jsonl.text(row, key, where) for key in ("a", "b", "lang_a", "lang_b")},
            "i": str(row.get("i", "")),
        }


def _clozes(folder: Path, random: Random) -> list[Example]:
    """Clozes of German texts in all three languages, and of English texts in German."""
    found: list[Example] = []
    for name in _ORDERED:
        by_number: dict[int, dict[str, str]] = {}
        for row in _parallel_rows(folder, name):
            sentences = by_number.setdefault(int(row["i"]), {})
            sentences.setdefault(row["lang_a"], row["a"])
            sentences.setdefault(row["lang_b"], row["b"])
        complete = [i for i in sorted(by_number) if len(by_number[i]) == 3]
        text = ParallelText({code: [by_number[i][code] for i in complete] for code in ("de", "en", "vi")})
        for question_language, text_language in (("en", "de"), ("vi", "de"), ("de", "de"), ("de", "en")):
            found += clozes(text, question_language, text_language, random)
    return found


def _titles(data: Path, count: int, random: Random) -> list[Example]:
    """Titles of proceedings with their abstract, and with another one that shares words."""
    dataset = load_beir(data / TITLES)
    texts = {
        jsonl.text(row, "_id", where): str(row.get("text") or "") for where, row in jsonl.rows(dataset.corpus)
    }
    ids = list(texts)
    index = _BM25()
    index.index(_TOKENS(list(texts.values()), show_progress=False), show_progress=False)
    titles = [
        (query.text, document_id)
        for query in dataset.queries
        for document_id in dataset.qrels[query.query_id]
        if not is_held_out(document_id)
    ]
    random.shuffle(titles)
    titles = titles[:count]
    nearest, _ = index.retrieve(
        _TOKENS([title for title, _ in titles], show_progress=False), k=8, show_progress=False
    )
    examples = []
    for (title, document_id), best in zip(titles, nearest, strict=True):
        examples.append(Example(title, texts[document_id], True))
        wrong = [ids[i] for i in best if ids[i] != document_id]
        examples.append(Example(title, texts[random.choice(wrong)], False))
    return examples
