"""Questions that a text only seems to answer, made of those it does answer.

The kinds are those that people wrote for SQuAD 2.0 (Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822,
table 2): another number or name, another word, its opposite, a negation. Some still have their answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from eval.lab.reranker_training.examples import Example
from indexer.analysis.language_detection import detect_language
from indexer.text.normalization import word_list

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
#: What can be negated: an auxiliary that is no part of a longer one.
_AUXILIARY = re.compile(r"\b(did|does|do|was|were|is|are|can|could|has|have|had|will|would|should)\b")
_CONTRACTED = {"will": "won't", "can": "cannot"}
_AUXILIARY_DE = re.compile(r"\b(wurde|wurden|war|waren|ist|sind|hat|haben|kann|können|wird|werden)\b")
#: Pairs of words in English, then in German.
_OPPOSITES = files(__package__) / "opposites.txt"


@cache
def _opposites() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for line in _OPPOSITES.read_text("utf-8").splitlines():
        a, b = line.split("\t")
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found


#: Words that ask or hold a question together say nothing when they are exchanged.
_SHORTEST = 5
_EMPTY = word_list(
    """
    which where there their these those about would could should after before between during within through
    while other under against among every often called known named welche welcher welches welchen wurde
    wurden worden werden haben hatte hatten sollte nach während zwischen diese dieser dieses einem einer
    eines waren
    """
)


def with_opposite(example: Example, chance: random.Random) -> Example | None:
    """The same text for a question in which a word is its opposite."""
    known = [match for match in _WORD.finditer(example.question) if match[0] in _opposites()]
    if not example.answers or not known:
        return None
    match = chance.choice(known)
    other = chance.choice(_opposites()[match[0]])
    # "Before" and "after" of a text that says both may both be answered by it.
    if re.search(rf"\b{re.escape(other)}\b", example.text):
        return None
    return _asking(example, match, other)


def with_negation(example: Example, chance: random.Random) -> Example | None:
    """The same text for a question of what did not happen."""
    if not example.answers or re.search(r"n't\b|\bn(?:ot|ever|icht|ie)\b", example.question):
        return None
    german = detect_language(example.question) == "de"
    known = list((_AUXILIARY_DE if german else _AUXILIARY).finditer(example.question))
    if not known:
        return None
    match = known[0]
    if german:
        # German negates before the participle or infinitive at the end.
        last = list(_WORD.finditer(example.question))[-1]
        if last.start() <= match.end():
            return None
        question = f"{example.question[: last.start()]}nicht {example.question[last.start() :]}"
        return Example(question, example.text, False)
    if chance.random() < 0.6:
        return _asking(example, match, _CONTRACTED.get(match[0], f"{match[0]}n't"))
    return _asking(example, match, f"{match[0]} {chance.choice(('not', 'never', 'not'))}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of questions by what they end in, which is most of what tells a word's kind without a tagger."""

    words: Mapping[tuple[str, bool, str], Sequence[str]]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Vocabulary:
        """Of the questions of these examples; each word as often as it stands there."""
        found: dict[tuple[str, bool, str], list[str]] = {}
        for example in examples:
            language = detect_language(example.question)
            for match in _content(example.question):
                found.setdefault(_kind(language, match[0]), []).append(match[0])
        return cls(found)


def with_other_word(example: Example, vocabulary: Vocabulary, chance: random.Random) -> Example | None:
    """The same text for a question in which a word is another of its kind, from the text or elsewhere."""
    known = _content(example.question)
    if not example.answers or not known:
        return None
    language = detect_language(example.question)
    match = chance.choice(known)
    kind = _kind(language, match[0])
    others: Sequence[str] = vocabulary.words.get(kind, ())
    if detect_language(example.text) == language and chance.random() < 0.5:
        answer = example.text[slice(*example.span)] if example.span else ""
        near = [m[0] for m in _content(example.text) if _kind(language, m[0]) == kind and m[0] not in answer]
        others = near or others
    others = [word for word in others if word.casefold()[:5] not in example.question.casefold()]
    if not others:
        return None
    return _asking(example, match, chance.choice(others))


def _content(text: str) -> list[re.Match[str]]:
    """Words that say something, but for the first, which asks."""
    return [
        match
        for match in _WORD.finditer(text)
        if match.start() and len(match[0]) >= _SHORTEST and match[0].casefold() not in _EMPTY
    ]


def _kind(language: str, word: str) -> tuple[str, bool, str]:
    return language, word[0].isupper(), word[-2:]


def _asking(example: Example, match: re.Match[str], other: str) -> Example:
    question = example.question[: match.start()] + other + example.question[match.end() :]
    return Example(question, example.text, False)
