"""The second stage of training: what only seems to answer, and questions in another language than the text.

The first stage (``recipe``) teaches what an answer is, mostly from English. The service is asked in English
and Vietnamese about German texts, and what it must not do is take a look-alike for an answer; of both there
is little material, so it is made: by exchanging words of questions, by mixing languages, from parallel
sentences.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import bm25s

from eval.datasets import jsonl
from eval.datasets.beir import load_beir
from eval.datasets.held_out import is_held_out
from eval.lab.reranker_training import examples as basic
from eval.lab.reranker_training import stage_one
from eval.lab.reranker_training.augmentation.clozes import Parallel, clozes
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

_BM25: Any = bm25s.BM25  # without types
_TOKENS: Any = bm25s.tokenize  # type: ignore[attr-defined]
#: Titles of proceedings with their abstracts: questions without a verb.
TITLES = "dip21"
#: Parallel sentences with the places of each in their source, and those without.
_PLACED, _LOOSE = ("flores_pairs", "ntrex_pairs"), ("tatoeba_pairs", "belebele_de_en")
#: Shares of the words that are switched, from and to.
_SWITCHED = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Refining:
    """How many examples of a kind; all where there are no more.

    ``rows``: of each file of the folder ``train``; ``unanswerable``: how often those that people wrote are
    read, each time with other words switched.
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
    data: Path, pools: Mapping[str, Sequence[Pool]], refining: Refining, seed: int
) -> dict[str, list[Example]]:
    """Examples by where they come from; equal arguments give equal examples.

    Args:
        data: folder of ``train`` and of the sets.
        pools: what retrieval found for the questions of each of ``recipe.SETS``.

    Raises:
        SourceError: a file is missing or malformed.
    """
    chance = random.Random(seed)
    plain = stage_one.examples(
        data,
        pools,
        stage_one.Recipe(
            refining.rows, refining.mined, refining.removed, refining.windows, numbers=0, names=0
        ),
        seed,
    )
    everything = [example for group in plain.values() for example in group]
    answering = [example for example in everything if example.answers and len(example.text) > 60]
    found = {name: list(group) for name, group in plain.items()}
    vocabulary = Vocabulary.of(answering)
    makers: dict[str, tuple[int, Callable[[Example], Example | None]]] = {
        "other number": (refining.numbers, lambda e: basic.with_other_number(e, chance)),
        "other name": (refining.names, lambda e: basic.with_other_name(e, chance)),
        "other word": (refining.words, lambda e: with_other_word(e, vocabulary, chance)),
        "opposite": (refining.opposites, lambda e: with_opposite(e, chance)),
        "negation": (refining.negations, lambda e: with_negation(e, chance)),
    }
    across, others = _by_language(answering)
    for name, (count, make) in makers.items():
        # Questions in another language than the text come first: there are few.
        asked = [*sampled(across, len(across), chance), *sampled(others, len(others), chance)]
        made = (make(example) for example in asked)
        found[name] = list(islice((example for example in made if example), count))
    switch = _Switching.learn(data / "train", chance)
    found = {name: [switch(example) for example in group] for name, group in found.items()}
    by_people = _written_by_people(data, pools, refining)
    written = list(dict.fromkeys(e for e in everything if not e.answers and e.question in by_people))
    found["unanswerable, again"] = [
        switch(example) for _ in range(refining.unanswerable - 1) for example in written
    ]
    found["clozes"] = sampled(_clozes(data / "train", chance), refining.clozes, chance)
    found["titles"] = _titles(data, refining.titles, chance)
    return found


