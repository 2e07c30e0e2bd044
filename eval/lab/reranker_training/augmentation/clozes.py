"""Questions across languages from texts and their translations: a sentence with a gap asks for what fills it.

Unsupervised question answering by cloze questions (Lewis et al. 2019, https://arxiv.org/abs/1906.04980), with
the sentence taken from the translation. Only numbers and names that are written alike in both languages are
gaps: their place in the other text is known.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.lab.reranker_training.examples import Example

_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?![\w]|[.,]\d)")
_NAME = re.compile(r"(?<=\w )[A-ZÄÖÜÐ][\w.]{2,}(?: [A-ZÄÖÜ][\w.]+)*")
_ASKING = {
    "de": {"year": "wann", "number": "wie viele", "name": "wer oder was"},
    "en": {"year": "when", "number": "how many", "name": "who or what"},
    "vi": {"year": "khi nào", "number": "bao nhiêu", "name": "ai hoặc cái gì"},
}
#: Sentences of a text, the one that is asked about among them.
_SENTENCES = (2, 5)


@dataclass(frozen=True, slots=True)
class Parallel:
    """A text, sentence by sentence, in some languages: equal places say the same."""

    sentences: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return min(len(said) for said in self.sentences.values())


def clozes(text: Parallel, asked: str, told: str, chance: random.Random) -> Iterator[Example]:
    """For each sentence: a question with a text that answers it, and one with a text that does not."""
    questions, texts = text.sentences[asked], text.sentences[told]
    for place in range(len(text)):
        size = chance.randint(*_SENTENCES)
        first = max(0, min(place - chance.randrange(size), len(text) - size))
        near = range(first, min(first + size, len(text)))
        whole = " ".join(texts[i] for i in near)
        without = " ".join(texts[i] for i in near if i != place)
        begin = sum(len(texts[i]) + 1 for i in near if i < place)
        everywhere = [said[place] for said in text.sentences.values()]
        question, answer = _question(questions[place], texts[place], everywhere, asked, chance)
        span = None
        if answer:
            start = begin + texts[place].index(answer)
            span = (start, start + len(answer))
        yield Example(question, whole, True, span)
        other = _with_other(question, whole, chance)
        if other and chance.random() < 0.6:
            yield Example(other, whole, False)
        elif len(without) >= 40 and not (answer and answer in without):
            yield Example(question, without, False)


def _question(
    asked: str, told: str, everywhere: Sequence[str], language: str, chance: random.Random
) -> tuple[str, str]:
    """The sentence with a gap, and what stands in the gap; without one where nothing is written alike."""
    alike = [
        match
        for pattern in (_NUMBER, _NAME)
        for match in pattern.finditer(asked)
        # What a third language says too is a number or a name, and no German noun.
        if all(match[0] in said for said in everywhere) and told.count(match[0]) == 1
    ]
    bare = asked.rstrip(" .!?…")
    if not alike:
        return f"{bare}?", ""
    match = chance.choice(alike)
    kind = "name" if not match[0].isdigit() else "year" if len(match[0]) == 4 else "number"
    said = _ASKING[language][kind]
    return f"{bare[: match.start()]}{said}{bare[match.end() :]}?", match[0]


def _with_other(question: str, text: str, chance: random.Random) -> str | None:
    """The question with a number or name that the text says exchanged for another."""
    said = [m for pattern in (_NUMBER, _NAME) for m in pattern.finditer(question) if m[0] in text]
    if not said:
        return None
    match = chance.choice(said)
    pattern = _NUMBER if match[0].isdigit() else _NAME
    others = sorted({m[0] for m in pattern.finditer(text)} - {match[0]})
    others = [other for other in others if other not in question]
    if match[0].isdigit() and (not others or chance.random() < 0.5):
        others = [str(max(1, int(match[0]) + step)) for step in (-10, -2, -1, 1, 2, 3, 10)]
        others = [other for other in others if other not in text]
    if not others:
        return None
    return question[: match.start()] + chance.choice(others) + question[match.end() :]
