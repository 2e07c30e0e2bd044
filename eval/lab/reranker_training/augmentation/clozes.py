"""Cloze questions across languages from parallel texts: a sentence with a gap asks for the filler of the gap.

Unsupervised question answering by cloze questions (Lewis et al. 2019, https://arxiv.org/abs/1906.04980), with
the sentence taken from the translation. Gaps are only numbers and names with the same spelling in all
languages, whose position in the other text is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from eval.lab.reranker_training.examples import Example

_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?![\w]|[.,]\d)")
_NAME = re.compile(r"(?<=\w )[A-ZÄÖÜÐ][\w.]{2,}(?: [A-ZÄÖÜ][\w.]+)*")
_ASKING = {
    "de": {"year": "wann", "number": "wie viele", "name": "wer oder was"},
    "en": {"year": "when", "number": "how many", "name": "who or what"},
    "vi": {"year": "khi nào", "number": "bao nhiêu", "name": "ai hoặc cái gì"},
}
#: Range of the number of sentences of a text.
_SENTENCES = (2, 5)
#: Share of the unanswerable examples that have another number or name; the others lack the sentence.
_OTHER_SHARE = 0.6
#: Characters of a text that a sentence may be removed from.
_SHORTEST = 40


@dataclass(frozen=True, slots=True)
class ParallelText:
    """A text in several languages. ``sentences``: language → its sentences, in the same order."""

    sentences: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return min(len(sentences) for sentences in self.sentences.values())


def clozes(
    text: ParallelText, question_language: str, text_language: str, random: Random
) -> Iterator[Example]:
    """For each sentence a question with a text that answers it, and mostly one with a text that does not."""
    for number in range(len(text)):
        yield from _clozes_of(number, text, question_language, text_language, random)


def _clozes_of(
    number: int, text: ParallelText, question_language: str, text_language: str, random: Random
) -> Iterator[Example]:
    sentences = text.sentences[text_language]
    size = random.randint(*_SENTENCES)
    first = max(0, min(number - random.randrange(size), len(text) - size))
    chosen = range(first, min(first + size, len(text)))
    whole = " ".join(sentences[i] for i in chosen)
    translations = [of_language[number] for of_language in text.sentences.values()]
    asked = text.sentences[question_language][number]
    question, answer = _question(asked, sentences[number], translations, question_language, random)
    span = None
    if answer:
        begin = sum(len(sentences[i]) + 1 for i in chosen if i < number)
        start = begin + sentences[number].index(answer)
        span = (start, start + len(answer))
    yield Example(question, whole, True, span)
    other = _with_other(question, whole, random)
    rest = " ".join(sentences[i] for i in chosen if i != number)
    if other and random.random() < _OTHER_SHARE:
        yield Example(other, whole, False)
    elif len(rest) >= _SHORTEST and not (answer and answer in rest):
        yield Example(question, rest, False)


def _question(
    asked: str, sentence: str, translations: Sequence[str], language: str, random: Random
) -> tuple[str, str]:
    """A sentence as a question with a gap, and the filler of the gap; both without a gap if nothing fits."""
    alike = [
        match
        for pattern in (_NUMBER, _NAME)
        for match in pattern.finditer(asked)
        # A word of all languages is a number or a name, not a German noun.
        if all(match[0] in translation for translation in translations) and sentence.count(match[0]) == 1
    ]
    stem = asked.rstrip(" .!?…")
    if not alike:
        return f"{stem}?", ""
    match = random.choice(alike)
    kind = "name" if not match[0].isdigit() else "year" if len(match[0]) == 4 else "number"
    return f"{stem[: match.start()]}{_ASKING[language][kind]}{stem[match.end() :]}?", match[0]


def _with_other(question: str, text: str, random: Random) -> str | None:
    """The question with a number or name of the text replaced by another one."""
    shared = [m for pattern in (_NUMBER, _NAME) for m in pattern.finditer(question) if m[0] in text]
    if not shared:
        return None
    match = random.choice(shared)
    others = _replacements(match[0], question, text)
    if match[0].isdigit() and (not others or random.random() < 0.5):
        numbers = (str(max(1, int(match[0]) + step)) for step in (-10, -2, -1, 1, 2, 3, 10))
        others = [number for number in numbers if number not in text]
    if not others:
        return None
    return question[: match.start()] + random.choice(others) + question[match.end() :]


def _replacements(word: str, question: str, text: str) -> list[str]:
    """Numbers or names of the text, of the same kind as a word, that are not in the question."""
    pattern = _NUMBER if word.isdigit() else _NAME
    others = {match[0] for match in pattern.finditer(text)} - {word}
    return sorted(other for other in others if other not in question)