def _by_language(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Those asked in English about German texts, and the others."""
    across: list[Example] = []
    others: list[Example] = []
    for example in examples:
        both = detect_language(example.question), detect_language(example.text)
        (across if both == ("en", "de") else others).append(example)
    return across, others


def _written_by_people(data: Path, pools: Mapping[str, Sequence[Pool]], refining: Refining) -> set[str]:
    """Questions of SQuAD 2.0 that were written to have no answer."""
    found = {pool.question for of_set in pools.values() for pool in of_set if pool.unanswerable}
    for name in refining.rows:
        if "squad2" in name:
            path = jsonl.existing(data / "train", f"{name}.jsonl.gz", f"{name}.jsonl")
            found |= {example.question for example in basic.from_rows(path) if not example.answers}
    return found


class _Switching:
    """Mixes languages: German words into English texts, German or Vietnamese ones into questions."""

    def __init__(self, lexicons: Mapping[tuple[str, str], Lexicon], chance: random.Random) -> None:
        self._lexicons = lexicons
        self._chance = chance

    @classmethod
    def learn(cls, folder: Path, chance: random.Random) -> _Switching:
        pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name in (*_PLACED, *_LOOSE):
            for row in _parallel_rows(folder, name):
                pairs.setdefault((row["lang_b"], row["lang_a"]), []).append((row["b"], row["a"]))
                pairs.setdefault((row["lang_a"], row["lang_b"]), []).append((row["a"], row["b"]))
        wanted = (("en", "de"), ("en", "vi"), ("de", "vi"))
        return cls({both: Lexicon.learn(pairs[both]) for both in wanted}, chance)

    def __call__(self, example: Example) -> Example:
        chance = self._chance
        asked, told = detect_language(example.question), detect_language(example.text)
        if told == "en" and chance.random() < 0.6:
            text, span = self._lexicons["en", "de"].switched(
                example.text, chance, self._share(), example.span
            )
            example = replace(example, text=text, span=span)
        drawn = chance.random()
        to = "vi" if drawn < 0.12 else "de" if drawn < 0.3 and asked == "en" else ""
        if to and (asked, to) in self._lexicons:
            question, _ = self._lexicons[asked, to].switched(example.question, chance, self._share())
            example = replace(example, question=question)
        return example

    def _share(self) -> float:
        return self._chance.uniform(*_SWITCHED)


def _parallel_rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    path = jsonl.existing(folder, f"{name}.pairs.jsonl.gz", f"{name}.pairs.jsonl")
    for where, row in jsonl.rows(path):
        yield {
            **{key: jsonl.text(row, key, where) for key in ("a", "b", "lang_a", "lang_b")},
            "i": str(row.get("i", "")),
        }


def _clozes(folder: Path, chance: random.Random) -> list[Example]:
    """Of German texts with questions from all three languages, and of English ones with German questions."""
    found: list[Example] = []
    for name in _PLACED:
        by_place: dict[int, dict[str, str]] = {}
        for row in _parallel_rows(folder, name):
            said = by_place.setdefault(int(row["i"]), {})
            said.setdefault(row["lang_a"], row["a"])
            said.setdefault(row["lang_b"], row["b"])
        places = [i for i in sorted(by_place) if len(by_place[i]) == 3]
        text = Parallel({code: [by_place[i][code] for i in places] for code in ("de", "en", "vi")})
        for asked, told in (("en", "de"), ("vi", "de"), ("de", "de"), ("de", "en")):
            found += clozes(text, asked, told, chance)
    return found


def _titles(data: Path, count: int, chance: random.Random) -> list[Example]:
    """Titles of proceedings with their abstract and with one that only shares words."""
    dataset = load_beir(data / TITLES)
    texts = {
        jsonl.text(row, "_id", where): str(row.get("text") or "") for where, row in jsonl.rows(dataset.corpus)
    }
    ids = list(texts)
    index = _BM25()
    index.index(_TOKENS(list(texts.values()), show_progress=False), show_progress=False)
    asked = [
        (query.text, document_id)
        for query in dataset.queries
        for document_id in dataset.qrels[query.query_id]
        if not is_held_out(document_id)
    ]
    chance.shuffle(asked)
    asked = asked[:count]
    places, _ = index.retrieve(
        _TOKENS([title for title, _ in asked], show_progress=False), k=8, show_progress=False
    )
    found = []
    for (title, document_id), best in zip(asked, places, strict=True):
        found.append(Example(title, texts[document_id], True))
        wrong = [ids[i] for i in best if ids[i] != document_id]
        found.append(Example(title, texts[chance.choice(wrong)], False))
    return found
