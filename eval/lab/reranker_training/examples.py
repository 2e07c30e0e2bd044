"""Questions with texts that answer them or do not, from rows of JSONL and from question sets."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.datasets import jsonl
from eval.datasets.beir import BeirSet
from eval.datasets.held_out import Split
from indexer.analysis.language_detection import detect_language
from indexer.errors import SourceError
from indexer.preprocessing.chunking import split_document

_NUMBER = re.compile(r"(?<![\w.,])\d{1,6}(?![\w]|[.,]\d)")
#: Capitalised words in a row, not the first of a sentence.
_NAME = re.compile(r"(?<=[a-zäöüß,] )[A-ZÄÖÜ][a-zäöüß]{2,}(?: [A-ZÄÖÜ][a-zäöüß]+)*")


@dataclass(frozen=True, slots=True)
class Example:
    """A pair with what is known of it.

    ``span``: where the answer stands in the text, ``[start, end)``; ``None`` where nobody noted it.
    """

    question: str
    text: str
    answers: bool
    span: tuple[int, int] | None = None


def from_rows(path: Path) -> list[Example]:
    """Rows of ``question``, ``text``, ``label`` and perhaps ``answers`` (``text`` and ``start`` each).

    Raises:
        SourceError: the file is missing or malformed.
    """
    found = []
    for where, row in jsonl.rows(path):
        text = str(row.get("text") or "")
        if not text.strip() or "label" not in row:
            raise SourceError(f'{where}: field "text" or "label" is missing')
        span = None
        for answer in row.get("answers") or ():
            start = int(answer.get("start", -1))
            said = str(answer.get("text") or "")
            # Places are believed only where the text says the same there.
            if said and text[start : start + len(said)] == said:
                span = (start, start + len(said))
                break
        found.append(Example(jsonl.text(row, "question", where), text, bool(row["label"]), span))
    return found


def from_set(dataset: BeirSet, texts: Mapping[str, str], split: Split) -> Iterator[Example]:
    """Questions of a set with the document that answers each, held-out ones left out."""
    for query in dataset.queries:
        for document_id in dataset.qrels.get(query.query_id, {}):
            if document_id in texts and not split.holds_out_question(dataset.name, query.text, [document_id]):
                text = texts[document_id]
                yield Example(query.text, text, True, _place(text, query.answers))


def _place(text: str, answers: Sequence[str]) -> tuple[int, int] | None:
    for answer in answers:
        start = text.find(answer)
        if answer and start >= 0:
            return start, start + len(answer)
    return None


def without_answer(example: Example) -> Example | None:
    """The same without the sentence that holds the answer; ``None`` where little would be left."""
    if not example.answers or example.span is None:
        return None
    sentences, _ = split_document(example.text)
    start, end = example.span
    said = example.text[start:end]
    kept = [s for s in sentences if s.end <= start or s.start >= end]
    left = " ".join(example.text[s.start : s.end] for s in kept)
    # A short answer may stand elsewhere too, and then the text may still answer.
    if len(left) < 60 or len(kept) == len(sentences) or said.casefold() in left.casefold():
        return None
    return Example(example.question, left, False)


def windows(example: Example, chance: random.Random) -> list[Example]:
    """One sentence with a neighbour on either side, with the answer, and one of the text that lacks it."""
    if not example.answers or example.span is None:
        return []
    sentences, _ = split_document(example.text)
    start, end = example.span
    holding = [i for i, s in enumerate(sentences) if s.start <= start and end <= s.end]
    if not holding or len(sentences) < 2:
        return []
    found = []
    low, high = (
        max(0, holding[0] - chance.randint(0, 1)),
        min(len(sentences), holding[0] + 1 + chance.randint(0, 1)),
    )
    begin = sentences[low].start
    found.append(
        replace(
            example,
            text=example.text[begin : sentences[high - 1].end],
            span=(start - begin, end - begin),
        )
    )
    said = example.text[start:end].casefold()
    others = [i for i in range(len(sentences)) if i != holding[0]]
    chance.shuffle(others)
    for other in others:
        text = example.text[sentences[other].start : sentences[other].end]
        if said not in text.casefold() and len(text) > 25:
            found.append(Example(example.question, text, False))
            break
    return found


def with_other_number(example: Example, chance: random.Random) -> Example | None:
    """The same text for a question in which a number that the text names is another one."""
    if not example.answers:
        return None
    shared = [match for match in _NUMBER.finditer(example.question) if match[0] in example.text]
    if not shared:
        return None
    match = chance.choice(shared)
    value = int(match[0])
    for _ in range(20):
        other = str(max(1, value + chance.choice([-100, -10, -3, -2, -1, 1, 2, 3, 10, 100])))
        if other != match[0] and other not in example.text:
            question = example.question[: match.start()] + other + example.question[match.end() :]
            return Example(question, example.text, False)
    return None


def with_other_name(example: Example, chance: random.Random) -> Example | None:
    """The same text for a question in which a name that the text has is another one of the text's."""
    if not example.answers:
        return None
    named = [
        match for match in _NAME.finditer(example.question) if match.start() and match[0] in example.text
    ]
    others = {match[0] for match in _NAME.finditer(example.text)}
    others = {name for name in others if name.casefold() not in example.question.casefold()}
    if example.span:
        others.discard(example.text[slice(*example.span)])
    if detect_language(example.question) != "en":
        # German capitals say little: a name is what has more than one word.
        named, others = (
            [match for match in named if " " in match[0]],
            {name for name in others if " " in name},
        )
    if not named or not others:
        return None
    match = chance.choice(named)
    question = (
        example.question[: match.start()] + chance.choice(sorted(others)) + example.question[match.end() :]
    )
    return Example(question, example.text, False)


def sampled(examples: Iterable[Example], count: int, chance: random.Random) -> list[Example]:
    """At most so many of them, in a random order; the same ones for the same seed."""
    found = list(examples)
    chance.shuffle(found)
    return found[:count]
