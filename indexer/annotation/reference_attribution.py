"""Attribution of sentences to references, also where the number is named sentences earlier or not at all.

"Bei der Umsetzung der Resolution 18 … Die Umsetzung erfolgte …": a mention counts for the following sentences
of its paragraph, less with each sentence. References compete: a new mention takes most of the strength of
earlier ones, and of the references whose titles share words with a sentence only the best counts.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.annotation.discourse import opens_paragraph
from indexer.annotation.reference_topics import Topics
from indexer.arrays import Ids, Strengths
from indexer.documents import Document, Sentence
from indexer.entities.references import find_references
from indexer.errors import IndexDamagedError
from indexer.storage.array_file import read_array

#: Strength of a reference in every sentence of a document that names it; only greater ones are stored.
DOCUMENT_STRENGTH = 0.3


@dataclass(frozen=True, slots=True)
class AttributionWeights:
    """Strengths from 0 to 1, and the shares of them that are left from one sentence to the next.

    All by hand, on 225 labelled sentences with ``python -m eval aspects`` (docs/adr/0007); attributing too
    much costs less than too little, as answering compares strengths.
    """

    #: by hand: as answering assumes it where no greater strength is stored.
    document: float = DOCUMENT_STRENGTH
    #: by hand: strength in every sentence of a document that opens with the reference ...
    main_reference: float = 0.5
    #: by hand: ... within so many sentences ...
    opening_sentences: int = 2
    #: by hand: ... if at least this share of its mentions are of it.
    main_share: float = 0.25
    #: by hand: share left in a sentence that is linked to the one before by a connective or a common word.
    linked: float = 0.85
    #: by hand: share left in any other sentence of the paragraph.
    unlinked: float = 0.65
    #: by hand: share left in a sentence that names another reference.
    competing: float = 0.3
    #: by hand: share left in a sentence that turns to another matter ("mit Blick auf …").
    new_matter: float = 0.4
    #: by hand: share left in a new paragraph that opens with a connective; without one nothing is left.
    new_paragraph: float = 0.8
    #: by hand: strength in a sentence that uses this share of the words of the reference's title.
    topic: float = 0.7
    topic_share: float = 0.4


WEIGHTS = AttributionWeights()

_CONNECTIVE = re.compile(
    r"(?:\w+\s+){0,2}?(?:jedoch|allerdings|dennoch|trotzdem|deshalb|daher|deswegen|hierzu|dabei|dazu|damit"
    r"|dies\w*|sie|es|er|auch|weiterhin|gleichzeitig|insbesondere|außerdem|zudem|ferner|however|nevertheless|therefore"
    r"|moreover|this|these|tuy nhiên|do đó|vì vậy|bên cạnh đó)\b",
    re.IGNORECASE,
)
_NEW_MATTER = re.compile(
    r"(?:bei der (?:vorbereitung|diskussion)|um (?:das|die|den)\b|mit blick auf|im hinblick auf|hinsichtlich"
    r"|was \w+ betrifft|in bezug auf|zum (?:abschluss|schluss)|with regard to|concerning|as for|regarding"
    r"|về\b|đối với)",
    re.IGNORECASE,
)


def attribute_references(
    document: Document,
    sentences: Sequence[Sentence],
    stems: Sequence[frozenset[str]],
    topics: Topics,
    weights: AttributionWeights = WEIGHTS,
) -> list[tuple[int, str, float]]:
    """``(sentence, key, strength)`` for each strength above that of the document.

    Sentences are numbered from 0; the strength is 1 where the sentence names the reference.

    Args:
        stems: of each sentence, as ``topic_stems`` returns them.
    """
    if not document.references:
        return []
    named = _named_references(document, sentences)
    base = _document_strengths(document, sentences, named, weights)
    rows: list[tuple[int, str, float]] = []
    carried: dict[str, float] = {}
    previous: frozenset[str] = frozenset()
    for number, sentence in enumerate(sentences):
        text = document.text[sentence.start : sentence.end]
        words = stems[number] - topics.everyday_stems
        new_paragraph = opens_paragraph(document.text, sentences, number)
        share = _share_left(text, new_paragraph, bool(named[number]), bool(words & previous), weights)
        carried = {key: share * value for key, value in carried.items() if share * value > weights.document}
        carried |= dict.fromkeys(named[number], 1.0)
        strengths = {key: max(strength, carried.get(key, 0.0)) for key, strength in base.items()}
        if not named[number]:
            _add_topic(strengths, words, topics, weights)
        stronger = ((key, strength) for key, strength in strengths.items() if strength > weights.document)
        rows += [(number, key, strength) for key, strength in stronger]
        previous = words
    return rows


def _add_topic(
    strengths: dict[str, float], words: frozenset[str], topics: Topics, weights: AttributionWeights
) -> None:
    """Raise the strength of the reference whose title a sentence's words recall."""
    best, coverage = topics.best(words)
    if best in strengths and coverage >= weights.topic_share:
        strengths[best] = max(strengths[best], weights.topic)


