"""Unanswerable variants of answerable questions.

The kinds are those of SQuAD 2.0 (Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822, table 2): another
number or name, another word, its opposite, a negation. A few variants are still answerable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from eval.lab.reranker_training.examples import Example
from indexer.analysis.language_detection import detect_language
from indexer.text.normalization import word_list

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
#: Auxiliaries that can be negated.
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


#: Least letters of a content word, and function words of as many letters.
_SHORTEST = 5
_FUNCTION_WORDS = word_list(
    """
    which where there their these those about would could should after before between during within through
    while other under against among every often called known named welche welcher welches welchen wurde
    wurden worden werden haben hatte hatten sollte nach während zwischen diese dieser dieses einem einer
    eines waren
    """
)


def with_opposite(example: Example, random: Random) -> Example | None:
    """The text with its question, in which a word is replaced by its opposite."""
    known = [match for match in _WORD.finditer(example.question) if match[0] in _opposites()]
    if not example.answers or not known:
        return None
    match = random.choice(known)
    other = random.choice(_opposites()[match[0]])
    # A text that has both "before" and "after" may answer both questions.
    if re.search(rf"\b{re.escape(other)}\b", example.text):
        return None
    return _with_replaced(example, match, other)


def with_negation(example: Example, random: Random) -> Example | None:
    """The text with its question, negated."""
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
    if random.random() < 0.6:
        return _with_replaced(example, match, _CONTRACTED.get(match[0], f"{match[0]}n't"))
    return _with_replaced(example, match, f"{match[0]} {random.choice(('not', 'never', 'not'))}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of questions by language, capital and last letters, which approximate the part of speech."""

    words: Mapping[tuple[str, bool, str], Sequence[str]]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Vocabulary:
        """The words of the questions of these examples, each as often as it occurs."""
        found: dict[tuple[str, bool, str], list[str]] = {}
        for example in examples:
            language = detect_language(example.question)
            for match in _content(example.question):
                found.setdefault(_kind(language, match[0]), []).append(match[0])
        return cls(found)


def with_other_word(example: Example, vocabulary: Vocabulary, random: Random) -> Example | None:
    """The text with its question, in which a word is replaced by another one of its kind."""
    known = _content(example.question)
    if not example.answers or not known:
        return None
    language = detect_language(example.question)
    match = random.choice(known)
    kind = _kind(language, match[0])
    others: Sequence[str] = vocabulary.words.get(kind, ())
    if detect_language(example.text) == language and random.random() < 0.5:
        answer = example.text[slice(*example.span)] if example.span else ""
        near = [m[0] for m in _content(example.text) if _kind(language, m[0]) == kind and m[0] not in answer]
        others = near or others
    others = [word for word in others if word.casefold()[:5] not in example.question.casefold()]
    if not others:
        return None
    return _with_replaced(example, match, random.choice(others))


def _content(text: str) -> list[re.Match[str]]:
    """The content words, without the first word, which asks."""
    return [
        match
        for match in _WORD.finditer(text)
        if match.start() and len(match[0]) >= _SHORTEST and match[0].casefold() not in _FUNCTION_WORDS
    ]


def _kind(language: str, word: str) -> tuple[str, bool, str]:
    return language, word[0].isupper(), word[-2:]


def _with_replaced(example: Example, match: re.Match[str], other: str) -> Example:
    question = example.question[: match.start()] + other + example.question[match.end() :]
    return Example(question, example.text, False)
