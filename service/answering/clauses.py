"""Clause splitting: the answering clause of a long sentence that lists things between semicolons."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.annotation.aspect_cues import aspect_cues
from indexer.annotation.aspects import Aspect
from indexer.arrays import Scores, Vectors

#: By hand, for memory: about so many clause vectors are cached.
_CACHED = 4096

_SEPARATOR = re.compile(r";\s+")
#: Quotations, which are never split.
_QUOTED = re.compile(r"„[^“”\"]*[“”\"]|“[^”]*”|»[^«]*«|«[^»]*»|\"[^\"]*\"")
_LEAD = re.compile(r":\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class ClauseSettings:
    """Lengths in characters, and the margin in cosine, of what is quoted alone."""

    #: By hand: sentences up to this length are quoted whole.
    whole_sentence: int = 300
    #: By hand: a shorter clause is no statement: "sowie Vertreter der Presse".
    shortest: int = 40
    #: By hand: by how much the answering clause must lead the others.
    margin: float = 0.06


class ClauseExtractor:
    """Finds the clause of a sentence that answers. Safe to use from several threads.

    Args:
        embed: gives a unit vector for each text, shape ``(n, dimension)``; its results are cached.
    """

    def __init__(
        self, embed: Callable[[Sequence[str]], Vectors], settings: ClauseSettings | None = None
    ) -> None:
        self._embed = embed
        self._settings = settings or ClauseSettings()
        self._cache: dict[str, Vectors] = {}

    def answering_span(
        self, sentence: str, similarity: Callable[[Vectors], Scores], aspect: Aspect | None
    ) -> tuple[int, int]:
        """``[start, end)`` of what answers in a sentence: the whole, or one clause.

        Args:
            similarity: cosine of the question and each of the given vectors.
            aspect: asked for; a list whose clauses all express it stays whole.
        """
        whole = 0, len(sentence)
        spans = split_clauses(sentence, self._settings.shortest)
        if len(sentence) <= self._settings.whole_sentence or len(spans) < 2:
            return whole
        if aspect is None:
            return self._most_similar(sentence, spans, similarity) or whole
        if aspect in aspect_cues(sentence[: spans[0][0]]):
            return whole
        expressing = [span for span in spans if aspect in aspect_cues(sentence[slice(*span)])]
        return expressing[0] if len(expressing) == 1 else whole

    def _most_similar(
        self,
        sentence: str,
        spans: Sequence[tuple[int, int]],
        similarity: Callable[[Vectors], Scores],
    ) -> tuple[int, int] | None:
        """The clause most similar to the question; ``None`` if it does not lead the others."""
        scores = similarity(self._vectors([sentence[slice(*span)] for span in spans]))
        first, second = (int(row) for row in np.argsort(-scores)[:2])
        return None if scores[first] < scores[second] + self._settings.margin else spans[first]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        known = {text: vector for text in texts if (vector := self._cache.get(text)) is not None}
        missing = [text for text in texts if text not in known]
        if missing:
            known.update(zip(missing, self._embed(missing), strict=True))
            if len(self._cache) > _CACHED:
                self._cache.clear()
            self._cache.update(known)
        return np.stack([known[text] for text in texts])


def split_clauses(sentence: str, shortest: int) -> list[tuple[int, int]]:
    """Spans of the clauses between semicolons, without white space; a lead-in before a colon is no clause."""
    quoted = [match.span() for match in _QUOTED.finditer(sentence)]
    separators = [
        match.span()
        for match in _SEPARATOR.finditer(sentence)
        if not any(start < match.start() < end for start, end in quoted)
    ]
    lead = _LEAD.search(sentence)
    start = lead.end() if lead and separators and lead.end() < separators[0][0] else 0
    starts = [start, *(end for _, end in separators)]
    ends = [*(begin for begin, _ in separators), len(sentence)]
    clauses = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= shortest]
    return clauses if len(clauses) > 1 else [(0, len(sentence))]