def _share_left(
    text: str, new_paragraph: bool, names_a_reference: bool, shares_words: bool, weights: AttributionWeights
) -> float:
    """Share of the strength of earlier mentions that is left in a sentence."""
    if names_a_reference:
        return weights.competing
    connected = bool(_CONNECTIVE.match(text))
    if new_paragraph:
        return weights.new_paragraph if connected else 0.0
    if _NEW_MATTER.match(text):
        return weights.new_matter
    return weights.linked if shares_words or connected else weights.unlinked


def _document_strengths(
    document: Document,
    sentences: Sequence[Sentence],
    named: Sequence[frozenset[str]],
    weights: AttributionWeights,
) -> dict[str, float]:
    """Strength of each reference in the document as a whole."""
    mentions = Counter(reference.key for reference in document.references)
    statements = [number for number, sentence in enumerate(sentences) if not sentence.is_heading]
    opening = {reference.key for reference in find_references(document.title)}
    opening.update(*(named[number] for number in statements[: weights.opening_sentences]))
    fewest = weights.main_share * mentions.total()
    return {
        key: weights.main_reference if key in opening and count >= fewest else weights.document
        for key, count in mentions.items()
    }


def _named_references(document: Document, sentences: Sequence[Sentence]) -> list[frozenset[str]]:
    """Keys of the references that each sentence names."""
    starts = [sentence.start for sentence in sentences]
    keys: list[set[str]] = [set() for _ in sentences]
    for reference in document.references:
        number = bisect.bisect_right(starts, reference.start) - 1
        if number >= 0:
            keys[number].add(reference.key)
    return [frozenset(found) for found in keys]


class ReferenceAttribution:
    """Stored strengths of the sentences of a generation: rows sorted by reference, then by sentence."""

    _ROW = np.dtype([("key", "<i4"), ("sentence", "<i4"), ("strength", "<f4")])

    def __init__(self, keys: Sequence[str], rows: npt.NDArray[np.void]) -> None:
        self._rows = rows
        self._number: Mapping[str, int] = {key: number for number, key in enumerate(keys)}
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
            IndexDamagedError: the file is missing or does not fit the keys.
        """
        rows = read_array(path, mapped=True)
        ordered = sorted(set(keys))
        if rows.dtype != cls._ROW or rows.ndim != 1 or not _ascends_within(rows["key"], len(ordered)):
            raise IndexDamagedError(f"{path.name}: not the attribution of these documents")
        return cls(ordered, rows)

    def save(self, path: Path) -> None:
        np.save(path, self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def sentences_of_reference(self, key: str) -> tuple[Ids, Strengths]:
        """Sentences about a reference, ascending, and their strengths, all above ``DOCUMENT_STRENGTH``."""
        number = self._number.get(key)
        if number is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows = self._rows[self._first[number] : self._first[number + 1]]
        return rows["sentence"].astype(np.int64), rows["strength"].astype(np.float32)


def _ascends_within(numbers: npt.NDArray[np.int32], end: int) -> bool:
    """True if numbers ascend and lie in ``[0, end)``; also for no numbers."""
    return bool(
        np.all(numbers[1:] >= numbers[:-1]) and np.all(numbers[:1] >= 0) and np.all(numbers[-1:] < end)
    )
