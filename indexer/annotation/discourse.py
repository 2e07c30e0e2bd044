"""What announces an aspect before a sentence tells it: the heading above it, the lead-in before it.

"Zu den Einschränkungen und Schwierigkeiten: …" and "… wies auch auf die Mängel hin, beispielsweise: …" hold
for the sentences that follow in the paragraph, weaker by the sentence, until one of them plainly tells
something that does not go with it. A heading holds until the next one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.annotation.aspect_cues import STRONG, aspect_cues
from indexer.annotation.aspects import ASPECTS, Aspect, last_named, named_aspects
from indexer.arrays import Strengths
from indexer.documents import Sentence

_NUMBER: Mapping[Aspect, int] = {aspect: number for number, aspect in enumerate(ASPECTS)}
#: What is left of a lead-in's hold one sentence later.
_DECAY = 0.95
#: What does not go on under an announced aspect.
_ENDS: Mapping[Aspect, frozenset[Aspect]] = {
    "results": frozenset({"shortcomings", "tasks", "proposals"}),
    "shortcomings": frozenset({"results", "tasks", "proposals"}),
    "causes": frozenset({"results", "tasks", "proposals"}),
    "tasks": frozenset({"results", "shortcomings", "participants"}),
    "solutions": frozenset({"results", "shortcomings", "participants"}),
    "proposals": frozenset({"results", "shortcomings", "participants"}),
    "participants": frozenset(ASPECTS) - {"participants"},
    "goals": frozenset(ASPECTS) - {"goals"},
}
#: The end of an announcement: a colon that opens a list or a statement, not one within a time or a ratio.
_COLON = re.compile(r":(?=\s|$)")
#: "Dazu gehören …", "Zu nennen sind …": a list goes on that the sentence before has announced.
_GOES_ON = re.compile(
    r"^(?:dazu (?:gehör|zähl|komm)|hierzu |zu nennen |darunter |these include|among them|trong đó|gồm )",
    re.IGNORECASE,
)
#: Who proposes or demands goes on doing so while the sentences say what must be.
_SPEECH: Mapping[Aspect, re.Pattern[str]] = {
    "proposals": re.compile(
        r"\b(?:schlug|schlugen)\b.*\bvor\b|\bempf(?:ahl|ohlen|ahlen|iehlt)|\bregten?\b.*\ban\b|\b(?:er)?b[aä]t(?:en)?\b"
        r"|\bproposed\b|\brecommended\b|\bsuggested\b|đề xuất|kiến nghị",
        re.IGNORECASE | re.DOTALL,
    ),
    "tasks": re.compile(
        r"\bforder(?:te|ten)\b.*\bauf\b|\bverlangt|\bbeauftragt|\bmahnte|\brequested\b|\binstructed\b|\burged\b"
        r"|yêu cầu|chỉ đạo",
        re.IGNORECASE | re.DOTALL,
    ),
}


def words(text: str, sentences: Sequence[Sentence]) -> Strengths:
    """How plainly the words of each sentence tell each aspect."""
    strengths = np.zeros((len(sentences), len(ASPECTS)), np.float32)
    for row, sentence in enumerate(sentences):
        for aspect, strength in aspect_cues(text[sentence.start : sentence.end]).items():
            strengths[row, _NUMBER[aspect]] = strength
    return strengths


def lead_ins(text: str, sentences: Sequence[Sentence], spoken: Strengths) -> Strengths:
    """How strongly a lead-in in the same paragraph announces each aspect for each sentence."""
    strengths = np.zeros_like(spoken)
    held: dict[Aspect, float] = {}
    for row, sentence in enumerate(sentences):
        before = sentences[row - 1].end if row else 0
        if sentence.is_heading or "\n" in text[before : sentence.start]:
            held = {}
        said = text[sentence.start : sentence.end]
        plain = {aspect for aspect in ASPECTS if spoken[row, _NUMBER[aspect]] >= STRONG}
        announced = _announced(said)
        if not _GOES_ON.match(said):
            held = {aspect: hold for aspect, hold in held.items() if _holds(aspect, plain)}
        for aspect in announced:
            held[aspect] = 1.0
        for aspect, hold in held.items():
            strengths[row, _NUMBER[aspect]] = hold
        held = {aspect: hold * _DECAY for aspect, hold in held.items()}
        for aspect, pattern in _SPEECH.items():
            if pattern.search(said):
                held[aspect] = _DECAY
    return strengths


def headings(text: str, sentences: Sequence[Sentence], spoken: Strengths) -> Strengths:
    """1 where the heading above a sentence names the aspect, and the sentence tells nothing against it."""
    strengths = np.zeros_like(spoken)
    current: frozenset[Aspect] = frozenset()
    for row, sentence in enumerate(sentences):
        if sentence.is_heading:
            current = named_aspects(text[sentence.start : sentence.end])
            continue
        plain = {aspect for aspect in ASPECTS if spoken[row, _NUMBER[aspect]] >= STRONG}
        for aspect in current:
            strengths[row, _NUMBER[aspect]] = float(_holds(aspect, plain))
    return strengths


def _holds(aspect: Aspect, plain: set[Aspect]) -> bool:
    return aspect in plain or not plain & _ENDS[aspect]


def _announced(sentence: str) -> frozenset[Aspect]:
    """Aspects that a sentence names last before its colon, for what follows it there and after.

    "Neben den erzielten Ergebnissen … auf die Mängel und Schwierigkeiten hin, beispielsweise: …" announces
    shortcomings, and no results.
    """
    colon = _COLON.search(sentence)
    return last_named(sentence[: colon.start()]) if colon else frozenset()
