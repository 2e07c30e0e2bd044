"""Aspects that are announced before a sentence: by the heading above it or by a lead-in in its paragraph.

"Zu den Einschränkungen und Schwierigkeiten: …" and "… wies auch auf die Mängel hin, beispielsweise: …"
announce an aspect for the sentences that follow in the paragraph. A lead-in gets weaker with each sentence
and ends at a sentence with a strong cue of an aspect that excludes it; a heading holds until the next
heading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.annotation.aspect_cues import STRONG, aspect_cues
from indexer.annotation.aspects import ASPECTS, MAX_LENGTH, Aspect, last_named_aspects, named_aspects
from indexer.arrays import Strengths
from indexer.documents import Sentence


@dataclass(frozen=True, slots=True)
class DiscourseWeights:
    """Strengths of announced aspects, from 0 to 1."""

    #: by hand (docs/adr/0007): share of a lead-in's strength that is left one sentence later.
    decay: float = 0.95


_NUMBER: Mapping[Aspect, int] = {aspect: number for number, aspect in enumerate(ASPECTS)}
#: Aspects that end an announced one.
_EXCLUDED_BY: Mapping[Aspect, frozenset[Aspect]] = {
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
#: "Dazu gehören …", "Zu nennen sind …": the list goes on that an earlier sentence announced.
_LIST_CONTINUES = re.compile(
    r"^(?:dazu (?:gehör|zähl|komm)|hierzu |zu nennen |darunter |these include|among them|trong đó|gồm )",
    re.IGNORECASE,
)
#: Verbs of proposing and demanding: the sentences after them often contain the proposal or demand.
_SPEECH_VERBS: Mapping[Aspect, re.Pattern[str]] = {
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


def cue_strengths(text: str, sentences: Sequence[Sentence]) -> Strengths:
    """Strength of the cues of each aspect in each sentence, shape ``(sentences, len(ASPECTS))``."""
    strengths = np.zeros((len(sentences), len(ASPECTS)), np.float32)
    for row, sentence in enumerate(sentences):
        for aspect, strength in aspect_cues(text[sentence.start : sentence.end]).items():
            strengths[row, _NUMBER[aspect]] = strength
    return strengths


def lead_in_strengths(
    text: str, sentences: Sequence[Sentence], cues: Strengths, weights: DiscourseWeights | None = None
) -> Strengths:
    """Strength with which a lead-in in the same paragraph announces each aspect for each sentence.

    ``cues`` as ``cue_strengths`` returns them; the result has their shape.
    """
    decay = (weights or DiscourseWeights()).decay
    strengths = np.zeros_like(cues)
    announced: dict[Aspect, float] = {}
    for row, sentence in enumerate(sentences):
        if sentence.is_heading or opens_paragraph(text, sentences, row):
            announced = {}
        words = text[sentence.start : sentence.end]
        if not _LIST_CONTINUES.match(words):
            expressed = _strongly_expressed(cues[row])
            announced = {a: strength for a, strength in announced.items() if _continues(a, expressed)}
        announced |= dict.fromkeys(_announced_aspects(words), 1.0)
        for aspect, strength in announced.items():
            strengths[row, _NUMBER[aspect]] = strength
        announced = {aspect: strength * decay for aspect, strength in announced.items()}
        announced |= dict.fromkeys(_spoken_aspects(words), decay)
    return strengths


def heading_strengths(text: str, sentences: Sequence[Sentence], cues: Strengths) -> Strengths:
    """1 where the heading above a sentence names the aspect and no cue excludes it, else 0.

    ``cues`` as ``cue_strengths`` returns them; the result has their shape.
    """
    strengths = np.zeros_like(cues)
    current: frozenset[Aspect] = frozenset()
    for row, sentence in enumerate(sentences):
        if sentence.is_heading:
            current = named_aspects(text[sentence.start : sentence.end])
            continue
        expressed = _strongly_expressed(cues[row])
        for aspect in current:
            strengths[row, _NUMBER[aspect]] = float(_continues(aspect, expressed))
    return strengths


def opens_paragraph(text: str, sentences: Sequence[Sentence], number: int) -> bool:
    """True if a line break separates a sentence from the one before it; false for the first sentence."""
    return number > 0 and "\n" in text[sentences[number - 1].end : sentences[number].start]


def _strongly_expressed(cues: Strengths) -> set[Aspect]:
    return {aspect for aspect in ASPECTS if cues[_NUMBER[aspect]] >= STRONG}


def _continues(aspect: Aspect, expressed: set[Aspect]) -> bool:
    return aspect in expressed or not expressed & _EXCLUDED_BY[aspect]


def _announced_aspects(sentence: str) -> frozenset[Aspect]:
    """The aspects that a sentence names last before its colon, for the text after it.

    "Neben den erzielten Ergebnissen … auf die Mängel und Schwierigkeiten hin, beispielsweise: …" announces
    shortcomings and no results.
    """
    colon = _COLON.search(sentence)
    return last_named_aspects(sentence[: colon.start()]) if colon else frozenset()


def _spoken_aspects(sentence: str) -> list[Aspect]:
    return [aspect for aspect, pattern in _SPEECH_VERBS.items() if pattern.search(sentence[:MAX_LENGTH])]
