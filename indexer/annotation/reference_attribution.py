"""Which acts a sentence is about, also where the number stands sentences earlier or not at all.

"Bei der Umsetzung der Resolution 18 … Die Umsetzung erfolgte …": a mention holds on while its paragraph goes
on, weaker by the sentence. Acts compete: a new mention takes most of the hold from the one before, and of the
acts whose titles a sentence's words recall only the best counts.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.annotation.reference_topics import Topics, stems
from indexer.arrays import Ids, Strengths
from indexer.documents import Document, Sentence
from indexer.entities.references import find_references
from indexer.errors import IndexDamagedError
from indexer.storage.array_file import read_array

#: What is left of a mention's hold one sentence later: where that ties on to the one before, and else.
_TIED, _LOOSE = 0.85, 0.65
#: What is left when another act is named: then that one is being discussed.
_RIVAL = 0.3
#: What is left where a sentence turns to another matter, and where a new paragraph goes on with the last one.
_TURN = 0.4
_NEXT_PARAGRAPH = 0.8
#: A document that names an act is about it a little, in every sentence; more where it opens with the act and
#: so many of its mentions are of it.
DOCUMENT_STRENGTH, _MAIN_ACT, _MAIN_SHARE, _OPENING = 0.3, 0.5, 0.25, 2
#: How surely a sentence is about an act that uses this share of the words of the act's title.
_BY_TOPIC, _TOPIC_SHARE = 0.7, 0.4

_GOES_ON = re.compile(
    r"(?:\w+\s+){0,2}?(?:jedoch|allerdings|dennoch|trotzdem|deshalb|daher|deswegen|hierzu|dabei|dazu|damit"
    r"|dies\w*|sie|es|er|auch|weiterhin|gleichzeitig|insbesondere|außerdem|zudem|ferner|however|nevertheless|therefore"
    r"|moreover|this|these|tuy nhiên|do đó|vì vậy|bên cạnh đó)\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"(?:bei der (?:vorbereitung|diskussion)|um (?:das|die|den)\b|mit blick auf|im hinblick auf|hinsichtlich"
    r"|was \w+ betrifft|in bezug auf|zum (?:abschluss|schluss)|with regard to|concerning|as for|regarding"
    r"|về\b|đối với)",
    re.IGNORECASE,
)


def attribute_references(
    document: Document, sentences: Sequence[Sentence], topics: Topics
) -> list[tuple[int, str, float]]:
    """``(sentence, key, strength)`` where a sentence is about an act more than ``DOCUMENT_STRENGTH``.

    Sentences are numbered from 0; the strength is 1 where the sentence names the act.
    """
    if not document.references:
        return []
    named = _named(document, sentences)
    base = _base(document, sentences, named)
    rows: list[tuple[int, str, float]] = []
    held: dict[str, float] = {}
    last: frozenset[str] = frozenset()
    for number, sentence in enumerate(sentences):
        text = document.text[sentence.start : sentence.end]
        words = stems(text, document.language) - topics.everyday
        gap = document.text[sentences[number - 1].end : sentence.start] if number else ""
        held = _fading(held, _share_left(text, "\n" in gap, bool(named[number]), bool(words & last)))
        held |= dict.fromkeys(named[number], 1.0)
        strengths = {key: max(strength, held.get(key, 0.0)) for key, strength in base.items()}
        recalled, share = topics.best(words)
        if not named[number] and recalled in strengths and share >= _TOPIC_SHARE:
            strengths[recalled] = max(strengths[recalled], _BY_TOPIC)
        rows += [
            (number, key, strength) for key, strength in strengths.items() if strength > DOCUMENT_STRENGTH
        ]
        last = words
    return rows


def _share_left(text: str, new_paragraph: bool, names_an_act: bool, tied: bool) -> float:
    """What is left of the hold of earlier mentions in a sentence."""
    if names_an_act:
        return _RIVAL
    goes_on = bool(_GOES_ON.match(text))
    if new_paragraph:
        return _NEXT_PARAGRAPH if goes_on else 0.0
    if _TURNS.match(text):
        return _TURN
    return _TIED if tied or goes_on else _LOOSE


def _base(
    document: Document, sentences: Sequence[Sentence], named: Sequence[frozenset[str]]
) -> dict[str, float]:
    """How far a document as a whole is about each act that it names."""
    mentions = Counter(reference.key for reference in document.references)
    told = [number for number, sentence in enumerate(sentences) if not sentence.is_heading]
    opening = {reference.key for reference in find_references(document.title)}
    opening.update(*(named[number] for number in told[:_OPENING]))
    return {
        key: _MAIN_ACT if key in opening and count >= _MAIN_SHARE * mentions.total() else DOCUMENT_STRENGTH
        for key, count in mentions.items()
    }


def _fading(held: Mapping[str, float], share: float) -> dict[str, float]:
    return {key: hold * share for key, hold in held.items() if hold * share > DOCUMENT_STRENGTH}


def _named(document: Document, sentences: Sequence[Sentence]) -> list[frozenset[str]]:
    """Keys that each sentence names."""
    starts = [sentence.start for sentence in sentences]
    found: list[set[str]] = [set() for _ in sentences]
    for reference in document.references:
        number = bisect.bisect_right(starts, reference.start) - 1
        if number >= 0:
            found[number].add(reference.key)
    return [frozenset(keys) for keys in found]


def _sorted_below(keys: npt.NDArray[np.int32], end: int) -> bool:
    """Whether numbers ascend from 0 or more to less than ``end``; of none nothing speaks against it."""
    return bool(np.all(keys[1:] >= keys[:-1]) and np.all(keys[:1] >= 0) and np.all(keys[-1:] < end))


class ReferenceAttribution:
    """Which acts the sentences of a generation are about, as stored: rows sorted by act, then sentence."""

    _ROW = np.dtype([("key", "<i4"), ("sentence", "<i4"), ("strength", "<f4")])

    def __init__(self, keys: Sequence[str], rows: npt.NDArray[np.void]) -> None:
        self._rows = rows
        self._number = {key: number for number, key in enumerate(keys)}
        self._first = np.searchsorted(rows["key"], np.arange(len(keys) + 1))

    @classmethod
    def build(cls, rows: Iterable[tuple[int, str, float]], keys: Iterable[str]) -> ReferenceAttribution:
        """From ``(sentence of the generation, key, strength)``; ``keys``: all that its documents name."""
        ordered = sorted(set(keys))
        number = {key: i for i, key in enumerate(ordered)}
        table = np.array([(number[key], sentence, strength) for sentence, key, strength in rows], cls._ROW)
        return cls(ordered, np.sort(table, order=["key", "sentence"]))

    @classmethod
    def open(cls, path: Path, keys: Iterable[str]) -> ReferenceAttribution:
        """Read stored rows, memory-mapped; ``keys``: all that the documents name.

        Raises:
            IndexDamagedError: the file is missing or of another form.
        """
        rows = read_array(path, mapped=True)
        ordered = sorted(set(keys))
        if rows.dtype != cls._ROW or rows.ndim != 1 or not _sorted_below(rows["key"], len(ordered)):
            raise IndexDamagedError(f"{path.name}: not the acts of these documents")
        return cls(ordered, rows)

    def save(self, path: Path) -> None:
        np.save(path, self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def sentences_of_reference(self, key: str) -> tuple[Ids, Strengths]:
        """Sentences about an act more than their documents are as a whole, ascending, and how much."""
        number = self._number.get(key)
        if number is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows = self._rows[self._first[number] : self._first[number + 1]]
        return rows["sentence"].astype(np.int64), rows["strength"].astype(np.float32)
