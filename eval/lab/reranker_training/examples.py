"""Training pairs of questions and texts, from JSONL rows and question sets, and variants of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

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
    """A question and a text. ``answers``: True if the text answers; ``span``: of the answer, if known."""

    question: str
    text: str
    answers: bool
    span: tuple[int, int] | None = None


def from_rows(path: Path) -> list[Example]:
    """Examples of rows with ``question``, ``text``, ``label`` and optional ``answers`` (``text``, ``start``).

    Raises:
        SourceError: the file is missing or malformed.
    """
    examples = []
    for where, row in jsonl.rows(path):
        text = str(row.get("text") or "")
        if not text.strip() or "label" not in row:
            raise SourceError(f'{where}: field "text" or "label" is missing')
        span = _stated_span(text, row.get("answers") or ())
        examples.append(Example(jsonl.text(row, "question", where), text, bool(row["label"]), span))
    return examples


def _stated_span(text: str, answers: Iterable[Mapping[str, Any]]) -> tuple[int, int] | None:
    """The first stated position that the text agrees with."""
    for answer in answers:
        start, words = int(answer.get("start", -1)), str(answer.get("text") or "")
        if words and text[start : start + len(words)] == words:
            return start, start + len(words)
    return None


def from_set(dataset: BeirSet, texts: Mapping[str, str], split: Split) -> Iterator[Example]:
    """Questions of a set with their relevant documents, without the held-out ones."""
    for query in dataset.queries:
        for document_id in dataset.qrels.get(query.query_id, {}):
            if document_id in texts and not split.holds_out_question(dataset.name, query.text, [document_id]):
                text = texts[document_id]
                yield Example(query.text, text, True, _first_occurrence(text, query.answers))


def _first_occurrence(text: str, answers: Sequence[str]) -> tuple[int, int] | None:
    for answer in answers:
        start = text.find(answer)
        if answer and start >= 0:
            return start, start + len(answer)
    return None


def without_answer(example: Example) -> Example | None:
    """The example without the sentence of the answer; ``None`` if too little remains."""
    if not example.answers or example.span is None:
        return None
    sentences, _ = split_document(example.text)
    start, end = example.span
    answer = example.text[start:end]
    others = [s for s in sentences if s.end <= start or s.start >= end]
    rest = " ".join(example.text[s.start : s.end] for s in others)
    # The answer may occur a second time, and then the text may still answer.
    if len(rest) < 60 or len(others) == len(sentences) or answer.casefold() in rest.casefold():
        return None
    return Example(example.question, rest, False)


def windows(example: Example, random: Random) -> list[Example]:
    """The sentence of the answer with up to one neighbour on each side, and a sentence without the answer."""
    if not example.answers or example.span is None:
        return []
    sentences, _ = split_document(example.text)
    start, end = example.span
    answering = [i for i, s in enumerate(sentences) if s.start <= start and end <= s.end]
    if not answering or len(sentences) < 2:
        return []
    low, high = (
        max(0, answering[0] - random.randint(0, 1)),
        min(len(sentences), answering[0] + 1 + random.randint(0, 1)),
    )
    begin = sentences[low].start
    window = replace(
        example,
        text=example.text[begin : sentences[high - 1].end],
        span=(start - begin, end - begin),
    )
    answer = example.text[start:end].casefold()
    others = [i for i in range(len(sentences)) if i != answering[0]]
    random.shuffle(others)
    for other in others:
        text = example.text[sentences[other].start : sentences[other].end]
        if answer not in text.casefold() and len(text) > 25:
            return [window, Example(example.question, text, False)]
    return [window]


def with_other_number(example: Example, random: Random) -> Example | None:
    """The text with its question, in which a number of the text is replaced by another number."""
    if not example.answers:
        return None
    shared = [match for match in _NUMBER.finditer(example.question) if match[0] in example.text]
    if not shared:
        return None
    match = random.choice(shared)
    value = int(match[0])
    for _ in range(20):
        other = str(max(1, value + random.choice([-100, -10, -3, -2, -1, 1, 2, 3, 10, 100])))
        if other != match[0] and other not in example.text:
            question = example.question[: match.start()] + other + example.question[match.end() :]
            return Example(question, example.text, False)
    return None


def with_other_name(example: Example, random: Random) -> Example | None:
    """The text with its question, in which a name of the text is replaced by another name of the text."""
    if not example.answers:
        return None
    names = [
        match for match in _NAME.finditer(example.question) if match.start() and match[0] in example.text
    ]
    others = _other_names(example)
    if detect_language(example.question) != "en":
        # German nouns have capitals too: only several words are a name.
        names = [match for match in names if " " in match[0]]
        others = {name for name in others if " " in name}
    if not names or not others:
        return None
    match = random.choice(names)
    question = (
        example.question[: match.start()] + random.choice(sorted(others)) + example.question[match.end() :]
    )
    return Example(question, example.text, False)


def _other_names(example: Example) -> set[str]:
    """Names of the text that are neither in the question nor the answer."""
    question = example.question.casefold()
    names = {match[0] for match in _NAME.finditer(example.text)}
    answer = example.text[slice(*example.span)] if example.span else None
    return {name for name in names if name.casefold() not in question and name != answer}


def sampled(examples: Iterable[Example], count: int, random: Random) -> list[Example]:
    """At most ``count`` of them in a random order; the same ones for the same seed."""
    shuffled = list(examples)
    random.shuffle(shuffled)
    return shuffled[:count]
